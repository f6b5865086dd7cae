#ifndef CLUSTER_FIXTURE_EXECUTE_H
#define CLUSTER_FIXTURE_EXECUTE_H

#include "process.h"

/// A program that somebody outside has asked the node to run.
struct execution {
    pid_t process;  ///< 0 for a free place
    int asker;      ///< the socket that gets its exit status; its end is the program's
};

enum { most_executions = 64 };

/// Reads a request that ``ns_execute`` has sent, and starts its program. One that can't be served gets no status but the end.
void start_execution(struct execution *executions, int channel, const struct ns_node *node);

/// Takes note of a child's end; children that are no executions are nothing to it.
void end_execution(struct execution *executions, pid_t ended, int status);

/// Kills a program whose asker has gone, with its process group.
void abandon_execution(struct execution *execution);

#endif

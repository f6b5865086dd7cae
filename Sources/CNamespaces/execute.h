#ifndef CLUSTER_FIXTURE_EXECUTE_H
#define CLUSTER_FIXTURE_EXECUTE_H

#include "process.h"

#include <stddef.h>

// Programs that somebody outside has asked the node to run.

enum { most_executions = 64 };

/// Reads a request that ``ns_execute`` has sent, and starts its program. One that can't be served gets no status but the end.
void start_execution(int channel, const struct ns_node *node);

/// Takes note of a child's end. Other children's ends are ignored.
void end_execution(pid_t ended, int status);

/// Says what is waited for, in as many places as `most_executions`, and returns how many of them are used.
size_t executions_await(struct pollfd *polled);

/// Kills the programs whose askers have gone, with their process groups.
void executions_abandon(const struct pollfd *polled, size_t count);

#endif

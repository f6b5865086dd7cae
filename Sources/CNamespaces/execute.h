#ifndef CLUSTER_FIXTURE_EXECUTE_H
#define CLUSTER_FIXTURE_EXECUTE_H

#include "process.h"

#include <stddef.h>

// Programs that somebody outside has asked the node to run.

enum { most_executions = 64 };

/// Something that has come on a channel.
struct asked {
    struct ns_order order;  ///< what to do; none if its kind is 0
    int asker;              ///< who gets the answer
};

/// Reads what ``ns_execute`` or ``ns_tell`` has sent, and starts the program that is asked for. One that can't be served gets no status
/// but the end.
///
/// @param node     The node that runs it; NULL is the lifeline.
/// @param is_live  Whether programs are run at all: else their askers are told -1 in the place of an exit status.
/// @return What else is asked for.
struct asked receive_request(int channel, const struct ns_node *node, int is_live);

/// Answers whoever has told this process to do something.
void answer(int asker, int code);

/// Forgets the programs that the process has been asked for of which this one is a clone.
void forget_executions(void);

/// Takes note of a child's end. Returns whether it was such a program.
int end_execution(pid_t ended, int status);

/// Says what is waited for, in as many places as `most_executions`, and returns how many of them are used.
size_t executions_await(struct pollfd *polled);

/// Kills the programs whose askers have gone, with their process groups.
void executions_abandon(const struct pollfd *polled, size_t count);

#endif

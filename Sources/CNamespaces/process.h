#ifndef CLUSTER_FIXTURE_PROCESS_H
#define CLUSTER_FIXTURE_PROCESS_H

#include "namespaces.h"

#include <poll.h>

/// Where a process of the cluster is in its work: what a failure is reported with.
struct step {
    const struct ns_cluster *cluster;
    int node;  ///< the node's index, or -1 for the cluster itself
};

/// Writes a number in decimal digits, without a NUL, and returns where they end.
char *write_number(char *text, uint64_t number);

/// Tells the cluster's maker something.
void report(const struct ns_cluster *cluster, int kind, int node, int code, const char *step);

/// Tells the cluster's maker what failed, with errno, and ends this process.
_Noreturn void fail(const struct step *at, const char *step);

#define MUST(call)                                  \
    do {                                            \
        if ((call) < 0) fail(at, #call);            \
    } while (0)

/// Takes back all that the calling process's program has set up for signals.
void reset_signals(void);

/// Lets a child's end interrupt ``poll_or_bury``, and nothing else.
void watch_children(void);

/// Undoes that, for a child of this process.
void forget_children(void);

/// poll(2) for so many milliseconds, or -1 for no limit, which also returns when a child has ended.
int poll_or_bury(struct pollfd *polled, nfds_t count, int milliseconds);

/// As fork(2), but without the locks and handlers of the C library's. Returns 0 in the child.
pid_t clone_process(unsigned long flags);

#endif

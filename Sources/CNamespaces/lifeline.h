#ifndef CLUSTER_FIXTURE_LIFELINE_H
#define CLUSTER_FIXTURE_LIFELINE_H

#include "process.h"
#include "router.h"

/// A node as the lifeline has it.
struct held_node {
    pid_t process;  ///< 0 when it has ended
    int channel;    ///< the socket on which the node is asked to run programs
};

enum { most_nodes = 1024, most_clients = 128 };

/// Somebody who is connected to the lifeline.
struct client {
    int socket;
    size_t told;  ///< how many of the nodes' ends they have been told
};

/// What the process that holds a cluster together knows of it.
struct lifeline {
    struct held_node nodes[most_nodes];
    /// The nodes that have ended, in that order, and how.
    struct { int node, status; } ends[most_nodes];
    size_t end_count;
    /// The first one is the maker's.
    struct client clients[most_clients];
    size_t client_count;
    int stays;
    /// What is asked of it as the cluster's router.
    struct refusal refusals[refusal_count];
};

/// Holds the cluster together, and serves those who are connected, until its maker has ended or closed their socket; never
/// returns.
_Noreturn void hold_together(const struct ns_cluster *cluster, int maker, struct lifeline *lifeline);

#endif

#ifndef CLUSTER_FIXTURE_LIFELINE_H
#define CLUSTER_FIXTURE_LIFELINE_H

#include "process.h"
#include "router.h"

/// A node that has all it needs but its interface, and waits for that.
struct begun_node {
    pid_t process;           ///< 0 if there is none
    int channel;             ///< the socket on which the node is told what to do
    int go;                  ///< what it is told on that its interface is there
};

/// A node as the lifeline has it.
struct held_node {
    pid_t process;           ///< 0 when it has ended
    int channel;             ///< the socket on which the node is told what to do
    int files;               ///< what it has left: see files.h; -1 if nothing was taken over
    int lacks_files;         ///< whether the cluster's own files are to be put among these
    int status;              ///< how it has ended
    uint64_t change;         ///< the number of its last end, or start after one, among all nodes'; 0 if there was none
    struct begun_node next;  ///< what it is when it is reset, begun ahead
};

enum { most_nodes = 1024, most_clients = 128 };

/// Somebody who is connected to the lifeline.
struct client {
    int socket;
    int is_known;   ///< whether they have introduced themselves as the maker's user: nothing is told and done before
    uint64_t told;  ///< the number of the last change that they have been told
};

/// The networks' bridges.
struct bridges {
    int first, second;
};

/// What the process that holds a cluster together knows of it.
struct lifeline {
    struct held_node nodes[most_nodes];
    uint64_t last_change;
    /// How many nodes end that were reset, or were begun ahead.
    size_t leaving;
    /// The first one is the maker's.
    struct client clients[most_clients];
    size_t client_count;
    int stays;
    int netlink;
    struct bridges bridges;
    /// Programs to be run in the cluster's network are asked for on the first; the second is for whoever asks.
    int channel[2];
    /// What is asked of it as the cluster's router.
    struct refusal refusals[refusal_count];
};

/// Holds the cluster together, and serves those who are connected, until its maker has ended or closed their socket; never
/// returns.
_Noreturn void hold_together(const struct ns_cluster *cluster, int maker, struct lifeline *lifeline);

#endif

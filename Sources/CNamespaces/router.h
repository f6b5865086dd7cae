#ifndef CLUSTER_FIXTURE_ROUTER_H
#define CLUSTER_FIXTURE_ROUTER_H

#include "process.h"

// The nodes' way to all other networks is the cluster's bridge. It leads nowhere: whoever wants to get out there is told at once, where a
// packet that is only lost would be waited for. (A route of the kernel's that is unreachable tells it five times, and then once a
// second.) Nothing is ever passed on, so there is no way round the rules for what crosses the bridge.

/// The packets to other networks, by IPv4 or IPv6.
struct refusal {
    int packets;  ///< -1 if there are none
    int answers;
};

enum { refusal_count = 2 };

/// Gives the bridge its addresses and begins to listen.
void start_router(const struct step *at, int netlink, int bridge, struct refusal refusals[refusal_count]);

/// Refuses what has come.
void refuse(const struct ns_cluster *cluster, const struct refusal *refusal);

#endif

#ifndef CLUSTER_FIXTURE_NODE_H
#define CLUSTER_FIXTURE_NODE_H

#include "namespaces.h"

/// Makes the calling process the first one of a node, in namespaces of its own; never returns.
///
/// @param go       A pipe from which a byte comes when the node's interface is there.
/// @param channel  A socket on which it is told what to do, and leaves its files.
/// @param files    What it has left when it ended before; -1 if it is new.
/// @param is_new   Whether the cluster's own files are put there.
_Noreturn void node_main(const struct ns_cluster *cluster, int index, int go, int channel, int files, int is_new);

#endif

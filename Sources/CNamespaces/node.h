#ifndef CLUSTER_FIXTURE_NODE_H
#define CLUSTER_FIXTURE_NODE_H

#include "namespaces.h"

/// Makes the calling process the first one of a node, in namespaces of its own; never returns.
///
/// @param go       A pipe from which a byte comes when the node's interface is there.
/// @param channel  A socket on which programs to be run are asked for.
_Noreturn void node_main(const struct ns_cluster *cluster, int index, int go, int channel);

/// Closes what belongs to one node alone. Whoever else kept a node's listeners open would make its ports seem alive after
/// its end.
void node_let_go(const struct ns_node *node);

#endif

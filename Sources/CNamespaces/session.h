#ifndef CLUSTER_FIXTURE_SESSION_H
#define CLUSTER_FIXTURE_SESSION_H

#include "process.h"

/// The PATH of whatever runs on a node.
#define NODE_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/// Puts the calling process under the node's limits, or ends it with a word on standard error.
///
/// The limits are for what the node does, not for its first process: out of memory, the kernel ends the biggest process, and
/// counts as that one's all that it still shares with its maker, a program of any size. The node would end with it.
void keep_to_limits(const struct ns_node *node);

/// Shows a node its control groups, as the calling process, which keeps to the node's limits, has them.
void show_groups(const struct step *at);

/// Forbids the calling process what reaches beyond the node, or ends it with a word on standard error.
void keep_within_node(void);

#endif

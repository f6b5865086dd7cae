#ifndef CLUSTER_FIXTURE_START_H
#define CLUSTER_FIXTURE_START_H

#include "lifeline.h"

/// Names a descriptor that ``close_others`` leaves open.
void need(int descriptor);

/// Names those that a node is started with.
void need_those_of(const struct ns_node *node);

/// Closes all descriptors but the standard ones and those that were named: whoever keeps one open keeps alive what it stands for.
void close_others(void);

/// Starts a node: with the files that it has left, or with files as new.
///
/// @return NULL, or what has failed, with errno set.
const char *start_node(const struct ns_cluster *cluster, int index, struct lifeline *lifeline);

/// Begins ahead what a node is when it is reset, sshd included; but no node with limits, since whatever runs in its groups counts, and none that
/// shares folders, which may be other ones then.
void begin_next(const struct ns_cluster *cluster, int index, struct lifeline *lifeline);

/// Ends what was begun ahead.
void end_next(struct lifeline *lifeline, int index);

/// Lets go of what was begun ahead and has ended.
void forget_next(struct held_node *node);

/// Lets this machine's ports that lead to a node refuse connections.
void refuse_connections(const struct ns_node *node);

/// Lets them take connections again.
void take_connections(const struct ns_node *node);

#endif

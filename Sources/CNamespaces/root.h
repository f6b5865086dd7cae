#ifndef CLUSTER_FIXTURE_ROOT_H
#define CLUSTER_FIXTURE_ROOT_H

#include "process.h"

/// Puts a node's file system together and makes it the calling process's root.
///
/// What comes from this machine (devices, shared folders) is taken hold of before, and put in its place afterwards, when every
/// path is resolved in the node: no link and no `..` in there leads out.
void enter_root(const struct step *at, const struct ns_node *node);

#endif

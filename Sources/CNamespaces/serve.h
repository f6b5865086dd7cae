#ifndef CLUSTER_FIXTURE_SERVE_H
#define CLUSTER_FIXTURE_SERVE_H

#include "process.h"

/// The exit code of a node that wants to be started again.
enum { ends_to_start_again = 194 };

/// Starts sshd.
///
/// @param files  The file system of all that the node writes.
void begin_to_serve(const struct step *at, const struct ns_node *node, int files);

/// Leads published ports to the node's own, keeps what is written to its console, does what it is told on `channel` and by
/// the node's own root, and buries the node's dead; never returns.
_Noreturn void serve(const struct step *at, const struct ns_node *node, int channel);

#endif

#ifndef CLUSTER_FIXTURE_SERVE_H
#define CLUSTER_FIXTURE_SERVE_H

#include "process.h"

/// Starts sshd.
void begin_to_serve(const struct step *at, const struct ns_node *node);

/// Leads published ports to the node's own, keeps what is written to its console, runs the programs that are asked for
/// on `channel`, and buries the node's dead; never returns.
_Noreturn void serve(const struct step *at, const struct ns_node *node, int channel);

#endif

#ifndef CLUSTER_FIXTURE_SERVE_H
#define CLUSTER_FIXTURE_SERVE_H

#include "process.h"

/// Listens on the node's port 22. Returns the socket.
int listen_for_ssh(const struct step *at);

/// Starts sshd for every connection, as inetd and socket units do, leads published ports to the node's own, keeps what sshd
/// writes, runs the programs that are asked for on `channel`, and buries the node's dead; never returns.
_Noreturn void serve(const struct step *at, const struct ns_node *node, int listener, int channel);

#endif

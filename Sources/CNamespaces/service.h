#ifndef CLUSTER_FIXTURE_SERVICE_H
#define CLUSTER_FIXTURE_SERVICE_H

#include "process.h"

/// The node's console: what is written to it is kept in the node's log. It is made before the node's own programs run.
extern const char console[];

/// Opens the socket on which a service tells that it listens, as it would tell systemd (sd_notify(3)). Returns it.
int listen_for_services(const struct step *at);

/// Starts sshd as `service ssh start` would, but as this process's own child. Returns it.
pid_t start_sshd(const struct step *at, const struct ns_node *node);

/// Whether a service has told on that socket that it listens.
int service_is_ready(int socket);

/// Closes that socket, and removes its name.
void forget_services(int socket);

#endif

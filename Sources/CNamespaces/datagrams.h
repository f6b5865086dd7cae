#ifndef CLUSTER_FIXTURE_DATAGRAMS_H
#define CLUSTER_FIXTURE_DATAGRAMS_H

#include "process.h"

// Datagrams from this machine to a node's servers, and their answers. Who has sent one gets what the server sends back, until
// too many others have come since.

enum { most_senders = 64 };

/// Passes on what has come to a listener of the node's.
void datagrams_receive(const struct ns_port *port, uint32_t node_address);

/// Says what is waited for, in as many places as `most_senders`, and returns how many of them are used.
size_t datagrams_await(struct pollfd *polled);

/// Passes the answers on that have come.
void datagrams_move(const struct pollfd *polled);

#endif

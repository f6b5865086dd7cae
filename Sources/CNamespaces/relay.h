#ifndef CLUSTER_FIXTURE_RELAY_H
#define CLUSTER_FIXTURE_RELAY_H

#include "process.h"

// Connections from this machine to a node's servers: what comes on one side is passed on to the other, in both directions, and
// no side is ever waited for.

enum { most_connections = 512, relay_places = 2 * most_connections };

/// Takes a client over, which has connected to a listener of the node's, and is not waited for. The server may listen on any of the node's addresses.
///
/// @param is_patient  Whether a server that listens nowhere is about to: then it is tried again and again.
void relay_add(int client, const struct ns_port *port, uint32_t node_address, int is_patient);

/// Whether there is room for another client.
int relay_has_room(void);

/// Whether a server that was about to listen has been reached.
int relay_has_arrived(void);

/// Tries again at once what is tried again and again.
void relay_hurry(void);

/// Says what is waited for, in as many places as `relay_places`, and returns how many of them are used.
size_t relay_await(struct pollfd *polled);

/// How long may be waited for that at most, in milliseconds, or -1.
int relay_patience(void);

/// Passes on what has come.
void relay_move(const struct pollfd *polled);

#endif

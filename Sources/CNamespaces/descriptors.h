#ifndef CLUSTER_FIXTURE_DESCRIPTORS_H
#define CLUSTER_FIXTURE_DESCRIPTORS_H

#include <stddef.h>
#include <sys/types.h>

// What processes hand to each other over sockets (unix(7)): bytes, and descriptors with them.

enum { most_descriptors = 64 };

/// Sends bytes with so many descriptors. Returns 0, or -1 with errno set.
int send_with(int socket, const void *bytes, size_t length, const int *held, size_t count, int flags);

/// Receives bytes, and descriptors, which no program inherits.
///
/// @param held   Room for as many descriptors as `count` says, which then says how many have come.
/// @return How many bytes have come; 0 at the end; -1 with errno set. What has come only in part is closed, and errno is EMSGSIZE.
ssize_t receive_with(int socket, void *bytes, size_t length, int *held, size_t *count, int flags);

#endif

#ifndef CLUSTER_FIXTURE_PRIVILEGES_H
#define CLUSTER_FIXTURE_PRIVILEGES_H

/// Leaves the keyrings of whoever made the cluster (keyrings(7)).
void leave_keyrings(void);

/// Forbids this process, and whatever comes of it, the system calls that reach beyond a node. Returns 0, or -1 with errno set.
int forbid_calls(void);

#endif

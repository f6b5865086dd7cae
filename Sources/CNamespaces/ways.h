#ifndef CLUSTER_FIXTURE_WAYS_H
#define CLUSTER_FIXTURE_WAYS_H

#include "process.h"

/// The cluster's bridge.
extern const char bridge_name[], second_bridge_name[];

/// Starts the program that leads outside, if there is one. It goes on when `go` is written to, and then tells by `ready`.
void start_outside(const struct step *at, int *go, int *ready);

/// Gives that program a device in the cluster's bridge, and lets it go on.
void link_outside(const struct step *at, int go);

/// Waits until that program is ready.
void await_outside(const struct step *at, int ready);

/// Starts the program that sets up the rules of the cluster's network, in that network. Returns it, or 0 if there is none.
pid_t start_guard(const struct step *at);

/// Ends this process if the maker has let the cluster go while it is still being put together.
void end_with_maker(const struct ns_cluster *cluster);

#endif

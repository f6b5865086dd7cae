#ifndef CLUSTER_FIXTURE_BASE_H
#define CLUSTER_FIXTURE_BASE_H

#include "process.h"

enum { most_mounts = 64 };

/// Waits until the maker has mapped the cluster's users, and becomes their root, who is nobody on this machine. Where the maker is
/// this machine's root, they hold the shared folders, since nobody may keep them from a path that leads there: they are put
/// into `held`.
void become_root(const struct step *at, int *held);

/// Mounts the cluster's base and stands in it: where this process stands tells others which cluster this is.
void make_base(const struct step *at, int is_root);

/// Puts into the base what all nodes are put together from, while the maker's rights to it are still there.
void fill_base(const struct step *at, int is_root);

/// The same for the shared folders, once the cluster has its users.
void fill_base_with_mounts(const struct step *at, int is_root, const int *held);

/// Whether the cluster has folders of its own that all nodes share.
int shares_folders(const struct ns_cluster *cluster);

/// Makes these folders anew.
void renew_shared(const struct step *at);

#endif

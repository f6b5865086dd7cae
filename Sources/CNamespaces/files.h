#ifndef CLUSTER_FIXTURE_FILES_H
#define CLUSTER_FIXTURE_FILES_H

#include "process.h"

// What a node writes is on a file system in memory, which would be gone with the node's own mounts. So there is one mount more of it, which
// is nowhere in sight: whoever holds its descriptor keeps the files.

/// Hands that descriptor over, by the first process of the node. It is left in the socket until somebody takes it.
void leave_files(const struct step *at, int channel, int files);

/// Takes what has been left in the socket: a descriptor, or -1.
int take_files(int channel);

/// Removes all that is in a folder, and in those below it on the same file system.
void empty_folder(const struct step *at, const char *path);

#endif

#ifndef CLUSTER_FIXTURE_ROOT_H
#define CLUSTER_FIXTURE_ROOT_H

#include "process.h"

/// A device that a node has, by its name in /dev and its numbers.
struct device {
    const char *name;
    unsigned major, minor;
};
extern const struct device devices[];
extern const int device_count;

/// Takes hold of a file or folder of this machine, to put it elsewhere. Returns a descriptor.
int hold(const struct step *at, const char *path, int recursive, int read_only);

/// Puts what is held in its place.
void attach(const struct step *at, int tree, const char *path);

/// Writes files, and makes folders, by paths as the calling process sees them.
void put_files(const struct step *at, const struct ns_file *files, size_t count);

/// The same in the shared folders of the cluster's base: the paths begin with the folder's name there. What an image has in a folder leads
/// nowhere else, neither by a link nor by `..`.
void put_shared_files(const struct step *at, const struct ns_file *files, size_t count);

/// Writes a letter and a number to a text of 12 bytes, and returns it: the names of what a cluster holds in its base. These are
/// `l0` and on for layers, `d0` for devices, `s0` for shared folders.
const char *numbered(char *text, char letter, int number);

/// Puts a node's file system together and makes it the calling process's root.
///
/// The calling process stands in the cluster's base. What comes from there is taken hold of before, and put in its place
/// afterwards, when every path is resolved in the node: no link and no `..` in there leads out.
///
/// @param files    What the node has left when it ended before (see files.h); -1 if it is new. A machine that starts again has new ones of
///                 what it has only while it runs: /proc, /sys, /dev, /run.
/// @param channel  Where it leaves its files this time.
/// @param is_new   Whether the cluster's own files are put there.
/// @return The file system of all that it writes.
int enter_root(const struct step *at, const struct ns_node *node, int files, int channel, int is_new);

#endif

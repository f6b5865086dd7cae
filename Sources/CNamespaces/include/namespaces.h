// A cluster of fully isolated nodes in a few system calls: what has to be done between clone(2) and exec(2).
//
// The calling process may have many threads, and a clone has only one of them: a lock that another thread held stays
// locked for ever. So nothing in here allocates, prints or formats after the clone; every text is made by the caller.
#ifndef CLUSTER_FIXTURE_NAMESPACES_H
#define CLUSTER_FIXTURE_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A file of a node, a folder if `bytes` is NULL, or a symbolic link if the mode says so. The path is relative to the
/// node's root.
struct ns_file {
    const char *path;
    const char *bytes;
    size_t length;
    mode_t mode;
    uid_t owner;
    gid_t group;
};

/// A listening socket on this machine's loopback that leads to a port of the node's own loopback; 22 is sshd itself.
struct ns_port {
    int listener;
    uint16_t node_port;
};

/// A folder of the node's root that is layers of others, with a writable one on top.
struct ns_overlay {
    const char *path;
    const char *upper;         ///< beside the root: `../u/PATH`
    const char *work;
    const char *options;
};

/// A folder of this machine that the node sees.
struct ns_mount {
    const char *source;
    const char *target;
    int read_only;
};

struct ns_node {
    const char *hostname;
    uint32_t address;          ///< in network byte order
    const char *peer;          ///< the name of the bridge's port
    const char *folder;        ///< below the cluster's base: where the node's file system is put together
    const char *tmpfs;         ///< the mount options of all that it can write to, size included
    const struct ns_file *skeleton; ///< what is there before the overlays
    size_t skeleton_count;
    const struct ns_overlay *overlays;
    size_t overlay_count;
    const struct ns_file *files;
    size_t file_count;
    const struct ns_port *ports;
    size_t port_count;
    const struct ns_mount *mounts;
    size_t mount_count;
    const char *const *hidden; ///< folders that are empty in the node, up to a NULL
    int log;                   ///< where its sshd writes
    const int *cgroups;        ///< descriptors of `cgroup.procs` files for what runs on it
    size_t cgroup_count;
};

struct ns_cluster {
    const char *name;          ///< what the cluster's own file systems are called in a list of mounts
    const char *base;          ///< an existing folder; what is mounted there is seen by the cluster alone
    const char *interface;     ///< the name of this machine's end of the network, or NULL if it has none
    uint8_t prefix;            ///< the length of the network's prefix
    int mapped;                ///< -1, or the cluster has users of its own: a byte comes here when they are mapped
    const char *const *outside; ///< NULL, or a program that connects the tap device `tap` to this machine's networks,
                                ///< up to a NULL; the path of the cluster's network namespace is put before the last word
    int outside_log;           ///< where that program writes
    uint32_t gateway;          ///< that program's address, in network byte order
    int lifeline;              ///< the cluster ends when the other end of this socket is closed
    int report;                ///< where `struct ns_report`s are written
    const struct ns_node *nodes;
    size_t node_count;
};

/// What the cluster tells its maker.
struct ns_report {
    int32_t kind;              ///< one of the below
    int32_t node;              ///< the node's index, or -1
    int32_t code;              ///< an errno, or an exit status as waitpid(2) gives it
    char step[52];             ///< what failed
};
enum { NS_LINKED = 1, NS_CONNECTED = 2, NS_FAILED = 3, NS_ENDED = 4 };

/// Sent to the lifeline instead of a node's index: the cluster stays when the socket is closed, until somebody kills it.
enum { NS_STAY = 0xffff };

/// Whether this process may make namespaces, with users of their own or not. Returns 0 or an errno.
int ns_try(int own_users);

/// Starts a cluster and returns the process that holds it together, or -1 with errno set.
pid_t ns_start(const struct ns_cluster *cluster);

/// Gives this machine's end its address and lets acknowledgements go out at once. Returns 0, or -1 with errno set.
int ns_set_host_address(const char *interface, uint32_t address, uint8_t prefix);

#endif

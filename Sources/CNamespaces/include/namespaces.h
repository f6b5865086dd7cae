// A cluster of fully isolated nodes in a few system calls: what has to be done between clone(2) and exec(2).
//
// The calling process may have many threads, and a clone has only one of them: a lock that another thread held stays
// locked for ever. So nothing in here allocates, prints or formats after the clone; every text is made by the caller.
#ifndef CLUSTER_FIXTURE_NAMESPACES_H
#define CLUSTER_FIXTURE_NAMESPACES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// A file of a node, or a folder if `bytes` is NULL. The path is the node's.
struct ns_file {
    const char *path;
    const char *bytes;
    size_t length;
    mode_t mode;
    uid_t owner;
    gid_t group;
};

/// A socket on this machine's loopback that leads to a port of the node, on whichever of its addresses a server has it.
struct ns_port {
    int listener;              ///< a socket of datagrams, which is bound and does not listen, if `is_datagram`
    uint16_t node_port;
    uint8_t is_datagram;
};

/// A folder that all nodes see: one of this machine's, or, without a `source`, one of the cluster's own.
struct ns_mount {
    const char *source;        ///< only used where the cluster's users are its maker's own; else it comes held, with the users
    const char *target;        ///< a path of the node's
    int read_only;
    const char *writable;      ///< the cluster's own: the mount options of the file system in memory that it is, size included
    const char *overlay;       ///< NULL, or the cluster's own: the mount options of an overlay over what the image has there, on the
                               ///< folders `u` and `w` of that file system
};

/// A hierarchy of control groups.
struct ns_hierarchy {
    const char *folder;        ///< where a node sees it: below /sys/fs/cgroup, or "" if it is the only one
    const char *type;          ///< `cgroup` or `cgroup2`
    const char *options;       ///< its mount options
};

/// A limit of each process that runs on a node.
struct ns_limit {
    int resource;              ///< as for setrlimit(2)
    uint64_t number;           ///< the soft limit, or what the hard one allows if that is less
    int is_hard;               ///< whether it is the hard limit too
};

struct ns_node {
    const char *hostname;
    const char *title;         ///< what its first process shows in the place of a command line
    uint32_t address;          ///< in network byte order
    const uint8_t *address6;   ///< NULL, or 16 bytes: its address of IPv6, of a network whose prefix is 64
    const char *peer;          ///< the name of the bridge's port
    uint32_t second_address;   ///< in the cluster's second network, if it has one
    const char *second_peer;   ///< the name of that bridge's port
    const char *folder;        ///< below the cluster's base: where the node's file system is put together
    const char *writable;      ///< the mount options of the file system for all that it writes, size included
    const char *overlay;       ///< the mount options of its root: layers, and on them the folders `u` and `w`
    const char *shared_memory; ///< the mount options of /dev/shm, size included
    const struct ns_file *common; ///< what all nodes have that are made of the same
    size_t common_count;
    const struct ns_file *files; ///< what it has besides
    size_t file_count;
    const struct ns_port *ports;
    size_t port_count;
    int log;                   ///< where what its sshd writes is kept
    size_t log_size;           ///< and how much of it, in bytes
    const int *cgroups;        ///< descriptors of `cgroup.procs` files for what runs on it: none, or one in each hierarchy
    size_t cgroup_count;
    const struct ns_limit *limits;
    size_t limit_count;
};

struct ns_cluster {
    const char *title;         ///< what the process that holds it together shows in the place of a command line
    const char *name;          ///< what the cluster's own file systems are called in a list of mounts
    const char *base;          ///< an existing folder; what is mounted there is seen by the cluster alone
    const char *const *layers; ///< the folders that the nodes' roots are made of, the uppermost first
    size_t layer_count;
    const struct ns_mount *mounts;
    size_t mount_count;
    const struct ns_file *files; ///< what is in those of the cluster's own, of which `s0` is the first mount's, and so on
    size_t file_count;
    const struct ns_hierarchy *hierarchies; ///< of the nodes' control groups
    size_t hierarchy_count;
    uint8_t prefix;            ///< the length of the network's prefix
    uint32_t router;           ///< the way to all other networks, in network byte order: the program `outside`, or the cluster itself,
                               ///< which refuses to go there
    const uint8_t *router6;    ///< NULL, or 16 bytes: that of IPv6, which is the cluster itself
    const char *second;        ///< NULL, or the name of the nodes' interfaces in a second network, which has a bridge of its own
    const char *ping_groups;   ///< the first and the last group whose processes may ask others for an echo
    uid_t root;                ///< who root of the cluster is on this machine; its maker, unless the maker is root
    int mapped;                ///< a byte comes here when the cluster's users are mapped, with the mounts if the maker is root
    const char *const *outside; ///< NULL, or a program that connects the tap device `tap` to this machine's networks,
                                ///< up to a NULL; the path of the cluster's network namespace is put before the last word
    int outside_log;           ///< where that program writes
    const char *const *guard;  ///< NULL, or a program that sets up rules for the cluster's network, up to a NULL
    int guard_rules;           ///< where that program reads them
    int guard_log;             ///< where it writes
    int lifeline;              ///< the cluster ends when the other end of this socket is closed, which is its maker's: here and
                               ///< there as on every connection to `listener`
    int listener;              ///< a listening socket in the cluster's folder: whoever connects, and has introduced themselves by
                               ///< ``ns_introduce`` as one of the maker's users, can ask what the maker can
    uint64_t users[2];         ///< the user namespace that the maker is in: its st_dev and st_ino
    const struct ns_node *nodes;
    size_t node_count;
};

/// What whoever is connected to the lifeline asks for. Every request is answered, in the order in which they came.
struct ns_request {
    int32_t kind;              ///< one of the below
    int32_t node;              ///< the node's index, where a node is meant
    int64_t value;             ///< the asker's own, which the answer bears
};
/// - `NS_ASK`: nothing; its answer comes when all ends of nodes that there have been are told. It is EBUSY while processes end that were
///   there before a reset.
/// - `NS_KILL`: ends a node at once. Its end is told like any other.
/// - `NS_STAY`: the cluster stays when its maker's socket is closed, until somebody kills it.
/// - `NS_CHANNEL`: with the answer comes a socket of the node's, or for the node -1 one of the lifeline's: see ``ns_execute``.
/// - `NS_START`: starts a node that has ended, with the files that it had.
/// - `NS_EQUIP`: starts a node that has ended, with the files that somebody has given it, and puts the cluster's own there.
/// - `NS_RESET`: ends a node at once, and starts it, without waiting for its end, with files as new.
/// - `NS_PREPARE`: begins ahead what a node is when it is reset.
/// - `NS_FILES`: with the answer comes the folder of what a node has written, which has ended or is frozen.
/// - `NS_RENEW`: makes the folders as new that all nodes share: those that start from then on see these.
enum {
    NS_ASK = 1, NS_KILL = 2, NS_STAY = 3, NS_CHANNEL = 4, NS_START = 5, NS_RESET = 6, NS_FILES = 7, NS_RENEW = 8,
    NS_EQUIP = 9, NS_PREPARE = 10
};

/// What the lifeline tells: its maker how the start goes, and everybody who is connected the nodes' ends (those too that came
/// before) and the answers to what they have asked.
struct ns_report {
    int32_t kind;              ///< one of the below
    int32_t node;              ///< the node's index, or -1
    int32_t code;              ///< an errno, or an exit status as waitpid(2) gives it
    int32_t unused;
    int64_t value;             ///< that of the request which is answered
    char step[48];             ///< what failed
};
/// `NS_USERS`: its users can be mapped. `NS_NETWORK`: its network is there to be joined, and its rules are in force. `NS_STARTED`: a node
/// that had ended was started again.
enum { NS_USERS = 1, NS_NETWORK = 2, NS_CONNECTED = 3, NS_FAILED = 4, NS_ENDED = 5, NS_ANSWER = 6, NS_STARTED = 7 };

/// Shows a lifeline, as the first that it hears, which user namespace the calling process is in: a node of another cluster can't show the maker's. Returns
/// 0, or -1 with errno set.
int ns_introduce(int socket);

/// Reads one report, and the descriptor that came with it, or -1. Returns 1, or 0 at the end.
int ns_receive(int socket, struct ns_report *report, int *descriptor);

/// How many bytes the words of a program may have.
enum { NS_MOST_WORDS = 65536 };

/// Has a node run a program, as its root, within its limits; or the lifeline a program of this machine's, as the cluster's root, in the
/// cluster's network.
///
/// @param channel  The node's socket, or the lifeline's.
/// @param words    The program and its arguments, a NUL after each.
/// @param streams  Its standard input, output and error.
/// @param asker    A socket that gets its exit status, an `int32_t` as waitpid(2) gives it. When its other end is closed, the
///                 program is killed, with its process group.
/// @return 0, or -1 with errno set.
int ns_execute(int channel, const char *words, size_t length, const int streams[3], int asker);

/// What a node's first process can be told to do:
/// - `NS_PAUSE`: to freeze all that runs on the node. The answer is EALREADY if it is frozen.
/// - `NS_RESUME`: to let it go on.
/// - `NS_STOP`: to end in order: what runs on the node gets SIGTERM, and what is left after ten seconds is killed.
/// - `NS_FILL`: to make the file system for all that the node writes so small that so many bytes are free, and no more than it was; with
///   `UINT64_MAX` it gets its own size back.
enum { NS_PAUSE = 1, NS_RESUME = 2, NS_STOP = 3, NS_FILL = 4 };
struct ns_order {
    int32_t kind;
    int32_t unused;
    uint64_t value;
};

/// Tells a node's first process to do something.
///
/// @param channel  The node's socket.
/// @param asker    A socket that gets an errno, an `int32_t`, when it is done, or 0; with `NS_STOP` only its end.
/// @return 0, or -1 with errno set.
int ns_tell(int channel, const struct ns_order *order, int asker);

/// Whether this process may make namespaces, with users of their own or not. Returns 0 or an errno.
int ns_try(int own_users);

/// Starts a process with users of its own, which does nothing until the other end of a socket is closed. Returns it, or -1 with errno
/// set.
pid_t ns_hold_users(int until);

/// Starts a cluster and returns the process that holds it together, or -1 with errno set.
pid_t ns_start(const struct ns_cluster *cluster);

/// Waits until a child of the calling process has ended, for so many milliseconds at most. Returns whether it has.
int ns_await_end(pid_t process, int milliseconds);

/// Closes a descriptor in every child that fork(2) makes of this process, so that its other end sees this process's end and not
/// theirs.
void ns_keep_from_children(int descriptor);

/// Closes such a descriptor.
void ns_close(int descriptor);

/// Takes hold of a folder of this machine for a cluster with users of its own: who has a number here has the same number there.
/// Returns a descriptor, or -1 with errno set.
int ns_hold(const char *folder, int read_only, pid_t cluster);

/// Tells a cluster that its users are mapped, and hands over what is held for it. Returns 0, or -1 with errno set.
int ns_hand_over(int socket, const int *held, size_t count);

/// Joins a cluster's network: a pair of interfaces, one a port of the cluster's bridge, the other this machine's, with an address
/// and a route on which acknowledgements go out at once. Returns 0, or -1 with errno set.
int ns_join(pid_t cluster, const char *interface, uint32_t address, uint8_t prefix);

/// Leaves a cluster's network: when it returns, the interface and its routes are gone, and not only about to go. Returns 0, or -1
/// with errno set, ENODEV if there is none.
int ns_leave(const char *interface);

/// What is sent on a socket with the number of a process between two texts.
struct ns_notice {
    int socket;
    const char *before, *after;
};

/// Starts a program that sees files of its own in the place of some of this machine's, by mounts that nobody else has, which only root
/// may make; else it is started as by posix_spawn(3), with no signal ignored or blocked.
///
/// @param notice    What is sent of it before it is a program, so that nobody who starts one can die before it is told of; NULL for nothing.
/// @param is_shown  Whether the mounts could be made; without them the program is not started.
/// @return The process, or -1 with errno set.
pid_t ns_spawn(
    const char *program, char *const *words, char *const *environment, const struct ns_mount *mounts, size_t count,
    const struct ns_notice *notice, int *is_shown);

/// As pipe(2), but no program that this process starts has a copy.
int ns_pipe(int ends[2]);

#endif

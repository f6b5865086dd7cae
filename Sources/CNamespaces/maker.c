// What a cluster's maker does, in a process of any number of threads.
#define _GNU_SOURCE
#include "descriptors.h"
#include "namespaces.h"
#include "netlink.h"
#include "process.h"
#include "title.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int ns_try(int own_users) {
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | (own_users ? CLONE_NEWUSER : 0));
    if (child < 0) return errno;
    // A namespace that may not be used, as AppArmor gives out, is none.
    if (child == 0) _exit(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? errno : 0);
    int status = 0;
    if (waitpid(child, &status, 0) < 0) return errno;
    return WEXITSTATUS(status);
}

static int open_namespace(pid_t process, const char *name) {
    char path[48];
    snprintf(path, sizeof path, "/proc/%d/ns/%s", process, name);
    return open(path, O_RDONLY | O_CLOEXEC);
}

int ns_hold(const char *folder, int read_only, pid_t cluster) {
    int users = open_namespace(cluster, "user");
    if (users < 0) return -1;
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_IDMAP | (read_only ? MOUNT_ATTR_RDONLY : 0), .userns_fd = users};
    int tree = open_tree(AT_FDCWD, folder, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree >= 0 && mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0) {
        int error = errno;
        close(tree);
        tree = -1;
        errno = error;
    }
    close(users);
    return tree;
}

int ns_hand_over(int socket, const int *held, size_t count) { return send_with(socket, "", 1, held, count, 0); }

// This thread is in the cluster's network only within this function, which never gives it away.
static int add_pair(pid_t cluster, const char *interface) {
    int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), there = open_namespace(cluster, "net");
    int result = -1, error = errno;
    if (here >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0) {
        int netlink = netlink_open();
        if (netlink >= 0) {
            result = netlink_add_pair(netlink, "outside", if_nametoindex("bridge"), interface, here, 0, NULL);
            error = errno;
            close(netlink);
        }
        // Anything else that runs on this thread would be in a network that is not its own.
        if (setns(here, CLONE_NEWNET) < 0) abort();
    }
    if (here >= 0) close(here);
    if (there >= 0) close(there);
    errno = error;
    return result;
}

// A node that has ended answers no more. By default it would be looked for only after half a minute, and whoever connects to it
// would wait for two: here it takes a second or two until they are told that there is no way to it. The kernel answers for a node, however
// busy that is.
static void notice_silence(const char *interface) {
    static const struct {
        const char *setting, *value;
    } settings[] = {
        {"base_reachable_time_ms", "500"}, {"delay_first_probe_time", "1"}, {"retrans_time_ms", "200"}};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char path[96];
        snprintf(path, sizeof path, "ipv4/neigh/%s/%s", interface, settings[i].setting);
        // Where it can't be set, it takes longer.
        if (set_network(path, settings[i].value) < 0) {}
    }
}

int ns_join(pid_t cluster, const char *interface, uint32_t address, uint8_t prefix) {
    if (add_pair(cluster, interface) < 0 || interface_up(interface, address, prefix) < 0) return -1;
    notice_silence(interface);
    int netlink = netlink_open();
    if (netlink < 0) return -1;
    int result = netlink_quick_acknowledgements(netlink, interface, address, prefix);
    close(netlink);
    return result;
}

int ns_leave(const char *interface) {
    int netlink = netlink_open();
    if (netlink < 0) return -1;
    int result = netlink_delete(netlink, interface), error = errno;
    close(netlink);
    errno = error;
    return result;
}

int ns_await_end(pid_t process, int milliseconds) {
    int status, ready = 1;
    struct pollfd polled = {.fd = syscall(SYS_pidfd_open, process, 0), .events = POLLIN};
    if (polled.fd >= 0) {
        while ((ready = poll(&polled, 1, milliseconds)) < 0 && errno == EINTR) {}
        close(polled.fd);
    }
    if (ready == 0) return 0;
    // Somebody else may have taken note of its end already: then there is no such child.
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {}
    return 1;
}

pid_t ns_hold_users(int until) {
    title_find();
    pid_t child = clone_process(CLONE_NEWUSER);
    if (child == 0) {
        char byte;
        title_set("cf-users", "cluster-fixture: users of an image");
        dup2(until, 0);
        close_range(1, ~0u, 0);
        while (read(0, &byte, 1) < 0 && errno == EINTR) {}
        _exit(0);
    }
    return child;
}

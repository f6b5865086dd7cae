#define _GNU_SOURCE
#include "namespaces.h"
#include "netlink.h"
#include "node.h"
#include "process.h"
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

// Descriptors that are needed; all others are closed, since whoever keeps one open keeps alive what it stands for.
enum { descriptor_limit = 1 << 16 };
static char is_needed[descriptor_limit];
static int highest = 2;

static void need(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptor_limit) return;
    is_needed[descriptor] = 1;
    if (descriptor > highest) highest = descriptor;
}

static void need_those_of(const struct ns_node *node) {
    need(node->log);
    for (size_t i = 0; i < node->port_count; i++) need(node->ports[i].listener);
    for (size_t i = 0; i < node->cgroup_count; i++) need(node->cgroups[i]);
}

static void close_others(void) {
    int first = 3;
    for (int descriptor = 3; descriptor <= highest; descriptor++) {
        if (!is_needed[descriptor]) continue;
        is_needed[descriptor] = 0;
        if (descriptor > first) close_range(first, descriptor - 1, 0);
        first = descriptor + 1;
    }
    close_range(first, ~0u, 0);
    highest = 2;
}

static void keep_what_the_cluster_needs(const struct ns_cluster *cluster, int maker) {
    need(cluster->lifeline);
    need(cluster->report);
    need(cluster->mapped);
    need(cluster->outside_log);
    need(cluster->guard_rules);
    need(cluster->guard_log);
    need(maker);
    for (size_t i = 0; i < cluster->node_count; i++) need_those_of(&cluster->nodes[i]);
    close_others();
    int null = open("/dev/null", O_RDWR);
    for (int standard = 0; standard < 3; standard++) dup2(null, standard);
    if (null > 2) close(null);
}

// Whether the maker has let the cluster go while it is still being put together.
static void end_with_maker(const struct ns_cluster *cluster) {
    char byte;
    if (recv(cluster->lifeline, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) _exit(0);
}

// What the maker's program has set up for signals is none of the cluster's.
static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static const char bridge_name[] = "bridge";

static void start_node(const struct step *at, int index, int netlink, int bridge, pid_t *process) {
    const struct ns_cluster *cluster = at->cluster;
    const struct ns_node *node = &cluster->nodes[index];
    int go[2];
    end_with_maker(cluster);
    MUST(pipe2(go, O_CLOEXEC));
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
    MUST(child);
    if (child == 0) {
        need(go[0]);
        need(cluster->report);
        need_those_of(node);
        close_others();
        node_main(cluster, index, go[0]);
    }
    close(go[0]);
    node_let_go(node);
    *process = child;
    // While the node puts its file system together, it gets its interface.
    MUST(netlink_add_pair(netlink, node->peer, bridge, "eth0", -1, child));
    MUST(write(go[1], "", 1));
    close(go[1]);
}

// The lifeline: a byte on it names a node to be killed, its end is the end of all. So is the end of the maker, whom a child of
// theirs may outlive that has a copy of the other end. Nodes that end are told of.
static _Noreturn void hold_together(const struct ns_cluster *cluster, int maker, pid_t *processes) {
    struct pollfd polled[2] = {{.fd = cluster->lifeline, .events = POLLIN}, {.fd = maker, .events = POLLIN}};
    for (;;) {
        int ready = poll_or_bury(polled, 2), status;
        pid_t ended;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
            for (size_t i = 0; i < cluster->node_count; i++)
                if (processes[i] == ended) {
                    processes[i] = 0;
                    report(cluster, NS_ENDED, i, status, "");
                }
        if (ready <= 0) continue;
        uint16_t node;
        // The kernel ends everything in here with this process, unmounts what is mounted and removes the interfaces.
        if (!polled[0].revents) _exit(0);
        if (read(cluster->lifeline, &node, sizeof node) != sizeof node) _exit(0);
        if (node == NS_STAY) polled[0].fd = polled[1].fd = -1;
        if (node < cluster->node_count && processes[node] > 0) kill(processes[node], SIGKILL);
    }
}

// --- users ------------------------------------------------------------------------------------------------------------

// Has none until the maker has mapped them; then this process is root of the cluster, and nobody on this machine. Where the
// maker is this machine's root, they hold the shared folders, since nobody may be kept from a path that leads there.
static void become_root(const struct step *at, int *held) {
    const struct ns_cluster *cluster = at->cluster;
    char byte, control[CMSG_SPACE(64 * sizeof(int))];
    struct iovec data = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    report(cluster, NS_USERS, -1, 0, "");
    if (recvmsg(cluster->mapped, &message, MSG_CMSG_CLOEXEC) != 1) _exit(1);
    close(cluster->mapped);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header) memcpy(held, CMSG_DATA(header), header->cmsg_len - CMSG_LEN(0));
    // Not the C library's functions: they take locks, and ask threads that are not here to do the same.
    MUST(syscall(SYS_setgroups, 0, NULL));
    MUST(syscall(SYS_setresgid, 0, 0, 0));
    MUST(syscall(SYS_setresuid, 0, 0, 0));
    // Another process of the cluster's may have to name its namespaces.
    prctl(PR_SET_DUMPABLE, 1);
}

// --- the base ---------------------------------------------------------------------------------------------------------

// Where it stands tells other processes which cluster this is.
static void make_base(const struct step *at, int is_root) {
    const struct ns_cluster *cluster = at->cluster;
    MUST(chdir(cluster->base));
    MUST(mount(cluster->name, cluster->base, "tmpfs", MS_NOSUID | (is_root ? 0 : MS_NODEV), "size=1m,mode=711"));
    MUST(chdir(cluster->base));
    if (is_root) MUST(chown(".", cluster->root, cluster->root));
}

static void show_folder(const struct step *at, const char *source, const char *name) {
    MUST(mkdir(name, 0755));
    attach(at, hold(at, source, 1, 0), name);
}

// Only this machine's root may make devices. Others get this machine's own, where it lets them.
static void make_device(const struct step *at, const struct device *device, const char *name, int is_root) {
    char path[32] = "/dev/";
    if (is_root) {
        MUST(mknod(name, S_IFCHR | 0666, makedev(device->major, device->minor)));
        MUST(chmod(name, 0666));
        MUST(chown(name, at->cluster->root, at->cluster->root));
        return;
    }
    if (access(strcat(path, device->name), R_OK | W_OK) < 0) return;
    MUST(mknod(name, S_IFREG | 0666, 0));
    attach(at, hold(at, path, 0, 0), name);
}

// What all nodes are put together from, taken while the maker's rights to it are still there.
static void fill_base(const struct step *at, int is_root) {
    const struct ns_cluster *cluster = at->cluster;
    char name[12];
    for (size_t i = 0; i < cluster->layer_count; i++) show_folder(at, cluster->layers[i], numbered(name, 'l', i));
    for (int i = 0; i < device_count; i++) make_device(at, &devices[i], numbered(name, 'd', i), is_root);
}

static void fill_base_with_mounts(const struct step *at, int is_root, const int *held) {
    const struct ns_cluster *cluster = at->cluster;
    char name[12];
    for (size_t i = 0; i < cluster->mount_count; i++) {
        MUST(mkdir(numbered(name, 's', i), 0755));
        attach(at, is_root ? held[i] : hold(at, cluster->mounts[i].source, 1, cluster->mounts[i].read_only), name);
    }
}

// --- the ways out -----------------------------------------------------------------------------------------------------

// The program that connects the cluster to this machine's networks stays in this machine's network namespace, so it is
// cloned before the cluster has its own, and goes on when it is told to. It writes a byte to descriptor 3 when it is ready.
static void start_outside(const struct step *at, int *go, int *ready) {
    const struct ns_cluster *cluster = at->cluster;
    int start[2], done[2];
    char self[16] = "", path[40] = "/proc/";
    if (!cluster->outside) return;
    // This machine's /proc, so it is this machine's number of this process.
    MUST(readlink("/proc/self", self, sizeof self - 1));
    strcat(strcat(path, self), "/ns/net");
    MUST(pipe2(start, O_CLOEXEC));
    MUST(pipe2(done, O_CLOEXEC));
    pid_t child = clone_process(0);
    MUST(child);
    if (child == 0) {
        static char *words[32];
        char byte;
        size_t count = 0;
        while (cluster->outside[count] && count < 30) words[count] = (char *)cluster->outside[count], count++;
        words[count] = words[count - 1];
        words[count - 1] = path;
        close(start[1]);
        forget_children();
        if (read(start[0], &byte, 1) != 1) _exit(1);
        dup2(cluster->outside_log, 1);
        dup2(cluster->outside_log, 2);
        dup2(done[1], 3);
        close_range(4, ~0u, 0);
        execve(words[0], words, environ);
        _exit(127);
    }
    close(start[0]);
    close(done[1]);
    close(cluster->outside_log);
    *go = start[1];
    *ready = done[0];
}

static void link_outside(const struct step *at, int go) {
    if (!at->cluster->outside) return;
    MUST(add_tap("tap", bridge_name));
    MUST(write(go, "", 1));
    close(go);
}

static void await_outside(const struct step *at, int ready) {
    char byte;
    struct pollfd polled[2] = {{.fd = ready, .events = POLLIN}, {.fd = at->cluster->lifeline, .events = POLLIN}};
    if (!at->cluster->outside) return;
    while (poll(polled, 2, -1) < 0 && errno == EINTR) {}
    end_with_maker(at->cluster);
    errno = ECHILD;
    if (read(ready, &byte, 1) != 1) fail(at, "the program that connects it to the outside has ended");
    close(ready);
    report(at->cluster, NS_CONNECTED, -1, 0, "");
}

// The program that sets up the rules of the cluster's network, in that network. Returns it, or 0 if there is none.
static pid_t start_guard(const struct step *at) {
    const struct ns_cluster *cluster = at->cluster;
    if (!cluster->guard) return 0;
    pid_t child = vfork();
    MUST(child);
    if (child == 0) {
        forget_children();
        dup2(cluster->guard_rules, 0);
        dup2(cluster->guard_log, 1);
        dup2(cluster->guard_log, 2);
        close_range(3, ~0u, 0);
        execve(cluster->guard[0], (char *const *)cluster->guard, environ);
        _exit(127);
    }
    close(cluster->guard_rules);
    close(cluster->guard_log);
    return child;
}

enum { told = -1 };

// Tells the maker, once, that they may join the network: no sooner than its rules are in force. With WNOHANG, only if they are by
// now.
static void tell_of_network(const struct step *at, pid_t *guard, int options) {
    int status = 0;
    if (*guard == told) return;
    if (*guard > 0) {
        pid_t ended = waitpid(*guard, &status, options);
        MUST(ended);
        if (ended == 0) return;
        errno = EINVAL;
        if (status != 0) fail(at, "nft could not set up the network's rules");
    }
    *guard = told;
    report(at->cluster, NS_NETWORK, -1, 0, "");
}

static _Noreturn void lifeline_main(const struct ns_cluster *cluster, int maker, int is_root) {
    static pid_t processes[1024];
    const struct step where = {cluster, -1}, *at = &where;
    int go = -1, ready = -1, held[64];
    setsid();
    prctl(PR_SET_NAME, "cf-lifeline");
    reset_signals();
    keep_what_the_cluster_needs(cluster, maker);
    watch_children();
    umask(0);
    if (!is_root) become_root(at, held);
    MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    make_base(at, is_root);
    fill_base(at, is_root);
    if (is_root) {
        MUST(unshare(CLONE_NEWUSER | CLONE_NEWNS));
        become_root(at, held);
    }
    fill_base_with_mounts(at, is_root, held);
    start_outside(at, &go, &ready);
    MUST(unshare(CLONE_NEWNET));
    disable_ipv6("default");
    int netlink = netlink_open();
    MUST(netlink);
    MUST(netlink_add_bridge(netlink, bridge_name));
    int bridge = if_nametoindex(bridge_name);
    // Not before: with its first bridge, a network gets hooks of the kernel's own, and in that moment others were seen to be lost.
    pid_t guard = start_guard(at);
    link_outside(at, go);
    for (size_t i = 0; i < cluster->node_count; i++) {
        start_node(at, i, netlink, bridge, &processes[i]);
        tell_of_network(at, &guard, WNOHANG);
    }
    close(netlink);
    tell_of_network(at, &guard, 0);
    await_outside(at, ready);
    hold_together(cluster, maker, processes);
}

pid_t ns_start(const struct ns_cluster *cluster) {
    int is_root = geteuid() == 0;
    // Where the kernel has none (before 5.3), the socket alone has to tell.
    int maker = syscall(SYS_pidfd_open, getpid(), 0);
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | (is_root ? 0 : CLONE_NEWUSER));
    if (child == 0) lifeline_main(cluster, maker, is_root);
    if (maker >= 0) close(maker);
    return child;
}

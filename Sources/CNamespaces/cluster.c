#define _GNU_SOURCE
#include "lifeline.h"
#include "namespaces.h"
#include "netlink.h"
#include "node.h"
#include "process.h"

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
    need(cluster->listener);
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

static void start_node(const struct step *at, int index, int netlink, int bridge, struct lifeline *lifeline) {
    const struct ns_cluster *cluster = at->cluster;
    const struct ns_node *node = &cluster->nodes[index];
    int go[2], channel[2];
    end_with_maker(cluster);
    MUST(pipe2(go, O_CLOEXEC));
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel));
    MUST(mkdir(node->folder, 0700));
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
    MUST(child);
    if (child == 0) {
        need(go[0]);
        need(channel[1]);
        need(cluster->lifeline);
        need_those_of(node);
        close_others();
        node_main(cluster, index, go[0], channel[1]);
    }
    close(go[0]);
    close(channel[1]);
    node_let_go(node);
    lifeline->nodes[index] = (struct held_node){child, channel[0]};
    // While the node puts its file system together, it gets its interface.
    MUST(netlink_add_pair(netlink, node->peer, bridge, "eth0", -1, child));
    MUST(write(go[1], "", 1));
    close(go[1]);
}

// A cluster with users of its own has none until its maker has mapped them; then it is root, in here.
static void await_users(const struct step *at) {
    char byte;
    if (at->cluster->mapped < 0) return;
    if (read(at->cluster->mapped, &byte, 1) != 1) _exit(1);
    close(at->cluster->mapped);
    // Not the C library's function: that takes a lock, and asks threads that are not here to do the same.
    MUST(syscall(SYS_setgroups, 0, NULL));
}

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
    MUST(add_tap("tap", "bridge"));
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

// Tells the maker, once, that the network is theirs to join: no sooner than its rules are in force. With WNOHANG, only if
// they are by now.
static void tell_of_link(const struct step *at, pid_t *guard, int options) {
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
    report(at->cluster, NS_LINKED, -1, 0, "");
}

static _Noreturn void lifeline_main(const struct ns_cluster *cluster, int maker) {
    static struct lifeline lifeline;
    const struct step where = {cluster, -1}, *at = &where;
    int go = -1, ready = -1;
    setsid();
    prctl(PR_SET_NAME, "cf-lifeline");
    reset_signals();
    keep_what_the_cluster_needs(cluster, maker);
    await_users(at);
    watch_children();
    MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    // Where it stands tells other processes which cluster this is.
    MUST(chdir(cluster->base));
    MUST(mount(cluster->name, cluster->base, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=700"));
    start_outside(at, &go, &ready);
    int network = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    MUST(network);
    MUST(unshare(CLONE_NEWNET));
    disable_ipv6("default");
    int netlink = netlink_open();
    MUST(netlink);
    MUST(netlink_add_bridge(netlink, "bridge"));
    int bridge = if_nametoindex("bridge");
    // Not before: with its first bridge, a network gets hooks of the kernel's own, and in that moment others were seen to be lost.
    pid_t guard = start_guard(at);
    start_node(at, 0, netlink, bridge, &lifeline);
    // While the first node puts its file system together, this machine is connected.
    if (cluster->interface) MUST(netlink_add_pair(netlink, "outside", bridge, cluster->interface, network, 0));
    close(network);
    tell_of_link(at, &guard, WNOHANG);
    link_outside(at, go);
    for (size_t i = 1; i < cluster->node_count; i++) {
        start_node(at, i, netlink, bridge, &lifeline);
        tell_of_link(at, &guard, WNOHANG);
    }
    close(netlink);
    tell_of_link(at, &guard, 0);
    await_outside(at, ready);
    hold(cluster, maker, &lifeline);
}

pid_t ns_start(const struct ns_cluster *cluster) {
    unsigned long users = cluster->mapped < 0 ? 0 : CLONE_NEWUSER;
    // Where the kernel has none (before 5.3), the socket alone has to tell.
    int maker = syscall(SYS_pidfd_open, getpid(), 0);
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | users);
    if (child == 0) lifeline_main(cluster, maker);
    if (maker >= 0) close(maker);
    return child;
}

int ns_try(int own_users) {
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | (own_users ? CLONE_NEWUSER : 0));
    if (child < 0) return errno;
    // A namespace that may not be used, as AppArmor gives out, is none.
    if (child == 0) _exit(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ? errno : 0);
    int status = 0;
    if (waitpid(child, &status, 0) < 0) return errno;
    return WEXITSTATUS(status);
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

int ns_set_host_address(const char *interface, uint32_t address, uint8_t prefix) {
    if (interface_up(interface, address, prefix) < 0) return -1;
    int netlink = netlink_open();
    if (netlink < 0) return -1;
    int result = netlink_quick_acknowledgements(netlink, interface, address, address, prefix);
    close(netlink);
    return result;
}

#define _GNU_SOURCE
#include "namespaces.h"
#include "netlink.h"
#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void fail(const struct ns_cluster *cluster, const char *step) {
    report(cluster, NS_FAILED, -1, errno, step);
    _exit(1);
}

#define MUST(call)                                  \
    do {                                            \
        if ((call) < 0) fail(cluster, #call);       \
    } while (0)

// Descriptors that the cluster needs; all others are this process's maker's, and must not be kept open by it.
static int is_needed(const struct ns_cluster *cluster, int descriptor) {
    if (descriptor == cluster->network || descriptor == cluster->lifeline || descriptor == cluster->report) return 1;
    for (size_t i = 0; i < cluster->node_count; i++) {
        const struct ns_node *node = &cluster->nodes[i];
        if (descriptor == node->log) return 1;
        for (size_t j = 0; j < node->port_count; j++)
            if (descriptor == node->ports[j].listener) return 1;
        for (size_t j = 0; j < node->cgroup_count; j++)
            if (descriptor == node->cgroups[j]) return 1;
    }
    return 0;
}

static void close_others(const struct ns_cluster *cluster) {
    int highest = cluster->report;
    for (int descriptor = 3; descriptor < 4096; descriptor++)
        if (is_needed(cluster, descriptor)) {
            if (descriptor > highest) highest = descriptor;
        } else {
            close(descriptor);
        }
    close_range(highest < 4096 ? 4096 : highest + 1, ~0u, 0);
    int null = open("/dev/null", O_RDWR);
    for (int standard = 0; standard < 3; standard++) dup2(null, standard);
    if (null > 2) close(null);
}

// What the maker's program has set up for signals is none of the cluster's.
static void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void start_node(const struct ns_cluster *cluster, int index, int netlink, int bridge, pid_t *process) {
    const struct ns_node *node = &cluster->nodes[index];
    int go[2];
    MUST(pipe2(go, O_CLOEXEC));
    MUST(mkdir(node->folder, 0700));
    unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | SIGCHLD;
    pid_t child = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    MUST(child);
    if (child == 0) {
        close(go[1]);
        close(netlink);
        close(cluster->lifeline);
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

// The lifeline: a byte on it names a node to be killed, its end is the end of all. Nodes that end are told of.
static _Noreturn void hold(const struct ns_cluster *cluster, pid_t *processes) {
    struct pollfd polled = {.fd = cluster->lifeline, .events = POLLIN};
    for (;;) {
        int ready = poll(&polled, 1, -1), status;
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
        if (read(cluster->lifeline, &node, sizeof node) != sizeof node) _exit(0);
        if (node < cluster->node_count && processes[node] > 0) kill(processes[node], SIGKILL);
    }
}

static void on_child(int signal) { (void)signal; }

static _Noreturn void lifeline_main(const struct ns_cluster *cluster) {
    static pid_t processes[1024];
    setsid();
    prctl(PR_SET_NAME, "lifeline");
    reset_signals();
    close_others(cluster);
    struct sigaction action = {.sa_handler = on_child};
    sigaction(SIGCHLD, &action, NULL);
    MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    MUST(mount("tmpfs", cluster->base, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=700"));
    int netlink = netlink_open();
    MUST(netlink);
    MUST(netlink_add_bridge(netlink, "bridge"));
    int bridge = if_nametoindex("bridge");
    MUST(netlink_add_pair(netlink, "outside", bridge, cluster->interface, cluster->network, 0));
    report(cluster, NS_LINKED, -1, 0, "");
    for (size_t i = 0; i < cluster->node_count; i++) start_node(cluster, i, netlink, bridge, &processes[i]);
    close(netlink);
    hold(cluster, processes);
}

pid_t ns_start(const struct ns_cluster *cluster) {
    unsigned long flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | SIGCHLD;
    pid_t child = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (child == 0) lifeline_main(cluster);
    return child;
}

int ns_set_host_address(const char *interface, uint32_t address, uint8_t prefix) {
    if (interface_up(interface, address, prefix) < 0) return -1;
    int netlink = netlink_open();
    if (netlink < 0) return -1;
    int result = netlink_quick_acknowledgements(netlink, interface, address, address, prefix);
    close(netlink);
    return result;
}

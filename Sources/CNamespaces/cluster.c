#define _GNU_SOURCE
#include "base.h"
#include "lifeline.h"
#include "netlink.h"
#include "process.h"
#include "router.h"
#include "start.h"
#include "title.h"
#include "ways.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

static struct bridges make_bridges(const struct step *at, int netlink) {
    struct bridges bridges = {0};
    MUST(netlink_add_bridge(netlink, bridge_name));
    bridges.first = if_nametoindex(bridge_name);
    if (!at->cluster->second) return bridges;
    MUST(netlink_add_bridge(netlink, second_bridge_name));
    bridges.second = if_nametoindex(second_bridge_name);
    return bridges;
}

// Sets up the network's rules, and tells the maker that they may join it. The nodes are under way by then, and have the
// processors for themselves before. (With its first bridge, a network gets hooks of the kernel's own, and in that moment others
// were seen to be lost: that is long over too.)
static void open_network(const struct step *at) {
    int status = 0;
    pid_t guard = start_guard(at);
    if (guard > 0) {
        MUST(waitpid(guard, &status, 0));
        errno = EINVAL;
        if (status != 0) fail(at, "nft could not set up the network's rules");
    }
    report(at->cluster, NS_NETWORK, -1, 0, "");
}

static void start_nodes(const struct ns_cluster *cluster, struct lifeline *lifeline) {
    for (size_t i = 0; i < cluster->node_count; i++) {
        const struct step at = {cluster, i};
        end_with_maker(cluster);
        lifeline->nodes[i].files = -1;
        const char *failed = start_node(cluster, i, lifeline);
        if (failed) fail(&at, failed);
    }
}

static _Noreturn void lifeline_main(const struct ns_cluster *cluster, int maker, int is_root) {
    static struct lifeline lifeline;
    const struct step where = {cluster, -1}, *at = &where;
    int go = -1, ready = -1, held[most_mounts];
    setsid();
    title_set("cf-lifeline", cluster->title);
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
    allow_ipv6("default", 0);
    MUST(lifeline.netlink = netlink_open());
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, lifeline.channel));
    lifeline.bridges = make_bridges(at, lifeline.netlink);
    start_router(at, lifeline.netlink, lifeline.bridges.first, lifeline.refusals);
    link_outside(at, go);
    start_nodes(cluster, &lifeline);
    open_network(at);
    await_outside(at, ready);
    hold_together(cluster, maker, &lifeline);
}

pid_t ns_start(const struct ns_cluster *cluster) {
    int is_root = geteuid() == 0;
    // Where the kernel has none (before 5.3), the socket alone has to tell.
    int maker = syscall(SYS_pidfd_open, getpid(), 0);
    title_find();
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | (is_root ? 0 : CLONE_NEWUSER));
    if (child == 0) lifeline_main(cluster, maker, is_root);
    if (maker >= 0) close(maker);
    return child;
}

#define _GNU_SOURCE
#include "node.h"

#include "netlink.h"
#include "privileges.h"
#include "process.h"
#include "root.h"
#include "serve.h"
#include "title.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

void node_let_go(const struct ns_node *node) {
    for (size_t i = 0; i < node->port_count; i++) close(node->ports[i].listener);
    for (size_t i = 0; i < node->cgroup_count; i++) close(node->cgroups[i]);
    close(node->log);
}

static void join_network(const struct step *at, const struct ns_node *node) {
    MUST(interface_up("lo", 0, 0));
    MUST(interface_up("eth0", node->address, at->cluster->prefix));
    int netlink = netlink_open();
    MUST(netlink);
    MUST(netlink_quick_acknowledgements(netlink, "eth0", node->address, node->address, at->cluster->prefix));
    if (at->cluster->outside) MUST(netlink_add_default_route(netlink, at->cluster->gateway));
    close(netlink);
}

_Noreturn void node_main(const struct ns_cluster *cluster, int index, int go, int channel) {
    const struct step where = {cluster, index}, *at = &where;
    const struct ns_node *node = &cluster->nodes[index];
    char byte;
    watch_children();
    title_set("init", node->title);
    // It holds what is this machine's (logs, listeners): no program of the node may look into it.
    prctl(PR_SET_DUMPABLE, 0);
    leave_keyrings();
    // Before the interface is there, and while the settings can be written.
    disable_ipv6("default");
    umask(0);
    enter_root(at, node);
    umask(022);
    MUST(sethostname(node->hostname, strlen(node->hostname)));
    if (read(go, &byte, 1) != 1) fail(at, "waiting for the interface");
    close(go);
    join_network(at, node);
    serve(at, node, channel);
}

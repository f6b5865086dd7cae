#define _GNU_SOURCE
#include "node.h"

#include "execute.h"
#include "netlink.h"
#include "privileges.h"
#include "process.h"
#include "root.h"
#include "serve.h"
#include "boot.h"
#include "title.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

// What an ordinary user of a container may do as well: ping others, and take any port.
static void open_network_to_users(const struct step *at) {
    MUST(set_network("ipv4/ping_group_range", at->cluster->ping_groups));
    MUST(set_network("ipv4/ip_unprivileged_port_start", "0"));
}

static void join_network(const struct step *at, const struct ns_node *node) {
    const struct ns_cluster *cluster = at->cluster;
    allow_ipv6("eth0", node->address6 != NULL);
    MUST(interface_up("eth0", node->address, cluster->prefix));
    int netlink = netlink_open();
    MUST(netlink);
    MUST(netlink_quick_acknowledgements(netlink, "eth0", node->address, cluster->prefix));
    MUST(netlink_add_default_route(netlink, "eth0", &cluster->router, sizeof cluster->router));
    if (node->address6) {
        MUST(netlink_add_address6(netlink, "eth0", node->address6));
        MUST(netlink_quick_acknowledgements6(netlink, "eth0", node->address6));
        MUST(netlink_add_default_route(netlink, "eth0", cluster->router6, 16));
    }
    if (cluster->second) {
        allow_ipv6(cluster->second, 0);
        MUST(interface_up(cluster->second, node->second_address, cluster->prefix));
        MUST(netlink_quick_acknowledgements(netlink, cluster->second, node->second_address, cluster->prefix));
    }
    close(netlink);
}

_Noreturn void node_main(const struct ns_cluster *cluster, int index, int go, int channel, int files, int is_new) {
    const struct step where = {cluster, index}, *at = &where;
    const struct ns_node *node = &cluster->nodes[index];
    char byte;
    forget_executions();
    watch_children();
    title_set("init", node->title);
    leave_keyrings();
    // At best before the interface is there.
    allow_ipv6("default", node->address6 != NULL);
    umask(0);
    files = enter_root(at, node, files, channel, is_new);
    umask(022);
    start_time(at);
    // It holds what is this machine's (logs, listeners): no program of the node may look into it.
    prctl(PR_SET_DUMPABLE, 0);
    MUST(sethostname(node->hostname, strlen(node->hostname)));
    open_network_to_users(at);
    allow_ipv6("lo", 1);
    MUST(interface_up("lo", 0, 0));
    // It listens on whatever addresses there will be, and takes longer than the rest.
    begin_to_serve(at, node, files);
    if (read(go, &byte, 1) != 1) fail(at, "waiting for the interface");
    close(go);
    join_network(at, node);
    serve(at, node, channel);
}

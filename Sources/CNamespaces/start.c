#define _GNU_SOURCE
#include "start.h"

#include "base.h"
#include "netlink.h"
#include "node.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// --- descriptors ------------------------------------------------------------------------------------------------------

enum { descriptor_limit = 1 << 16 };
static char is_needed[descriptor_limit];
static int highest = 2;

void need(int descriptor) {
    if (descriptor < 0 || descriptor >= descriptor_limit) return;
    is_needed[descriptor] = 1;
    if (descriptor > highest) highest = descriptor;
}

void need_those_of(const struct ns_node *node) {
    need(node->log);
    for (size_t i = 0; i < node->port_count; i++) need(node->ports[i].listener);
    for (size_t i = 0; i < node->cgroup_count; i++) need(node->cgroups[i]);
}

void close_others(void) {
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

// --- published ports --------------------------------------------------------------------------------------------------

// The listeners stay open as long as the cluster, else somebody else could have the ports. One that was bound to a port by its number
// keeps it when it doesn't listen.

void refuse_connections(const struct ns_node *node) {
    for (size_t i = 0; i < node->port_count; i++)
        if (!node->ports[i].is_datagram) shutdown(node->ports[i].listener, SHUT_RD);
}

void take_connections(const struct ns_node *node) {
    char nothing;
    for (size_t i = 0; i < node->port_count; i++) {
        const struct ns_port *port = &node->ports[i];
        // Datagrams that came when the node was down are lost, as on any network.
        while (port->is_datagram && recv(port->listener, &nothing, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0) {}
        if (!port->is_datagram) listen(port->listener, SOMAXCONN);
    }
}

// --- the node ---------------------------------------------------------------------------------------------------------

#define TRY(call)                     \
    do {                              \
        if ((call) < 0) return #call; \
    } while (0)

// An interface's address, by that of the node: a node that is started again is the same station to its neighbours.
static void set_station(uint8_t station[6], uint32_t address) {
    station[0] = 0x02;
    station[1] = 0xcf;
    memcpy(station + 2, &address, sizeof address);
}

// When a node has ended, the kernel removes its interfaces in its own time: to wait for that takes ten milliseconds.
static int add_interface(
    const struct lifeline *lifeline, const char *port, int bridge, const char *name, pid_t process, uint32_t address) {
    uint8_t station[6];
    set_station(station, address);
    int result = netlink_add_pair(lifeline->netlink, port, bridge, name, -1, process, station);
    if (result == 0 || errno != EEXIST) return result;
    // It may just have gone.
    if (netlink_set_aside(lifeline->netlink, port) < 0 && errno != ENODEV) return -1;
    return netlink_add_pair(lifeline->netlink, port, bridge, name, -1, process, station);
}

static const char *connect_node(const struct ns_cluster *cluster, int index, const struct lifeline *lifeline, pid_t node) {
    const struct ns_node *planned = &cluster->nodes[index];
    TRY(add_interface(lifeline, planned->peer, lifeline->bridges.first, "eth0", node, planned->address));
    if (cluster->second)
        TRY(add_interface(
            lifeline, planned->second_peer, lifeline->bridges.second, cluster->second, node, planned->second_address));
    return NULL;
}

// Its failures are told to nobody while it is not the node yet: it ends.
static const char *begin(
    const struct ns_cluster *cluster, int index, int files, int is_new, int is_ahead, struct begun_node *begun) {
    const struct ns_node *planned = &cluster->nodes[index];
    int go[2], channel[2];
    TRY(pipe2(go, O_CLOEXEC));
    TRY(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel));
    pid_t child = clone_process(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC);
    TRY(child);
    if (child == 0) {
        struct ns_cluster own = *cluster;
        if (is_ahead) own.lifeline = -1;
        need(go[0]);
        need(channel[1]);
        need(own.lifeline);
        need(files);
        need_those_of(planned);
        close_others();
        node_main(&own, index, go[0], channel[1], files, is_new);
    }
    close(go[0]);
    close(channel[1]);
    *begun = (struct begun_node){.process = child, .channel = channel[0], .go = go[1]};
    return NULL;
}

const char *start_node(const struct ns_cluster *cluster, int index, struct lifeline *lifeline) {
    struct held_node *node = &lifeline->nodes[index];
    struct begun_node begun;
    const char *failed = NULL;
    if (node->files < 0 && node->next.process) {
        begun = node->next;
        node->next.process = 0;
    } else {
        failed = begin(cluster, index, node->files, node->files < 0 || node->lacks_files, 0, &begun);
    }
    if (failed) return failed;
    node->process = begun.process;
    node->lacks_files = 0;
    node->channel = begun.channel;
    // While the node puts its file system together, it gets its interface. Without, it ends.
    failed = connect_node(cluster, index, lifeline, begun.process);
    if (!failed && write(begun.go, "", 1) < 0) failed = "telling the node that its interface is there";
    int error = errno;
    close(begun.go);
    errno = error;
    return failed;
}

void begin_next(const struct ns_cluster *cluster, int index, struct lifeline *lifeline) {
    struct held_node *node = &lifeline->nodes[index];
    if (!node->process || node->next.process || cluster->nodes[index].cgroup_count || shares_folders(cluster)) return;
    // What could not be begun ahead is begun when it is needed, and what has failed is told then.
    begin(cluster, index, -1, 1, 1, &node->next);
}

void forget_next(struct held_node *node) {
    close(node->next.channel);
    close(node->next.go);
    node->next.process = 0;
}

void end_next(struct lifeline *lifeline, int index) {
    struct held_node *node = &lifeline->nodes[index];
    if (!node->next.process) return;
    kill(node->next.process, SIGKILL);
    lifeline->leaving++;
    forget_next(node);
}

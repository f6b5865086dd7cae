#define _GNU_SOURCE
#include "relay.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// How long an acknowledgement may be held back, in microseconds: since Linux 6.15, and not in the headers of older systems.
// ssh(1) waits for one in each login, twice, and would wait for 40 milliseconds.
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif

// What comes from one end of a connection and goes to the other. It is moved from socket to pipe to socket within the kernel. Only
// what could not be passed on yet needs a pipe of its own.
struct flow {
    int pipe[2];
    size_t held;  ///< how many bytes are in the pipe; without any, there is none
    char has_ended;
};

enum state { unused, waiting, connecting, connected };

struct connection {
    enum state state;
    int ends[2];           ///< the client, and the node's server
    struct flow flows[2];  ///< from that end to the other
    uint16_t port;
    uint32_t address;      ///< the node's, in network byte order
    int tried;             ///< how many of the node's addresses
    char is_patient;
    int delay;             ///< milliseconds until they are tried again
    int64_t next;          ///< and when that is, by the clock
};

static struct connection connections[most_connections];
static size_t connection_count;  // the first ones are those in use
static int spare[2] = {-1, -1};  // an empty pipe
static int has_arrived;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void hasten(int socket) {
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    // The least that the kernel takes is two ticks, of which there are 1000, 250 or 100 a second.
    for (int least = 2000; least <= 20000; least = least == 2000 ? 8000 : least + 12000)
        if (setsockopt(socket, IPPROTO_TCP, TCP_DELACK_MAX_US, &least, sizeof least) == 0) break;
}

// --- the end of a connection ------------------------------------------------------------------------------------------

static void close_pipe(int pipe[2]) {
    close(pipe[0]);
    close(pipe[1]);
}

static void let_go(struct connection *connection) {
    for (int end = 0; end < 2; end++) {
        if (connection->ends[end] >= 0) close(connection->ends[end]);
        if (connection->flows[end].held) close_pipe(connection->flows[end].pipe);
    }
    connection->state = unused;
}

// Both sides learn that it was not closed but broken, as one of them has.
static void break_off(struct connection *connection) {
    struct linger at_once = {.l_onoff = 1};
    for (int end = 0; end < 2; end++)
        if (connection->ends[end] >= 0)
            setsockopt(connection->ends[end], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    let_go(connection);
}

static void forget_unused(void) {
    for (size_t i = connection_count; i-- > 0;)
        if (connections[i].state == unused) connections[i] = connections[--connection_count];
}

// --- the way to the server --------------------------------------------------------------------------------------------

// Where a server may listen: on one of these, or on all of them.
enum { addresses = 3 };

static int try_address(const struct connection *connection, int which) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(connection->port),
        .sin_addr.s_addr = which == 0 ? htonl(INADDR_LOOPBACK) : connection->address};
    struct sockaddr_in6 newer = {
        .sin6_family = AF_INET6, .sin6_port = htons(connection->port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int is_newer = which == 2;
    int server = socket(is_newer ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server < 0) return -1;
    hasten(server);
    int result = is_newer ? connect(server, (struct sockaddr *)&newer, sizeof newer)
                          : connect(server, (struct sockaddr *)&address, sizeof address);
    if (result == 0 || errno == EINPROGRESS) return server;
    close(server);
    return -1;
}

static void try_next(struct connection *connection) {
    while (connection->tried < addresses) {
        int server = try_address(connection, connection->tried++);
        if (server < 0) continue;
        connection->ends[1] = server;
        connection->state = connecting;
        return;
    }
    if (!connection->is_patient) {
        break_off(connection);
        return;
    }
    connection->tried = 0;
    connection->state = waiting;
    connection->next = now() + connection->delay;
    if (connection->delay < 32) connection->delay *= 2;
}

static void finish_connecting(struct connection *connection) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(connection->ends[1], SOL_SOCKET, SO_ERROR, &error, &length);
    if (error == 0) {
        connection->state = connected;
        has_arrived |= connection->is_patient;
        return;
    }
    close(connection->ends[1]);
    connection->ends[1] = -1;
    try_next(connection);
}

int relay_has_room(void) { return connection_count < most_connections; }

void relay_add(int client, const struct ns_port *port, uint32_t node_address, int is_patient) {
    struct connection *connection = &connections[connection_count++];
    hasten(client);
    *connection = (struct connection){
        .ends = {client, -1}, .port = port->node_port, .address = node_address, .is_patient = is_patient, .delay = 1};
    try_next(connection);
    forget_unused();
}

int relay_has_arrived(void) { return has_arrived; }

void relay_hurry(void) {
    for (size_t i = 0; i < connection_count; i++)
        if (connections[i].state == waiting) try_next(&connections[i]);
    forget_unused();
}

// --- what is passed on ------------------------------------------------------------------------------------------------

enum { most_at_once = 1 << 20 };

static int take_pipe(struct flow *flow) {
    if (spare[0] < 0) {
        if (pipe2(flow->pipe, O_CLOEXEC | O_NONBLOCK) < 0) return -1;
        // The more goes in at once, the less often both sides are asked. A smaller one does it too.
        fcntl(flow->pipe[1], F_SETPIPE_SZ, most_at_once);
        return 0;
    }
    for (int end = 0; end < 2; end++) {
        flow->pipe[end] = spare[end];
        spare[end] = -1;
    }
    return 0;
}

static void give_back(struct flow *flow) {
    if (spare[0] >= 0) {
        close_pipe(flow->pipe);
        return;
    }
    for (int end = 0; end < 2; end++) spare[end] = flow->pipe[end];
}

static int would_wait(void) { return errno == EAGAIN || errno == EINTR; }

// Returns -1 if the connection is broken.
static int move(struct connection *connection, int from) {
    struct flow *flow = &connection->flows[from];
    if (!flow->held && !flow->has_ended) {
        if (take_pipe(flow) < 0) return -1;
        ssize_t count = splice(
            connection->ends[from], NULL, flow->pipe[1], NULL, most_at_once, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        int error = count < 0 && !would_wait();
        if (count <= 0) give_back(flow);
        if (error) return -1;
        if (count == 0) {
            flow->has_ended = 1;
            shutdown(connection->ends[!from], SHUT_WR);
        }
        if (count > 0) flow->held = count;
    }
    if (flow->held) {
        ssize_t count = splice(
            flow->pipe[0], NULL, connection->ends[!from], NULL, flow->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (count < 0) return would_wait() ? 0 : -1;
        flow->held -= count;
        if (!flow->held) give_back(flow);
    }
    return 0;
}

static short awaited(const struct connection *connection, int end) {
    const struct flow *from = &connection->flows[end], *to = &connection->flows[!end];
    return (!from->held && !from->has_ended ? POLLIN : 0) | (to->held ? POLLOUT : 0);
}

size_t relay_await(struct pollfd *polled) {
    for (size_t i = 0; i < connection_count; i++) {
        const struct connection *connection = &connections[i];
        for (int end = 0; end < 2; end++) {
            short events = connection->state == connected    ? awaited(connection, end)
                           : connection->state == connecting ? (end == 1 ? POLLOUT : 0)
                                                             : 0;
            // One of which nothing is wanted is not asked whether it has been closed: it would say so again and again.
            polled[2 * i + end] = (struct pollfd){.fd = events ? connection->ends[end] : -1, .events = events};
        }
    }
    return 2 * connection_count;
}

int relay_patience(void) {
    int64_t least = -1, time = 0;
    for (size_t i = 0; i < connection_count; i++) {
        if (connections[i].state != waiting) continue;
        if (!time) time = now();
        int64_t left = connections[i].next > time ? connections[i].next - time : 0;
        if (least < 0 || left < least) least = left;
    }
    return least;
}

void relay_move(const struct pollfd *polled) {
    int64_t time = 0;
    for (size_t i = 0; i < connection_count; i++) {
        struct connection *connection = &connections[i];
        const struct pollfd *ends = &polled[2 * i];
        if (connection->state == waiting) {
            if (!time) time = now();
            if (connection->next <= time) try_next(connection);
        } else if (connection->state == connecting) {
            if (ends[1].revents) finish_connecting(connection);
        } else {
            int is_broken = 0;
            for (int from = 0; from < 2 && !is_broken; from++)
                if (ends[from].revents & ~POLLOUT || ends[!from].revents & POLLOUT)
                    is_broken = move(connection, from) < 0;
            if (is_broken)
                break_off(connection);
            else if (connection->flows[0].has_ended && connection->flows[1].has_ended)
                let_go(connection);
        }
    }
    forget_unused();
}

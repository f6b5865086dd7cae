#define _GNU_SOURCE
#include "serve.h"

#include "datagrams.h"
#include "execute.h"
#include "relay.h"
#include "service.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// --- the log ----------------------------------------------------------------------------------------------------------

// What is written to the node's console comes here. The file on this machine can't be changed by root of a node, and grows to a
// limit only.
struct log {
    int console;
    int file;
    size_t room;
};

static struct log open_log(const struct step *at, const struct ns_node *node) {
    // Held for writing too: there is always somebody who might write, and so no end.
    struct log log = {.console = open(console, O_RDWR | O_NONBLOCK | O_CLOEXEC), .file = node->log, .room = node->log_size};
    MUST(log.console);
    return log;
}

// Returns whether there was something.
static int keep(struct log *log) {
    static const char full[] = "The log is full: what else was written is not kept.\n";
    char bytes[4096];
    ssize_t count = read(log->console, bytes, sizeof bytes);
    if (count <= 0 || !log->room) return count > 0;
    size_t kept = (size_t)count < log->room ? (size_t)count : log->room;
    log->room -= kept;
    if (write(log->file, bytes, kept) < 0) log->room = 0;
    if (!log->room && write(log->file, full, sizeof full - 1) < 0) {}
    return 1;
}

// --- what comes ---------------------------------------------------------------------------------------------------------

enum { most_ports = 64 };

// The first process of a node, and what it is waiting for.
static struct {
    const struct ns_node *node;
    struct log log;
    int channel;      ///< programs to be run are asked for here
    int news;         ///< sshd tells here that it listens; -1 when that is known
    pid_t sshd;       ///< the one that was started with the node; 0 when it is known that it listens
} server;

static short awaited_on(const struct ns_port *port) {
    // Clients for whom there is no room wait to be accepted.
    return port->is_datagram || relay_has_room() ? POLLIN : 0;
}

static void serve_port(const struct ns_port *port) {
    if (port->is_datagram) {
        datagrams_receive(port, server.node->address);
        return;
    }
    int client = accept4(port->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client >= 0) relay_add(client, port, server.node->address, port->node_port == 22 && server.sshd);
}

// Nobody can log in to such a node: it ends, and its cluster's start fails.
static _Noreturn void end_without_sshd(int status) {
    while (keep(&server.log)) {}
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status) ?: 1);
}

static void bury(void) {
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        end_execution(ended, status);
        if (ended == server.sshd) end_without_sshd(status);
    }
}

// sshd listens: from now on it may come and go as whoever uses the node likes.
static void let_sshd_be(void) {
    forget_services(server.news);
    server.news = -1;
    server.sshd = 0;
    relay_hurry();
}

void begin_to_serve(const struct step *at, const struct ns_node *node) {
    server.node = node;
    server.log = open_log(at, node);
    server.news = listen_for_services(at);
    server.sshd = start_sshd(at, node);
}

// What is waited for, and where it stands among all that is.
struct places {
    struct pollfd polled[3 + most_ports + most_executions + most_senders + relay_places];
    size_t ports, askers, senders, ends, count;
};

enum { console_end, asked, told, first_port };

static void add(struct places *places, int descriptor, short events) {
    places->polled[places->count++] = (struct pollfd){.fd = descriptor, .events = events};
}

static void await(struct places *places) {
    places->count = 0;
    add(places, server.log.console, POLLIN);
    add(places, server.channel, POLLIN);
    add(places, server.news, POLLIN);
    for (size_t i = 0; i < places->ports; i++) add(places, server.node->ports[i].listener, awaited_on(&server.node->ports[i]));
    places->askers = places->count;
    places->count += executions_await(places->polled + places->count);
    places->senders = places->count;
    places->count += datagrams_await(places->polled + places->count);
    places->ends = places->count;
    places->count += relay_await(places->polled + places->count);
}

_Noreturn void serve(const struct step *at, const struct ns_node *node, int channel) {
    static struct places places;
    const struct pollfd *polled = places.polled;
    server.channel = channel;
    places.ports = node->port_count < most_ports ? node->port_count : most_ports;
    close(at->cluster->lifeline);
    // A client that has gone again before it is accepted must not be waited for.
    for (size_t i = 0; i < places.ports; i++)
        fcntl(node->ports[i].listener, F_SETFL, fcntl(node->ports[i].listener, F_GETFL) | O_NONBLOCK);
    for (;;) {
        await(&places);
        int ready = poll_or_bury(places.polled, places.count, relay_patience());
        bury();
        if (ready < 0) continue;
        executions_abandon(polled + places.askers, places.senders - places.askers);
        if (polled[console_end].revents) keep(&server.log);
        datagrams_move(polled + places.senders);
        relay_move(polled + places.ends);
        // Not every sshd tells that it listens: then the first connection does.
        int is_ready = polled[told].revents && service_is_ready(server.news);
        if (server.sshd && (is_ready || relay_has_arrived())) let_sshd_be();
        if (polled[asked].revents) start_execution(channel, node);
        for (size_t i = 0; i < places.ports; i++)
            if (polled[first_port + i].revents && relay_has_room()) serve_port(&node->ports[i]);
    }
}

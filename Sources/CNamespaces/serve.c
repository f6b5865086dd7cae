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
struct server {
    const struct ns_node *node;
    struct log log;
    int channel;      ///< programs to be run are asked for here
    int news;         ///< sshd tells here that it listens; -1 when that is known
    pid_t sshd;       ///< the one that was started with the node; 0 when it is known that it listens
    struct execution executions[most_executions];
};

static short awaited_on(const struct ns_port *port) {
    // Clients for whom there is no room wait to be accepted.
    return port->is_datagram || relay_has_room() ? POLLIN : 0;
}

static void serve_port(const struct server *server, const struct ns_port *port) {
    if (port->is_datagram) {
        datagrams_receive(port, server->node->address);
        return;
    }
    int client = accept4(port->listener, NULL, NULL, SOCK_CLOEXEC);
    if (client >= 0) relay_add(client, port, server->node->address, port->node_port == 22 && server->sshd);
}

// A node that can't be logged in to from the beginning is none.
static _Noreturn void end_without_sshd(struct server *server, int status) {
    while (keep(&server->log)) {}
    _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status) ?: 1);
}

static void bury(struct server *server) {
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        end_execution(server->executions, ended, status);
        if (ended == server->sshd) end_without_sshd(server, status);
    }
}

// sshd listens: from now on it may come and go as whoever uses the node likes.
static void let_sshd_be(struct server *server) {
    forget_services(server->news);
    server->news = -1;
    server->sshd = 0;
    relay_hurry();
}

_Noreturn void serve(const struct step *at, const struct ns_node *node, int channel) {
    enum { console_end, asked, told, first_port, first_asker = first_port + most_ports,
           first_sender = first_asker + most_executions, first_end = first_sender + most_senders,
           places = first_end + relay_places };
    static struct pollfd polled[places];
    static struct server server;
    server.node = node;
    server.log = open_log(at, node);
    server.channel = channel;
    server.news = listen_for_services(at);
    server.sshd = start_sshd(at, node);
    close(at->cluster->lifeline);
    polled[console_end] = (struct pollfd){.fd = server.log.console, .events = POLLIN};
    polled[asked] = (struct pollfd){.fd = channel, .events = POLLIN};
    // A client that has gone again before it is accepted must not be waited for.
    for (size_t i = 0; i < node->port_count; i++)
        fcntl(node->ports[i].listener, F_SETFL, fcntl(node->ports[i].listener, F_GETFL) | O_NONBLOCK);
    for (size_t i = 0; i < most_ports; i++) polled[first_port + i].fd = -1;
    for (;;) {
        polled[told] = (struct pollfd){.fd = server.news, .events = POLLIN};
        for (size_t i = 0; i < node->port_count && i < most_ports; i++)
            polled[first_port + i] =
                (struct pollfd){.fd = node->ports[i].listener, .events = awaited_on(&node->ports[i])};
        for (int i = 0; i < most_executions; i++)
            polled[first_asker + i] = (struct pollfd){.fd = server.executions[i].process ? server.executions[i].asker : -1};
        for (size_t i = datagrams_await(polled + first_sender); i < most_senders; i++) polled[first_sender + i].fd = -1;
        size_t ends = relay_await(polled + first_end);
        int ready = poll_or_bury(polled, first_end + ends, relay_patience());
        bury(&server);
        if (ready < 0) continue;
        for (int i = 0; i < most_executions; i++)
            if (polled[first_asker + i].revents && server.executions[i].process)
                abandon_execution(&server.executions[i]);
        if (polled[console_end].revents) keep(&server.log);
        datagrams_move(polled + first_sender);
        relay_move(polled + first_end);
        // Not every sshd tells that it listens: then the first connection does.
        int is_ready = polled[told].revents && service_is_ready(server.news);
        if (server.sshd && (is_ready || relay_has_arrived())) let_sshd_be(&server);
        if (polled[asked].revents) start_execution(server.executions, channel, node);
        for (size_t i = 0; i < node->port_count && i < most_ports; i++)
            if (polled[first_port + i].revents && relay_has_room()) serve_port(&server, &node->ports[i]);
    }
}

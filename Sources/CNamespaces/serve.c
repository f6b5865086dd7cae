#define _GNU_SOURCE
#include "serve.h"

#include "execute.h"
#include "session.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// How long an acknowledgement may be held back, in microseconds: since Linux 6.15, and not in the headers of older systems.
// ssh(1) waits for one in each login, twice, and would wait for 40 milliseconds.
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif

static char *const sshd_arguments[] = {"/usr/sbin/sshd", "-i", "-e", NULL};
static char *const sshd_environment[] = {NODE_PATH, NULL};

// --- the log ----------------------------------------------------------------------------------------------------------

// What sshd writes comes through a pipe. Its own end is all that root of a node can get hold of: the file on this machine can't
// be changed, and grows to a limit only.
struct log {
    int pipe[2];
    int file;
    size_t room;
};

static void keep(struct log *log) {
    static const char full[] = "The log is full: what else was written is not kept.\n";
    char bytes[4096];
    ssize_t count = read(log->pipe[0], bytes, sizeof bytes);
    if (count <= 0 || !log->room) return;
    size_t kept = (size_t)count < log->room ? (size_t)count : log->room;
    log->room -= kept;
    if (write(log->file, bytes, kept) < 0) log->room = 0;
    if (!log->room && write(log->file, full, sizeof full - 1) < 0) {}
}

// --- connections ------------------------------------------------------------------------------------------------------

static _Noreturn void serve_ssh(int client, const struct ns_node *node, int log) {
    int on = 1;
    forget_children();
    dup2(log, 2);
    keep_to_limits(node);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    // The least that the kernel takes is two ticks, of which there are 1000, 250 or 100 a second.
    for (int least = 2000; least <= 20000; least = least == 2000 ? 8000 : least + 12000)
        if (setsockopt(client, IPPROTO_TCP, TCP_DELACK_MAX_US, &least, sizeof least) == 0) break;
    dup2(client, 0);
    dup2(client, 1);
    close_range(3, ~0u, 0);
    keep_within_node();
    execve(sshd_arguments[0], sshd_arguments, sshd_environment);
    _exit(127);
}

// Passes on what comes, in both directions, until both sides have ended.
static _Noreturn void relay(int client, uint16_t port, const struct ns_node *node) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    forget_children();
    keep_to_limits(node);
    int ends[2] = {client, socket(AF_INET, SOCK_STREAM, 0)};
    static char bytes[65536];
    if (connect(ends[1], (struct sockaddr *)&address, sizeof address) < 0) _exit(1);
    struct pollfd polled[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}};
    for (int open = 2; open;) {
        if (poll(polled, 2, -1) < 0) _exit(1);
        for (int side = 0; side < 2; side++) {
            if (!polled[side].revents) continue;
            ssize_t count = read(ends[side], bytes, sizeof bytes);
            if (count <= 0) {
                polled[side].fd = -1;
                polled[side].revents = 0;
                shutdown(ends[!side], SHUT_WR);
                open--;
                continue;
            }
            for (ssize_t sent = 0; sent < count;) {
                ssize_t more = write(ends[!side], bytes + sent, count - sent);
                if (more <= 0) _exit(1);
                sent += more;
            }
        }
    }
    _exit(0);
}

// sshd takes the child's place at once, so no copy of this process's memory has to be made for it.
static void start_ssh(int client, const struct ns_node *node, int log) {
    if (vfork() == 0) serve_ssh(client, node, log);
}

static void start_relay(int client, uint16_t port, const struct ns_node *node) {
    if (clone_process(0) == 0) relay(client, port, node);
}

static void accept_client(int listener, uint16_t port, const struct ns_node *node, const struct log *log) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) return;
    if (port == 22)
        start_ssh(client, node, log->pipe[1]);
    else
        start_relay(client, port, node);
    close(client);
}

int listen_for_ssh(const struct step *at) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(22), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(listener);
    MUST(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    MUST(bind(listener, (struct sockaddr *)&name, sizeof name));
    MUST(listen(listener, 1024));
    return listener;
}

_Noreturn void serve(const struct step *at, const struct ns_node *node, int listener, int channel) {
    enum { log_pipe, ssh, asked, first_port, most_ports = 64, most = first_port + most_ports + most_executions };
    static struct execution executions[most_executions];
    struct log log = {.file = node->log, .room = node->log_size};
    MUST(pipe2(log.pipe, O_CLOEXEC));
    static struct pollfd polled[most];
    polled[log_pipe] = (struct pollfd){.fd = log.pipe[0], .events = POLLIN};
    polled[ssh] = (struct pollfd){.fd = listener, .events = POLLIN};
    polled[asked] = (struct pollfd){.fd = channel, .events = POLLIN};
    nfds_t ports = 0;
    for (; ports < node->port_count && ports < most_ports; ports++)
        polled[first_port + ports] = (struct pollfd){
            .fd = node->ports[ports].is_datagram ? -1 : node->ports[ports].listener, .events = POLLIN};
    // A client that has gone again before it is accepted must not be waited for.
    for (nfds_t i = first_port; i < first_port + ports; i++)
        fcntl(polled[i].fd, F_SETFL, fcntl(polled[i].fd, F_GETFL) | O_NONBLOCK);
    struct pollfd *askers = polled + first_port + ports;
    close(at->cluster->lifeline);
    for (;;) {
        for (int i = 0; i < most_executions; i++)
            askers[i] = (struct pollfd){.fd = executions[i].process ? executions[i].asker : -1};
        int ready = poll_or_bury(polled, first_port + ports + most_executions), status;
        pid_t ended;
        while ((ended = waitpid(-1, &status, WNOHANG)) > 0) end_execution(executions, ended, status);
        if (ready <= 0) continue;
        for (int i = 0; i < most_executions; i++)
            if (askers[i].revents && executions[i].process) abandon_execution(&executions[i]);
        if (polled[log_pipe].revents) keep(&log);
        if (polled[ssh].revents) accept_client(listener, 22, node, &log);
        if (polled[asked].revents) start_execution(executions, channel, node);
        for (nfds_t i = 0; i < ports; i++)
            if (polled[first_port + i].revents)
                accept_client(polled[first_port + i].fd, node->ports[i].node_port, node, &log);
    }
}

#define _GNU_SOURCE
#include "serve.h"

#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// How long an acknowledgement may be held back, in microseconds: since Linux 6.15, and not in the headers of older systems.
// ssh(1) waits for one in each login, twice, and would wait for 40 milliseconds.
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif

static char *const sshd_arguments[] = {"/usr/sbin/sshd", "-i", "-e", NULL};
static char *const sshd_environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

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

// The limits are for what the node does, not for its first process: out of memory, the kernel ends the biggest process, and
// counts as that one's all that it still shares with its maker, a program of any size. The node would end with it.
static int join_limits(const struct ns_node *node) {
    for (size_t i = 0; i < node->cgroup_count; i++)
        if (write(node->cgroups[i], "0", 1) != 1) return -1;
    // From here on these groups are the root of all groups. Without any, the root would be this machine's.
    return node->cgroup_count ? unshare(CLONE_NEWCGROUP) : 0;
}

static _Noreturn void serve_ssh(int client, const struct ns_node *node, int log) {
    static const char refusal[] = "the node's limits can't be kept: its control group takes no more processes\n";
    static const char unsafe[] = "what reaches beyond the node can't be forbidden\n";
    int on = 1;
    forget_children();
    dup2(log, 2);
    if (join_limits(node) < 0) {
        if (write(2, refusal, sizeof refusal - 1) < 0) {}
        _exit(1);
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    // The least that the kernel takes is two ticks, of which there are 1000, 250 or 100 a second.
    for (int least = 2000; least <= 20000; least = least == 2000 ? 8000 : least + 12000)
        if (setsockopt(client, IPPROTO_TCP, TCP_DELACK_MAX_US, &least, sizeof least) == 0) break;
    dup2(client, 0);
    dup2(client, 1);
    close_range(3, ~0u, 0);
    if (forbid_calls() < 0) {
        if (write(2, unsafe, sizeof unsafe - 1) < 0) {}
        _exit(1);
    }
    execve(sshd_arguments[0], sshd_arguments, sshd_environment);
    _exit(127);
}

// Passes on what comes, in both directions, until both sides have ended.
static _Noreturn void relay(int client, uint16_t port, const struct ns_node *node) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    forget_children();
    if (join_limits(node) < 0) _exit(1);
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

_Noreturn void serve(const struct step *at, const struct ns_node *node, int listener) {
    enum { most = 64 };
    struct log log = {.file = node->log, .room = node->log_size};
    MUST(pipe2(log.pipe, O_CLOEXEC));
    struct pollfd polled[most + 2] = {{.fd = log.pipe[0], .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    nfds_t count = 2;
    for (size_t i = 0; i < node->port_count && i < most; i++)
        polled[count++] = (struct pollfd){.fd = node->ports[i].listener, .events = POLLIN};
    // A client that has gone again before it is accepted must not be waited for.
    for (nfds_t i = 2; i < count; i++) fcntl(polled[i].fd, F_SETFL, fcntl(polled[i].fd, F_GETFL) | O_NONBLOCK);
    close(at->cluster->report);
    for (;;) {
        int ready = poll_or_bury(polled, count);
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        if (ready <= 0) continue;
        if (polled[0].revents) keep(&log);
        if (polled[1].revents) accept_client(listener, 22, node, &log);
        for (nfds_t i = 2; i < count; i++)
            if (polled[i].revents) accept_client(polled[i].fd, node->ports[i - 2].node_port, node, &log);
    }
}

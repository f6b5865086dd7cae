#define _GNU_SOURCE
#include "serve.h"

#include "datagrams.h"
#include "execute.h"
#include "relay.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
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
    struct stat status;
    MUST(log.console);
    // A node that is started again goes on with its log.
    MUST(fstat(log.file, &status));
    log.room -= (size_t)status.st_size < log.room ? (size_t)status.st_size : log.room;
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
    int channel;      ///< it is told here what to do
    int power;        ///< and here by the node's root
    int files;        ///< the file system of all that the node writes
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

// Returns whether there is anybody left who could die.
static int bury(void) {
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        end_execution(ended, status);
        if (ended == server.sshd) end_without_sshd(status);
    }
    return ended == 0;
}

// sshd listens: from now on it may come and go as whoever uses the node likes.
static void let_sshd_be(void) {
    forget_services(server.news);
    server.news = -1;
    server.sshd = 0;
    relay_hurry();
}

static int64_t milliseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// --- the file system --------------------------------------------------------------------------------------------------

// Gives it a size in bytes. Returns an errno, or 0.
static int resize(uint64_t bytes) {
    char text[24];
    int context = fspick(server.files, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC), error = 0;
    *write_number(text, bytes) = 0;
    if (context < 0 || fsconfig(context, FSCONFIG_SET_STRING, "size", text, 0) < 0
        || fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
        error = errno;
    if (context >= 0) close(context);
    return error;
}

// Nothing has to be written for that, which would take this machine's memory.
static int fill(uint64_t left) {
    uint64_t own = strtoull(server.node->writable + strlen("size="), NULL, 10);
    struct statfs status;
    if (left == UINT64_MAX) return resize(own);
    if (fstatfs(server.files, &status) < 0) return errno;
    uint64_t used = (status.f_blocks - status.f_bfree) * status.f_bsize;
    // A size of nothing would mean none.
    uint64_t size = used + left ?: 1;
    return resize(left < own && size < own ? size : own);
}

// --- power ------------------------------------------------------------------------------------------------------------

// Where the node's root writes that the machine is to be switched off: the image's programs `poweroff`, `reboot` and others do.
static const char power[] = "/run/power";

static int open_power(const struct step *at) {
    MUST(mkfifo(power, 0600));
    int descriptor = open(power, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    MUST(descriptor);
    return descriptor;
}

// As other systems' first processes do it: who waits for a person, as shells do, ignores SIGTERM and not SIGHUP. Milliseconds.
enum { hang_up_after = 1000, kill_after = 10000 };

static _Noreturn void end_in_order(int code) {
    struct pollfd polled = {.fd = server.log.console, .events = POLLIN};
    int64_t begun = milliseconds();
    int has_hung_up = 0;
    if (server.sshd) let_sshd_be();
    kill(-1, SIGTERM);
    kill(-1, SIGCONT);
    while (bury()) {
        int64_t passed = milliseconds() - begun;
        if (passed >= kill_after) break;
        if (passed >= hang_up_after && !has_hung_up) has_hung_up = kill(-1, SIGHUP) == 0;
        poll_or_bury(&polled, 1, has_hung_up ? kill_after - passed : hang_up_after - passed);
        if (polled.revents) keep(&server.log);
        polled.revents = 0;
    }
    while (keep(&server.log)) {}
    // What is left is killed by the kernel, with the namespace.
    _exit(code);
}

static void obey_root(void) {
    char words[256];
    ssize_t count = read(server.power, words, sizeof words);
    if (count <= 0) return;
    if (memmem(words, count, "poweroff\n", 9)) end_in_order(0);
    if (memmem(words, count, "reboot\n", 7)) end_in_order(ends_to_start_again);
}

// Nothing of the node answers any more, this process neither, which only waits to be told.
static void freeze(void) {
    struct pollfd polled = {.fd = server.channel, .events = POLLIN};
    for (;;) {
        if (poll_or_bury(&polled, 1, -1) <= 0) continue;
        struct asked asked = receive_request(server.channel, NULL, 0);
        if (!asked.order.kind) continue;
        if (asked.order.kind == NS_STOP) end_in_order(0);
        if (asked.order.kind == NS_FILL) answer(asked.asker, fill(asked.order.value));
        if (asked.order.kind == NS_PAUSE) answer(asked.asker, EALREADY);
        if (asked.order.kind != NS_RESUME) continue;
        kill(-1, SIGCONT);
        answer(asked.asker, 0);
        return;
    }
}

static void obey(struct asked asked) {
    switch (asked.order.kind) {
    case 0: return;
    case NS_PAUSE:
        // The answer is the last word.
        kill(-1, SIGSTOP);
        answer(asked.asker, 0);
        freeze();
        return;
    case NS_RESUME: answer(asked.asker, 0); return;
    case NS_STOP: end_in_order(0);
    case NS_FILL: answer(asked.asker, fill(asked.order.value)); return;
    default: answer(asked.asker, ENOSYS);
    }
}

// --- the loop ---------------------------------------------------------------------------------------------------------

void begin_to_serve(const struct step *at, const struct ns_node *node, int files) {
    server.node = node;
    server.files = files;
    server.log = open_log(at, node);
    server.power = open_power(at);
    server.news = listen_for_services(at);
    server.sshd = start_sshd(at, node);
}

enum { console_end, channel_end, told, power_end, first_port };

// What is waited for, and where it stands among all that is.
struct places {
    struct pollfd polled[first_port + most_ports + most_executions + most_senders + relay_places];
    size_t ports, askers, senders, ends, count;
};

static void add(struct places *places, int descriptor, short events) {
    places->polled[places->count++] = (struct pollfd){.fd = descriptor, .events = events};
}

static void await(struct places *places) {
    places->count = 0;
    add(places, server.log.console, POLLIN);
    add(places, server.channel, POLLIN);
    add(places, server.news, POLLIN);
    add(places, server.power, POLLIN);
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
        if (polled[power_end].revents) obey_root();
        if (polled[channel_end].revents) obey(receive_request(channel, node, 1));
        for (size_t i = 0; i < places.ports; i++)
            if (polled[first_port + i].revents && relay_has_room()) serve_port(&node->ports[i]);
    }
}

#define _GNU_SOURCE
#include "execute.h"

#include "descriptors.h"
#include "session.h"
#include "wire/wire.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// --- the node's side: its first process -------------------------------------------------------------------------------

enum { descriptors = 4, most_arguments = 4096 };  // standard input, output, error; the asker's socket

static char bytes[NS_MOST_WORDS];
static char *words[most_arguments + 1];
static char *const environment[] = {NODE_PATH, "HOME=/root", NULL};

// Returns how many descriptors have come with a request: all that a program needs, or the asker's alone. Those of any other are closed,
// and it is 0.
static size_t receive(int channel, ssize_t *length, int held[descriptors]) {
    size_t count = descriptors;
    *length = receive_with(channel, bytes, sizeof bytes, held, &count, MSG_DONTWAIT);
    if (count == descriptors && !bytes[*length - 1]) return count;
    if (count == 1 && *length == sizeof(struct ns_order)) return count;
    while (count) close(held[--count]);
    return 0;
}

// Returns whether there is room for all of them.
static int split(ssize_t length) {
    size_t count = 0;
    for (char *word = bytes; word < bytes + length; word += strlen(word) + 1) {
        if (count == most_arguments) return 0;
        words[count++] = word;
    }
    words[count] = NULL;
    return count > 0;
}

// Only what runs on a node has limits. The lifeline runs programs of this machine's, where it stands.
static void stay_on(const struct ns_node *node) {
    if (node) keep_to_limits(node);
    close_range(3, ~0u, 0);
    if (!node) return;
    keep_within_node();
    if (chdir("/root") < 0 && chdir("/") < 0) _exit(126);
}

// Not a program, but this one's own.
static int is_wire(const struct ns_node *node) { return !node && strcmp(words[0], "wire") == 0; }

static _Noreturn void run(const struct ns_node *node, const int held[descriptors]) {
    forget_children();
    // A process group of its own can be ended as a whole.
    setsid();
    for (int stream = 0; stream < 3; stream++) dup2(held[stream], stream);
    stay_on(node);
    if (is_wire(node)) _exit(wire_main());
    // What it is looked for on is this process's own PATH.
    environ = (char **)environment;
    execvp(words[0], words);
    int code = errno == ENOENT ? 127 : 126;
    const char *reason = code == 127 ? ": not found\n" : ": can't be run\n";
    if (write(2, words[0], strlen(words[0])) < 0 || write(2, reason, strlen(reason)) < 0) {}
    _exit(code);
}

static pid_t start(const struct ns_node *node, const int held[descriptors]) {
    // What starts no other program needs memory of its own.
    pid_t child = is_wire(node) ? clone_process(0) : vfork();
    if (child == 0) run(node, held);
    return child;
}

static struct execution {
    pid_t process;
    int asker;  ///< the socket that gets its exit status; its end is the program's. -1 if the asker has gone
} executions[most_executions];
static size_t execution_count;

struct asked receive_request(int channel, const struct ns_node *node, int is_live) {
    struct asked asked = {.asker = -1};
    int held[descriptors];
    ssize_t length;
    size_t count = receive(channel, &length, held);
    if (count == 1) {
        memcpy(&asked.order, bytes, sizeof asked.order);
        asked.asker = held[0];
    }
    if (count != descriptors) return asked;
    pid_t child = is_live && execution_count < most_executions && split(length) ? start(node, held) : -1;
    for (int i = 0; i < 3; i++) close(held[i]);
    if (!is_live)
        answer(held[3], -1);
    else if (child < 0)
        close(held[3]);
    else
        executions[execution_count++] = (struct execution){child, held[3]};
    return asked;
}

void answer(int asker, int code) {
    int32_t told = code;
    if (send(asker, &told, sizeof told, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {}
    close(asker);
}

void forget_executions(void) { execution_count = 0; }

int end_execution(pid_t ended, int status) {
    for (size_t i = 0; i < execution_count; i++) {
        if (executions[i].process != ended) continue;
        if (executions[i].asker >= 0) answer(executions[i].asker, status);
        executions[i] = executions[--execution_count];
        return 1;
    }
    return 0;
}

size_t executions_await(struct pollfd *polled) {
    // Nothing comes from an asker but their end.
    for (size_t i = 0; i < execution_count; i++) polled[i] = (struct pollfd){.fd = executions[i].asker};
    return execution_count;
}

void executions_abandon(const struct pollfd *polled, size_t count) {
    for (size_t place = 0; place < count; place++)
        for (size_t i = 0; i < execution_count && polled[place].revents; i++) {
            if (executions[i].asker != polled[place].fd) continue;
            kill(-executions[i].process, SIGKILL);
            close(executions[i].asker);
            executions[i].asker = -1;
        }
}

// --- the asker's side -------------------------------------------------------------------------------------------------

int ns_execute(int channel, const char *text, size_t length, const int streams[3], int asker) {
    int held[descriptors] = {streams[0], streams[1], streams[2], asker};
    return send_with(channel, text, length, held, descriptors, 0);
}

int ns_tell(int channel, const struct ns_order *order, int asker) {
    return send_with(channel, order, sizeof *order, &asker, 1, 0);
}

#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

char *write_number(char *text, uint64_t number) {
    char digits[20];
    int count = 0;
    do digits[count++] = '0' + number % 10;
    while (number /= 10);
    while (count) *text++ = digits[--count];
    return text;
}

void report(const struct ns_cluster *cluster, int kind, int node, int code, const char *step) {
    struct ns_report report = {.kind = kind, .node = node, .code = code};
    strncpy(report.step, step, sizeof report.step - 1);
    // A packet: it is written whole or not at all, whoever else writes. A cluster that stays has nobody who reads.
    while (send(cluster->lifeline, &report, sizeof report, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

_Noreturn void fail(const struct step *at, const char *step) {
    report(at->cluster, NS_FAILED, at->node, errno, step);
    _exit(1);
}

void reset_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void on_child(int signal) { (void)signal; }

// The signal is let in only while poll(2) waits: one that came before would be forgotten, and the dead left unburied.
void watch_children(void) {
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    sigaction(SIGCHLD, &action, NULL);
}

void forget_children(void) {
    sigset_t none;
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int poll_or_bury(struct pollfd *polled, nfds_t count, int milliseconds) {
    struct timespec limit = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    sigset_t none;
    sigemptyset(&none);
    return ppoll(polled, count, milliseconds < 0 ? NULL : &limit, &none);
}

pid_t clone_process(unsigned long flags) { return syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL); }

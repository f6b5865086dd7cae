#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

// Whatever is mounted below a path's mounts from now on is seen by this process's namespace alone. Other mounts are left as they are.
static int keep_to_ourselves(const char *path) {
    char part[256];
    size_t length = strlen(path);
    if (length >= sizeof part) return -1;
    memcpy(part, path, length + 1);
    for (;;) {
        // A part of the path that is not the root of a mount has nothing to change.
        if (mount(NULL, part, NULL, MS_SLAVE, NULL) < 0 && errno != EINVAL) return -1;
        char *slash = strrchr(part, '/');
        if (!slash || !part[1]) return 0;
        slash[slash == part] = 0;
    }
}

static int show(const struct ns_mount *mounts, size_t count) {
    if (count == 0) return 0;
    if (unshare(CLONE_NEWNS) < 0) return -1;
    for (size_t i = 0; i < count; i++)
        if (keep_to_ourselves(mounts[i].target) < 0) return -1;
    for (size_t i = 0; i < count; i++)
        if (mount(mounts[i].source, mounts[i].target, NULL, MS_BIND, NULL) < 0) return -1;
    return 0;
}

// Sends it in one piece, which the socket of somebody who reads always has room for.
static void tell(const struct ns_notice *notice, pid_t process) {
    char digits[20];
    struct iovec parts[] = {
        {(void *)notice->before, strlen(notice->before)},
        {digits, (size_t)(write_number(digits, (uint64_t)process) - digits)},
        {(void *)notice->after, strlen(notice->after)},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = sizeof parts / sizeof *parts};
    sendmsg(notice->socket, &message, MSG_NOSIGNAL);
}

pid_t ns_spawn(
    const char *program, char *const *words, char *const *environment, const struct ns_mount *mounts, size_t count,
    const struct ns_notice *notice, int *is_shown) {
    volatile int failure = 0, shown = 0;
    sigset_t all, before;
    sigfillset(&all);
    // This process's handlers must not run in the child.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    // The child runs in this process's memory, and this thread waits until it has become the program.
    pid_t child = vfork();
    if (child == 0) {
        shown = show(mounts, count) == 0;
        if (shown) {
            if (notice) tell(notice, getpid());
            // A program inherits what is ignored and what is blocked.
            reset_signals();
            execve(program, words, environment);
        }
        failure = errno;
        _exit(127);
    }
    if (child < 0) failure = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    *is_shown = shown;
    if (!failure) return child;
    if (child > 0) ns_await_end(child, -1);
    errno = failure;
    return -1;
}

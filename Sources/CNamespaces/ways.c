#define _GNU_SOURCE
#include "ways.h"

#include "netlink.h"
#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char bridge_name[] = "bridge", second_bridge_name[] = "bridge2";

// These programs don't get the maker's own environment.
static char *const environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

void end_with_maker(const struct ns_cluster *cluster) {
    char byte;
    if (recv(cluster->lifeline, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) _exit(0);
}

static const char tun[] = "/dev/net/tun";

// The program that connects the cluster to this machine's networks stays in this machine's network namespace, so it is
// cloned before the cluster has its own, and goes on when it is told to. It writes a byte to descriptor 3 when it is ready.
void start_outside(const struct step *at, int *go, int *ready) {
    const struct ns_cluster *cluster = at->cluster;
    int start[2], done[2];
    char self[16] = "", path[40] = "/proc/", name[12];
    if (!cluster->outside) return;
    // This machine's may be its root's alone.
    for (int i = 0; i < device_count; i++)
        if (strcmp(devices[i].name, "net/tun") == 0) attach(at, hold(at, numbered(name, 'd', i), 0, 0), tun);
    // This machine's /proc, so it is this machine's number of this process.
    MUST(readlink("/proc/self", self, sizeof self - 1));
    strcat(strcat(path, self), "/ns/net");
    MUST(pipe2(start, O_CLOEXEC));
    MUST(pipe2(done, O_CLOEXEC));
    pid_t child = clone_process(0);
    MUST(child);
    if (child == 0) {
        static char *words[32];
        char byte;
        size_t count = 0;
        while (cluster->outside[count] && count < 30) words[count] = (char *)cluster->outside[count], count++;
        words[count] = words[count - 1];
        words[count - 1] = path;
        close(start[1]);
        forget_children();
        if (read(start[0], &byte, 1) != 1) _exit(1);
        dup2(cluster->outside_log, 1);
        dup2(cluster->outside_log, 2);
        dup2(done[1], 3);
        close_range(4, ~0u, 0);
        execve(words[0], words, environment);
        _exit(127);
    }
    close(start[0]);
    close(done[1]);
    close(cluster->outside_log);
    *go = start[1];
    *ready = done[0];
}

void link_outside(const struct step *at, int go) {
    if (!at->cluster->outside) return;
    MUST(add_tap(tun, "tap", bridge_name));
    MUST(write(go, "", 1));
    close(go);
}

void await_outside(const struct step *at, int ready) {
    char byte;
    struct pollfd polled[2] = {{.fd = ready, .events = POLLIN}, {.fd = at->cluster->lifeline, .events = POLLIN}};
    if (!at->cluster->outside) return;
    while (poll(polled, 2, -1) < 0 && errno == EINTR) {}
    end_with_maker(at->cluster);
    errno = ECHILD;
    if (read(ready, &byte, 1) != 1) fail(at, "the program that connects it to the outside has ended");
    close(ready);
    report(at->cluster, NS_CONNECTED, -1, 0, "");
}

pid_t start_guard(const struct step *at) {
    const struct ns_cluster *cluster = at->cluster;
    if (!cluster->guard) return 0;
    pid_t child = vfork();
    MUST(child);
    if (child == 0) {
        forget_children();
        dup2(cluster->guard_rules, 0);
        dup2(cluster->guard_log, 1);
        dup2(cluster->guard_log, 2);
        close_range(3, ~0u, 0);
        execve(cluster->guard[0], (char *const *)cluster->guard, environment);
        _exit(127);
    }
    close(cluster->guard_rules);
    close(cluster->guard_log);
    return child;
}

#define _GNU_SOURCE
#include "service.h"

#include "session.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char console[] = "/dev/console";

// The name is in no folder, and every node's network has names of its own.
#define NAME "cluster-fixture/notify"

static char *const sshd_arguments[] = {"/usr/sbin/sshd", "-D", "-E", (char *)console, NULL};
static char *const sshd_environment[] = {NODE_PATH, "NOTIFY_SOCKET=@" NAME, NULL};

int listen_for_services(const struct step *at) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path + 1, NAME, strlen(NAME));
    int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(listener);
    MUST(bind(listener, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(NAME)));
    return listener;
}

// sshd takes the child's place at once, so no copy of this process's memory has to be made for it.
pid_t start_sshd(const struct step *at, const struct ns_node *node) {
    pid_t child = vfork();
    MUST(child);
    if (child == 0) {
        forget_children();
        keep_to_limits(node);
        show_groups(at);
        close_range(3, ~0u, 0);
        keep_within_node();
        execve(sshd_arguments[0], sshd_arguments, sshd_environment);
        _exit(127);
    }
    return child;
}

int service_is_ready(int socket) {
    static const char ready[] = "READY=1";
    char news[256];
    ssize_t length = recv(socket, news, sizeof news, 0);
    return length >= (ssize_t)strlen(ready) && memmem(news, length, ready, strlen(ready)) != NULL;
}

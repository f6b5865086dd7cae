#define _GNU_SOURCE
#include "service.h"

#include "session.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char console[] = "/dev/console";

// A name in no folder would do for systemd's own library, but not for OpenSSH 10, which sends to another.
#define SOCKET "/run/notify"

static char *const sshd_arguments[] = {"/usr/sbin/sshd", "-D", "-E", (char *)console, NULL};
static char *const sshd_environment[] = {NODE_PATH, "NOTIFY_SOCKET=" SOCKET, NULL};

int listen_for_services(const struct step *at) {
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET};
    int listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(listener);
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address));
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

void forget_services(int socket) {
    close(socket);
    unlink(SOCKET);
}

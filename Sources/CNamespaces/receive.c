#define _GNU_SOURCE
#include "descriptors.h"
#include "namespaces.h"

#include <fcntl.h>
#include <unistd.h>

int ns_introduce(int socket) {
    int users = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
    if (users < 0) return -1;
    int result = send_with(socket, "", 1, &users, 1, 0);
    close(users);
    return result;
}

int ns_receive(int socket, struct ns_report *report, int *descriptor) {
    size_t count = 1;
    *descriptor = -1;
    return receive_with(socket, report, sizeof *report, descriptor, &count, 0) == sizeof *report;
}

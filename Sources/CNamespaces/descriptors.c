#define _GNU_SOURCE
#include "descriptors.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union rights {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int) * most_descriptors)];
};

int send_with(int socket, const void *bytes, size_t length, const int *held, size_t count, int flags) {
    union rights rights = {{0}};
    struct iovec part = {(void *)bytes, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (count) {
        message.msg_control = &rights;
        message.msg_controllen = CMSG_SPACE(count * sizeof *held);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(count * sizeof *held);
        memcpy(CMSG_DATA(header), held, count * sizeof *held);
    }
    ssize_t sent;
    while ((sent = sendmsg(socket, &message, MSG_NOSIGNAL | flags)) < 0 && errno == EINTR) {}
    return sent < 0 ? -1 : 0;
}

ssize_t receive_with(int socket, void *bytes, size_t length, int *held, size_t *count, int flags) {
    union rights rights;
    struct iovec part = {bytes, length};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &rights,
        // CMSG_SPACE is rounded up: one more than there is room for would fit.
        .msg_controllen = CMSG_LEN(*count * sizeof *held)};
    ssize_t received;
    *count = 0;
    while ((received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | flags)) < 0 && errno == EINTR) {}
    struct cmsghdr *header = received > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (header && header->cmsg_type == SCM_RIGHTS) {
        *count = (header->cmsg_len - CMSG_LEN(0)) / sizeof *held;
        memcpy(held, CMSG_DATA(header), *count * sizeof *held);
    }
    if (received <= 0 || !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) return received;
    while (*count) close(held[--*count]);
    errno = EMSGSIZE;
    return -1;
}

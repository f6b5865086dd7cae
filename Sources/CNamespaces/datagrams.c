#define _GNU_SOURCE
#include "datagrams.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// Somebody on this machine who has sent something, and the socket by which the node's server sees them.
struct sender {
    int listener;
    struct sockaddr_in address;
    int socket;
    uint64_t used;  ///< the higher, the later
};

static struct sender senders[most_senders];
static size_t sender_count;
static uint64_t use_count;

// One datagram at a time, and so many in a row.
static char bytes[65536];
enum { most_in_a_row = 64 };

static struct sender *known(int listener, const struct sockaddr_in *address) {
    for (size_t i = 0; i < sender_count; i++)
        if (senders[i].listener == listener && senders[i].address.sin_port == address->sin_port &&
            senders[i].address.sin_addr.s_addr == address->sin_addr.s_addr)
            return &senders[i];
    return NULL;
}

// The place of somebody new: a free one, or that of whoever has been silent for longest.
static struct sender *place(void) {
    if (sender_count < most_senders) return &senders[sender_count++];
    struct sender *oldest = &senders[0];
    for (size_t i = 1; i < sender_count; i++)
        if (senders[i].used < oldest->used) oldest = &senders[i];
    close(oldest->socket);
    return oldest;
}

// Leads to a server on one of the node's addresses. Where none listens, the kernel says so with the next datagram.
static int lead(int server, in_addr_t address, uint16_t port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = address};
    return connect(server, (struct sockaddr *)&name, sizeof name);
}

static void pass_on(struct sender *sender, const struct ns_port *port, uint32_t node_address, size_t length) {
    if (send(sender->socket, bytes, length, MSG_DONTWAIT) >= 0 || errno != ECONNREFUSED) return;
    // The last one has found no server: it may listen on the other address.
    struct sockaddr_in led = {0};
    socklen_t size = sizeof led;
    getpeername(sender->socket, (struct sockaddr *)&led, &size);
    int was_loopback = led.sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    if (lead(sender->socket, was_loopback ? node_address : htonl(INADDR_LOOPBACK), port->node_port) < 0) return;
    if (send(sender->socket, bytes, length, MSG_DONTWAIT) < 0) {}
}

void datagrams_receive(const struct ns_port *port, uint32_t node_address) {
    for (int i = 0; i < most_in_a_row; i++) {
        struct sockaddr_in from;
        socklen_t size = sizeof from;
        ssize_t length =
            recvfrom(port->listener, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (length < 0) return;
        struct sender *sender = known(port->listener, &from);
        if (!sender) {
            int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            if (server < 0) continue;
            if (lead(server, htonl(INADDR_LOOPBACK), port->node_port) < 0) {
                close(server);
                continue;
            }
            sender = place();
            *sender = (struct sender){port->listener, from, server, 0};
        }
        sender->used = ++use_count;
        pass_on(sender, port, node_address, length);
    }
}

size_t datagrams_await(struct pollfd *polled) {
    for (size_t i = 0; i < sender_count; i++) polled[i] = (struct pollfd){.fd = senders[i].socket, .events = POLLIN};
    return sender_count;
}

void datagrams_move(const struct pollfd *polled) {
    for (size_t i = 0; i < sender_count; i++) {
        if (!(polled[i].revents & POLLIN)) continue;
        const struct sender *sender = &senders[i];
        for (int count = 0; count < most_in_a_row; count++) {
            ssize_t length = recv(sender->socket, bytes, sizeof bytes, MSG_DONTWAIT);
            if (length < 0) break;
            if (sendto(
                    sender->listener, bytes, length, MSG_DONTWAIT, (const struct sockaddr *)&sender->address,
                    sizeof sender->address) < 0) {}
        }
    }
}

#define _GNU_SOURCE
#include "way_in.h"

#include "../netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Kernels have it since 5.19, and headers later.
#ifndef SO_RCVMARK
#define SO_RCVMARK 75
#endif

enum { own_mark = 0x57495245, receive_bytes = 16 << 20, tag_bytes = 4, most_received = 64 };

// Rules lead frames to the one, and they are read from the other.
static const char led_to[] = "wire0", read_from[] = "wire1";

// --- interfaces -----------------------------------------------------------------------------------------------------------

// Frames are to come as they would on a cable: none longer than the network allows, and with their checksums.
static int switch_off_offloads(int socket) {
    static const uint32_t kinds[] = {ETHTOOL_SGSO, ETHTOOL_STSO, ETHTOOL_SSG, ETHTOOL_STXCSUM};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct ethtool_value value = {.cmd = kinds[i]};
        struct ifreq request = {.ifr_data = (char *)&value};
        strcpy(request.ifr_name, led_to);
        if (ioctl(socket, SIOCETHTOOL, &request) < 0 && kinds[i] == ETHTOOL_STXCSUM) return -1;
    }
    return 0;
}

static int make_interfaces(int socket) {
    int netlink = netlink_open(), result = -1;
    if (netlink < 0) return -1;
    // A wire that was killed has left its own.
    int made = netlink_add_pair(netlink, led_to, 0, read_from, -1, getpid(), NULL);
    if (made == 0 || errno == EEXIST) result = switch_off_offloads(socket);
    // Nobody has an address there, nor calls out to others.
    allow_ipv6(led_to, 0);
    allow_ipv6(read_from, 0);
    if (result == 0) result = interface_up(led_to, 0, 0);
    if (result == 0) result = interface_up(read_from, 0, 0);
    int error = errno;
    close(netlink);
    errno = error;
    return result;
}

void way_in_remove(const struct way_in *way_in) {
    (void)way_in;
    int netlink = netlink_open();
    if (netlink < 0) return;
    netlink_delete(netlink, led_to);
    close(netlink);
}

// --- sockets ----------------------------------------------------------------------------------------------------------------

static int listen_for_frames(void) {
    int on = 1, bytes = receive_bytes;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(read_from)};
    // Of no protocol, it gets nothing before it is bound.
    int in = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (in < 0) return -1;
    // An ordinary user gets as much as the machine allows.
    if (setsockopt(in, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(in, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(in, SOL_SOCKET, SO_RCVMARK, &on, sizeof on) == 0
        && setsockopt(in, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) == 0
        && setsockopt(in, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) == 0
        && bind(in, (struct sockaddr *)&address, sizeof address) == 0)
        return in;
    close(in);
    return -1;
}

static int open_out(void) {
    int mark = own_mark, bytes = receive_bytes, out = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (out < 0) return -1;
    if (setsockopt(out, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(out, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    if (setsockopt(out, SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0) return out;
    close(out);
    return -1;
}

// The name is the network's own, and free again when the wire has ended, however it ends.
static socklen_t control_address(struct sockaddr_un *address) {
    static const char name[] = "cluster-fixture-wire";
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path + 1, name, sizeof name - 1);
    return offsetof(struct sockaddr_un, sun_path) + sizeof name;
}

// Told when interfaces come and go: a node that starts again has others.
static int watch_interfaces(void) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int links = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (links < 0 || bind(links, (struct sockaddr *)&address, sizeof address) == 0) return links;
    close(links);
    return -1;
}

void way_in_forget_changes(const struct way_in *way_in) {
    char bytes[4096];
    // What did not fit is said as an error, and was a change too.
    while (recv(way_in->links, bytes, sizeof bytes, 0) >= 0 || errno == ENOBUFS) {}
}

int way_in_make(struct way_in *way_in) {
    struct sockaddr_un address;
    socklen_t length = control_address(&address);
    *way_in = (struct way_in){-1, -1, -1, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    // It listens from the beginning: whoever comes before the rest is there waits.
    if (way_in->control >= 0 && bind(way_in->control, (struct sockaddr *)&address, length) == 0
        && listen(way_in->control, 16) == 0 && make_interfaces(way_in->control) == 0
        && (way_in->in = listen_for_frames()) >= 0 && (way_in->out = open_out()) >= 0
        && (way_in->links = watch_interfaces()) >= 0)
        return 0;
    int error = errno;
    close(way_in->control);
    if (way_in->in >= 0) close(way_in->in);
    if (way_in->out >= 0) close(way_in->out);
    return error;
}

// --- frames -----------------------------------------------------------------------------------------------------------------

// The kernel takes a frame's VLAN tag off before a packet socket sees it. It belongs to the frame.
static void restore_tag(struct received *frame, const struct tpacket_auxdata *seen) {
    uint16_t tag[] = {htons(seen->tp_status & TP_STATUS_VLAN_TPID_VALID ? seen->tp_vlan_tpid : ETH_P_8021Q), htons(seen->tp_vlan_tci)};
    if (!(seen->tp_status & TP_STATUS_VLAN_VALID) || frame->length + tag_bytes > frame->room) return;
    memmove(frame->frame + 2 * ETH_ALEN + tag_bytes, frame->frame + 2 * ETH_ALEN, frame->length - 2 * ETH_ALEN);
    memcpy(frame->frame + 2 * ETH_ALEN, tag, tag_bytes);
    frame->length += tag_bytes;
}

static void understand(struct received *frame, struct msghdr *message, unsigned length) {
    frame->mark = 0;
    frame->length = message->msg_flags & MSG_TRUNC || length < ETH_HLEN ? 0 : length;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_MARK)
            memcpy(&frame->mark, CMSG_DATA(header), sizeof frame->mark);
        if (header->cmsg_level == SOL_PACKET && header->cmsg_type == PACKET_AUXDATA && frame->length)
            restore_tag(frame, (const struct tpacket_auxdata *)CMSG_DATA(header));
    }
}

int way_in_receive(const struct way_in *way_in, struct received *frames, int most) {
    struct control {
        _Alignas(struct cmsghdr) char space[CMSG_SPACE(sizeof(struct tpacket_auxdata)) + CMSG_SPACE(sizeof(uint32_t))];
    } control[most_received];
    struct iovec parts[most_received];
    struct mmsghdr messages[most_received];
    if (most > most_received) most = most_received;
    for (int i = 0; i < most; i++) {
        parts[i] = (struct iovec){frames[i].frame, frames[i].room};
        messages[i].msg_hdr = (struct msghdr){
            .msg_iov = &parts[i], .msg_iovlen = 1, .msg_control = &control[i], .msg_controllen = sizeof *control};
    }
    int count = recvmmsg(way_in->in, messages, (unsigned)most, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) understand(&frames[i], &messages[i].msg_hdr, messages[i].msg_len);
    return count < 0 ? 0 : count;
}

uint64_t way_in_missed(const struct way_in *way_in) {
    struct tpacket_stats counts = {0};
    socklen_t length = sizeof counts;
    getsockopt(way_in->in, SOL_PACKET, PACKET_STATISTICS, &counts, &length);
    return counts.tp_drops;
}

// --- settings and answers -----------------------------------------------------------------------------------------------------

int way_in_read(int descriptor, char *text, size_t room) {
    size_t length = 0;
    ssize_t count;
    while ((count = read(descriptor, text + length, room - 1 - length)) != 0) {
        if (count < 0 && errno != EINTR) return -1;
        if (count > 0) length += (size_t)count;
        if (length == room - 1) return -1;
    }
    text[length] = 0;
    return 0;
}

static int write_all(int descriptor, const char *text, size_t length) {
    while (length) {
        ssize_t count = write(descriptor, text, length);
        if (count < 0 && errno != EINTR) return -1;
        if (count > 0) text += count, length -= (size_t)count;
    }
    return 0;
}

int way_in_accept(const struct way_in *way_in, char *text, size_t room) {
    int asker = accept4(way_in->control, NULL, NULL, SOCK_CLOEXEC);
    if (asker < 0) return -1;
    // Whoever does not send what they came for is not waited for.
    struct timeval patience = {.tv_sec = 2};
    setsockopt(asker, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (way_in_read(asker, text, room) == 0) return asker;
    close(asker);
    return -1;
}

struct answer {
    int32_t code;
    uint64_t missed;
};

void way_in_answer(int asker, int code, uint64_t missed) {
    struct answer answer = {code, missed};
    if (send(asker, &answer, sizeof answer, MSG_NOSIGNAL) < 0) {}
    close(asker);
}

int way_in_ask(const char *text) {
    struct sockaddr_un address;
    struct answer answer;
    socklen_t length = control_address(&address);
    int control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (control < 0 || connect(control, (struct sockaddr *)&address, length) < 0 || write_all(control, text, strlen(text)) < 0
        || shutdown(control, SHUT_WR) < 0 || recv(control, &answer, sizeof answer, MSG_WAITALL) != sizeof answer) {
        if (control >= 0) close(control);
        return -1;
    }
    close(control);
    return answer.code ? way_in_complain("the settings can't be followed") : way_in_say_missed(answer.missed);
}

int way_in_say_missed(uint64_t missed) {
    char text[24] = "\n";
    size_t at = sizeof text;
    text[--at] = '\n';
    do text[--at] = (char)('0' + missed % 10);
    while (missed /= 10);
    return write_all(1, text + at, sizeof text - at) < 0;
}

int way_in_complain(const char *cause) {
    write_all(2, cause, strlen(cause));
    write_all(2, "\n", 1);
    return 1;
}

void way_in_leave_streams(void) {
    int null = open("/dev/null", O_RDWR);
    for (int stream = 0; stream < 3; stream++) dup2(null, stream);
    if (null > 2) close(null);
}

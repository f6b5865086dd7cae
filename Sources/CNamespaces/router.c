#define _GNU_SOURCE
#include "router.h"

#include "netlink.h"
#include "ways.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netpacket/packet.h>
#include <net/ethernet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// As much of a packet as its sender needs to know it again: a header with all options, and the ports behind it.
enum { most_bytes = 128 };

#define LOAD_BYTES(size, at) BPF_STMT(BPF_LD | (size) | BPF_ABS, (at))
// Where a word is another one, or is it, so many steps are left out.
#define SKIP_UNLESS(equal, steps) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (equal), 0, (steps))
#define SKIP_IF(equal, steps) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (equal), (steps), 0)

// Takes what is sent to the bridge itself, and not to everybody or a group.
#define TO_THE_ROUTER(more) LOAD_BYTES(BPF_B, SKF_AD_OFF + SKF_AD_PKTTYPE), SKIP_UNLESS(PACKET_HOST, (more))

static int listen_for_packets(const struct step *at, int protocol, int bridge, struct sock_fprog filter) {
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = bridge};
    // Of no protocol, it gets nothing before it is bound.
    int packets = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(packets);
    MUST(setsockopt(packets, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
    MUST(bind(packets, (struct sockaddr *)&address, sizeof address));
    return packets;
}

// From a socket that is there for answers nobody reads.
static void ignore_packets(const struct step *at, int answers) {
    struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog filter = {1, &none};
    MUST(setsockopt(answers, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter));
}

static uint32_t mask(const struct ns_cluster *cluster) { return ~0u << (32 - cluster->prefix); }

static void start_ipv4(const struct step *at, int bridge, struct refusal *refusal) {
    const struct ns_cluster *cluster = at->cluster;
    uint32_t network = ntohl(cluster->router) & mask(cluster);
    struct sock_filter code[] = {
        TO_THE_ROUTER(4),
        LOAD_BYTES(BPF_W, offsetof(struct iphdr, daddr)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask(cluster)),
        SKIP_IF(network, 1),
        BPF_STMT(BPF_RET | BPF_K, most_bytes),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    MUST(interface_up(bridge_name, cluster->router, cluster->prefix));
    refusal->packets =
        listen_for_packets(at, ETH_P_IP, bridge, (struct sock_fprog){sizeof code / sizeof *code, code});
    refusal->answers = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
    MUST(refusal->answers);
    ignore_packets(at, refusal->answers);
}

static void start_ipv6(const struct step *at, int netlink, int bridge, struct refusal *refusal) {
    const uint8_t *own = at->cluster->router6;
    uint32_t high = (uint32_t)own[0] << 24 | own[1] << 16 | own[2] << 8 | own[3];
    uint32_t low = (uint32_t)own[4] << 24 | own[5] << 16 | own[6] << 8 | own[7];
    // The cluster's own network, and neighbours' addresses of their interfaces (fe80::/10), are left out: they are not other networks.
    struct sock_filter code[] = {
        TO_THE_ROUTER(8),
        LOAD_BYTES(BPF_W, offsetof(struct ip6_hdr, ip6_dst)),
        SKIP_UNLESS(high, 2),
        LOAD_BYTES(BPF_W, offsetof(struct ip6_hdr, ip6_dst) + 4),
        SKIP_IF(low, 4),
        LOAD_BYTES(BPF_H, offsetof(struct ip6_hdr, ip6_dst)),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffc0),
        SKIP_IF(0xfe80, 1),
        BPF_STMT(BPF_RET | BPF_K, most_bytes),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    allow_ipv6(bridge_name, 1);
    MUST(netlink_add_address6(netlink, bridge_name, own));
    refusal->packets =
        listen_for_packets(at, ETH_P_IPV6, bridge, (struct sock_fprog){sizeof code / sizeof *code, code});
    refusal->answers = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    MUST(refusal->answers);
    ignore_packets(at, refusal->answers);
}

void start_router(const struct step *at, int netlink, int bridge, struct refusal refusals[refusal_count]) {
    for (int i = 0; i < refusal_count; i++) refusals[i] = (struct refusal){-1, -1};
    // A new network takes this from the machine's own, where it may be on.
    MUST(set_network("ipv4/ip_forward", "0"));
    if (!at->cluster->outside) start_ipv4(at, bridge, &refusals[0]);
    if (!at->cluster->router6) return;
    MUST(set_network("ipv6/conf/all/forwarding", "0"));
    start_ipv6(at, netlink, bridge, &refusals[1]);
}

static uint16_t checksum(const uint8_t *bytes, size_t length) {
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) sum += i % 2 ? bytes[i] : bytes[i] << 8;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return htons(~sum);
}

// What of the two protocols' own messages is a question. An error that is answered by an error would go on for ever.
static int is_question(uint8_t type) {
    return type == ICMP_ECHO || type == ICMP_TIMESTAMP || type == ICMP_INFO_REQUEST || type == ICMP_ADDRESS;
}

// "Communication with that network is administratively prohibited": unlike that it can't be reached, a socket of datagrams is told that
// as well. Both are ENETUNREACH.
static void refuse_ipv4(const struct ns_cluster *cluster, int answers, const uint8_t *packet, size_t length) {
    struct iphdr ip;
    struct {
        struct icmphdr header;
        uint8_t packet[most_bytes];
    } answer = {.header = {.type = ICMP_DEST_UNREACH, .code = ICMP_NET_ANO}};
    if (length < sizeof ip) return;
    memcpy(&ip, packet, sizeof ip);
    size_t header = ip.ihl * 4u, told = header + 8;
    if (ip.version != 4 || header < sizeof ip || length < told) return;
    // Only the first piece of a packet has its ports.
    if (ntohs(ip.frag_off) & IP_OFFMASK) return;
    if (ip.protocol == IPPROTO_ICMP && !is_question(packet[header])) return;
    uint32_t host = ntohl(ip.saddr) & ~mask(cluster);
    if ((ip.saddr ^ cluster->router) & htonl(mask(cluster)) || host == 0 || host == ~mask(cluster)) return;
    memcpy(answer.packet, packet, told);
    answer.header.checksum = checksum((uint8_t *)&answer, sizeof answer.header + told);
    struct sockaddr_in asker = {.sin_family = AF_INET, .sin_addr.s_addr = ip.saddr};
    // Who can't be told now is told when they ask again.
    if (sendto(answers, &answer, sizeof answer.header + told, MSG_NOSIGNAL, (struct sockaddr *)&asker, sizeof asker) < 0) {}
}

// Of IPv6's codes, "no route" is ENETUNREACH, which lets a program try its next address, and "prohibited" is the one that a socket of
// datagrams is told. (The kernel says "no route" as well, for IPv6, and only a few times in a row.)
static void refuse_ipv6(const struct ns_cluster *cluster, int answers, const uint8_t *packet, size_t length) {
    struct ip6_hdr ip;
    struct {
        struct icmp6_hdr header;
        uint8_t packet[most_bytes];
    } answer = {.header = {.icmp6_type = ICMP6_DST_UNREACH, .icmp6_code = ICMP6_DST_UNREACH_ADMIN}};
    if (length < sizeof ip + 8) return;
    memcpy(&ip, packet, sizeof ip);
    if (ip.ip6_nxt == IPPROTO_ICMPV6 && packet[sizeof ip] != ICMP6_ECHO_REQUEST) return;
    if (ip.ip6_nxt == IPPROTO_TCP) answer.header.icmp6_code = ICMP6_DST_UNREACH_NOROUTE;
    if (memcmp(&ip.ip6_src, cluster->router6, 8) != 0) return;
    memcpy(answer.packet, packet, length);
    struct sockaddr_in6 asker = {.sin6_family = AF_INET6, .sin6_addr = ip.ip6_src};
    if (sendto(answers, &answer, sizeof answer.header + length, MSG_NOSIGNAL, (struct sockaddr *)&asker, sizeof asker) < 0) {}
}

void refuse(const struct ns_cluster *cluster, const struct refusal *refusal) {
    uint8_t packet[most_bytes];
    struct sockaddr_ll sender;
    // Some at a time: whoever floods the router keeps nobody else waiting.
    for (int i = 0; i < 64; i++) {
        socklen_t size = sizeof sender;
        ssize_t length = recvfrom(refusal->packets, packet, sizeof packet, 0, (struct sockaddr *)&sender, &size);
        if (length < 0) return;
        if (sender.sll_protocol == htons(ETH_P_IP))
            refuse_ipv4(cluster, refusal->answers, packet, length);
        else
            refuse_ipv6(cluster, refusal->answers, packet, length);
    }
}

#define _GNU_SOURCE
#include "frame.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <string.h>

enum { ethernet = 14, vlan_tag = 4, ipv4 = 20, ipv6 = 40, icmp = 8, most_quoted = 548 };

static unsigned read16(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }

static void write16(uint8_t *at, size_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

// Where a frame's packet begins.
static size_t packet_of(const uint8_t *frame) { return read16(frame + 12) == ETHERTYPE_VLAN ? ethernet + vlan_tag : ethernet; }

static int has_ipv4(const uint8_t *frame, size_t length) {
    size_t at = packet_of(frame);
    return read16(frame + at - 2) == ETHERTYPE_IP && length >= at + ipv4 && length >= at + (frame[at] & 15) * 4u;
}

static int has_ipv6(const uint8_t *frame, size_t length) {
    size_t at = packet_of(frame);
    return read16(frame + at - 2) == ETHERTYPE_IPV6 && length > at + ipv6;
}

int frame_is_background(const uint8_t *frame, size_t length) {
    const uint8_t *packet = frame + packet_of(frame);
    if (frame[0] & 1 || read16(packet - 2) == ETHERTYPE_ARP) return 1;
    return has_ipv6(frame, length) && packet[6] == IPPROTO_ICMPV6 && packet[ipv6] >= 133 && packet[ipv6] <= 137;
}

size_t frame_packet_length(const uint8_t *frame, size_t length) { return length - packet_of(frame); }

int frame_is_checked(const uint8_t *frame, size_t length) { return has_ipv4(frame, length) || has_ipv6(frame, length); }

void frame_damage(uint8_t *frame, size_t length, uint64_t where) {
    uint64_t bits = (length - ethernet) * 8, bit = where * bits >> 32;
    if (bits) frame[ethernet + bit / 8] ^= (uint8_t)(1 << bit % 8);
}

// --- what is too long -----------------------------------------------------------------------------------------------------

static uint32_t sum(const uint8_t *bytes, size_t length) {
    uint32_t sum = 0;
    for (size_t i = 0; i < length; i++) sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static uint16_t checksum(uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

// An answer goes the way back. Its sender is who was asked: of the routers that there may be between, none has an address.
static size_t begin_answer(const uint8_t *frame, uint8_t *answer) {
    size_t at = packet_of(frame);
    memcpy(answer, frame + ETH_ALEN, ETH_ALEN);
    memcpy(answer + ETH_ALEN, frame, ETH_ALEN);
    memcpy(answer + 2 * ETH_ALEN, frame + 2 * ETH_ALEN, at - 2 * ETH_ALEN);
    return at;
}

static size_t answer_ipv4(const uint8_t *frame, size_t length, size_t mtu, uint8_t *answer) {
    size_t at = begin_answer(frame, answer), quoted = length - at < most_quoted ? length - at : most_quoted;
    const uint8_t *packet = frame + at;
    uint8_t *ip = answer + at, *message = ip + ipv4;
    memset(ip, 0, ipv4 + icmp);
    ip[0] = 0x45;
    write16(ip + 2, ipv4 + icmp + quoted);
    ip[8] = 64;
    ip[9] = IPPROTO_ICMP;
    memcpy(ip + 12, packet + 16, 4);
    memcpy(ip + 16, packet + 12, 4);
    write16(ip + 10, checksum(sum(ip, ipv4)));
    message[0] = 3;  // it can't get there,
    message[1] = 4;  // since it would have to be cut, and may not
    write16(message + 6, mtu);
    memcpy(message + icmp, packet, quoted);
    write16(message + 2, checksum(sum(message, icmp + quoted)));
    return at + ipv4 + icmp + quoted;
}

static size_t answer_ipv6(const uint8_t *frame, size_t length, size_t mtu, uint8_t *answer) {
    size_t at = begin_answer(frame, answer), quoted = length - at < most_quoted ? length - at : most_quoted;
    const uint8_t *packet = frame + at;
    uint8_t *ip = answer + at, *message = ip + ipv6;
    memset(ip, 0, ipv6 + icmp);
    ip[0] = 0x60;
    write16(ip + 4, icmp + quoted);
    ip[6] = IPPROTO_ICMPV6;
    ip[7] = 64;
    memcpy(ip + 8, packet + 24, 16);
    memcpy(ip + 24, packet + 8, 16);
    message[0] = 2;  // it is too big
    write16(message + 6, mtu);
    memcpy(message + icmp, packet, quoted);
    // Both addresses, the length and the protocol are part of the sum.
    uint32_t above = sum(ip + 8, 32) + (uint32_t)(icmp + quoted) + IPPROTO_ICMPV6;
    write16(message + 2, checksum(above + sum(message, icmp + quoted)));
    return at + ipv6 + icmp + quoted;
}

size_t frame_answer_too_long(const uint8_t *frame, size_t length, size_t mtu, uint8_t *answer) {
    // Whoever writes to many is not told.
    if (frame[0] & 1) return 0;
    if (has_ipv6(frame, length)) return answer_ipv6(frame, length, mtu, answer);
    return has_ipv4(frame, length) ? answer_ipv4(frame, length, mtu, answer) : 0;
}

size_t frame_cut(const uint8_t *frame, size_t length, size_t mtu, size_t *offset, uint8_t *piece) {
    enum { may_not_be_cut = 0x4000, more_follow = 0x2000, place = 0x1fff };
    if (!has_ipv4(frame, length)) return 0;
    size_t at = packet_of(frame), header = (frame[at] & 15) * 4u, total = read16(frame + at + 2);
    unsigned flags = read16(frame + at + 6);
    if (flags & may_not_be_cut || header < ipv4 || total < header || at + total > length || mtu < header + 8) return 0;
    if (*offset >= total - header) return 0;
    size_t rest = total - header - *offset, room = (mtu - header) & ~7u, count = rest < room ? rest : room;
    uint8_t *ip = piece + at;
    memcpy(piece, frame, at + header);
    memcpy(ip + header, frame + at + header + *offset, count);
    write16(ip + 2, header + count);
    write16(ip + 6, (flags & more_follow) | (count < rest ? more_follow : 0) | ((flags & place) + *offset / 8));
    write16(ip + 10, 0);
    write16(ip + 10, checksum(sum(ip, header)));
    *offset += count;
    return at + header + count;
}

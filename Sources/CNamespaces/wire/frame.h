#ifndef CLUSTER_FIXTURE_FRAME_H
#define CLUSTER_FIXTURE_FRAME_H

#include <stddef.h>
#include <stdint.h>

/// Whether a frame is the network's own and no program's: ARP, neighbour discovery, broadcast and multicast.
int frame_is_background(const uint8_t *frame, size_t length);

/// The length of the packet in a frame.
size_t frame_packet_length(const uint8_t *frame, size_t length);

/// Whether a frame is of a kind whose packets have checksums.
int frame_is_checked(const uint8_t *frame, size_t length);

/// Flips one bit of the packet in a frame; `where` says which, of 2^32.
void frame_damage(uint8_t *frame, size_t length, uint64_t where);

/// Writes the frame that tells a packet's sender what the longest packet may be (an ICMP message of at most 600 bytes).
///
/// @return The frame's length; 0 if nothing is to be said.
size_t frame_answer_too_long(const uint8_t *frame, size_t length, size_t mtu, uint8_t *answer);

/// Writes a frame with the next piece of an IPv4 packet that is too long and may be cut.
///
/// @param offset  How much of what the packet carries is in pieces already.
/// @return The frame's length; 0 if there is no more, or the packet may not be cut.
size_t frame_cut(const uint8_t *frame, size_t length, size_t mtu, size_t *offset, uint8_t *piece);

#endif

#ifndef CLUSTER_FIXTURE_DIRECTION_H
#define CLUSTER_FIXTURE_DIRECTION_H

#include <stddef.h>
#include <stdint.h>

/// One direction of a link: what it does, and how it is doing.
struct direction {
    uint32_t mark;
    char names[2][16];           ///< the interfaces that lead to the sender and to the target
    uint64_t seed;
    uint64_t latency, jitter;    ///< nanoseconds; the jitter to either side
    uint64_t bandwidth;          ///< bits per second; 0 is any number
    uint64_t mtu;                ///< bytes of the longest packet; 0 is any length
    uint64_t is_silent;          ///< whether longer ones vanish without a word
    uint64_t loss, doubling, reordering, damage;  ///< of 2^32

    // From here on it is not a setting.
    int sender, target;          ///< the interfaces' indices; 0 for one that is not there, since its node is down
    uint64_t seen[2];            ///< numbers given to programs' frames, and to the network's own
    uint64_t began, idle, newest; ///< when it came; when it has sent all bits; when the last frame is due that keeps its place
};

enum { most_directions = 4096 };

/// The directions, by their marks, and those that are none any more, on which frames may still come: these pass.
struct directions {
    size_t count;
    struct direction all[most_directions];
};

/// Reads settings. A direction whose settings are what they were goes on with its numbers.
///
/// @return 0, or -1 if they can't be read.
int directions_set(struct directions *directions, const char *text, uint64_t now);

/// Looks for the interfaces again.
void directions_look(struct directions *directions);

/// The direction with a mark, or NULL.
struct direction *direction_with(struct directions *directions, uint32_t mark);

/// Whether a direction does anything to what is sent over it.
int direction_is_set(const struct direction *direction);

/// What becomes of a frame.
struct fate {
    int copies;
    int is_too_long;             ///< for the direction's MTU
    int is_damaged;
    uint64_t where;              ///< which of its bits, of 2^32
    uint64_t due;
};

/// Decides what becomes of a frame that has arrived now.
struct fate direction_decide(struct direction *direction, const uint8_t *frame, size_t length, uint64_t now);

#endif

#define _GNU_SOURCE
#include "direction.h"

#include "chance.h"
#include "frame.h"

#include <net/if.h>
#include <string.h>

// --- settings -----------------------------------------------------------------------------------------------------------

static const char *skip_blanks(const char *at) {
    while (*at == ' ') at++;
    return at;
}

static const char *read_number(const char *at, uint64_t *number) {
    at = skip_blanks(at);
    if (*at < '0' || *at > '9') return NULL;
    for (*number = 0; *at >= '0' && *at <= '9'; at++) *number = *number * 10 + (uint64_t)(*at - '0');
    return at;
}

static const char *read_name(const char *at, char name[IFNAMSIZ]) {
    size_t length = 0;
    at = skip_blanks(at);
    while (*at && *at != ' ' && *at != '\n' && length < IFNAMSIZ - 1) name[length++] = *at++;
    return length ? at : NULL;
}

static const char *read_direction(const char *at, struct direction *direction) {
    uint64_t mark, *const settings[] = {
        &direction->seed, &direction->latency, &direction->jitter, &direction->bandwidth, &direction->mtu,
        &direction->is_silent, &direction->loss, &direction->doubling, &direction->reordering, &direction->damage,
    };
    if (!(at = read_number(at, &mark))) return NULL;
    direction->mark = (uint32_t)mark;
    for (int end = 0; end < 2; end++)
        if (!(at = read_name(at, direction->names[end]))) return NULL;
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (!(at = read_number(at, settings[i]))) return NULL;
    return *at == '\n' ? at + 1 : NULL;
}

int direction_is_set(const struct direction *direction) {
    return (direction->latency | direction->jitter | direction->bandwidth | direction->mtu | direction->loss
             | direction->doubling | direction->reordering | direction->damage) != 0;
}

int directions_set(struct directions *directions, const char *text, uint64_t now) {
    static struct directions next;
    next.count = 0;
    for (uint64_t last = 0; *text; next.count++) {
        if (next.count == most_directions) return -1;
        struct direction *direction = &next.all[next.count];
        memset(direction, 0, sizeof *direction);
        if (!(text = read_direction(text, direction)) || direction->mark <= last) return -1;
        last = direction->mark;
        direction->began = now;
        const struct direction *known = direction_with(directions, direction->mark);
        if (known && !memcmp(known, direction, offsetof(struct direction, sender))) *direction = *known;
    }
    // Frames that the rules have already led here are not lost when their direction is healed.
    size_t named = next.count;
    for (size_t i = 0; i < directions->count; i++) {
        const struct direction *known = &directions->all[i];
        size_t at = 0;
        while (at < named && next.all[at].mark != known->mark) at++;
        if (at < named || !direction_is_set(known) || next.count == most_directions) continue;
        struct direction *healed = &next.all[next.count++];
        memset(healed, 0, sizeof *healed);
        healed->mark = known->mark;
        healed->newest = known->newest;
        memcpy(healed->names, known->names, sizeof known->names);
    }
    // By their marks again: few are out of place.
    for (size_t i = named; i < next.count; i++)
        for (size_t k = i; k > 0 && next.all[k - 1].mark > next.all[k].mark; k--) {
            struct direction other = next.all[k];
            next.all[k] = next.all[k - 1];
            next.all[k - 1] = other;
        }
    *directions = next;
    directions_look(directions);
    return 0;
}

void directions_look(struct directions *directions) {
    for (size_t i = 0; i < directions->count; i++) {
        struct direction *direction = &directions->all[i];
        direction->sender = (int)if_nametoindex(direction->names[0]);
        direction->target = (int)if_nametoindex(direction->names[1]);
    }
}

struct direction *direction_with(struct directions *directions, uint32_t mark) {
    size_t first = 0, behind = directions->count;
    while (first < behind) {
        size_t middle = (first + behind) / 2;
        if (directions->all[middle].mark == mark) return &directions->all[middle];
        if (directions->all[middle].mark < mark) first = middle + 1;
        else behind = middle;
    }
    return NULL;
}

// --- fate ---------------------------------------------------------------------------------------------------------------

// The latency at a moment. Jitter wanders between values drawn for every 2 x jitter, never faster than time itself: it changes neither
// the order nor the mean. Drawn for each frame it would do one or the other.
static uint64_t latency_at(const struct direction *direction, uint64_t now) {
    double step = 2.0 * (double)direction->jitter;
    if (step == 0) return direction->latency;
    double steps = (double)(now - direction->began) / step, share = steps - (double)(uint64_t)steps;
    double from = (double)draw(direction->seed, WANDERS, (uint64_t)steps) * 0x1p-32;
    double to = (double)draw(direction->seed, WANDERS, (uint64_t)steps + 1) * 0x1p-32;
    double latency = (double)direction->latency + step * (from + (to - from) * share - 0.5);
    return latency > 0 ? (uint64_t)latency : 0;
}

// What waits for the bandwidth waits for a tenth of a second at most, or until ten of Ethernet's longest frames are gone.
static uint64_t patience(const struct direction *direction) {
    const uint64_t tenth = 100000000, frames = 10 * 1514 * 8 * 1000000000ull / direction->bandwidth;
    return frames > tenth ? frames : tenth;
}

struct fate direction_decide(struct direction *direction, const uint8_t *frame, size_t length, uint64_t now) {
    struct fate fate = {.due = now};
    // ARP, neighbour discovery and multicast come when they please. They are numbered apart, so that they don't shift the fate of
    // what programs send.
    int is_background = frame_is_background(frame, length);
    uint64_t number = direction->seen[is_background]++ | (uint64_t)is_background << 63;
    if (draw(direction->seed, LOST, number) < direction->loss) return fate;
    if (direction->mtu && frame_packet_length(frame, length) > direction->mtu) {
        fate.is_too_long = 1;
        return fate;
    }
    if (direction->bandwidth) {
        if (direction->idle > now) fate.due = direction->idle;
        if (fate.due - now > patience(direction)) return fate;
        direction->idle = fate.due += length * 8 * 1000000000ull / direction->bandwidth;
    }
    fate.is_damaged = draw(direction->seed, DAMAGED, number) < direction->damage;
    // On a cable, Ethernet's own checksum tells. Without any, a neighbour would be believed to be elsewhere.
    if (fate.is_damaged && !frame_is_checked(frame, length)) return fate;
    fate.copies = 1 + (draw(direction->seed, DOUBLED, number) < direction->doubling);
    fate.where = draw(direction->seed, WHERE, number);
    // Those that overtake have no latency.
    if (draw(direction->seed, OVERTAKES, number) < direction->reordering) return fate;
    fate.due += latency_at(direction, fate.due);
    if (fate.due < direction->newest) fate.due = direction->newest;
    direction->newest = fate.due;
    return fate;
}

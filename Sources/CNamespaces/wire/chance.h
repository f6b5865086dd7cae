#ifndef CLUSTER_FIXTURE_CHANCE_H
#define CLUSTER_FIXTURE_CHANCE_H

#include <stdint.h>

// Chance that can be had again: an answer depends on the seed, the question and the frame's number alone (SplitMix64), however frames
// are timed, and one question doesn't shift another's answers.

enum question { LOST, DOUBLED, OVERTAKES, DAMAGED, WHERE, WANDERS };

static inline uint64_t mix(uint64_t x) {
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

/// A number below 2^32.
static inline uint64_t draw(uint64_t seed, enum question question, uint64_t number) {
    return mix(mix(seed + question) + number * 0x9E3779B97F4A7C15u) >> 32;
}

#endif

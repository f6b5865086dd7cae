#ifndef CLUSTER_FIXTURE_QUEUE_H
#define CLUSTER_FIXTURE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

// Frames that wait to be sent, the one that is due first in front; those that are due at once in the order in which they came.

enum { most_frames = 32768, frame_room = 16384 };

/// A frame that waits, and the interface on which it is to be sent, by its index.
struct waiting {
    uint64_t due, order;
    uint8_t *frame;
    uint32_t length;
    int target;
};

struct queue {
    size_t count;
    uint64_t order;
    struct waiting heap[most_frames];
    size_t free_count;
    uint8_t *free[most_frames];
};

/// Makes room for frames. What is not used takes no memory. Returns 0, or -1 with errno set.
int queue_make(struct queue *queue);

/// Room for a frame, or NULL if all is taken.
uint8_t *queue_room(struct queue *queue);

/// Gives room back.
void queue_release(struct queue *queue, uint8_t *frame);

/// Has a frame wait.
void queue_add(struct queue *queue, struct waiting frame);

/// The frame in front, of which there must be one.
const struct waiting *queue_first(const struct queue *queue);

/// Takes the frame in front out. Its room is still taken.
struct waiting queue_take(struct queue *queue);

#endif

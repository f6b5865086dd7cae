#define _GNU_SOURCE
#include "queue.h"

#include <sys/mman.h>

int queue_make(struct queue *queue) {
    // Of a room, only the pages are ever there that a frame has used: one for most.
    size_t count = most_frames;
    uint8_t *memory;
    while ((memory = mmap(NULL, count * frame_room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
           == MAP_FAILED)
        if ((count /= 2) < 256) return -1;
    while (count-- > 0) queue->free[queue->free_count++] = memory + count * frame_room;
    return 0;
}

uint8_t *queue_room(struct queue *queue) { return queue->free_count ? queue->free[--queue->free_count] : NULL; }

// The last to be given back is the next to be used, while it is in the processor's cache.
void queue_release(struct queue *queue, uint8_t *frame) { queue->free[queue->free_count++] = frame; }

static int is_before(const struct waiting *one, const struct waiting *other) {
    return one->due != other->due ? one->due < other->due : one->order < other->order;
}

void queue_add(struct queue *queue, struct waiting frame) {
    size_t at = queue->count++;
    frame.order = queue->order++;
    for (; at > 0 && is_before(&frame, &queue->heap[(at - 1) / 2]); at = (at - 1) / 2) queue->heap[at] = queue->heap[(at - 1) / 2];
    queue->heap[at] = frame;
}

const struct waiting *queue_first(const struct queue *queue) { return &queue->heap[0]; }

struct waiting queue_take(struct queue *queue) {
    struct waiting first = queue->heap[0], last = queue->heap[--queue->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < queue->count; at = child) {
        if (child + 1 < queue->count && is_before(&queue->heap[child + 1], &queue->heap[child])) child++;
        if (!is_before(&queue->heap[child], &last)) break;
        queue->heap[at] = queue->heap[child];
    }
    queue->heap[at] = last;
    return first;
}

#define _GNU_SOURCE
#include "wire.h"

#include "direction.h"
#include "frame.h"
#include "queue.h"
#include "way_in.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { batch = 64 };

static struct {
    struct way_in way_in;
    struct directions directions;
    struct queue queue;
    uint64_t missed;        ///< frames that could not be carried since somebody was told
} wire;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// --- out ----------------------------------------------------------------------------------------------------------------

// A target that is down loses what is sent to it, as any machine does.
static int is_missed(void) { return errno != ENETDOWN && errno != ENXIO && errno != ENODEV; }

static void send_due(uint64_t time) {
    struct waiting due[batch];
    struct sockaddr_ll targets[batch];
    struct iovec parts[batch];
    struct mmsghdr messages[batch];
    while (wire.queue.count && queue_first(&wire.queue)->due <= time) {
        unsigned count = 0, sent = 0;
        while (count < batch && wire.queue.count && queue_first(&wire.queue)->due <= time) {
            due[count] = queue_take(&wire.queue);
            targets[count] = (struct sockaddr_ll){.sll_family = AF_PACKET, .sll_ifindex = due[count].target};
            parts[count] = (struct iovec){due[count].frame, due[count].length};
            messages[count].msg_hdr = (struct msghdr){
                .msg_name = &targets[count], .msg_namelen = sizeof *targets, .msg_iov = &parts[count], .msg_iovlen = 1};
            count++;
        }
        while (sent < count) {
            int done = sendmmsg(wire.way_in.out, messages + sent, count - sent, 0);
            if (done < 0 && errno == EINTR) continue;
            if (done <= 0) wire.missed += (uint64_t)is_missed();
            sent += done > 0 ? (unsigned)done : 1;
        }
        for (unsigned i = 0; i < count; i++) queue_release(&wire.queue, due[i].frame);
    }
}

// --- in -----------------------------------------------------------------------------------------------------------------

static void wait_until(uint64_t due, uint8_t *frame, size_t length, int target) {
    queue_add(&wire.queue, (struct waiting){.due = due, .frame = frame, .length = (uint32_t)length, .target = target});
}

static void say_too_long(const struct direction *direction, const uint8_t *frame, size_t length, uint64_t time) {
    uint8_t *part;
    size_t offset = 0, size = 1;
    if (direction->is_silent) return;
    while (size && (part = queue_room(&wire.queue))) {
        size = frame_cut(frame, length, direction->mtu, &offset, part);
        if (size) wait_until(time + direction->latency, part, size, direction->target);
        else queue_release(&wire.queue, part);
    }
    if (offset || !(part = queue_room(&wire.queue))) return;
    size = frame_answer_too_long(frame, length, direction->mtu, part);
    if (size) wait_until(time, part, size, direction->sender);
    else queue_release(&wire.queue, part);
}

// Returns whether the frame's room is still needed.
static int carry(struct direction *direction, uint8_t *frame, size_t length, uint64_t time) {
    struct fate fate = direction_decide(direction, frame, length, time);
    if (fate.is_too_long) say_too_long(direction, frame, length, time);
    if (!fate.copies) return 0;
    if (fate.is_damaged) frame_damage(frame, length, fate.where);
    uint8_t *copy = fate.copies > 1 ? queue_room(&wire.queue) : NULL;
    wait_until(fate.due, frame, length, direction->target);
    if (copy) wait_until(fate.due, memcpy(copy, frame, length), length, direction->target);
    return 1;
}

// Returns whether there may be more.
static int receive(void) {
    static struct received frames[batch];
    static uint8_t unwanted[frame_room];
    for (int i = 0; i < batch; i++) {
        frames[i].frame = queue_room(&wire.queue);
        frames[i].room = frame_room;
        // What there is no room for is taken and lost.
        if (!frames[i].frame) frames[i].frame = unwanted;
    }
    int count = way_in_receive(&wire.way_in, frames, batch);
    uint64_t time = now();
    for (int i = 0; i < batch; i++) {
        struct received *received = &frames[i];
        int is_wanted = received->frame != unwanted, is_kept = 0;
        struct direction *direction = i < count ? direction_with(&wire.directions, received->mark) : NULL;
        if (direction && (!received->length || !is_wanted)) wire.missed++;
        else if (direction) is_kept = carry(direction, received->frame, received->length, time);
        if (is_wanted && !is_kept) queue_release(&wire.queue, received->frame);
    }
    return count == batch;
}

// --- as long as there is something to do ----------------------------------------------------------------------------------

static int is_done(void) {
    for (size_t i = 0; i < wire.directions.count; i++)
        if (direction_is_set(&wire.directions.all[i])) return 0;
    return wire.queue.count == 0;
}

static void serve(void) {
    static char text[NEWS_ROOM];
    int asker = way_in_accept(&wire.way_in, text, sizeof text);
    if (asker < 0) return;
    int code = directions_set(&wire.directions, text, now());
    wire.missed += way_in_missed(&wire.way_in);
    way_in_answer(asker, code, wire.missed);
    wire.missed = 0;
}

static void carry_on(void) {
    enum { frames, settings, links, places };
    struct pollfd polled[places] = {
        [frames] = {.fd = wire.way_in.in, .events = POLLIN},
        [settings] = {.fd = wire.way_in.control, .events = POLLIN},
        [links] = {.fd = wire.way_in.links, .events = POLLIN},
    };
    while (!is_done()) {
        uint64_t time = now(), rest = 0;
        send_due(time);
        if (wire.queue.count && queue_first(&wire.queue)->due > time) rest = queue_first(&wire.queue)->due - time;
        struct timespec limit = {(time_t)(rest / 1000000000u), (long)(rest % 1000000000u)};
        if (ppoll(polled, places, wire.queue.count ? &limit : NULL, NULL) <= 0) continue;
        if (polled[links].revents) {
            way_in_forget_changes(&wire.way_in);
            directions_look(&wire.directions);
        }
        if (polled[frames].revents) receive();
        if (polled[settings].revents) serve();
    }
}

// What was led here before the rules were taken away is sent on.
static void finish(void) {
    while (receive()) {}
    while (wire.queue.count) send_due(UINT64_MAX);
    way_in_remove(&wire.way_in);
}

// Frames don't wait for others' work where that can be had: whoever asks for short slices of a processor comes first when there is
// something to do for them (Linux 6.12 and later; before, it is of no account).
static void be_prompt(void) {
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t slice, deadline, period;
    } attributes = {.size = sizeof attributes, .nice = getpriority(PRIO_PROCESS, 0), .slice = 100000};
    // Whoever has made it more urgent than that knows why.
    if (sched_getscheduler(0) == SCHED_OTHER) syscall(SYS_sched_setattr, 0, &attributes, 0);
    prctl(PR_SET_TIMERSLACK, 1UL);  // else the kernel may add 50 µs to every latency
}

static _Noreturn void run(void) {
    setsid();
    prctl(PR_SET_NAME, "cf-wire");
    be_prompt();
    carry_on();
    finish();
    _exit(0);
}

int wire_main(void) {
    static char text[NEWS_ROOM];
    if (way_in_read(0, text, sizeof text) < 0) return way_in_complain("the settings are too long, or can't be read");
    for (int tries = 0; tries < 100; tries++) {
        int answered = way_in_ask(text);
        if (answered >= 0) return answered;
        if (!*text) return way_in_say_missed(0);  // There is none, and nothing to do.
        int made = way_in_make(&wire.way_in);
        if (made == EADDRINUSE) continue;  // Another has just been started, or is about to end.
        if (made) return way_in_complain(strerror(made));
        if (directions_set(&wire.directions, text, now()) < 0 || queue_make(&wire.queue) < 0) {
            way_in_remove(&wire.way_in);
            return way_in_complain("the settings can't be followed: they are wrong, or there is too little memory");
        }
        // A fork(2) without the C library's own doings: there may be other threads' in this memory.
        pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
        if (child == 0) {
            way_in_leave_streams();
            run();
        }
        return child < 0 ? way_in_complain(strerror(errno)) : way_in_say_missed(0);
    }
    return way_in_complain("the wire that there is does not answer");
}

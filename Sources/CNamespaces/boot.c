#define _GNU_SOURCE
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

// Writes `NAME -SECONDS NANOSECONDS`, which takes a clock back to its beginning.
static size_t write_offset(char *text, const char *name, clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    char *end = write_number(stpcpy(text, name), now.tv_sec);
    return stpcpy(end, " 0\n") - text;
}

void start_time(const struct step *at) {
    char text[96];
    if (unshare(CLONE_NEWTIME) < 0) return;
    size_t length = write_offset(text, "monotonic -", CLOCK_MONOTONIC);
    length += write_offset(text + length, "boottime -", CLOCK_BOOTTIME);
    int file = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    MUST(file);
    MUST(write(file, text, length));
    close(file);
    // The new clocks are its children's. It has them as well, so that it may share its memory with a child.
    int clocks = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    MUST(clocks);
    MUST(setns(clocks, CLONE_NEWTIME));
    close(clocks);
}

// As RFC 9562 has it, of random numbers (version 4).
static void write_uuid(char text[37]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[16] = {0};
    if (getrandom(bytes, sizeof bytes, 0) < 0) {}
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) *text++ = '-';
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\n';
}

void number_start(const struct step *at) {
    static const char place[] = "/proc/sys/kernel/random/boot_id", own[] = "/dev/boot_id";
    char text[37];
    if (access(place, F_OK) < 0) return;
    write_uuid(text);
    int file = open(own, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    MUST(file);
    MUST(write(file, text, sizeof text));
    close(file);
    MUST(mount(own, place, NULL, MS_BIND, NULL));
    MUST(mount(NULL, place, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC, NULL));
    MUST(unlink(own));
}

#ifndef CLUSTER_FIXTURE_BOOT_H
#define CLUSTER_FIXTURE_BOOT_H

#include "process.h"

// What tells one start of a machine from the next.

/// Lets the calling process's clocks that count from the start of the machine (CLOCK_MONOTONIC, CLOCK_BOOTTIME, /proc/uptime) count from
/// now. Where the kernel has no time namespaces (before 5.6), they stay this machine's.
void start_time(const struct step *at);

/// Puts a number of its own in the place of /proc/sys/kernel/random/boot_id.
void number_start(const struct step *at);

#endif

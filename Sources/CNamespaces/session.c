#define _GNU_SOURCE
#include "session.h"

#include "privileges.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void refuse(const char *reason) {
    if (write(2, reason, strlen(reason)) < 0) {}
    _exit(1);
}

void keep_to_limits(const struct ns_node *node) {
    for (size_t i = 0; i < node->cgroup_count; i++)
        if (write(node->cgroups[i], "0", 1) != 1)
            refuse("the node's limits can't be kept: its control group takes no more processes\n");
    // From here on these groups are the root of all groups. Without any, the root would be this machine's.
    if (node->cgroup_count && unshare(CLONE_NEWCGROUP) < 0) refuse("the node's limits can't be hidden from what runs on it\n");
}

void keep_within_node(void) {
    if (forbid_calls() < 0) refuse("what reaches beyond the node can't be forbidden\n");
}

#define _GNU_SOURCE
#include "session.h"

#include "privileges.h"

#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static _Noreturn void refuse(const char *reason) {
    if (write(2, reason, strlen(reason)) < 0) {}
    _exit(1);
}

// What the maker's shell has set is none of the node's, but for hard limits, which nobody can raise.
static void limit_process(const struct ns_node *node) {
    for (size_t i = 0; i < node->limit_count; i++) {
        const struct ns_limit *wanted = &node->limits[i];
        struct rlimit limit;
        if (getrlimit(wanted->resource, &limit) < 0) continue;
        limit.rlim_cur = wanted->number < limit.rlim_max ? wanted->number : limit.rlim_max;
        if (wanted->is_hard) limit.rlim_max = limit.rlim_cur;
        if (setrlimit(wanted->resource, &limit) < 0) refuse("the limits of the node's processes can't be set\n");
    }
}

void keep_to_limits(const struct ns_node *node) {
    limit_process(node);
    for (size_t i = 0; i < node->cgroup_count; i++)
        if (write(node->cgroups[i], "0", 1) != 1)
            refuse("the node's limits can't be kept: its control group takes no more processes\n");
    // From here on these groups are the root of all groups. Without any, the root would be this machine's.
    if (node->cgroup_count && unshare(CLONE_NEWCGROUP) < 0) refuse("the node's limits can't be hidden from what runs on it\n");
}

void keep_within_node(void) {
    if (forbid_calls() < 0) refuse("what reaches beyond the node can't be forbidden\n");
}

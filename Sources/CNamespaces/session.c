#define _GNU_SOURCE
#include "session.h"

#include "privileges.h"

#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static _Noreturn void refuse(const char *reason) {
    if (write(2, reason, strlen(reason)) < 0) {}
    _exit(1);
}

// The node does not take over what the maker's shell has set, but for hard limits, which nobody can raise.
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

void show_groups(const struct step *at) {
    const struct ns_cluster *cluster = at->cluster;
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (!cluster->nodes[at->node].cgroup_count) return;
    int are_many = cluster->hierarchies[0].folder[0] != 0;
    if (are_many) MUST(mount("tmpfs", "/sys/fs/cgroup", "tmpfs", flags, "size=64k,mode=755"));
    MUST(chdir("/sys/fs/cgroup"));
    for (size_t i = 0; i < cluster->hierarchy_count; i++) {
        const struct ns_hierarchy *hierarchy = &cluster->hierarchies[i];
        const char *folder = are_many ? hierarchy->folder : ".";
        if (are_many) MUST(mkdir(folder, 0755));
        if (mount(hierarchy->type, folder, hierarchy->type, flags | MS_RDONLY, hierarchy->options) < 0)
            fail(at, hierarchy->options);
    }
    if (are_many) MUST(mount(NULL, ".", NULL, flags | MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    MUST(chdir("/"));
}

void keep_within_node(void) {
    if (forbid_calls() < 0) refuse("what reaches beyond the node can't be forbidden\n");
}

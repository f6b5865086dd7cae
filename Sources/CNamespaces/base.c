#define _GNU_SOURCE
#include "base.h"

#include "descriptors.h"
#include "root.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

void become_root(const struct step *at, int *held) {
    const struct ns_cluster *cluster = at->cluster;
    char byte;
    size_t count = most_mounts;
    report(cluster, NS_USERS, -1, 0, "");
    if (receive_with(cluster->mapped, &byte, 1, held, &count, 0) != 1) _exit(1);
    close(cluster->mapped);
    // Not the C library's functions: they take locks, and ask threads that are not here to do the same.
    MUST(syscall(SYS_setgroups, 0, NULL));
    MUST(syscall(SYS_setresgid, 0, 0, 0));
    MUST(syscall(SYS_setresuid, 0, 0, 0));
    // Another process of the cluster's may have to name its namespaces.
    prctl(PR_SET_DUMPABLE, 1);
}

void make_base(const struct step *at, int is_root) {
    const struct ns_cluster *cluster = at->cluster;
    MUST(chdir(cluster->base));
    MUST(mount(cluster->name, cluster->base, "tmpfs", MS_NOSUID | (is_root ? 0 : MS_NODEV), "size=1m,mode=711"));
    MUST(chdir(cluster->base));
    if (is_root) MUST(chown(".", cluster->root, cluster->root));
}

static void show_folder(const struct step *at, const char *source, const char *name) {
    MUST(mkdir(name, 0755));
    attach(at, hold(at, source, 1, 1), name);
}

// Only this machine's root may make devices. Others get this machine's own, where it lets them.
static void make_device(const struct step *at, const struct device *device, const char *name, int is_root) {
    char path[32] = "/dev/";
    if (is_root) {
        MUST(mknod(name, S_IFCHR | 0666, makedev(device->major, device->minor)));
        MUST(chmod(name, 0666));
        MUST(chown(name, at->cluster->root, at->cluster->root));
        return;
    }
    if (access(strcat(path, device->name), R_OK | W_OK) < 0) return;
    MUST(mknod(name, S_IFREG | 0666, 0));
    attach(at, hold(at, path, 0, 0), name);
}

void fill_base(const struct step *at, int is_root) {
    const struct ns_cluster *cluster = at->cluster;
    char name[12];
    for (size_t i = 0; i < cluster->layer_count; i++) show_folder(at, cluster->layers[i], numbered(name, 'l', i));
    for (int i = 0; i < device_count; i++) make_device(at, &devices[i], numbered(name, 'd', i), is_root);
}

// A folder of the cluster's own, in memory: what the image has there, and over it what the nodes write.
static void make_shared(const struct step *at, const struct ns_mount *mount_point, size_t index, const char *name) {
    char memory[12], place[16] = "../";
    if (!mount_point->overlay) {
        MUST(mount(at->cluster->name, name, "tmpfs", MS_NOSUID | MS_NODEV, mount_point->writable));
        return;
    }
    if (mkdir(numbered(memory, 't', index), 0700) < 0 && errno != EEXIST) fail(at, memory);
    MUST(mount(at->cluster->name, memory, "tmpfs", MS_NOSUID | MS_NODEV, mount_point->writable));
    MUST(chdir(memory));
    MUST(mkdir("u", 0755));
    MUST(mkdir("w", 0755));
    MUST(mount("overlay", strcat(place, name), "overlay", MS_NOSUID | MS_NODEV, mount_point->overlay));
    MUST(chdir(".."));
}

void fill_base_with_mounts(const struct step *at, int is_root, const int *held) {
    const struct ns_cluster *cluster = at->cluster;
    char name[12];
    for (size_t i = 0, next = 0; i < cluster->mount_count; i++) {
        const struct ns_mount *mount_point = &cluster->mounts[i];
        MUST(mkdir(numbered(name, 's', i), 0755));
        if (!mount_point->source)
            make_shared(at, mount_point, i, name);
        else
            attach(at, is_root ? held[next++] : hold(at, mount_point->source, 1, mount_point->read_only), name);
    }
    put_shared_files(at, cluster->files, cluster->file_count);
}

int shares_folders(const struct ns_cluster *cluster) {
    for (size_t i = 0; i < cluster->mount_count; i++)
        if (!cluster->mounts[i].source) return 1;
    return 0;
}

void renew_shared(const struct step *at) {
    const struct ns_cluster *cluster = at->cluster;
    char name[12], memory[12];
    for (size_t i = 0; i < cluster->mount_count; i++) {
        const struct ns_mount *mount_point = &cluster->mounts[i];
        if (mount_point->source) continue;
        MUST(umount2(numbered(name, 's', i), MNT_DETACH));
        if (mount_point->overlay) MUST(umount2(numbered(memory, 't', i), MNT_DETACH));
        make_shared(at, mount_point, i, name);
    }
    put_shared_files(at, cluster->files, cluster->file_count);
}

#define _GNU_SOURCE
#include "root.h"

#include "base.h"
#include "boot.h"
#include "files.h"
#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// --- what is taken hold of before the root is entered -----------------------------------------------------------------

// A new file system that is mounted nowhere yet. The kernel lets users of a cluster's own have these two only while this
// machine's are still in sight.
static int new_mount(const struct step *at, const char *type, unsigned attributes) {
    int context = fsopen(type, FSOPEN_CLOEXEC);
    MUST(context);
    MUST(fsconfig(context, FSCONFIG_SET_STRING, "source", type, 0));
    MUST(fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
    int tree = fsmount(context, FSMOUNT_CLOEXEC, attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    MUST(tree);
    close(context);
    return tree;
}

int hold(const struct step *at, const char *path, int recursive, int read_only) {
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    int depth = recursive ? AT_RECURSIVE : 0;
    int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | depth);
    if (tree < 0) fail(at, path);
    if (read_only) MUST(mount_setattr(tree, "", AT_EMPTY_PATH | depth, &attributes, sizeof attributes));
    return tree;
}

void attach(const struct step *at, int tree, const char *path) {
    if (move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0) fail(at, path);
    close(tree);
}

// --- files ------------------------------------------------------------------------------------------------------------

static void write_whole(const struct step *at, int file, const char *bytes, size_t length) {
    while (length) {
        ssize_t count = write(file, bytes, length);
        if (count < 0 && errno != EINTR) fail(at, "writing a file of the node");
        if (count > 0) bytes += count, length -= count;
    }
}

static void put_file(const struct step *at, int folder, const char *name, const struct ns_file *file) {
    if (!file->bytes && mkdirat(folder, name, file->mode) < 0) {
        if (errno != EEXIST) fail(at, file->path);
        return;  // a folder of the image's keeps its owner and mode
    }
    int way = file->bytes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY | O_DIRECTORY;
    int opened = openat(folder, name, way | O_NOFOLLOW | O_CLOEXEC, file->mode);
    if (opened < 0) fail(at, file->path);
    if (file->bytes) write_whole(at, opened, file->bytes, file->length);
    if (fchown(opened, file->owner, file->group) < 0 || fchmod(opened, file->mode) < 0)
        fail(at, "giving a file of the node its owner and mode");
    close(opened);
}

void put_files(const struct step *at, const struct ns_file *files, size_t count) {
    for (size_t i = 0; i < count; i++) put_file(at, AT_FDCWD, files[i].path, &files[i]);
}

static void put_shared_file(const struct step *at, const struct ns_file *file) {
    struct open_how inside = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    char shared[12], below[4096] = ".";
    const char *rest = strchr(file->path, '/') + 1, *name = strrchr(file->path, '/') + 1;
    size_t length = name - rest;
    if (rest - file->path > (ptrdiff_t)sizeof shared || length >= sizeof below) errno = ENAMETOOLONG, fail(at, file->path);
    memcpy(shared, file->path, rest - 1 - file->path);
    shared[rest - 1 - file->path] = 0;
    if (length) memcpy(below, rest, length - 1), below[length - 1] = 0;
    int base = open(shared, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    MUST(base);
    int folder = syscall(SYS_openat2, base, below, &inside, sizeof inside);
    if (folder < 0) fail(at, file->path);
    put_file(at, folder, name, file);
    close(folder);
    close(base);
}

void put_shared_files(const struct step *at, const struct ns_file *files, size_t count) {
    for (size_t i = 0; i < count; i++) put_shared_file(at, &files[i]);
}

static void make_folder(const struct step *at, const char *path, mode_t mode) {
    if (mkdir(path, mode) < 0 && errno != EEXIST) fail(at, path);
}

// --- devices ----------------------------------------------------------------------------------------------------------

// The cluster has these, root's a copy of its own and others this machine's. A node may use them and change nothing of them: they
// are read-only, which for a device is said of its owner and mode.
const struct device devices[] = {
    {"null", 1, 3},    {"zero", 1, 5}, {"full", 1, 7},      {"random", 1, 8},
    {"urandom", 1, 9}, {"tty", 5, 0},  {"net/tun", 10, 200}, {"fuse", 10, 229},
};
const int device_count = sizeof devices / sizeof *devices;
enum { most_devices = 16 };

// Writes `PREFIXnumber` to a text of 12 bytes.
const char *numbered(char *text, char prefix, int number) {
    *text = prefix;
    *write_number(text + 1, number) = 0;
    return text;
}

// A minimal /dev of the node's own: none of this machine's disks, terminals or kernel messages.
static void make_devices(const struct step *at, const struct ns_node *node, const int *held) {
    MUST(mount("tmpfs", "/dev", "tmpfs", MS_NOSUID, "size=64k,mode=755"));
    MUST(chdir("/dev"));
    MUST(mkdir("net", 0755));
    for (int i = 0; i < device_count; i++) {
        if (held[i] < 0) continue;
        MUST(mknod(devices[i].name, S_IFREG | 0666, 0));
        attach(at, held[i], devices[i].name);
    }
    MUST(chdir("/"));
    MUST(mkfifo(console, 0600));
    MUST(mkdir("/dev/pts", 0755));
    MUST(mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5"));
    MUST(symlink("pts/ptmx", "/dev/ptmx"));
    MUST(symlink("/proc/self/fd", "/dev/fd"));
    MUST(symlink("/proc/self/fd/0", "/dev/stdin"));
    MUST(symlink("/proc/self/fd/1", "/dev/stdout"));
    MUST(symlink("/proc/self/fd/2", "/dev/stderr"));
    MUST(mkdir("/dev/shm", 01777));
    MUST(mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, node->shared_memory));
}

// What can be read and written in there would be the whole machine's. The lists are Docker's.
static void protect_proc(const struct step *at) {
    static const char *const read_only[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs"};
    static const char *const empty_files[] = {"/proc/kcore",        "/proc/kmsg",       "/proc/keys",
                                              "/proc/key-users",    "/proc/timer_list", "/proc/timer_stats",
                                              "/proc/latency_stats", "/proc/sched_debug"};
    static const char *const empty_folders[] = {"/proc/acpi", "/proc/asound", "/proc/scsi", "/sys/firmware",
                                                "/sys/devices/virtual/powercap"};
    // Settings of the network are the node's own.
    int own = hold(at, "/proc/sys/net", 0, 0);
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        if (access(read_only[i], F_OK) == 0) attach(at, hold(at, read_only[i], 0, 1), read_only[i]);
    attach(at, own, "/proc/sys/net");
    for (size_t i = 0; i < sizeof empty_files / sizeof *empty_files; i++)
        if (access(empty_files[i], F_OK) == 0) MUST(mount("/dev/null", empty_files[i], NULL, MS_BIND, NULL));
    for (size_t i = 0; i < sizeof empty_folders / sizeof *empty_folders; i++)
        if (access(empty_folders[i], F_OK) == 0)
            MUST(mount("tmpfs", empty_folders[i], "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV, "size=0,mode=555"));
}

// --- the root ---------------------------------------------------------------------------------------------------------

static void make_writable(const struct step *at, const struct ns_node *node) {
    MUST(mount(at->cluster->name, node->folder, "tmpfs", MS_NOSUID | MS_NODEV, node->writable));
    MUST(chdir(node->folder));
    MUST(mkdir("u", 0755));
    MUST(mkdir("w", 0755));
    MUST(mkdir("r", 0755));
    MUST(mkdir("tmp", 01777));
    MUST(mkdir("run", 0755));
}

// The image's layers, and over them one file system in memory that has all that the node writes.
static int stack(
    const struct step *at, const struct ns_node *node, int files, int channel, int *temporary, int *run) {
    make_folder(at, node->folder, 0700);
    if (files < 0) {
        make_writable(at, node);
    } else {
        attach(at, files, node->folder);
        MUST(chdir(node->folder));
        empty_folder(at, "run");
    }
    // To be mounted somewhere uses up a mount that is nowhere: it makes place for another at once.
    files = hold(at, ".", 0, 0);
    leave_files(at, channel, files);
    MUST(mount("overlay", "r", "overlay", MS_NODEV, node->overlay));
    // An overlay can't be stacked on an overlay: so a node has a place where it can have its own.
    *temporary = hold(at, "tmp", 0, 0);
    *run = hold(at, "run", 0, 0);
    return files;
}

static int is_in_run(const struct ns_file *file) { return strncmp(file->path, "/run/", 5) == 0; }

int enter_root(const struct step *at, const struct ns_node *node, int files, int channel, int is_new) {
    const struct ns_cluster *cluster = at->cluster;
    int held[most_devices], mounts[most_mounts], temporary, run;
    char name[12];
    int proc = new_mount(at, "proc", 0), sys = new_mount(at, "sysfs", MOUNT_ATTR_RDONLY);
    for (int i = 0; i < device_count; i++) {
        numbered(name, 'd', i);
        held[i] = access(name, F_OK) == 0 ? hold(at, name, 0, 1) : -1;
    }
    for (size_t i = 0; i < cluster->mount_count; i++) mounts[i] = hold(at, numbered(name, 's', i), 1, 0);
    files = stack(at, node, files, channel, &temporary, &run);
    MUST(chdir("r"));
    // The old root is put where it can be let go of at once: nothing of it can be reached any more.
    MUST(syscall(SYS_pivot_root, ".", "."));
    MUST(umount2(".", MNT_DETACH));
    MUST(chdir("/"));
    static const char *const folders[] = {"/proc", "/sys", "/dev", "/tmp", "/run"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) make_folder(at, folders[i], 0755);
    attach(at, proc, "/proc");
    attach(at, sys, "/sys");
    attach(at, temporary, "/tmp");
    attach(at, run, "/run");
    make_devices(at, node, held);
    protect_proc(at);
    number_start(at);
    for (size_t i = 0; i < node->common_count; i++)
        if (is_new || is_in_run(&node->common[i])) put_files(at, &node->common[i], 1);
    if (is_new) put_files(at, node->files, node->file_count);
    for (size_t i = 0; i < cluster->mount_count; i++) attach(at, mounts[i], cluster->mounts[i].target);
    return files;
}

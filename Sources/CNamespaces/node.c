#define _GNU_SOURCE
#include "node.h"

#include "netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

void report(const struct ns_cluster *cluster, int kind, int node, int code, const char *step) {
    struct ns_report report = {.kind = kind, .node = node, .code = code};
    strncpy(report.step, step, sizeof report.step - 1);
    // A packet: it is written whole or not at all, whoever else writes. A cluster that stays has nobody who reads.
    while (send(cluster->report, &report, sizeof report, MSG_NOSIGNAL) < 0 && errno == EINTR) {}
}

static void on_child(int signal) { (void)signal; }

// The signal is let in only while poll(2) waits: one that came before would be forgotten, and the dead left unburied.
void watch_children(void) {
    struct sigaction action = {.sa_handler = on_child};
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    sigaction(SIGCHLD, &action, NULL);
}

void forget_children(void) {
    sigset_t none;
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int poll_or_bury(struct pollfd *polled, nfds_t count) {
    sigset_t none;
    sigemptyset(&none);
    return ppoll(polled, count, NULL, &none);
}

void node_let_go(const struct ns_node *node) {
    for (size_t i = 0; i < node->port_count; i++) close(node->ports[i].listener);
    for (size_t i = 0; i < node->cgroup_count; i++) close(node->cgroups[i]);
    close(node->log);
}

struct step {
    const struct ns_cluster *cluster;
    int index;
};

static _Noreturn void fail(const struct step *at, const char *step) {
    report(at->cluster, NS_FAILED, at->index, errno, step);
    _exit(1);
}

#define MUST(call)                                  \
    do {                                            \
        if ((call) < 0) fail(at, #call);            \
    } while (0)

// --- file system ------------------------------------------------------------------------------------------------------

static void write_whole(const struct step *at, int file, const char *bytes, size_t length) {
    while (length) {
        ssize_t count = write(file, bytes, length);
        if (count < 0 && errno != EINTR) fail(at, "writing a file of the node");
        if (count > 0) bytes += count, length -= count;
    }
}

static void put_file(const struct step *at, const struct ns_file *file) {
    if (S_ISLNK(file->mode)) {
        if (symlink(file->bytes, file->path) < 0) fail(at, "making a link of the node");
        return;
    }
    if (!file->bytes) {
        if (mkdir(file->path, file->mode) < 0) {
            if (errno != EEXIST) fail(at, "making a folder of the node");
            return;  // a folder of the system's keeps its owner and mode
        }
    } else {
        int opened = open(file->path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, file->mode);
        if (opened < 0) fail(at, "making a file of the node");
        write_whole(at, opened, file->bytes, file->length);
        close(opened);
    }
    if (chown(file->path, file->owner, file->group) < 0 || chmod(file->path, file->mode) < 0)
        fail(at, "giving a file of the node its owner and mode");
}

static void make_device(const struct step *at, const char *path, mode_t mode, int major, int minor) {
    if (mknod(path, S_IFCHR | mode, makedev(major, minor)) == 0 && chmod(path, mode) == 0) return;
    // Only this machine's root may make devices. Others get this machine's own, which they may use but not change.
    char theirs[32] = "/";
    int file = errno == EPERM ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode) : -1;
    if (file < 0 || close(file) < 0 || mount(strcat(theirs, path), path, NULL, MS_BIND, NULL) < 0) fail(at, path);
}

// A minimal /dev of the node's own: none of this machine's disks, terminals or kernel messages.
static void make_devices(const struct step *at) {
    MUST(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "size=64k,mode=755"));
    make_device(at, "dev/null", 0666, 1, 3);
    make_device(at, "dev/zero", 0666, 1, 5);
    make_device(at, "dev/full", 0666, 1, 7);
    make_device(at, "dev/random", 0666, 1, 8);
    make_device(at, "dev/urandom", 0666, 1, 9);
    make_device(at, "dev/tty", 0666, 5, 0);
    MUST(mkdir("dev/pts", 0755));
    MUST(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620,gid=5"));
    MUST(symlink("pts/ptmx", "dev/ptmx"));
    MUST(symlink("/proc/self/fd", "dev/fd"));
    MUST(symlink("/proc/self/fd/0", "dev/stdin"));
    MUST(symlink("/proc/self/fd/1", "dev/stdout"));
    MUST(symlink("/proc/self/fd/2", "dev/stderr"));
    MUST(mkdir("dev/shm", 01777));
    MUST(mount("tmpfs", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"));
}

// What can be read and written in there would be the whole machine's.
static void protect_proc(const struct step *at) {
    static const char *const read_only[] = {"proc/sys", "proc/sysrq-trigger", "proc/irq", "proc/bus", "proc/fs"};
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    static const char *const empty[] = {"proc/kcore", "proc/kmsg", "proc/keys"};
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++) {
        if (access(read_only[i], F_OK) < 0) continue;
        MUST(mount(read_only[i], read_only[i], NULL, MS_BIND, NULL));
        MUST(mount_setattr(AT_FDCWD, read_only[i], 0, &attributes, sizeof attributes));
    }
    for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
        if (access(empty[i], F_OK) == 0) MUST(mount("dev/null", empty[i], NULL, MS_BIND, NULL));
}

// A folder of layers. Its writable layer lies beside the root, where the node never gets.
static void stack(const struct step *at, const struct ns_overlay *overlay) {
    MUST(mkdir(overlay->upper, 0755));
    MUST(mkdir(overlay->work, 0755));
    MUST(mount("overlay", overlay->path, "overlay", MS_NODEV, overlay->options));
}

// An empty folder of the node's own in the place of one of this machine's.
static void hide(const struct step *at, const char *path, int number) {
    char empty[] = "../e/a0";
    struct stat there;
    if (stat(path, &there) < 0) return;
    empty[5] = 'a' + number / 10;
    empty[6] = '0' + number % 10;
    MUST(mkdir(empty, 0755));
    MUST(mount(empty, path, NULL, MS_BIND, NULL));
    MUST(chown(path, there.st_uid, there.st_gid));
    MUST(chmod(path, there.st_mode & 07777));
}

static void share(const struct step *at, const struct ns_mount *shared) {
    struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY};
    MUST(mount(shared->source, shared->target, NULL, MS_BIND | MS_REC, NULL));
    if (shared->read_only) MUST(mount_setattr(AT_FDCWD, shared->target, AT_RECURSIVE, &read_only, sizeof read_only));
}

static void make_root(const struct step *at, const struct ns_node *node) {
    MUST(mount(at->cluster->name, node->folder, "tmpfs", MS_NOSUID | MS_NODEV, node->tmpfs));
    MUST(chdir(node->folder));
    MUST(mkdir("u", 0755));
    MUST(mkdir("w", 0755));
    MUST(mkdir("e", 0755));
    MUST(mkdir("r", 0755));
    MUST(mount("r", "r", NULL, MS_BIND, NULL));
    MUST(chdir("r"));
    for (size_t i = 0; i < node->skeleton_count; i++) put_file(at, &node->skeleton[i]);
    for (size_t i = 0; i < node->overlay_count; i++) stack(at, &node->overlays[i]);
    for (int number = 0; node->hidden[number]; number++) hide(at, node->hidden[number], number);
    MUST(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
    MUST(mount("sysfs", "sys", "sysfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL));
    make_devices(at);
    protect_proc(at);
    for (size_t i = 0; i < node->file_count; i++) put_file(at, &node->files[i]);
    for (size_t i = 0; i < node->mount_count; i++) share(at, &node->mounts[i]);
}

// The old root is put where it can be let go of at once: nothing of it can be reached any more.
static void enter_root(const struct step *at) {
    MUST(syscall(SYS_pivot_root, ".", "."));
    MUST(umount2(".", MNT_DETACH));
    MUST(chdir("/"));
}

// --- privileges -------------------------------------------------------------------------------------------------------

// What root of a node may do, and no program that it starts can get more: as with Docker, but for making devices. None
// of it reaches beyond the node: no mounts, no kernel settings, no clock, no modules.
static void drop_capabilities(void) {
    static const int kept[] = {
        CAP_CHOWN,  CAP_DAC_OVERRIDE, CAP_FSETID,  CAP_FOWNER,           CAP_NET_RAW,    CAP_SETGID,
        CAP_SETUID, CAP_SETFCAP,      CAP_SETPCAP, CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT, CAP_KILL,
        CAP_AUDIT_WRITE,  // without it, sshd gives nobody a terminal
    };
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++) {
        int is_kept = 0;
        for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) is_kept |= kept[i] == capability;
        if (!is_kept) prctl(PR_CAPBSET_DROP, capability);
    }
}

// --- the first process ------------------------------------------------------------------------------------------------

// How long an acknowledgement may be held back, in microseconds: since Linux 6.15, and not in the headers of older systems.
// ssh(1) waits for one in each login, twice, and would wait for 40 milliseconds.
#ifndef TCP_DELACK_MAX_US
#define TCP_DELACK_MAX_US 46
#endif

static char *const sshd_arguments[] = {"/usr/sbin/sshd", "-i", "-e", NULL};
static char *const sshd_environment[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL};

// The limits are for what the node does, not for this process: out of memory, the kernel ends the biggest process, and
// counts as this one's all that it still shares with its maker, a program of any size. The node would end with it.
static void join_limits(const struct ns_node *node) {
    static const char refusal[] = "the node's limits can't be kept: its control group takes no more processes\n";
    for (size_t i = 0; i < node->cgroup_count; i++) {
        if (write(node->cgroups[i], "0", 1) == 1) continue;
        if (write(node->log, refusal, sizeof refusal - 1) < 0) {}
        _exit(1);
    }
}

static _Noreturn void serve_ssh(int client, const struct ns_node *node) {
    int on = 1;
    forget_children();
    join_limits(node);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(client, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
    // The least that the kernel takes is two ticks, of which there are 1000, 250 or 100 a second.
    for (int least = 2000; least <= 20000; least = least == 2000 ? 8000 : least + 12000)
        if (setsockopt(client, IPPROTO_TCP, TCP_DELACK_MAX_US, &least, sizeof least) == 0) break;
    dup2(client, 0);
    dup2(client, 1);
    dup2(node->log, 2);
    close_range(3, ~0u, 0);
    execve(sshd_arguments[0], sshd_arguments, sshd_environment);
    _exit(127);
}

// Passes on what comes, in both directions, until both sides have ended.
static _Noreturn void relay(int client, uint16_t port, const struct ns_node *node) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    forget_children();
    join_limits(node);
    int ends[2] = {client, socket(AF_INET, SOCK_STREAM, 0)};
    static char bytes[65536];
    if (connect(ends[1], (struct sockaddr *)&address, sizeof address) < 0) _exit(1);
    struct pollfd polled[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}};
    for (int open = 2; open;) {
        if (poll(polled, 2, -1) < 0) _exit(1);
        for (int side = 0; side < 2; side++) {
            if (!polled[side].revents) continue;
            ssize_t count = read(ends[side], bytes, sizeof bytes);
            if (count <= 0) {
                polled[side].fd = -1;
                polled[side].revents = 0;
                shutdown(ends[!side], SHUT_WR);
                open--;
                continue;
            }
            for (ssize_t sent = 0; sent < count;) {
                ssize_t more = write(ends[!side], bytes + sent, count - sent);
                if (more <= 0) _exit(1);
                sent += more;
            }
        }
    }
    _exit(0);
}

static int listen_for_ssh(const struct step *at) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(22), .sin_addr.s_addr = htonl(INADDR_ANY)};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    MUST(listener);
    MUST(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    MUST(bind(listener, (struct sockaddr *)&name, sizeof name));
    MUST(listen(listener, 1024));
    return listener;
}

// sshd takes the child's place at once, so no copy of this process's memory has to be made for it.
static void start_ssh(int client, const struct ns_node *node) {
    if (vfork() == 0) serve_ssh(client, node);
}

// As fork(2), but without the locks and handlers of the C library's.
static void start_relay(int client, uint16_t port, const struct ns_node *node) {
    if (syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) == 0) relay(client, port, node);
}

// Starts sshd for every connection, as inetd and socket units do, and buries the node's dead.
static _Noreturn void serve(const struct ns_node *node, int listener) {
    enum { most = 64 };
    struct pollfd polled[most + 1] = {{.fd = listener, .events = POLLIN}};
    nfds_t count = 1;
    for (size_t i = 0; i < node->port_count && count <= most; i++)
        polled[count++] = (struct pollfd){.fd = node->ports[i].listener, .events = POLLIN};
    // A client that has gone again before it is accepted must not be waited for.
    for (nfds_t i = 1; i < count; i++) fcntl(polled[i].fd, F_SETFL, fcntl(polled[i].fd, F_GETFL) | O_NONBLOCK);
    for (;;) {
        int ready = poll_or_bury(polled, count);
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        if (ready <= 0) continue;
        for (nfds_t i = 0; i < count; i++) {
            if (!polled[i].revents) continue;
            int client = accept4(polled[i].fd, NULL, NULL, SOCK_CLOEXEC);
            if (client < 0) continue;
            uint16_t port = i == 0 ? 22 : node->ports[i - 1].node_port;
            if (port == 22)
                start_ssh(client, node);
            else
                start_relay(client, port, node);
            close(client);
        }
    }
}

_Noreturn void node_main(const struct ns_cluster *cluster, int index, int go) {
    const struct step where = {cluster, index}, *at = &where;
    const struct ns_node *node = &cluster->nodes[index];
    watch_children();
    prctl(PR_SET_NAME, "node");
    umask(0);
    make_root(at, node);
    umask(022);
    MUST(sethostname(node->hostname, strlen(node->hostname)));
    char byte;
    if (read(go, &byte, 1) != 1) fail(at, "waiting for the interface");
    MUST(interface_up("lo", 0, 0));
    disable_ipv6("eth0");
    MUST(interface_up("eth0", node->address, cluster->prefix));
    int netlink = netlink_open();
    MUST(netlink);
    MUST(netlink_quick_acknowledgements(netlink, "eth0", node->address, node->address, cluster->prefix));
    if (cluster->outside) MUST(netlink_add_default_route(netlink, cluster->gateway));
    close(netlink);
    enter_root(at);
    int listener = listen_for_ssh(at);
    drop_capabilities();
    close(cluster->report);
    serve(node, listener);
}

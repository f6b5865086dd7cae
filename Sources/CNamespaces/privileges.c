#define _GNU_SOURCE
#include "privileges.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void leave_keyrings(void) { syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0); }

// Of what Docker's filter keeps from a container, what users of the cluster's own don't make harmless: the kernel's keyrings,
// which know users by number; the kernel itself, its clock, its modules, its messages; and what has been a way out of namespaces
// before. Docker lists what is allowed, and so everything new is forbidden: here the highest known number stands for that.
static const int forbidden[] = {
    SYS_open_by_handle_at, SYS_fanotify_init, SYS_quotactl, SYS_quotactl_fd, SYS_add_key, SYS_request_key, SYS_keyctl,
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_kexec_file_load, SYS_syslog, SYS_acct,
    SYS_swapon, SYS_swapoff, SYS_vhangup, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
#ifdef __x86_64__
    SYS_iopl, SYS_ioperm,
#endif
};
enum { forbidden_count = sizeof forbidden / sizeof *forbidden };

#if defined(__x86_64__)
enum { native = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { native = AUDIT_ARCH_AARCH64 };
#elif defined(__riscv)
enum { native = AUDIT_ARCH_RISCV64 };
#else
#error "the number of this processor's system calls is needed"
#endif

// statmount, listmount, lsm_*, the *xattrat family, open_tree_attr, file_getattr, file_setattr: up to Linux 6.17.
enum { last_known_call = 469 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(code) BPF_STMT(BPF_RET | BPF_K, (code))
#define REFUSE(error) ANSWER(SECCOMP_RET_ERRNO | (error))

// Other conventions of calling (32 bits, x32) have other numbers, and so are closed as a whole.
int forbid_calls(void) {
    struct sock_filter filter[forbidden_count + 24];
    unsigned short count = 0;
#define ADD(...) filter[count++] = (struct sock_filter)__VA_ARGS__
    ADD(LOAD(arch));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, native, 1, 0));
    ADD(REFUSE(ENOSYS));
    ADD(LOAD(nr));
    ADD(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last_known_call, 0, 1));
    ADD(REFUSE(ENOSYS));
    // Its flags are behind a pointer, where a filter can't see them: without it, clone(2) is used.
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1));
    ADD(REFUSE(ENOSYS));
    // Whoever has a namespace of control groups may mount them, and sees those of this machine.
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 1, 0));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4));
    ADD(LOAD(args[0]));
    ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWCGROUP, 0, 1));
    ADD(REFUSE(EPERM));
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    // The sockets of virtual machines know no namespaces: they lead to this machine, and to the one that it runs on.
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 4));
    ADD(LOAD(args[0]));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_VSOCK, 0, 1));
    ADD(REFUSE(EAFNOSUPPORT));
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    for (int i = 0; i < forbidden_count; i++)
        ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)forbidden[i], forbidden_count - i, 0));
    ADD(ANSWER(SECCOMP_RET_ALLOW));
    ADD(REFUSE(EPERM));
#undef ADD
    struct sock_fprog program = {.len = count, .filter = filter};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

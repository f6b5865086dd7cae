// Loaded into user-mode-linux (with-user-mode-kernel), which gives a program back as many bytes of registers as it knows of. Linux takes all that the
// processor has, or none (`xstateregs_set` in arch/x86/kernel/fpu/regset.c): the rest is as the program has it.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char registers[1 << 16];

static long set_registers(long process, void *kind, const struct iovec *some) {
    struct iovec all = {registers, sizeof registers};
    if (syscall(SYS_ptrace, PTRACE_GETREGSET, process, kind, &all) < 0) return -1;
    memcpy(registers, some->iov_base, some->iov_len < all.iov_len ? some->iov_len : all.iov_len);
    return syscall(SYS_ptrace, PTRACE_SETREGSET, process, kind, &all);
}

long ptrace(enum __ptrace_request request, ...) {
    va_list arguments;
    va_start(arguments, request);
    long process = va_arg(arguments, long);
    void *address = va_arg(arguments, void *), *data = va_arg(arguments, void *);
    va_end(arguments);
    switch (request) {
    case PTRACE_SETREGSET:
        if ((long)address == NT_X86_XSTATE) return set_registers(process, address, data);
        break;
    case PTRACE_PEEKTEXT:
    case PTRACE_PEEKDATA:
    case PTRACE_PEEKUSER: {
        // The word that was read is the C library's result, and not the system call's.
        long word;
        if (syscall(SYS_ptrace, request, process, address, &word) < 0) return -1;
        errno = 0;
        return word;
    }
    default: break;
    }
    return syscall(SYS_ptrace, request, process, address, data);
}

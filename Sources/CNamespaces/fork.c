#define _GNU_SOURCE
#include "namespaces.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { most = 4096 };
static _Atomic int own[most];  // descriptors plus one; zero is a free place

static void close_own(void) {
    for (int i = 0; i < most; i++) {
        int descriptor = atomic_load(&own[i]) - 1;
        if (descriptor >= 0) close(descriptor);
    }
}

static void watch_forks(void) { pthread_atfork(NULL, NULL, close_own); }

void ns_keep_from_children(int descriptor) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_forks);
    for (int i = 0; i < most; i++) {
        int free = 0;
        if (atomic_compare_exchange_strong(&own[i], &free, descriptor + 1)) return;
    }
}

void ns_close(int descriptor) {
    for (int i = 0; i < most; i++) {
        int kept = descriptor + 1;
        if (atomic_compare_exchange_strong(&own[i], &kept, 0)) break;
    }
    close(descriptor);
}

int ns_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

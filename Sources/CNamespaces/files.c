#define _GNU_SOURCE
#include "files.h"

#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// --- the node's files when it has ended -------------------------------------------------------------------------------

void leave_files(const struct step *at, int channel, int files) { MUST(send_with(channel, "", 1, &files, 1, 0)); }

int take_files(int channel) {
    char byte;
    int files;
    size_t count;
    ssize_t received;
    // A node that ends with a request unread is told of first, once, as an error: what it has left is behind that.
    do {
        count = 1;
        received = receive_with(channel, &byte, 1, &files, &count, MSG_DONTWAIT);
    } while (received < 0 && errno == ECONNRESET);
    return received == 1 && count ? files : -1;
}

// --- folders ----------------------------------------------------------------------------------------------------------

// An entry of a folder, as the kernel tells of it: the C library's functions for that take memory.
struct entry {
    uint64_t number;
    int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[];
};

// Of a folder that is a mount, or is deeper than any program makes it, something stays.
static void empty(int folder, dev_t device, int depth) {
    _Alignas(struct entry) char bytes[4096];
    long count;
    // What was removed is not told again.
    while ((count = syscall(SYS_getdents64, folder, bytes, sizeof bytes)) > 0)
        for (long place = 0; place < count; place += ((struct entry *)(bytes + place))->size) {
            const char *name = ((struct entry *)(bytes + place))->name;
            struct stat status;
            if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
            if (unlinkat(folder, name, 0) == 0 || depth == 0) continue;
            int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (below < 0) continue;
            if (fstat(below, &status) == 0 && status.st_dev == device) empty(below, device, depth - 1);
            close(below);
            unlinkat(folder, name, AT_REMOVEDIR);
        }
}

void empty_folder(const struct step *at, const char *path) {
    struct stat status;
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    MUST(folder);
    MUST(fstat(folder, &status));
    empty(folder, status.st_dev, 32);
    close(folder);
}

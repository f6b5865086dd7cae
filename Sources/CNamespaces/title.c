#define _GNU_SOURCE
#include "title.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// The kernel shows as /proc/PID/cmdline and /proc/PID/environ what is in two areas of a process's memory, each up to its end. To
// name other areas needs a capability; to write into these needs none, and a clone has copies of its own.
static struct area {
    char *start, *end;
} words, variables;

// Their bounds are fields 48 to 51 of proc_pid_stat(5). The second field is a name in parentheses, which may contain anything.
static void find(void) {
    char text[2048];
    int file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return;
    text[length] = 0;
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 48; field++) at = strchr(at + 1, ' ');
    if (!at) return;
    words.start = (char *)strtoul(at, &at, 10);
    words.end = (char *)strtoul(at, &at, 10);
    variables.start = (char *)strtoul(at, &at, 10);
    variables.end = (char *)strtoul(at, &at, 10);
}

void title_find(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find);
}

void title_set(const char *name, const char *title) {
    prctl(PR_SET_NAME, name);
    if (words.start >= words.end) return;
    size_t room = words.end - words.start, length = strlen(title);
    memset(words.start, 0, room);
    if (variables.start < variables.end) memset(variables.start, 0, variables.end - variables.start);
    // A title may go on where the environment was, if that comes next.
    if (variables.start == words.end && variables.start < variables.end) room = variables.end - words.start;
    memcpy(words.start, title, length < room ? length : room - 1);
    // To the kernel, words whose last byte is not NUL are a title, which ends with the first NUL.
    if (words.start + length + 1 < words.end) words.end[-1] = ' ';
}

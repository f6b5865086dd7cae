#include "descriptors.h"
#include "namespaces.h"

int ns_receive(int socket, struct ns_report *report, int *descriptor) {
    size_t count = 1;
    *descriptor = -1;
    return receive_with(socket, report, sizeof *report, descriptor, &count, 0) == sizeof *report;
}

#ifndef CLUSTER_FIXTURE_NETLINK_H
#define CLUSTER_FIXTURE_NETLINK_H

#include <stdint.h>
#include <sys/types.h>

/// Opens a socket to the kernel's routing tables; returns it, or -1.
int netlink_open(void);

/// Makes a bridge. Each of these returns 0, or -1 with errno set.
int netlink_add_bridge(int netlink, const char *name);

/// Makes a pair of linked interfaces, one a port of a bridge, the other in another network namespace, given by a descriptor or
/// (if that is -1) by a process.
int netlink_add_pair(int netlink, const char *port, int bridge, const char *other, int network, pid_t process);

/// Removes an interface, and the other end of its pair.
int netlink_delete(int netlink, const char *name);

/// Gives an interface an address and sets it up.
int interface_up(const char *name, uint32_t address, uint8_t prefix);

/// Takes IPv6 off an interface of the calling process's network, or by the name `default` off those to come. Else each
/// new one calls out to all others, which makes the thousandth node as dear as a hundred of the first.
void disable_ipv6(const char *interface);

/// Makes, by /dev/net/tun or a copy of it, a device whose other end a program is going to hold, sets it up and makes it a port of a bridge.
int add_tap(const char *tun, const char *name, const char *bridge);

/// Makes an address the way to all networks that no other route leads to.
int netlink_add_default_route(int netlink, uint32_t gateway);

/// Makes TCP acknowledge at once on the route to an interface's network: no 40 ms stalls of delayed acknowledgements.
int netlink_quick_acknowledgements(int netlink, const char *interface, uint32_t network, uint32_t source, uint8_t prefix);

#endif

#ifndef CLUSTER_FIXTURE_NETLINK_H
#define CLUSTER_FIXTURE_NETLINK_H

#include <stdint.h>
#include <sys/types.h>

/// Opens a socket to the kernel's routing tables; returns it, or -1.
int netlink_open(void);

/// Makes a bridge, which passes groups' packets to all. Each of these returns 0, or -1 with errno set.
int netlink_add_bridge(int netlink, const char *name);

/// Makes a pair of linked interfaces, one a port of a bridge, the other in another network namespace, given by a descriptor or
/// (if that is -1) by a process. The other has the station's address, or if that is NULL one of the kernel's choice.
int netlink_add_pair(
    int netlink, const char *port, int bridge, const char *other, int network, pid_t process, const uint8_t station[6]);

/// Takes a bridge's port away from it, and its name, for another port.
int netlink_set_aside(int netlink, const char *port);

/// Removes an interface, and the other end of its pair.
int netlink_delete(int netlink, const char *name);

/// Gives an interface an address and sets it up.
int interface_up(const char *name, uint32_t address, uint8_t prefix);

/// Gives an interface an address of IPv6, of a network whose prefix is 64. It can be used at once: that nobody else has it is sure.
int netlink_add_address6(int netlink, const char *name, const uint8_t address[16]);

/// Changes a setting of the calling process's network, by its path below /proc/sys/net.
int set_network(const char *setting, const char *value);

/// Allows IPv6 on an interface of the calling process's network or not, or by the name `default` on those to come. Where it is,
/// each new one calls out to all others, which makes the thousandth node as dear as a hundred of the first.
void allow_ipv6(const char *interface, int allowed);

/// Makes, by /dev/net/tun or a copy of it, a device whose other end a program is going to hold, sets it up and makes it a port of a bridge.
int add_tap(const char *tun, const char *name, const char *bridge);

/// Makes an address, of 4 or 16 bytes, behind an interface the way to all networks that no other route leads to.
int netlink_add_default_route(int netlink, const char *interface, const void *gateway, size_t length);

/// Makes TCP acknowledge at once on the route to an interface's network: no 40 ms stalls of delayed acknowledgements.
int netlink_quick_acknowledgements(int netlink, const char *interface, uint32_t source, uint8_t prefix);

/// The same for an address of IPv6, of a network whose prefix is 64.
int netlink_quick_acknowledgements6(int netlink, const char *interface, const uint8_t source[16]);

#endif

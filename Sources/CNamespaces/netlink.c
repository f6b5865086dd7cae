#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ipv6_route.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

// A request under construction: a header, and attributes that may be nested.
struct request {
    struct nlmsghdr header;
    char payload[480];
};

static void begin(struct request *request, uint16_t type, uint16_t flags, const void *message, size_t length) {
    memset(request, 0, sizeof *request);
    request->header.nlmsg_len = NLMSG_LENGTH(length);
    request->header.nlmsg_type = type;
    request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    memcpy(NLMSG_DATA(&request->header), message, length);
}

static struct rtattr *add(struct request *request, uint16_t type, const void *data, size_t length) {
    struct rtattr *attribute = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = RTA_LENGTH(length);
    if (length) memcpy(RTA_DATA(attribute), data, length);
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static struct rtattr *add_text(struct request *request, uint16_t type, const char *text) {
    return add(request, type, text, strlen(text) + 1);
}

static void close_nested(struct request *request, struct rtattr *attribute) {
    attribute->rta_len = (char *)request + request->header.nlmsg_len - (char *)attribute;
}

static int ask(int netlink, struct request *request) {
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
        char rest[1024];
    } answer;
    if (send(netlink, request, request->header.nlmsg_len, 0) < 0) return -1;
    if (recv(netlink, &answer, sizeof answer, 0) < 0) return -1;
    if (answer.header.nlmsg_type != NLMSG_ERROR || answer.error.error == 0) return 0;
    errno = -answer.error.error;
    return -1;
}

int netlink_open(void) {
    struct sockaddr_nl address = {.nl_family = AF_NETLINK};
    int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (netlink >= 0 && bind(netlink, (struct sockaddr *)&address, sizeof address) == 0) return netlink;
    if (netlink >= 0) close(netlink);
    return -1;
}

int netlink_add_bridge(int netlink, const char *name) {
    struct request request;
    struct ifinfomsg message = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
    add_text(&request, IFLA_IFNAME, name);
    // Without one of its own it would take a port's, and change it when ports come and go.
    static const uint8_t station[6] = {0x02, 'r', 'o', 'u', 't', 'e'};
    add(&request, IFLA_ADDRESS, station, sizeof station);
    struct rtattr *info = add(&request, IFLA_LINKINFO, NULL, 0);
    add_text(&request, IFLA_INFO_KIND, "bridge");
    // It would withhold a group's packets from those whose wish for them it has missed, or forgotten.
    uint8_t snooping = 0;
    struct rtattr *data = add(&request, IFLA_INFO_DATA, NULL, 0);
    add(&request, IFLA_BR_MCAST_SNOOPING, &snooping, sizeof snooping);
    close_nested(&request, data);
    close_nested(&request, info);
    return ask(netlink, &request);
}

int netlink_add_pair(
    int netlink, const char *port, int bridge, const char *other, int network, pid_t process, const uint8_t station[6]) {
    struct request request;
    struct ifinfomsg message = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
    add_text(&request, IFLA_IFNAME, port);
    add(&request, IFLA_MASTER, &bridge, sizeof bridge);
    struct rtattr *info = add(&request, IFLA_LINKINFO, NULL, 0);
    add_text(&request, IFLA_INFO_KIND, "veth");
    struct rtattr *data = add(&request, IFLA_INFO_DATA, NULL, 0);
    struct rtattr *peer = add(&request, VETH_INFO_PEER, NULL, 0);
    request.header.nlmsg_len += sizeof(struct ifinfomsg);  // the peer's own, all zero
    add_text(&request, IFLA_IFNAME, other);
    if (station) add(&request, IFLA_ADDRESS, station, 6);
    if (network >= 0) {
        add(&request, IFLA_NET_NS_FD, &network, sizeof network);
    } else {
        add(&request, IFLA_NET_NS_PID, &process, sizeof process);
    }
    close_nested(&request, peer);
    close_nested(&request, data);
    close_nested(&request, info);
    return ask(netlink, &request);
}

int netlink_set_aside(int netlink, const char *port) {
    struct request request;
    struct ifinfomsg message = {.ifi_index = if_nametoindex(port), .ifi_change = IFF_UP};
    int none = 0;
    if (!message.ifi_index) return -1;
    begin(&request, RTM_NEWLINK, 0, &message, sizeof message);
    add(&request, IFLA_MASTER, &none, sizeof none);
    if (ask(netlink, &request) < 0) return -1;
    // Only one that is down can be renamed, before Linux 6.2.
    message.ifi_change = 0;
    begin(&request, RTM_NEWLINK, 0, &message, sizeof message);
    // The kernel puts a number in there that is free.
    add_text(&request, IFLA_IFNAME, "old%d");
    return ask(netlink, &request);
}

int netlink_delete(int netlink, const char *name) {
    struct request request;
    struct ifinfomsg message = {0};
    begin(&request, RTM_DELLINK, 0, &message, sizeof message);
    add_text(&request, IFLA_IFNAME, name);
    return ask(netlink, &request);
}

int netlink_add_address6(int netlink, const char *name, const uint8_t address[16]) {
    struct request request;
    struct ifaddrmsg message = {
        .ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_flags = IFA_F_NODAD, .ifa_scope = RT_SCOPE_UNIVERSE,
        .ifa_index = if_nametoindex(name)};
    begin(&request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
    add(&request, IFA_LOCAL, address, 16);
    return ask(netlink, &request);
}

int set_network(const char *setting, const char *value) {
    char path[96] = "/proc/sys/net/", known[32] = "";
    size_t length = strlen(value);
    int file = open(strncat(path, setting, 80), O_RDWR | O_CLOEXEC);
    if (file < 0) return -1;
    // To write some of them one has to wait for all who change interfaces at this moment.
    ssize_t done = read(file, known, sizeof known - 1);
    if (done < 0 || strncmp(known, value, length) != 0 || known[length] != '\n') done = pwrite(file, value, length, 0);
    int error = errno;
    close(file);
    errno = error;
    return done < 0 ? -1 : 0;
}

static void set_ipv6(const char *interface, const char *setting, const char *value) {
    char path[64] = "ipv6/conf/";
    strncat(path, interface, IFNAMSIZ);
    // A kernel without IPv6 has no such setting.
    if (set_network(strcat(path, setting), value) < 0) {}
}

void allow_ipv6(const char *interface, int allowed) {
    if (allowed) {
        // Nobody else has an address that is made of the interface's own, and no router of IPv6 is here to ask for one.
        set_ipv6(interface, "/accept_dad", "0");
        set_ipv6(interface, "/accept_ra", "0");
    }
    set_ipv6(interface, "/disable_ipv6", allowed ? "0" : "1");
}

static uint32_t mask(uint8_t prefix) { return prefix ? htonl(~0u << (32 - prefix)) : 0; }

int interface_up(const char *name, uint32_t address, uint8_t prefix) {
    struct ifreq request = {0};
    struct sockaddr_in *value = (struct sockaddr_in *)&request.ifr_addr;
    int result = -1, control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) return -1;
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    value->sin_family = AF_INET;
    if (address) {
        value->sin_addr.s_addr = address;
        if (ioctl(control, SIOCSIFADDR, &request) < 0) goto end;
        value->sin_addr.s_addr = mask(prefix);
        if (ioctl(control, SIOCSIFNETMASK, &request) < 0) goto end;
    }
    if (ioctl(control, SIOCGIFFLAGS, &request) < 0) goto end;
    request.ifr_flags |= IFF_UP;
    result = ioctl(control, SIOCSIFFLAGS, &request);
end:
    close(control);
    return result;
}

// The device is made to stay, since the program that is to hold it is not there yet.
int add_tap(const char *tun, const char *name, const char *bridge) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int result = -1, device = open(tun, O_RDWR | O_CLOEXEC), control = -1;
    if (device < 0) return -1;
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(device, TUNSETIFF, &request) < 0 || ioctl(device, TUNSETPERSIST, 1) < 0) goto end;
    if ((control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0) goto end;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, bridge, IFNAMSIZ - 1);
    request.ifr_ifindex = if_nametoindex(name);
    if (ioctl(control, SIOCBRADDIF, &request) < 0) goto end;
    result = interface_up(name, 0, 0);
end:
    if (control >= 0) close(control);
    close(device);
    return result;
}

// In the place of the route that the kernel has made with the address.
static int acknowledge_at_once(
    int netlink, const char *interface, struct rtmsg message, const void *network, size_t length, const uint32_t *source) {
    struct request request;
    uint32_t on = 1, kernels_own = IP6_RT_PRIO_ADDRCONF;
    int index = if_nametoindex(interface);
    if (!index) return -1;
    begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &message, sizeof message);
    add(&request, RTA_DST, network, length);
    if (source) add(&request, RTA_PREFSRC, source, sizeof *source);
    if (!source) add(&request, RTA_PRIORITY, &kernels_own, sizeof kernels_own);
    add(&request, RTA_OIF, &index, sizeof index);
    struct rtattr *metrics = add(&request, RTA_METRICS, NULL, 0);
    add(&request, RTAX_QUICKACK, &on, sizeof on);
    close_nested(&request, metrics);
    return ask(netlink, &request);
}

int netlink_quick_acknowledgements(int netlink, const char *interface, uint32_t source, uint8_t prefix) {
    struct rtmsg message = {
        .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_KERNEL,
        .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST,
    };
    uint32_t network = source & mask(prefix);
    return acknowledge_at_once(netlink, interface, message, &network, sizeof network, &source);
}

int netlink_quick_acknowledgements6(int netlink, const char *interface, const uint8_t source[16]) {
    struct rtmsg message = {
        .rtm_family = AF_INET6, .rtm_dst_len = 64, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_KERNEL,
        .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
    };
    uint8_t network[16] = {0};
    memcpy(network, source, 8);
    return acknowledge_at_once(netlink, interface, message, network, sizeof network, NULL);
}

int netlink_add_default_route(int netlink, const char *interface, const void *gateway, size_t length) {
    struct request request;
    int index = if_nametoindex(interface);
    struct rtmsg message = {
        .rtm_family = length == 4 ? AF_INET : AF_INET6, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
    };
    begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
    add(&request, RTA_GATEWAY, gateway, length);
    add(&request, RTA_OIF, &index, sizeof index);
    return ask(netlink, &request);
}

#define _GNU_SOURCE
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
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
    struct rtattr *info = add(&request, IFLA_LINKINFO, NULL, 0);
    add_text(&request, IFLA_INFO_KIND, "bridge");
    close_nested(&request, info);
    return ask(netlink, &request);
}

int netlink_add_pair(int netlink, const char *port, int bridge, const char *other, int network, pid_t process) {
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

int netlink_delete(int netlink, const char *name) {
    struct request request;
    struct ifinfomsg message = {0};
    begin(&request, RTM_DELLINK, 0, &message, sizeof message);
    add_text(&request, IFLA_IFNAME, name);
    return ask(netlink, &request);
}

void disable_ipv6(const char *interface) {
    char path[64] = "/proc/sys/net/ipv6/conf/";
    strncat(path, interface, IFNAMSIZ);
    int file = open(strcat(path, "/disable_ipv6"), O_WRONLY | O_CLOEXEC);
    if (file < 0) return;  // a kernel without it
    if (write(file, "1", 1) < 0) {}  // it is slower then, no worse
    close(file);
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

int netlink_quick_acknowledgements(int netlink, const char *interface, uint32_t network, uint32_t source, uint8_t prefix) {
    struct request request;
    struct rtmsg message = {
        .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_KERNEL,
        .rtm_scope = RT_SCOPE_LINK, .rtm_type = RTN_UNICAST,
    };
    uint32_t on = 1, destination = network & mask(prefix);
    int index = if_nametoindex(interface);
    if (!index) return -1;
    begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &message, sizeof message);
    add(&request, RTA_DST, &destination, sizeof destination);
    add(&request, RTA_PREFSRC, &source, sizeof source);
    add(&request, RTA_OIF, &index, sizeof index);
    struct rtattr *metrics = add(&request, RTA_METRICS, NULL, 0);
    add(&request, RTAX_QUICKACK, &on, sizeof on);
    close_nested(&request, metrics);
    return ask(netlink, &request);
}

int netlink_add_default_route(int netlink, uint32_t gateway) {
    struct request request;
    struct rtmsg message = {
        .rtm_family = AF_INET, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_STATIC,
        .rtm_scope = RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST,
    };
    begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &message, sizeof message);
    add(&request, RTA_GATEWAY, &gateway, sizeof gateway);
    return ask(netlink, &request);
}

#include "build_context.h"

#include <stddef.h>

// C23's #embed, which Swift's clang has: 500 kB compile in 20 ms. (SwiftPM's own embedding writes a Swift array of as many
// numbers.) The compiler notes the files as inputs, so that a change makes this anew.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char dockerfile[] = {
#embed "../../docker/Dockerfile"
};
static const unsigned char provision[] = {
#embed "../../docker/provision.sh"
};
static const unsigned char requirements[] = {
#embed "../../docker/requirements.txt"
};
static const unsigned char laserfarm[] = {
#embed "../../docker/laserfarm.txt"
};
static const unsigned char ssh_config[] = {
#embed "../../docker/ssh_config"
};
static const unsigned char sshd_config[] = {
#embed "../../docker/sshd_config"
};
static const unsigned char shutdown[] = {
#embed "../../docker/shutdown"
};
static const unsigned char start_node[] = {
#embed "../../docker/start-node"
};
static const unsigned char authorize_keys[] = {
#embed "../../ssh/authorize-keys"
};

static const struct build_context_file files[] = {
    {"docker/Dockerfile", dockerfile, sizeof dockerfile, 0},
    {"docker/laserfarm.txt", laserfarm, sizeof laserfarm, 0},
    {"docker/provision.sh", provision, sizeof provision, 1},
    {"docker/requirements.txt", requirements, sizeof requirements, 0},
    {"docker/ssh_config", ssh_config, sizeof ssh_config, 0},
    {"docker/sshd_config", sshd_config, sizeof sshd_config, 0},
    {"docker/shutdown", shutdown, sizeof shutdown, 1},
    {"docker/start-node", start_node, sizeof start_node, 1},
    {"ssh/authorize-keys", authorize_keys, sizeof authorize_keys, 1},
};

const struct build_context_file *build_context_file(unsigned long index) {
    return index < sizeof files / sizeof *files ? &files[index] : NULL;
}

// What shapes the nodes' networks is made of files of its own, so that images of nodes stay what they are when it changes.

static const unsigned char network_dockerfile[] = {
#embed "../../docker/network/Dockerfile"
};
static const unsigned char network_main[] = {
#embed "../../docker/network/main.c"
};
static const unsigned char shape_network[] = {
#embed "../../docker/network/shape-network"
};
static const unsigned char netlink_c[] = {
#embed "../CNamespaces/netlink.c"
};
static const unsigned char netlink_h[] = {
#embed "../CNamespaces/netlink.h"
};
static const unsigned char wire_chance_h[] = {
#embed "../CNamespaces/wire/chance.h"
};
static const unsigned char wire_direction_c[] = {
#embed "../CNamespaces/wire/direction.c"
};
static const unsigned char wire_direction_h[] = {
#embed "../CNamespaces/wire/direction.h"
};
static const unsigned char wire_frame_c[] = {
#embed "../CNamespaces/wire/frame.c"
};
static const unsigned char wire_frame_h[] = {
#embed "../CNamespaces/wire/frame.h"
};
static const unsigned char wire_queue_c[] = {
#embed "../CNamespaces/wire/queue.c"
};
static const unsigned char wire_queue_h[] = {
#embed "../CNamespaces/wire/queue.h"
};
static const unsigned char wire_way_in_c[] = {
#embed "../CNamespaces/wire/way_in.c"
};
static const unsigned char wire_way_in_h[] = {
#embed "../CNamespaces/wire/way_in.h"
};
static const unsigned char wire_wire_c[] = {
#embed "../CNamespaces/wire/wire.c"
};
static const unsigned char wire_wire_h[] = {
#embed "../CNamespaces/wire/wire.h"
};

static const struct build_context_file network_files[] = {
    {"Dockerfile", network_dockerfile, sizeof network_dockerfile, 0},
    {"main.c", network_main, sizeof network_main, 0},
    {"netlink.c", netlink_c, sizeof netlink_c, 0},
    {"netlink.h", netlink_h, sizeof netlink_h, 0},
    {"shape-network", shape_network, sizeof shape_network, 1},
    {"wire/chance.h", wire_chance_h, sizeof wire_chance_h, 0},
    {"wire/direction.c", wire_direction_c, sizeof wire_direction_c, 0},
    {"wire/direction.h", wire_direction_h, sizeof wire_direction_h, 0},
    {"wire/frame.c", wire_frame_c, sizeof wire_frame_c, 0},
    {"wire/frame.h", wire_frame_h, sizeof wire_frame_h, 0},
    {"wire/queue.c", wire_queue_c, sizeof wire_queue_c, 0},
    {"wire/queue.h", wire_queue_h, sizeof wire_queue_h, 0},
    {"wire/way_in.c", wire_way_in_c, sizeof wire_way_in_c, 0},
    {"wire/way_in.h", wire_way_in_h, sizeof wire_way_in_h, 0},
    {"wire/wire.c", wire_wire_c, sizeof wire_wire_c, 0},
    {"wire/wire.h", wire_wire_h, sizeof wire_wire_h, 0},
};

const struct build_context_file *network_context_file(unsigned long index) {
    return index < sizeof network_files / sizeof *network_files ? &network_files[index] : NULL;
}

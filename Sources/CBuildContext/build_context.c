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

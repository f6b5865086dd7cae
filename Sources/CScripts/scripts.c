#include "scripts.h"

// C23's #embed, as in CBuildContext.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char reaper[] = {
#embed "reaper.sh"
    , 0};
static const char reap_docker[] = {
#embed "reap-docker.sh"
    , 0};
static const char send_files[] = {
#embed "send-files.sh"
    , 0};
static const char receive_files[] = {
#embed "receive-files.sh"
    , 0};

static const char relay[] = {
#embed "relay.sh"
    , 0};
static const char ssh_client[] = {
#embed "ssh-client.sh"
    , 0};

const char *reaper_script(void) { return reaper; }
const char *docker_reaping_script(void) { return reap_docker; }
const char *relay_script(void) { return relay; }
const char *ssh_client_script(void) { return ssh_client; }
const char *file_sending_script(void) { return send_files; }
const char *file_receiving_script(void) { return receive_files; }

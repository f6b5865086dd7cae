#include "scripts.h"

// C23's #embed, as in CBuildContext.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const char reaper[] = {
#embed "reaper.sh"
    , 0};
static const char reap_docker[] = {
#embed "reap-docker.sh"
    , 0};
static const char reap_swarm[] = {
#embed "reap-swarm.py"
    , 0};
static const char send_files[] = {
#embed "send-files.sh"
    , 0};
static const char receive_files[] = {
#embed "receive-files.sh"
    , 0};
static const char end_session[] = {
#embed "end-session.sh"
    , 0};
static const char prepare_inside[] = {
#embed "prepare-inside.sh"
    , 0};
static const char run_inside[] = {
#embed "run-inside.sh"
    , 0};

static const char hold_host[] = {
#embed "hold-host.sh"
    , 0};
static const char in_host[] = {
#embed "in-host.sh"
    , 0};
static const char reap_hosts[] = {
#embed "reap-hosts.sh"
    , 0};

static const char relay[] = {
#embed "relay.sh"
    , 0};
static const char ssh_client[] = {
#embed "ssh-client.sh"
    , 0};
static const char start_slurm[] = {
#embed "start-slurm.sh"
    , 0};
static const char prove_slurm[] = {
#embed "prove-slurm.sh"
    , 0};
static const char start_program[] = {
#embed "start-program.sh"
    , 0};
static const char break_ssh[] = {
#embed "break-ssh.sh"
    , 0};
static const char break_names[] = {
#embed "break-names.py"
    , 0};
static const char set_clock[] = {
#embed "set-clock.sh"
    , 0};
static const char prove_dask[] = {
#embed "prove-dask.py"
    , 0};
static const char prove_jupyter[] = {
#embed "prove-jupyter.py"
    , 0};
static const char examine_node[] = {
#embed "examine-node.sh"
    , 0};
static const char timeline_page[] = {
#embed "timeline.html"
    , 0};

const char *reaper_script(void) { return reaper; }
const char *docker_reaping_script(void) { return reap_docker; }
const char *swarm_reaping_program(void) { return reap_swarm; }
const char *host_holding_script(void) { return hold_host; }
const char *host_running_script(void) { return in_host; }
const char *hosts_reaping_script(void) { return reap_hosts; }
const char *relay_script(void) { return relay; }
const char *ssh_client_script(void) { return ssh_client; }
const char *file_sending_script(void) { return send_files; }
const char *file_receiving_script(void) { return receive_files; }
const char *session_ending_script(void) { return end_session; }
const char *inside_preparing_script(void) { return prepare_inside; }
const char *inside_running_script(void) { return run_inside; }
const char *slurm_starting_script(void) { return start_slurm; }
const char *slurm_proving_script(void) { return prove_slurm; }
const char *program_starting_script(void) { return start_program; }
const char *dask_proving_program(void) { return prove_dask; }
const char *jupyter_proving_program(void) { return prove_jupyter; }
const char *ssh_breaking_script(void) { return break_ssh; }
const char *names_breaking_program(void) { return break_names; }
const char *clock_setting_script(void) { return set_clock; }
const char *node_examining_script(void) { return examine_node; }
const char *timeline_page_template(void) { return timeline_page; }

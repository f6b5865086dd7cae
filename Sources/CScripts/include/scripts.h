#pragma once

/// Scripts that travel inside the program, as text. Each file says what words it gets.

/// reaper.sh.
const char *reaper_script(void);

/// reap-docker.sh, the Docker backend's part of the reaper.
const char *docker_reaping_script(void);

/// reap-swarm.py, the Swarm backend's part of the reaper, which runs in a container of its own.
const char *swarm_reaping_program(void);

/// hold-host.sh, which runs on a machine that was there before.
const char *host_holding_script(void);

/// in-host.sh, which runs on a machine that was there before.
const char *host_running_script(void);

/// reap-hosts.sh, the hosts backend's part of the reaper.
const char *hosts_reaping_script(void);

/// relay.sh, for bash.
const char *relay_script(void);

/// ssh-client.sh.
const char *ssh_client_script(void);

/// send-files.sh, which runs on a node.
const char *file_sending_script(void);

/// receive-files.sh, which runs on a node.
const char *file_receiving_script(void);

/// end-session.sh, which runs on a node.
const char *session_ending_script(void);

/// prepare-inside.sh, which runs on a node.
const char *inside_preparing_script(void);

/// run-inside.sh, which runs on a node.
const char *inside_running_script(void);

/// start-slurm.sh, for bash, which runs on a node.
const char *slurm_starting_script(void);

/// prove-slurm.sh, for bash, which runs on a node.
const char *slurm_proving_script(void);

/// start-program.sh, which runs on a node.
const char *program_starting_script(void);

/// prove-dask.py, which runs on a node.
const char *dask_proving_program(void);

/// prove-jupyter.py, which runs on a node.
const char *jupyter_proving_program(void);

/// break-ssh.sh, which runs on a node.
const char *ssh_breaking_script(void);

/// break-names.py, which runs on a node.
const char *names_breaking_program(void);

/// set-clock.sh, which runs on a node.
const char *clock_setting_script(void);

/// examine-node.sh, which runs on a node.
const char *node_examining_script(void);

/// timeline.html, a page that lacks its data.
const char *timeline_page_template(void);

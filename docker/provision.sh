#!/bin/sh
# Turns any apt-based system into a cluster node: `provision.sh node` installs sshd and the users root and ubuntu,
# `provision.sh dask` adds the Python environment on top. The Dockerfile runs it, and so does any backend that
# has no Docker: it needs nothing but a root shell and this folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

# Extra certificate authorities (a TLS-inspecting proxy's, say), if any were put into ca-certificates/.
trust_certificates() {
    set -- "$here"/ca-certificates/*.crt
    [ -e "$1" ] || return 0
    cp "$@" /usr/local/share/ca-certificates/
    update-ca-certificates
}

make_ubuntu_user() {
    # An `ubuntu` user that the base image brings is kept as it is.
    id ubuntu >/dev/null 2>&1 || useradd --create-home --uid 1000 --user-group --shell /bin/bash ubuntu
    # Without PAM, sshd takes '!' (no password yet) for a locked account; '*' says: no password, keys only.
    usermod --password '*' ubuntu
    usermod --password '*' root
}

# sshd runs the user's login shell for every command: a home that is free of start-up files makes each one faster.
make_home() {
    user=$1 home=$(getent passwd "$1" | cut -d: -f6)
    rm -f "$home/.bashrc" "$home/.profile" "$home/.bash_logout"
    install -d -m 0700 -o "$user" -g "$(id -gn "$user")" "$home/.ssh"
}

configure_sshd() {
    install -m 0644 "$here/sshd_config" /etc/ssh/sshd_config
    install -D -m 0644 "$here/ssh_config" /etc/ssh/ssh_config.d/cluster-fixture.conf
    # OpenSSH 9.8 and later punish clients that connect without logging in, which is what a readiness probe does.
    mkdir -p /run/sshd
    ssh-keygen -q -t ed25519 -N '' -f /tmp/probe
    if /usr/sbin/sshd -t -h /tmp/probe -o PerSourcePenalties=no 2>/dev/null; then
        echo 'PerSourcePenalties no' >>/etc/ssh/sshd_config
    fi
    # Host keys belong to a node, never to an image: they are made, or handed over, when the node starts.
    rm -f /tmp/probe /tmp/probe.pub /etc/ssh/ssh_host_*
    install -m 0755 "$here/start-node" /usr/local/sbin/start-node
}

provision_node() {
    apt-get update
    apt-get install -y --no-install-recommends ca-certificates
    trust_certificates
    apt-get install -y --no-install-recommends openssh-server openssh-client openssh-sftp-server \
        python3 rsync iproute2 procps
    make_ubuntu_user
    make_home root
    make_home ubuntu
    configure_sshd
    apt-get clean
    rm -rf /var/lib/apt/lists/*
}

# A virtual environment whose prefix is /usr/local: its programs are on the PATH that sshd gives to every command.
# What comes from PyPI has to have a hash in requirements.txt. Only wheels are taken: to build one, pip would fetch tools
# that have no hash. pip itself is Debian's, signed like every package.
provision_dask() {
    apt-get update
    apt-get install -y --no-install-recommends python3-venv
    python3 -m venv /usr/local
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt /usr/local/bin/pip install \
        --no-cache-dir --disable-pip-version-check --progress-bar off \
        --require-hashes --only-binary :all: --requirement "$here/requirements.txt"
    apt-get clean
    rm -rf /var/lib/apt/lists/*
}

case "${1:-}" in
    node) provision_node ;;
    dask) provision_dask ;;
    *)
        echo "usage: provision.sh node|dask" >&2
        exit 64
        ;;
esac

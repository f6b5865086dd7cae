#!/bin/sh
# Turns any apt-based system into a cluster node: `provision.sh node` installs sshd and the users root and ubuntu,
# `provision.sh dask` adds the Python environment on top, `provision.sh laserfarm` the same with Laserfarm (on Debian 11), and
# `provision.sh add` what is in its folder: `packages` (their names, one a line), `requirements.txt` and `script`. The
# Dockerfile runs it, and so does any backend that has no Docker: it needs nothing but a root shell and this folder.
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

# The home keeps the base's start-up files. But sshd runs the user's shell for every command, and a file that prints would
# be in the way of scp and rsync: such files go.
make_home() {
    user=$1 home=$(getent passwd "$1" | cut -d: -f6)
    install -d -m 0700 -o "$user" -g "$(id -gn "$user")" "$home/.ssh"
    [ -z "$(start_shell "$user" "$home" -c :)$(start_shell "$user" "$home" -lc :)" ] ||
        rm -f "$home/.bashrc" "$home/.bash_profile" "$home/.bash_login" "$home/.profile"
}

# start_shell USER HOME OPTIONS…: what bash prints when sshd starts it.
start_shell() {
    user=$1 home=$2
    shift 2
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups env -i SSH_CLIENT='127.0.0.1 1 22' \
        HOME="$home" USER="$user" PATH=/usr/local/bin:/usr/bin:/bin bash "$@" 2>&1 </dev/null || true
}

# In a container, a login's number can be set once, and what is started from a login has it: a service that was restarted
# there could let nobody in.
loosen_login_numbers() {
    sed -i 's/^\(session[[:space:]]*\)required\([[:space:]]*pam_loginuid\.so\)/\1optional\2/' /etc/pam.d/*
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
    # What the service writes is the node's log, as there is no journal.
    echo 'SSHD_OPTS="-E /dev/console"' >/etc/default/ssh
    # Host keys belong to a node, never to an image: they are made, or handed over, when the node starts.
    rm -f /tmp/probe /tmp/probe.pub /etc/ssh/ssh_host_*
    install -m 0755 "$here/start-node" /usr/local/sbin/start-node
}

# The first process of a node is not systemd. What a package has of these names, now or later, stands aside.
install_shutdown() {
    for name in shutdown reboot poweroff halt; do
        for folder in /sbin /usr/sbin; do dpkg-divert --quiet --local --rename --add "$folder/$name"; done
    done
    install -m 0755 "$here/shutdown" /sbin/shutdown
    for name in reboot poweroff halt; do ln -sf shutdown "/sbin/$name"; done
}

provision_node() {
    apt-get update
    apt-get install -y --no-install-recommends ca-certificates
    trust_certificates
    # The package makes no host keys where there are some, and an image is to have none.
    mkdir -p /etc/ssh
    touch /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_ecdsa_key /etc/ssh/ssh_host_ed25519_key
    apt-get install -y --no-install-recommends openssh-server openssh-client openssh-sftp-server \
        python3 rsync iproute2 iputils-ping nftables procps sudo xauth libfaketime
    [ -e /usr/bin/python ] || ln -s python3 /usr/bin/python
    make_packages_folders
    make_ubuntu_user
    make_home root
    make_home ubuntu
    configure_sshd
    install_shutdown
    loosen_login_numbers
    clean_up
}

# Packages have their folders below /run and /var made by systemd-tmpfiles. Where systemd is not installed, it is a package of its own.
make_packages_folders() {
    if ! command -v systemd-tmpfiles >/dev/null && apt-cache show systemd-standalone-tmpfiles >/dev/null 2>&1; then
        apt-get install -y --no-install-recommends systemd-standalone-tmpfiles
    fi
}

clean_up() {
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
    clean_up
}

# Laserfarm wants PDAL and GDAL, with bindings of the same age: Debian 11 is the last that has both. The environment sees Debian's
# Python packages, of which GDAL's bindings are one. PDAL's are to be had as source alone: they are built with Debian's tools, which
# are signed and go again, and without those that pip would fetch.
provision_laserfarm() {
    tools='libpdal-dev g++ cmake ninja-build python3-dev python3-skbuild cython3 pybind11-dev python3-wheel'
    apt-get update
    apt-get install -y --no-install-recommends python3-venv python3-gdal pdal
    # shellcheck disable=SC2086
    apt-get install -y --no-install-recommends $tools
    python3 -m venv --system-site-packages /usr/local
    PIP_CERT=/etc/ssl/certs/ca-certificates.crt /usr/local/bin/pip install \
        --no-cache-dir --disable-pip-version-check --progress-bar off \
        --require-hashes --only-binary :all: --no-binary pdal --no-build-isolation --requirement "$here/laserfarm.txt"
    # What they brought along goes too, though it be suggested by what stays.
    # shellcheck disable=SC2086
    apt-get purge -y --auto-remove -o APT::AutoRemove::SuggestsImportant=false $tools
    clean_up
}

# Requirements are taken as the user has them: with a hash each, or none. The environment is the Dask node's if it has one;
# a new one sees the distribution's Python packages as well.
provision_addition() {
    apt-get update
    if [ -e "$here/packages" ]; then
        # Names and their separators only: they are checked before they get here.
        # shellcheck disable=SC2046
        apt-get install -y --no-install-recommends $(cat "$here/packages")
    fi
    if [ -e "$here/requirements.txt" ]; then
        if [ ! -e /usr/local/pyvenv.cfg ]; then
            apt-get install -y --no-install-recommends python3-venv
            python3 -m venv --system-site-packages /usr/local
        fi
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt /usr/local/bin/pip install \
            --no-cache-dir --disable-pip-version-check --progress-bar off --requirement "$here/requirements.txt"
    fi
    if [ -e "$here/script" ]; then
        chmod 0755 "$here/script"
        (cd /root && HOME=/root "$here/script")
    fi
    loosen_login_numbers
    clean_up
}

case "${1:-}" in
    node) provision_node ;;
    dask) provision_dask ;;
    laserfarm) provision_laserfarm ;;
    add) provision_addition ;;
    *)
        echo "usage: provision.sh node|dask|laserfarm|add" >&2
        exit 64
        ;;
esac

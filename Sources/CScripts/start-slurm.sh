#!/usr/bin/env bash
# Starts a node's part of Slurm. Runs on the node as root; slurm.conf, the munge key and what belongs to them are there.
# Words: the controller's name or address, then the node's duties: database, controller, compute. Without any it submits jobs.
set -euo pipefail
controller=$1
shift
duties=" $* "

fail() {
    echo "$*" >&2
    exit 1
}

has_duty() { [[ $duties == *" $1 "* ]]; }

# Without a connection, of which servers complain that says nothing.
listens() { grep -Eqs "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6; }

# A daemon goes on to start when the program that was called has ended.
until_it_listens() {
    until listens "$2"; do
        pgrep -x "$1" >/dev/null || fail "$1 has ended"
        sleep 0.01
    done
}

as_user() { setpriv --reuid "$1" --regid "$1" --init-groups "${@:2}"; }

start_database() {
    [ "$(stat -c %U /var/lib/mysql)" = mysql ] || chown -R mysql: /var/lib/mysql
    install -d -o mysql -g mysql -m 755 /run/mysqld
    install -d -o slurm -g slurm -m 755 /run/slurmdbd
    local socket=/run/mysqld/mysqld.sock log=/var/log/slurm/mariadb.log
    # Nothing outlives the cluster: no transaction has to be on a disk.
    setsid mariadbd --user=mysql --socket="$socket" --skip-networking --innodb-flush-log-at-trx-commit=0 \
        </dev/null >"$log" 2>&1 &
    local server=$!
    until [ -S "$socket" ]; do
        kill -0 "$server" 2>/dev/null || fail "mariadbd has ended"
        sleep 0.01
    done
    # The system says who asks: there is no password.
    mariadb --socket="$socket" --execute='create database if not exists slurm_acct_db;
        create user if not exists slurm@localhost identified via unix_socket;
        grant all on slurm_acct_db.* to slurm@localhost'
    wait_for_munge
    as_user slurm slurmdbd
    until_it_listens slurmdbd 6819
}

wait_for_munge() { [ -z "$munge" ] || wait "$munge" || fail "munged could not be started"; munge=; }

# What an ordinary user's images have belongs to root throughout.
install -d -o munge -g munge -m 755 /run/munge
install -d -o munge -g munge -m 700 /etc/munge /var/lib/munge /var/log/munge
install -d -o slurm -g slurm -m 755 /var/lib/slurm /var/lib/slurm/slurmctld /var/log/slurm
install -d -m 755 /var/lib/slurm/slurmd

# It returns when it takes requests.
as_user munge munged &
munge=$!
! has_duty database || start_database
if has_duty controller; then
    slurmctld
    wait_for_munge
    until_it_listens slurmctld 6817
else
    wait_for_munge
fi
if has_duty compute; then
    # slurmd asks once when it starts, and then after a second at the earliest.
    until (exec 3<>"/dev/tcp/$controller/6817") 2>/dev/null; do sleep 0.01; done
    slurmd
fi

#!/usr/bin/env bash
# Starts a node's part of Slurm. Runs on the node as root; slurm.conf, the munge key and what belongs to them are there.
# Words: how many seconds it may wait for each thing, the controller's name, then the node's duties: database, controller,
# compute. Without any it submits jobs. When it fails, the last line of its standard error says why.
set -euo pipefail
patience=$1 controller=$2
shift 2
duties=" $* "

fail() {
    echo "$*" >&2
    exit 1
}

# Succeeds as soon as a command does, unless that takes too long.
eventually() {
    local end=$((SECONDS + patience))
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.01
    done
}

has_duty() { [[ $duties == *" $1 "* ]]; }

# Without a connection, of which servers complain that says nothing.
listens() { grep -Eqs "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ 0A " /proc/net/tcp /proc/net/tcp6; }

require_free() { ! listens "$2" || fail "port $2, which $1 needs, is taken"; }

# A daemon goes on to start when the program that was called has ended. Some say why they end only when they stay in front.
listens_or_is_gone() { listens "$2" || ! pgrep -x "$1" >/dev/null; }
until_it_listens() {
    eventually listens_or_is_gone "$1" "$2" || fail "$1 does not listen to port $2 after $patience s"
    listens "$2" || fail "$1 has ended: $(timeout 2 "$1" -D 2>&1 | tail -n 1)"
}

# What a firewall swallows is tried for minutes.
takes_connections() { timeout 1 bash -c ": 3<>/dev/tcp/$1/$2" 2>/dev/null; }

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
    answers_or_is_gone() { [ -S "$socket" ] || ! kill -0 "$server" 2>/dev/null; }
    eventually answers_or_is_gone || fail "mariadbd does not take connections after $patience s"
    [ -S "$socket" ] || fail "mariadbd has ended: $(tail -n 1 "$log")"
    # The system says who asks: there is no password.
    mariadb --socket="$socket" --execute='create database if not exists slurm_acct_db;
        create user if not exists slurm@localhost identified via unix_socket;
        grant all on slurm_acct_db.* to slurm@localhost'
    wait_for_munge
    require_free slurmdbd 6819
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
    require_free slurmctld 6817
    slurmctld
    wait_for_munge
    until_it_listens slurmctld 6817
else
    wait_for_munge
fi
if has_duty compute; then
    # slurmd asks once when it starts, and then after a second at the earliest.
    eventually takes_connections "$controller" 6817 ||
        fail "slurmctld on $controller takes no connection (port 6817) after $patience s"
    require_free slurmd 6818
    slurmd
    until_it_listens slurmd 6818
fi

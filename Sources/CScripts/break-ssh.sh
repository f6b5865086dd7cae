#!/bin/sh
# Runs on a node as root and breaks its sshd on purpose, or heals it: `sh -c TEXT sh FAULT [VALUE]`, `sh -c TEXT sh heal [FAULT…]`.
#   refuse-logins                   nobody is let in
#   stall-before-banner             connections are accepted, and nothing is ever said
#   stall-after-key-exchange        logins are never answered
#   limit-logins MAXSTARTUPS        connections that are not logged in are dropped beyond sshd's MaxStartups
#   change-host-key                 other host keys than the pinned ones
#   slow-banner SECONDS             the first line comes late
#   drop-after BYTES                connections are reset when so much has been carried
# A fault that is there already takes the new value. `heal` without faults heals all. A reason goes to standard error.
set -eu
kept=/var/lib/cluster-fixture/ssh
settings=/etc/ssh/sshd_config.d
pid_file=/run/sshd.pid
table=cluster_fixture_ssh
waits='account optional pam_exec.so quiet /bin/cat /var/lib/cluster-fixture/ssh/hold'
slow='sshd: ALL: spawn /bin/sleep'
changed=

fail() {
    echo "$1" >&2
    exit 1
}

# --- sshd and its settings -------------------------------------------------------------------------------------------

runs() { pid=$(cat "$pid_file" 2>/dev/null) && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = sshd ]; }

server() {
    runs || fail 'no sshd runs there'
    echo "$pid"
}

is_stopped() { [ "$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat")" = T ]; }

# sshd writes its file anew when it listens with its new settings. One that is stopped, or that is started again, reads them then.
reload() {
    runs || return 0
    sshd=$pid
    if is_stopped "$sshd"; then return 0; fi
    rm -f "$pid_file"
    kill -HUP "$sshd"
    until [ -s "$pid_file" ]; do
        [ -d "/proc/$sshd" ] || fail 'sshd ended when it was to read its settings again'
        sleep 0.01
    done
}

# set NAME KEYWORD VALUE: a file of settings of this fault's own, before all others.
set_keyword() {
    file=$settings/00-cluster-fixture-$1.conf
    mkdir -p "$settings"
    echo "$2 $3" >"$file"
    reason=$(/usr/sbin/sshd -t 2>&1) || { rm -f "$file" && fail "sshd does not take $2 $3: $reason"; }
    /usr/sbin/sshd -T -C user=root,host=node,addr=127.0.0.1 2>/dev/null | grep -iqF "$2 $3" ||
        { rm -f "$file" && fail "sshd_config there does not heed what is in $settings"; }
    changed=yes
}

unset_keyword() {
    file=$settings/00-cluster-fixture-$1.conf
    if [ -e "$file" ]; then rm -f "$file" && changed=yes; fi
}

# --- stalls ----------------------------------------------------------------------------------------------------------

stall_before_banner() { kill -STOP "$(server)"; }

heal_stall_before_banner() {
    if runs && is_stopped "$pid"; then kill -CONT "$pid" && changed=yes; fi
}

# PAM has to agree to every login, whatever it is by; and it waits until somebody opens the pipe for writing.
stall_after_key_exchange() {
    /usr/sbin/sshd -T -C user=root,host=node,addr=127.0.0.1 2>/dev/null | grep -iqx 'usepam yes' ||
        fail 'sshd there does not use PAM'
    [ -p "$kept/hold" ] || mkfifo -m 0600 "$kept/hold"
    set_keyword stall-after-key-exchange LoginGraceTime 0
    grep -qxF "$waits" /etc/pam.d/sshd || put_first "$waits" /etc/pam.d/sshd
}

# Those who wait go on; those who come meanwhile find a writer, or no pipe.
heal_stall_after_key_exchange() {
    unset_keyword stall-after-key-exchange
    take_out "$waits" /etc/pam.d/sshd
    if [ -p "$kept/hold" ]; then
        exec 8<>"$kept/hold"
        rm -f "$kept/hold"
        exec 8>&-
    fi
}

put_first() {
    text=$(cat "$2" 2>/dev/null) || text=
    printf '%s\n' "$1" "$text" >"$2"
}

# Takes the lines that begin so out of a file.
take_out() {
    grep -qF "$1" "$2" 2>/dev/null || return 0
    text=$(grep -vF "$1" "$2") || text=
    printf '%s\n' "$text" >"$2"
}

# --- host keys -------------------------------------------------------------------------------------------------------

change_host_key() {
    mkdir -p "$kept/keys"
    for key in /etc/ssh/ssh_host_*_key; do
        # The true ones, and only once.
        [ -e "$kept/keys/${key##*/}" ] || cp -p "$key" "$key.pub" "$kept/keys"
        kind=${key#*/ssh_host_}
        rm -f "$key" "$key.pub"
        ssh-keygen -q -t "${kind%_key}" -N '' -C "root@$(hostname)" -f "$key"
    done
    changed=yes
}

heal_change_host_key() {
    if [ -d "$kept/keys" ]; then
        cp -p "$kept/keys"/* /etc/ssh
        rm -r "$kept/keys"
        changed=yes
    fi
}

# --- connections -----------------------------------------------------------------------------------------------------

# TCP wrappers run the command before sshd says its first word.
slow_banner() {
    grep -qs libwrap /usr/sbin/sshd /usr/lib/openssh/sshd-session || fail 'sshd there has no TCP wrappers'
    take_out "$slow" /etc/hosts.allow
    put_first "$slow $1" /etc/hosts.allow
}

heal_slow_banner() { take_out "$slow" /etc/hosts.allow; }

# Both directions of a connection count together, from its first packet on. A packet on the loopback passes `in` and `out`: each
# direction is counted in one of them. The client is told by a reset when it sends or acknowledges more; sshd is told when it sends
# once more, but not in the place of the client, whose reset comes the same way.
drop_after() {
    command -v nft >/dev/null || fail 'there is no nft'
    {
        echo "table inet $table"
        echo "delete table inet $table"
        echo "table inet $table {"
        for ip in ip ip6; do
            type=ipv4_addr
            [ $ip = ip ] || type=ipv6_addr
            client="$ip saddr . tcp sport" answered="$ip daddr . tcp dport" quota="quota over $1 bytes"
            echo "set ${ip}_seen { type $type . inet_service; flags dynamic,timeout; timeout 1h; }"
            echo "set ${ip}_over { type $type . inet_service; flags dynamic,timeout; timeout 1h; }"
            echo "chain ${ip}_in { type filter hook input priority 10;"
            new="tcp dport 22 tcp flags & (syn | ack) == syn"
            echo "$new delete @${ip}_over { $client }"
            echo "$new delete @${ip}_seen { $client }"
            echo "$new add @${ip}_seen { $client $quota }"
            echo "tcp dport 22 $client @${ip}_seen update @${ip}_seen { $client $quota } add @${ip}_over { $client } reject with tcp reset"
            echo "}"
            echo "chain ${ip}_out { type filter hook output priority 10;"
            echo "tcp sport 22 tcp flags & rst == 0 $answered @${ip}_over reject with tcp reset"
            echo "tcp sport 22 $answered @${ip}_seen update @${ip}_seen { $answered $quota }"
            echo "}"
        done
        echo "}"
    } | nft -f - || fail 'nft there does not take the rules'
}

heal_drop_after() { nft delete table inet "$table" 2>/dev/null || true; }

# ---------------------------------------------------------------------------------------------------------------------

umask 077
mkdir -p "$kept"
exec 9>"$kept/lock"
flock 9
umask 022
fault=$1
shift
case $fault in
    refuse-logins) set_keyword refuse-logins DenyUsers '*' ;;
    stall-before-banner) stall_before_banner ;;
    stall-after-key-exchange) stall_after_key_exchange ;;
    limit-logins) set_keyword limit-logins MaxStartups "$1" ;;
    change-host-key) change_host_key ;;
    slow-banner) slow_banner "$1" ;;
    drop-after) drop_after "$1" ;;
    heal)
        [ $# != 0 ] || set -- stall-before-banner refuse-logins stall-after-key-exchange limit-logins change-host-key \
            slow-banner drop-after
        for fault in "$@"; do
            case $fault in
                refuse-logins | limit-logins) unset_keyword "$fault" ;;
                stall-before-banner) heal_stall_before_banner ;;
                stall-after-key-exchange) heal_stall_after_key_exchange ;;
                change-host-key) heal_change_host_key ;;
                slow-banner) heal_slow_banner ;;
                drop-after) heal_drop_after ;;
                *) fail "there is no fault $fault" ;;
            esac
        done
        ;;
    *) fail "there is no fault $fault" ;;
esac
[ -z "$changed" ] || reload

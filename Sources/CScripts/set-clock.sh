#!/bin/sh
# Runs on a node as root and shifts its clock for whatever starts from then on, or sets it right: `sh -c TEXT sh set OFFSET`,
# `sh -c TEXT sh reset`. The offset is as libfaketime has it: `+3600`, `-0.5 x2`. A reason goes to standard error.
set -eu
preload=/etc/ld.so.preload
settings=/etc/faketimerc

fail() {
    echo "$1" >&2
    exit 1
}

library() {
    for file in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
        if [ -e "$file" ]; then echo "$file" && return; fi
    done
    fail 'its image has no libfaketime'
}

# Releases before Debian 13 have an older sshd, and an older libfaketime.
is_old() { [ ! -e /usr/lib/openssh/sshd-session ]; }

# An older sshd lets nobody in with a library that tidies up after itself: its own sandbox forbids that. What the first program of
# several has, its children leave alone (FAKETIME_SHARED): so sshd is to be the first, and is started anew. An `env` in between would be
# another first one, of the same number.
restart_sshd() {
    sshd=$(cat /run/sshd.pid 2>/dev/null) || return 0
    [ "$(sed 's/.*) \(.\).*/\1/' "/proc/$sshd/stat" 2>/dev/null)" != T ] || fail 'sshd is stalled: heal it first'
    kill "$sshd" 2>/dev/null || return 0
    while [ -d "/proc/$sshd" ]; do sleep 0.01; done
    unset FAKETIME_SHARED
    sh -c 'exec /usr/sbin/sshd -E /dev/console'
    until [ -s /run/sshd.pid ]; do sleep 0.01; done
}

# Of some releases (0.9.10), that is not enough for Python, which can't sleep then.
can_wait() {
    FAKETIME="$2" FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=$1 timeout 10 python3 -c 'import threading, time
time.sleep(0.01)
threading.Event().wait(0.01)' 2>/dev/null || fail 'with the libfaketime of this release programs can not wait: take Debian 13, or 11'
}

# With an older libfaketime, programs that wait by the clock of the system's start wait for ever, unless that one is left alone. sshd
# reads these files whenever a command is run.
keep_waiting_right() {
    line=FAKETIME_DONT_FAKE_MONOTONIC=1
    for home in /root "$(getent passwd ubuntu | cut -d: -f6)"; do
        file=$home/.ssh/environment
        [ -d "$home/.ssh" ] || continue
        others=$(grep -vxs "$line" "$file") || others=
        printf '%s\n' ${others:+"$others"} ${1:+"$line"} >"$file"
    done
}

# Other lines of the file are somebody else's.
reset() {
    if grep -qs /libfaketime "$preload"; then
        others=$(grep -v /libfaketime "$preload") || others=
        if [ -n "$others" ]; then echo "$others" >"$preload"; else rm -f "$preload"; fi
    fi
    rm -f "$settings"
}

case $1 in
    set)
        file=$(library)
        reset
        # Programs of another C library than the node's own would not start with it.
        printed=$(FAKETIME="$2" LD_PRELOAD=$file date 2>&1 >/dev/null) || fail "libfaketime does not work there: $printed"
        [ -z "$printed" ] || fail "libfaketime does not work there: $printed"
        if is_old; then can_wait "$file" "${2% x*}"; fi
        echo "$2" >"$settings"
        # The loader reads the file whenever a program starts: it is there whole, or not at all.
        { cat "$preload" 2>/dev/null || true; echo "$file"; } >"$preload.new"
        mv "$preload.new" "$preload"
        if is_old; then keep_waiting_right yes && restart_sshd; fi
        ;;
    reset)
        [ -e "$settings" ] || exit 0
        reset
        if is_old; then keep_waiting_right '' && restart_sshd; fi
        ;;
esac

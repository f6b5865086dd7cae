#!/bin/sh
# examine-node.sh MARK LOG…: how a node is doing, and the last lines of its services' logs, each part behind a line
# "MARK TITLE". It runs on the node as root, by way of sh's standard input, and whatever is missing there is passed over.
mark=$1
shift
export LC_ALL=C
has() { command -v "$1" >/dev/null 2>&1; }
# A file system that doesn't answer must not hold up the rest.
soon() { if has timeout; then timeout -k 1 3 "$@"; else "$@"; fi </dev/null 2>&1; }
part() { printf '\n%s %s\n' "$mark" "$1"; }
show() { [ ! -r "$1" ] || printf '%s: %s\n' "$1" "$(tr '\n' ' ' <"$1" 2>/dev/null)"; }

part 'time and memory'
date -u '+%Y-%m-%dT%H:%M:%SZ'
! has uptime || soon uptime
! has free || soon free -m

part processes
if has ps; then
    soon ps -ewwo pid,ppid,user,stat,etime,rss,args --forest | cut -c1-600 | head -n 400
else
    for process in /proc/[0-9]*; do
        [ ! -r "$process/cmdline" ] || printf '%s %s\n' "${process#/proc/}" "$(tr '\0' ' ' <"$process/cmdline" | cut -c1-600)"
    done
fi

part sockets
if has ss; then soon ss -tuanpO | head -n 400; else head -n 400 /proc/net/tcp /proc/net/tcp6 /proc/net/udp 2>/dev/null; fi

part network
if has ip; then
    soon ip -brief address
    soon ip route
    soon ip neighbour | head -n 200
else
    cat /proc/net/route
fi

part disk
soon df -hT | head -n 100
echo
soon df -i | head -n 100

part limits
for file in cpu.max memory.max memory.current memory.events pids.max pids.current memory/memory.limit_in_bytes \
    memory/memory.usage_in_bytes pids/pids.max pids/pids.current cpu/cpu.cfs_quota_us; do
    show "/sys/fs/cgroup/$file"
done
cat /proc/self/limits 2>/dev/null

for log; do
    [ -s "$log" ] || continue
    part "log $log"
    soon tail -c 131072 -- "$log"
done

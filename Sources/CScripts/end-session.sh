#!/bin/sh
# end-session.sh LEADER: runs on a node, and ends all processes of the session that LEADER leads or has led: by SIGTERM, and by SIGKILL
# what is left of them a second later. Returns when none is left; with 1 if some can't be ended, which are another user's.
set -u
leader=$1

# Prints the processes of the session that have not ended: its leader first, a shell that would tell of the others' ends.
members() {
    for file in "/proc/$leader/stat" /proc/[0-9]*/stat; do
        # It may have ended meanwhile.
        { read -r line <"$file"; } 2>/dev/null || continue
        # What the process calls itself stands in brackets, whatever it is. Behind it: its state, parent, group, session.
        # shellcheck disable=SC2086
        set -- ${line##*) }
        case ${4-}$1 in
            "$leader"[!XZ]) printf '%s ' "${line%% *}" ;;
        esac
    done
}

tries=0
while processes=$(members) && [ -n "$processes" ]; do
    # shellcheck disable=SC2086
    case $tries in
        # One that is stopped hears of it when it goes on.
        0) kill -TERM $processes && kill -CONT $processes ;;
        1??) kill -KILL $processes ;;
        200) exit 1 ;;
    esac 2>/dev/null
    tries=$((tries + 1))
    sleep 0.01
done
exit 0

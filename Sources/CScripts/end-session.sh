#!/bin/sh
# end-session.sh LEADER: runs on a node, and ends all processes of the session that LEADER leads or has led: by SIGTERM, and by SIGKILL
# what is left of them a second later. Returns when none is left; with 1 if some can't be ended, which are another user's.
set -u
leader=$1

# Prints the processes of the session that have not ended: its leader first, a shell that would tell of the others' ends.
members() {
    for file in "/proc/$leader/stat" /proc/[0-9]*/stat; do
        # What the process calls itself stands in brackets, whatever it is: line breaks, too. It may have ended meanwhile.
        text=''
        { while read -r line; do text="$text $line"; done <"$file"; } 2>/dev/null
        # Behind the name: its state, parent, group, session.
        # shellcheck disable=SC2086
        set -- ${text##*) }
        process=${file#/proc/}
        case ${4-}${1-} in
            "$leader"[!XZ]) printf '%s ' "${process%/stat}" ;;
        esac
    done
}

# Prints hundredths of a second. On a busy node a look takes its time, so that tries would not tell how much has passed.
clock() {
    read -r up _ </proc/uptime
    echo $((${up%.*} * 100 + 1${up#*.} - 100))
}

stage=begun
while processes=$(members) && [ -n "$processes" ]; do
    now=$(clock)
    # shellcheck disable=SC2086
    if [ $stage = begun ]; then
        # One that is stopped hears of it when it goes on.
        kill -TERM $processes && kill -CONT $processes
        stage=asked since=$now
    elif [ $((now - since)) -lt 100 ]; then
        :
    elif [ $stage = asked ]; then
        stage=killed since=$now
    else
        exit 1
    fi 2>/dev/null
    # Some may have come meanwhile.
    # shellcheck disable=SC2086
    [ $stage != killed ] || kill -KILL $processes 2>/dev/null
    sleep 0.01
done
exit 0

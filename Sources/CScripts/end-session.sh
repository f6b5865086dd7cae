#!/bin/sh
# end-session.sh LEADER [USER]: runs on a node, and ends all processes of the session that LEADER leads or has led: by SIGTERM, and by SIGKILL
# what is left of them a second later. Returns when none is left; with 1 if some can't be ended, which are another user's.
#
# Without USER, it is run by the one who has begun the session. If another user's programs are in it, which sudo has started, say, it ends
# nothing: the leader stays, and tells root whose session it is.
#
# With USER, it is run by root, for that user. LEADER may be any number, since a start-up file of USER's can have printed it. So the leader has
# to be USER's, or to be the child of a process of USER's, as the session of an `exec sudo` is. Then all is ended that is in the session, which
# may be root's. If the leader has ended, nothing tells whose session it was: only USER's own processes are ended.
set -u
leader=$1 only=''

# who PROCESS: sets `real` to the user who has started it, whatever rights it has got since, and `parent` to its parent.
who() {
    real='' parent=''
    {
        while read -r key value _; do
            case $key in
                PPid:) parent=$value ;;
                Uid:) real=$value && break ;;
            esac
        done <"/proc/$1/status"
    } 2>/dev/null
}

if [ -n "${2-}" ]; then
    user=$(id -u -- "$2") || exit 1
    who "$leader"
    if [ "$user" = 0 ] || [ "$real" = "$user" ]; then
        :
    elif [ -z "$real" ]; then
        only=$user
    else
        who "$parent"
        [ "$real" = "$user" ] || exit 1
    fi
fi

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
            "$leader"[!XZ])
                process=${process%/stat}
                if [ -z "$only" ] || { who "$process" && [ "$real" = "$only" ]; }; then printf '%s ' "$process"; fi
                ;;
        esac
    done
}

# are_own PROCESS…: whether this user may end them all. Those that have ended meanwhile do not count.
are_own() {
    for process; do
        kill -0 "$process" 2>/dev/null || [ ! -d "/proc/$process" ] || return 1
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
        [ -n "${2-}" ] || are_own $processes || exit 1
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

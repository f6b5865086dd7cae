#!/bin/sh
# Runs on a machine that was there before: takes it for a cluster, keeps it as long as the cluster is there, and leaves it as it was.
#
#   MARK hold CLUSTER BASE LOGIN OWNER NAME   takes it; all that is said is in lines that begin with MARK
#   MARK end CLUSTER BASE                     ends what `hold` has begun, whoever holds it
#   MARK look CLUSTER BASE                    succeeds if the cluster has its folder here
#
# CLUSTER is the cluster's id, BASE the folder in which it gets one of its own, LOGIN who works there. OWNER and NAME are told to
# others who want the machine: which process has taken it, and what its cluster is called. `text` is this script.
#
# The machine is taken by a lock (flock) on a folder that all of its users share. The kernel lets go of it when the holder
# dies, however it dies: so whoever gets the lock knows that nobody else is there. Files in that folder only tell who it is.
#
# Whoever comes first makes the folder and owns it. The owner can put it elsewhere, with the lock, make another one, and move files between
# the two. So whoever gets the lock also looks for a holder of another folder (`is_held_elsewhere`). Then it does not matter who owns the
# folder: a file in it that tells of this user's cluster tells of a dead one.
#
# `hold` gets orders from standard input, one in a line: `end`, or `stay` for a cluster that outlives its maker. The end of the
# input, which is the end of the connection, is an `end` as well.
set -u
export LC_ALL=C
umask 077
mark=$1 verb=$2 cluster=$3 base=$4
lease=/tmp/cluster-fixture.lease
folder=$base/cf-$cluster

say() { printf '%s %s\n' "$mark" "$*"; }

refuse() {
    say refused "$*"
    exit 1
}

# own FOLDER: whether it is a folder of this user's, and no link to one.
# shellcheck disable=SC3067 # -O is in dash, bash and busybox.
own() { [ -d "$1" ] && [ ! -L "$1" ] && [ -O "$1" ]; }

# Prints the first line of standard input, as far as it can be printed.
line() { head -c 400 | head -n 1 | tr -cd '[:print:]'; }

# --- what a cluster has begun ----------------------------------------------------------------------------------------

# noted FOLDER: the sessions that commands have noted in their files there, each behind the number of the file's user.
noted() {
    # Another user's folder may have anything under these names.
    own "$1" || return
    for file in "$1"/sessions-*; do
        if [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
        # The file's user is asked for by its descriptor: another file may have its name by now.
        { user=$(stat -L -c %u /proc/self/fd/8) && sed "s|^|noted $user |" <&8 && echo; } 2>/dev/null 8<"$file"
    done
}

# processes CLUSTER FOLDER: those that have the cluster's mark in their environment or are in a scope of a command's, what is in a session
# that one of them leads, and what is left of a command's session when its shell has ended. A session has its number as long as anybody is in it.
processes() {
    {
        {
            grep -lszxF "LC_CLUSTER_FIXTURE=$1" /proc/[0-9]*/environ
            grep -lsE "/cf-$1-[0-9]+\.scope\$" /proc/[0-9]*/cgroup
        } | sed 's|^/proc/\([0-9]*\)/.*|marked \1|'
        noted "$2"
        stat -c 'owner %n %u' /proc/[0-9]* 2>/dev/null | sed 's|/proc/||'
        # Any user's program may have line breaks in its name, which stand there as they are. So each line has a word of ours in front, and the
        # number of the file that it is from: none is taken for a line of another kind, or for another process's.
        grep -asH '' /proc/[0-9]*/stat | sed 's|^/proc/\([0-9]*\)/stat:|process \1 |'
    } | awk -v own=$$ '
        $1 == "marked" { marked[$2] = 1; next }
        # Commands note their sessions themselves: what is noted counts for their own user'"'"'s processes.
        /^noted [0-9]+ [0-9]+ [0-9]+$/ { noted[$2, $3] = $4; next }
        $1 == "owner" { owner[$2] = $3; next }
        $1 == "process" { said[$2] = said[$2] " " $0 }
        END {
            for (process in said) {
                # What is behind the name, no program can choose.
                rest = said[process]
                sub(/^.*\) /, "", rest)
                split(rest, field, " ")
                if (field[1] == "Z" || process == own) continue
                session[process] = field[4]
                begun[process] = field[20]
            }
            for (process in session) {
                leader = session[process]
                user = owner[process]
                is_noted = (user, leader) in noted
                # A session of this number whose leader began at another time is somebody else'"'"'s.
                if (is_noted && leader in begun && begun[leader] != noted[user, leader]) is_noted = 0
                if (process in marked || leader in marked || is_noted) print process
            }
        }'
}

# end_processes CLUSTER FOLDER: in order first, and by force after a second.
end_processes() {
    tries=0
    while found=$(processes "$1" "$2") && [ -n "$found" ] && [ $tries -lt 60 ]; do
        # shellcheck disable=SC2086 # Numbers, one word each.
        if [ $tries = 0 ]; then kill -TERM $found; elif [ $tries -ge 10 ]; then kill -KILL $found; fi 2>/dev/null
        tries=$((tries + 1))
        sleep 0.1
    done
}

# leave CLUSTER FOLDER: nothing beyond a mount, and no link is followed.
leave() {
    end_processes "$1" "$2"
    if own "$2"; then
        # What root does not need, root does not do in other users' folders.
        [ "$(id -u)" = 0 ] || find "$2" -xdev -type d ! -perm -700 -exec chmod u+rwx {} + 2>/dev/null
        rm -rf --one-file-system -- "$2"
    fi
    rm -f -- "$lease/$1"
}

# --- the lock ---------------------------------------------------------------------------------------------------------

# told FILE: one line of a file that anybody may have written.
told() {
    # A pipe would be waited for without an end, and a link may lead to a file that nobody else is to see.
    [ -f "$1" ] && [ ! -L "$1" ] && { line <"$1"; } 2>/dev/null
}

# Who holds it: of what is told, the last. Whatever somebody has told who has died is older.
holder() {
    # shellcheck disable=SC2010,SC2012 # No name is looked at that is not an id.
    newest=$(ls -t "$lease" | grep -xE '[0-9a-f]{10}' | head -n 1)
    told "$lease/$newest"
}

# tell WORDS: tells others of this holder, in a new file of the folder that is locked.
tell() { (set -C && umask 022 && printf '%s\n' "$$ $folder $1" >"/proc/self/fd/9/$cluster") 2>/dev/null; }

# Whether the folder that is locked is the one that others find, and not one behind a link.
is_in_place() {
    # shellcheck disable=SC2046 # Numbers, one word each.
    set -- $(stat -c %d:%i "$lease" /proc/self/fd/9/. 2>/dev/null)
    [ $# = 2 ] && [ "$1" = "$2" ]
}

# Whether there is a holder of another folder, which was in this one's place before. Root sees all holders, and an ordinary user sees their
# own. So nobody takes their own living cluster for remains, wherever the folder's owner has put its file.
is_held_elsewhere() {
    # The name is part of a longer word here: otherwise grep would find itself.
    # shellcheck disable=SC2062 # It is not a pattern.
    holders=$(grep -lszxF --regexp=cluster-fixture-host /proc/[0-9]*/cmdline)
    for file in $holders; do
        place=${file%/cmdline}
        # A process in a container has another root: that is another machine. A process without the descriptor holds nothing.
        # shellcheck disable=SC3013 # -ef is in dash, bash and busybox.
        if [ "$place/root" -ef / ] && [ -e "$place/fd/9" ] && ! [ "$place/fd/9" -ef /proc/self/fd/9 ]; then return 0; fi
    done
    return 1
}

take() {
    tries=0
    while :; do
        # Whoever is first makes it, for all.
        (umask 0 && mkdir -m 1777 "$lease") 2>/dev/null
        if [ ! -d "$lease" ] || [ -L "$lease" ]; then refuse "$lease is there, and is not a folder"; fi
        if command exec 9<"$lease"; then
            if ! flock -n 9 || is_held_elsewhere; then
                say busy "$(holder)"
                exit 1
            fi
            # Whoever held it may have removed it meanwhile, and it be another's by now.
            if is_in_place && tell "$1"; then return 0; fi
            exec 9<&-
        fi
        tries=$((tries + 1))
        [ $tries -lt 20 ] || refuse "$lease can't be written to: its owner or root has to remove it"
        sleep 0.05
    done
}

# What is left of holders who have died: only what this user has written is believed.
clear_remains() {
    for file in "$lease"/*; do
        old=${file##*/} text=''
        if [ "$old" = "$cluster" ] || [ ! -f "$file" ] || [ -L "$file" ]; then continue; fi
        # The file's user is asked for by its descriptor: another file may have its name by now.
        # shellcheck disable=SC3067 # -O is in dash, bash and busybox.
        { [ ! -f /proc/self/fd/8 ] || [ ! -O /proc/self/fd/8 ] || text=$(line <&8); } 2>/dev/null 8<"$file"
        place=${text#* }
        place=${place%% *}
        if printf '%s\n' "$old" | grep -qxE '[0-9a-f]{10}' && [ "${place##*/}" = "cf-$old" ]; then
            say over "$text"
            leave "$old" "$place"
        fi
    done
}

# --- what is asked ----------------------------------------------------------------------------------------------------

# note WORDS: adds a line to the cluster's log, as long as the folder is there.
note() { own "$folder" && printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" >>"$folder/log"; }

# make LOGIN: the folder is the holder's, what is in it for commands is theirs.
make() {
    user=$(id -un)
    mkdir "$folder" && chmod 711 "$folder" && mkdir "$folder/work" "$folder/tmp" &&
        : >"$folder/log" && : >"$folder/sessions-$user" && printf '%s' "$text" >"$folder/hold" || return
    [ "$user" != "$1" ] || return 0
    : >"$folder/sessions-$1" && chown -- "$1" "$folder/work" "$folder/tmp" "$folder/sessions-$1"
}

# Lines are for a shell of POSIX's kind, which is what sshd gives them to.
require_shell() {
    shell=$({ getent passwd "$1" || grep "^$1:" /etc/passwd; } 2>/dev/null | head -n 1 | sed 's/.*://')
    case ${shell##*/} in
        *csh | fish | nu | elvish | xonsh | pwsh)
            refuse "the login shell of $1 is $shell, which does not read lines as sh does (chsh gives $1 another one)"
            ;;
    esac
}

# Leaves the machine to others. The lock is let go before its folder is removed: otherwise somebody could see a holder of another folder.
let_go() {
    leave "$cluster" "$folder"
    exec 9<&-
    rmdir "$lease" 2>/dev/null
}

hold() {
    login=$1 words=$2
    require_shell "$(id -un)"
    require_shell "$login"
    for program in awk chmod date find flock grep head id mkdir rm sed sleep stat tar tr; do
        command -v $program >/dev/null || refuse "it has no $program"
    done
    printf 'a\0' | grep -qzx a || refuse "its grep knows no -z, as GNU's does"
    # What ends this process is the end of its input, or TERM; nothing that happens to whoever listens.
    trap '' HUP INT PIPE
    ended='' waiting=''
    trap 'ended=yes; [ -z "$waiting" ] || kill "$waiting"' TERM
    exec 3<&0
    script=$text
    take "$words"
    clear_remains
    text=$script
    if ! complaint=$(make "$login" 2>&1); then
        let_go
        refuse "$folder can't be made ($complaint)"
    fi
    note "taken for $words"
    # shellcheck disable=SC2086 # The four words that sshd has put there.
    set -- ${SSH_CONNECTION:--}
    client=$1 server=${3:--}
    # What leads to sshd by a port of another machine's may end at the loopback.
    case $server in
        127.* | ::1)
            server=$(hostname -I 2>/dev/null)
            server=${server%% *}
            ;;
    esac
    say held "$folder" "$client" "${server:--}" $$
    while [ -z "$ended" ]; do
        # A shell that reads is deaf to signals, one that waits is not.
        (while read -r order; do case $order in end) exit 0 ;; stay) exit 3 ;; esac done) <&3 9<&- &
        waiting=$!
        wait "$waiting"
        [ $? = 3 ] || break
        note "stays when its maker ends"
        say stays
        exec </dev/null 3<&- >/dev/null 2>&1
        while [ -z "$ended" ]; do
            sleep 86400 9<&- &
            waiting=$!
            wait "$waiting"
        done
    done
    trap '' TERM
    let_go
    # shellcheck disable=SC3067
    if [ -e "$folder" ] && [ -O "$folder" ]; then refuse "$folder can't be removed"; fi
    say ended
}

# The holder does it, if there is one.
end() {
    words=$(told "$lease/$cluster")
    process=${words%% *}
    # A number alone may be somebody else's by now.
    if [ -n "$process" ] && tr '\0' ' ' <"/proc/$process/cmdline" | grep -qF " hold $cluster "; then
        kill -TERM "$process"
        tries=0
        while [ -e "$lease/$cluster" ] && [ -d "/proc/$process" ] && [ $tries -lt 150 ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
    fi 2>/dev/null
    leave "$cluster" "$folder"
    rmdir "$lease" 2>/dev/null
    # shellcheck disable=SC3067
    if [ -e "$folder" ] && [ -O "$folder" ]; then refuse "$folder can't be removed"; fi
    say ended
}

case $verb in
    hold) hold "$5" "$6 $7" ;;
    end) end ;;
    look) [ -d "$folder" ] ;;
esac

#!/bin/sh
# The hosts backend's part of the reaper, before the cluster's folder goes: ends the connections that the cluster's commands share, which
# would outlive them, and has each machine left. A machine does that by itself when its holder's connection ends: this is for one that has not.
#
#   FOLDER MARK CLUSTER

# The programs that hold connections, or were about to: one that came about later would have no socket, and no end. Their command lines
# name the folder.
end_connections() {
    if [ -d /proc/self ]; then
        grep -lasF -e "$1/c/" -e "$1/s/" /proc/[0-9]*/cmdline | while read -r file; do
            process=${file#/proc/}
            process=${process%/cmdline}
            # shellcheck disable=SC3067 # -O is in dash, bash and busybox.
            if [ -O "$file" ] && [ "$(cat "/proc/$process/comm" 2>/dev/null)" = ssh ]; then kill "$process"; fi
        done
    else
        # shellcheck disable=SC2009 # A pattern of pgrep's would have to be quoted.
        ps -axww -o pid= -o command= | grep -F -e "$1/c/" -e "$1/s/" | while read -r process _; do
            # A line may be another's than the process's that it names, whose command line had a line break: the process itself is asked.
            case $(ps -ww -o command= -p "$process" 2>/dev/null) in
                ssh*"$1/c/"* | ssh*"$1/s/"*) kill "$process" ;;
            esac
        done
    fi
}

end_connections "$1"
# Each is a file of the machine's name in the configuration: who logs in, and the folder there, if it is still the same user's.
for lease in "$1"/leases/*; do
    [ -f "$lease" ] || continue
    { read -r login && read -r place; } <"$lease" || continue
    ssh -F "$1/hosts_config" -T -o BatchMode=yes -o ControlPath=none -l "$login" -- "${lease##*/}" \
        "if [ -O '$place' ] && [ ! -L '$place' ]; then sh '$place/hold' - end '$3' '${place%/*}'; fi" </dev/null &
done
wait
# A child of the process that died may have become a program only now.
end_connections "$1"

#!/bin/sh
# The hosts backend's part of the reaper, before the cluster's folder goes: ends the connections that the cluster's commands share, which
# would outlive them, and has each machine left. A machine does that by itself when its holder's connection ends: this is for one that has not.
#
#   FOLDER MARK CLUSTER

for socket in "$1"/s/*; do
    [ ! -S "$socket" ] || ssh -F /dev/null -S "$socket" -O exit node </dev/null &
done
# Each is a file of the machine's name in the configuration: who logs in, and the folder there.
for lease in "$1"/leases/*; do
    [ -f "$lease" ] || continue
    { read -r login && read -r place; } <"$lease" || continue
    ssh -F "$1/hosts_config" -T -o BatchMode=yes -o ControlPath=none -l "$login" -- "${lease##*/}" \
        "[ ! -e '$place/hold' ] || sh '$place/hold' - end '$3' '${place%/*}'" </dev/null &
done
wait

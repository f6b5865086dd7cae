#!/usr/bin/env bash
# Runs a job on every compute node of a Slurm. Runs on the controller as root.
# Words: how many seconds the nodes may take to be idle, and a job to end, the nodes' names with blanks between, then partitions
# as NAME=NODES, of which each is to run a job on that many nodes.
# Prints the nodes that are not idle in time, with what they are instead, and then ends with 3; with 4 if it is a job that did
# not end as it should, of which those nodes may have been the cause.
set -euo pipefail
patience=$1 limit=$2 names=$3
shift 3

# Nodes that do not answer are "idle*", or "unknown*".
missing() {
    sinfo --Node --noheader --format='%N %T' |
        awk -v names="$names" '{ states[$1] = $2 } END {
            count = split(names, wanted, " ")
            for (i = 1; i <= count; i++) if (states[wanted[i]] != "idle") print wanted[i], states[wanted[i]]
        }'
}

wait_until_idle() {
    local left end=$((SECONDS + patience))
    while left=$(missing) && [ -n "$left" ]; do
        if [ "$SECONDS" -ge "$end" ]; then
            echo "$left"
            exit 3
        fi
        sleep 0.01
    done
}

wait_until_idle
for partition; do
    if ! told=$(exec timeout --kill-after=1 "$limit" srun --immediate="$limit" --job-name=ready \
        --partition="${partition%=*}" --nodes="${partition##*=}" true 2>&1); then
        echo "$told" >&2
        # Nodes that are well are done with it at once.
        scancel --name=ready || :
        sleep 1
        missing
        exit 4
    fi
done
# Whoever looks at once finds them so.
wait_until_idle

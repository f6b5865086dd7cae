#!/usr/bin/env bash
# Runs a job on every compute node of a Slurm. Runs on the controller as root.
# Words: how many seconds the nodes may take to be idle, their names with blanks between, then partitions as NAME=NODES, of
# which each is to run a job on that many nodes.
# Prints the nodes that are not idle in time, and then ends with 3.
set -euo pipefail
patience=$1
names=$2
shift 2

# Nodes that do not answer are "idle*", or "unknown*".
missing() {
    local idle
    idle=" $(sinfo --Node --noheader --format='%N %T' | awk '$2 == "idle" { printf "%s ", $1 }')"
    for name in $names; do [[ $idle == *" $name "* ]] || echo "$name"; done
}

end=$((SECONDS + patience))
while left=$(missing) && [ -n "$left" ]; do
    if [ "$SECONDS" -ge "$end" ]; then
        echo "$left"
        exit 3
    fi
    sleep 0.01
done
for partition; do
    srun --immediate=30 --job-name=ready --partition="${partition%=*}" --nodes="${partition##*=}" true
done

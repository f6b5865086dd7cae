#!/bin/sh
# Runs on a machine that was there before: a shell line, in the folder that a cluster has there.
#
#   FOLDER CLUSTER USER LENGTH LINE
#
# LENGTH bytes of standard input come first: variables, as a shell reads them, so that they are on no command line. The rest is the line's.
# Whatever the line starts is found again by its mark, and by its session.
cd -- "$1/work" 2>/dev/null || {
    echo "cluster-fixture: $1 is gone" >&2
    exit 255
}
read -r statistics <"/proc/$$/stat" && echo "$$ $(
    # shellcheck disable=SC2086 # Fields: the twentieth behind the program's name is the time of its start.
    set -- ${statistics##*) }
    echo "${20}"
)" >>"$1/sessions-$3"
unset statistics
[ "$4" = 0 ] || eval "$(head -c "$4")"
export "LC_CLUSTER_FIXTURE=$2" "TMPDIR=$1/tmp"
exec "${SHELL:-/bin/sh}" -c "$5"

#!/bin/sh
# Runs on a machine that was there before: a shell line, in the folder that a cluster has there.
#
#   FOLDER CLUSTER USER LENGTH LINE
#
# LENGTH bytes of standard input come first: variables, as a shell reads them, so that they are on no command line. The rest is the line's.
# Whatever the line starts is found again by its mark, by its session, and where systemd is, by its scope: that one keeps also what cleans
# its environment, begins a session and loses its parents.
# If the cluster's folder is gone, somebody else may have made one of its name, with links to other users' files. So the folder has to be this
# user's or root's, and what is used of it no link. It is looked at from inside, since its path may lead elsewhere a moment later.
# shellcheck disable=SC3067 # -O is in dash, bash and busybox.
if [ -L "$1" ] || ! cd -- "$1" 2>/dev/null || { [ ! -O . ] && [ "$(stat -c %u .)" != 0 ]; } ||
    [ -L work ] || [ -L "sessions-$3" ] || [ ! -f "sessions-$3" ] || ! cd -P work 2>/dev/null; then
    echo "cluster-fixture: $1 is gone" >&2
    exit 255
fi
read -r statistics <"/proc/$$/stat" && echo "$$ $(
    # shellcheck disable=SC2086 # Fields: the twentieth behind the program's name is the time of its start.
    set -- ${statistics##*) }
    echo "${20}"
)" >>"../sessions-$3"
unset statistics
[ "$4" = 0 ] || eval "$(head -c "$4")"
export "LC_CLUSTER_FIXTURE=$2" "TMPDIR=$1/tmp"
cluster=$2
set -- "${SHELL:-/bin/sh}" -c "$5"
if [ -d /run/systemd/system ] && command -v systemd-run >/dev/null; then
    unit=cf-$cluster-$$
    # An ordinary user's needs a systemd of their own, which a login may have begun.
    if [ "$(id -u)" = 0 ]; then
        exec systemd-run --quiet --collect --scope --unit="$unit" -- "$@"
    elif [ -S "${XDG_RUNTIME_DIR:-/nowhere}/systemd/private" ]; then
        exec systemd-run --user --quiet --collect --scope --unit="$unit" -- "$@"
    fi
fi
exec "$@"

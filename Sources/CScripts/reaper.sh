#!/bin/sh
# The reaper: waits until the process that started it is gone, and then removes what that process has left of a cluster.
#
#   FOLDER MARK CLUSTER [WORD…]
#
# FOLDER is the cluster's folder on this machine, MARK the name of the file in it that says whose it is, CLUSTER the id
# that the mark must name. `leave_nodes` and `remove_nodes` are the backend's own parts, functions: the former comes before the
# folder goes, and gets FOLDER, MARK and CLUSTER; the latter gets the WORDs.
#
# Standard input is a socket whose other end only that process holds. This text comes through it, so that a process table
# does not show it. Then a line `done` ends the reaper; a line `also NUMBER` names a process that is to end as well.

also=
while read -r word process; do
    case $word in
        done) exit 0 ;;
        also) also=$process ;;
    esac
done
[ -z "$also" ] || kill -TERM "$also"

folder=$1 mark=$2 cluster=$3
# shellcheck disable=SC3067 # -O is in dash, bash and busybox.
if [ -O "$folder" ] && [ ! -L "$folder" ] && grep -qsxF -- "$cluster" "$folder/$mark"; then
    leave_nodes "$folder" "$mark" "$cluster"
fi
shift 3

# What Workspace.remove() does: nothing to what is a link, another user's, or without the mark, and nothing beyond a mount.
# A folder whose maker died while it marked it has an empty mark, and nothing else.
marked=
remove_folder() {
    # shellcheck disable=SC3067 # -O is in dash, bash and busybox.
    [ -d "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ] || return 0
    ! grep -qsxF -- "$cluster" "$folder/$mark" || marked=yes
    if [ -n "$marked" ]; then
        # /proc writes a space in a path as \040.
        ! grep -qsF -- " $(printf %s "$folder" | sed 's/ /\\040/g')/" /proc/self/mountinfo || return 0
        find "$folder" -mindepth 1 -xdev -depth ! -name "$mark" -delete
        rm -f -- "$folder/$mark"
    elif [ ! -s "$folder/$mark" ]; then
        rm -f -- "$folder/$mark"
    fi
    rmdir -- "$folder"
}

# At once, since there are keys in it; and at the end once more, since a key may have been in the making.
remove_folder
remove_nodes "$@"
remove_folder

#!/bin/sh
# start-program.sh NAME [VARIABLE=VALUE…] PROGRAM ARGUMENT…: starts a program that goes on, as root of a node, for ubuntu: in their
# home, with the variables that every command on the node sees. What it says is in /var/log/NAME.log, its process number in
# /run/NAME.pid.
set -eu
name=$1
shift
while [ "${1#*=}" != "$1" ]; do
    export "${1?}"
    shift
done
command -v "$1" >/dev/null || {
    echo "there is no program $1 in the node's image: .dask and .laserfarm have it" >&2
    exit 127
}
HOME=$(getent passwd ubuntu | cut -d: -f6)
export HOME USER=ubuntu LOGNAME=ubuntu SHELL=/bin/bash
while IFS= read -r variable; do export "${variable?}"; done <"$HOME/.ssh/environment"
cd "$HOME"
setsid setpriv --reuid ubuntu --regid ubuntu --init-groups -- "$@" </dev/null >>"/var/log/$name.log" 2>&1 &
echo $! >"/run/$name.pid"

#!/bin/sh
# Runs on a node: a command that has this script's terminal, standard streams and, by a file that says who it is, signals. Words: that
# file, one that exports the command's variables, the folder that it runs in, the program and its arguments. What ends a command is told as
# shells do: 128 and the signal.
pid_file=$1
# shellcheck source=/dev/null # It is made for each cluster.
. "$2"
cd -- "$3" || exit 126
shift 3
# Ctrl-C is for the command, which has no trap of this shell's, and what this shell would say of its end is nobody's.
trap : INT QUIT TERM HUP
exec 3>&2 2>/dev/null
# shellcheck disable=SC2016 # The inner shell reads it.
sh -c 'echo $$ >"$0" && exec "$@" 2>&3 3>&-' "$pid_file" "$@"
code=$?
exit "$code"

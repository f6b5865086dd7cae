#!/bin/sh
# Runs on a node, as its root: writes what a command there is to find of its cluster, and prints what the node lacks. Words: the folder
# for it, who runs the command, and what the command needs: paths, and names of programs. The inventory is read from standard input.
set -eu
folder=$1 user=$2
shift 2
mkdir -p "$folder"
# Passwords and tokens stand in it.
install -m 0600 -o "$user" /dev/null "$folder/inventory.json"
cat >"$folder/inventory.json"
printf %s "$SSH_CONFIG" >"$folder/ssh_config"
install -m 0644 -o "$user" /dev/null "$folder/pid"
# Written by that user afterwards.
install -m 0600 -o "$user" /dev/null "$folder/variables"
for needed in "$@"; do
    case $needed in
        */*) [ -e "$needed" ] ;;
        *) command -v "$needed" >/dev/null ;;
    esac || printf '%s\n' "$needed"
done

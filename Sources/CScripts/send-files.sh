#!/bin/sh
# Runs on a node: writes what is at a path to standard output, as an archive of tar's, behind a line that says what it is.
# Words: the path, the folder that it is in, its name there, how the name is to be changed (tar's --transform) if it is a file and
# if it is a link, and a word for the line that nothing else prints.
set -u
export LC_ALL=C.UTF-8
path=$1 folder=$2 name=$3 as_file=$4 as_link=$5 mark=$6

pack() { tar --create --file=- --format=posix --sparse --no-unquote "$@"; }

# It comes behind whatever the user's start-up files have printed.
say() { printf '\n%s %s\n' "$mark" "$*"; }

if [ -d "$path" ] && [ ! -L "$path" ]; then
    say folder "$(stat --format='%a %Y' -- "$path")"
    pack --directory="$path" .
elif [ -L "$path" ]; then
    say link
    pack --directory="$folder" --transform="$as_link" "./$name"
elif [ -S "$path" ]; then
    echo 'it is a socket' >&2
    exit 1
elif [ -f "$path" ] && [ "$(stat --format='%b' -- "$path")" = 0 ] && [ "$(stat --format='%s' -- "$path")" -le 65536 ]; then
    # The kernel's own files, as in /proc, don't say how long they are before they are read. An empty file may be one.
    place=$(mktemp -d) || exit
    trap 'rm -rf "$place"' EXIT
    cp --preserve=mode,timestamps -- "$path" "$place/file" || exit
    say file
    pack --directory="$place" --transform="$as_file" ./file
elif [ -e "$path" ]; then
    say file
    pack --directory="$folder" --transform="$as_file" "./$name"
else
    # The system's own words, but for the usual case.
    cause=$(stat -- "$path" 2>&1 >/dev/null)
    case $cause in
        *'No such file or directory') echo 'there is no file or folder of that name' >&2 ;;
        *) printf '%s\n' "$cause" >&2 ;;
    esac
    exit 1
fi

#!/bin/sh
# Runs on a node: unpacks an archive of tar's from standard input. Words: where the copy is to be, the name that it has in a
# folder that is there already (empty: what is in the folder that is copied goes into it), and what is copied: folder, link or file.
set -u
export LC_ALL=C.UTF-8
target=$1 name=$2 kind=$3

refuse() {
    echo "$*" >&2
    exit 1
}

# A path may have no folder to be in. Whatever else is the matter with it, those say who write there.
require_folder_of() {
    case $1 in
        */*) place=${1%/*}/ ;;
        *) return 0 ;;
    esac
    cause=$(stat -- "$place" 2>&1 >/dev/null) || case $cause in
        *'No such file or directory') place=${place#./} && refuse "there is no folder ${place%/}" ;;
    esac
}

unpack() { exec tar --extract --file=- --preserve-permissions --no-same-owner --no-unquote "$@"; }

# escaped TEXT: as tar's --transform takes it; with a letter behind it, since the shell drops line breaks at the end.
escaped() { printf %sx "$1" | sed 's/[\\&|]/\\&/g'; }

if [ -d "$target" ]; then
    [ -z "$name" ] || target=${target%/}/$name
elif [ "$kind" != folder ]; then
    case $target in */) refuse "there is no folder $target" ;; esac
fi

if [ "$kind" = folder ]; then
    # What the name of a folder leads to may be gone into; what is within it is not to lead anywhere else.
    if [ -d "$target" ] && { [ -z "$name" ] || [ ! -L "$target" ]; }; then
        unpack --no-overwrite-dir --directory="$target"
    fi
    if [ -e "$target" ] || [ -L "$target" ]; then refuse "$target is there and is not a folder"; fi
    require_folder_of "${target%/}"
    mkdir -m 0700 -- "$target" || exit
    unpack --directory="$target"
fi

if [ -d "$target" ] && { [ "$kind" = file ] || [ ! -L "$target" ]; }; then refuse "$target is there and is a folder"; fi
if [ "$kind" = file ] && [ -e "$target" ]; then
    [ -f "$target" ] || refuse "$target is there and is neither a file nor a folder"
    target=$(readlink --canonicalize -- "$target" && echo x) && target=${target%?x} || exit
fi
require_folder_of "$target"
case $target in
    */*) folder=${target%/*}/ file=${target##*/} ;;
    *) folder=. file=$target ;;
esac
file=$(escaped "$file") && file=${file%x} || exit
# What is there is written over and not replaced: it may be mounted, or have other names.
unpack --overwrite --directory="$folder" --transform="s|^.*\$|./${file}|S"

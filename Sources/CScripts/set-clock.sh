#!/bin/sh
# Runs on a node as root and shifts its clock for whatever starts from then on, or sets it right: `sh -c TEXT sh set OFFSET`,
# `sh -c TEXT sh reset`. The offset is as libfaketime has it: `+3600`, `-0.5 x2`. A reason goes to standard error.
set -eu
preload=/etc/ld.so.preload
settings=/etc/faketimerc

fail() {
    echo "$1" >&2
    exit 1
}

library() {
    for file in /usr/lib/*/faketime/libfaketimeMT.so.1 /usr/lib/faketime/libfaketimeMT.so.1; do
        if [ -e "$file" ]; then echo "$file" && return; fi
    done
    fail 'its image has no libfaketime'
}

# Other lines of the file are somebody else's.
reset() {
    if grep -qs /libfaketime "$preload"; then
        others=$(grep -v /libfaketime "$preload") || others=
        if [ -n "$others" ]; then echo "$others" >"$preload"; else rm -f "$preload"; fi
    fi
    rm -f "$settings"
}

case $1 in
    set)
        file=$(library)
        reset
        # Programs of another C library than the node's own would not start with it.
        printed=$(FAKETIME="$2" LD_PRELOAD=$file date 2>&1 >/dev/null) || fail "libfaketime does not work there: $printed"
        [ -z "$printed" ] || fail "libfaketime does not work there: $printed"
        echo "$2" >"$settings"
        # The loader reads the file whenever a program starts: it is there whole, or not at all.
        { cat "$preload" 2>/dev/null || true; echo "$file"; } >"$preload.new"
        mv "$preload.new" "$preload"
        ;;
    reset) reset ;;
esac

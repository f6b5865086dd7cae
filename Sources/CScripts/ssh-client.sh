#!/bin/sh
# An OpenSSH client that knows a cluster's nodes: sh ssh-client.sh PROGRAM OPTIONS CONFIGURATION KEYLESS [ARGUMENT…]
#
# OPTIONS are the program's own, as getopts has them. The configuration names the users' keys. OpenSSH would try those even where
# the caller names another key, and the other key would seem to open the node: then it is the configuration KEYLESS.
program=$1 options=:$2 configuration=$3 keyless=$4
shift 4

# Whether the arguments name a key. ssh reads options once more behind the host.
name_key() {
    for _ in options of_ssh_behind_the_host; do
        OPTIND=1
        while getopts "$options" option; do
            case $option in
                i) return 0 ;;
                o)
                    case $(printf %s "$OPTARG" | tr '[:upper:]' '[:lower:]') in
                        identityfile[\ =]*) return 0 ;;
                    esac
                    ;;
            esac
        done
        shift $((OPTIND - 1))
        [ "${program##*/}" = ssh ] && [ $# != 0 ] || return 1
        shift
    done
    return 1
}

if name_key "$@"; then configuration=$keyless; fi
# A -F of the caller's comes later, and wins.
exec "$program" -F "$configuration" "$@"

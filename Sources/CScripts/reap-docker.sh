#!/bin/sh
# The Docker backend's part of the reaper: removes a cluster's containers, its network, and images that were kept of its nodes.
#
#   BESIDE CONTAINERS NETWORKS IMAGES DOCKER [ARGUMENT…]
#
# BESIDE (the containers in its nodes' networks), CONTAINERS, NETWORKS and IMAGES are the words, quoted for a shell, that ask the engine
# for the cluster's own; DOCKER and its ARGUMENTs are the engine's command.

ask_for_those_beside=$1 ask_for_containers=$2 ask_for_networks=$3 ask_for_images=$4
shift 4

# Several times over a few seconds: an engine goes on with what it was asked for after the asker has died, so a container
# may appear late, perhaps never to be started.
for pause in 0 0.3 0.7 1 2 4; do
    sleep "$pause"
    for ask in "$ask_for_those_beside" "$ask_for_containers"; do
        containers=$(eval '"$@"' "$ask")
        # shellcheck disable=SC2086 # Ids, one word each.
        [ -z "$containers" ] || "$@" rm -fv $containers
    done
    networks=$(eval '"$@"' "$ask_for_networks")
    # shellcheck disable=SC2086
    [ -z "$networks" ] || "$@" network rm $networks
    images=$(eval '"$@"' "$ask_for_images")
    # shellcheck disable=SC2086
    [ -z "$images" ] || "$@" image rm $images
done

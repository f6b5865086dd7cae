"""testcontainers_peer.py IMAGE LABEL=VALUE: containers started and stopped in threads, port 22 exposed."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

# Ryuk, its reaper, is an image from a registry, and one container more.
os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"

from testcontainers.core.container import DockerContainer

import peer

image, label = sys.argv[1:]
containers = []


def start(container):
    container.start()
    return "127.0.0.1", int(container.get_exposed_port(22))


def up(count):
    labels = dict([label.split("=")])
    containers.extend(DockerContainer(image).with_exposed_ports(22).with_kwargs(labels=labels) for _ in range(count))
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(start, containers))


def again(container):
    container.get_wrapped_container().restart(timeout=0)
    return "127.0.0.1", int(container.get_exposed_port(22))


def restart():
    with ThreadPoolExecutor(len(containers)) as threads:
        return list(threads.map(again, containers))


def down():
    if containers:
        with ThreadPoolExecutor(len(containers)) as threads:
            list(threads.map(DockerContainer.stop, containers))
    containers.clear()


peer.serve(up, down, restart)

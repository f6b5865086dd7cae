"""Measures the ways to node1 of the cluster that it runs with: see Benchmarks/relay."""

import os
import socket
import statistics
import subprocess
import sys
import time

SIZE = 2 << 30
FILE = 256 << 20
SERVER = f"""
import socket
block = bytes(1 << 20)
server = socket.create_server(("0.0.0.0", 9000))
while True:
    client = server.accept()[0]
    try:
        for _ in range({SIZE} >> 20): client.sendall(block)
    except OSError: pass
    client.close()
"""


def receive(host, port):
    buffer, left = bytearray(1 << 20), SIZE
    with socket.create_connection((host, port)) as connection:
        begin = time.monotonic()
        while left and (count := connection.recv_into(buffer)):
            left -= count
        return (SIZE - left) / (time.monotonic() - begin)


def fetch(host, port):
    config, key = os.environ["CLUSTER_SSH_CONFIG"], os.environ["CLUSTER_KEY"]
    options = ["-F", config, "-o", f"HostName={host}", "-o", f"Port={port}", "-i", key, "-q"]
    begin = time.monotonic()
    subprocess.run(["ssh", *options, "node1", "cat /tmp/file"], stdout=subprocess.DEVNULL, check=True)
    return FILE / (time.monotonic() - begin)


def main():
    node = {name: os.environ[f"CLUSTER_NODE1_{name}"] for name in ("IP", "HOST", "PORT", "PORT_9000")}
    ssh = ["ssh", "-F", os.environ["CLUSTER_SSH_CONFIG"], "node1"]
    subprocess.run([*ssh, f"head -c {FILE} /dev/zero >/tmp/file"], check=True)
    server = subprocess.Popen([*ssh, "python3", "-c", f"'{SERVER}'"])
    while True:
        try:
            receive(node["IP"], 9000)
            break
        except OSError:
            time.sleep(0.05)
    ways = {
        "TCP": (lambda: receive(node["IP"], 9000), lambda: receive(node["HOST"], int(node["PORT_9000"]))),
        "ssh": (lambda: fetch(node["IP"], 22), lambda: fetch(node["HOST"], int(node["PORT"]))),
    }
    for name, (direct, published) in ways.items():
        rounds = [(direct(), published()) for _ in range(int(sys.argv[1]))]
        own, port = (statistics.median(column) / (1 << 20) for column in zip(*rounds))
        print(f"{name}: address {own:.0f} MiB/s, published port {port:.0f} MiB/s, ratio {port / own:.2f}")
    server.kill()


main()

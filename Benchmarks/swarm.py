"""swarm.py CLUSTER_FIXTURE [NODES [RUNS]]: see Benchmarks/swarm."""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

program = sys.argv[1]
nodes = int(sys.argv[2]) if len(sys.argv) > 2 else 3
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
docker = ["docker", "--context", os.environ["CLUSTER_FIXTURE_SWARM"]]


def run(words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


machines = [
    json.loads(line)["Status"]["Addr"]
    for line in run(docker + ["node", "inspect", "--format", "{{json .}}"] + run(docker + ["node", "ls", "-q"]).split()).splitlines()
]


def await_banners(ports):
    """Returns when a server greets at each port, on whichever machine it is."""
    left = set(ports)
    while left:
        for port in list(left):
            for machine in machines:
                try:
                    with socket.create_connection((machine, port), 1) as server:
                        server.settimeout(1)
                        if server.recv(4) == b"SSH-":
                            left.discard(port)
                            break
                except OSError:
                    pass
        time.sleep(0.002)


def timed(begin, ports):
    start = time.monotonic()
    begin()
    await_banners(ports)
    return time.monotonic() - start


def quiet(words):
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)


def await_none(kind):
    while [name for name in run(docker + [kind, "ls", "--format", "{{.Name}}"]).split() if name.startswith("bench")]:
        time.sleep(0.1)
    for machine in range(1, len(machines) + 1):
        while run(["docker", "--context", f"machine{machine}", "ps", "--quiet", "--filter", "name=bench"]):
            time.sleep(0.1)


def ours(image):
    """Until all greet, the command's own beginning included; and until it has ended, when a login has proved each node, and the way between
    the machines is proved too."""
    start = time.monotonic()
    run([program, "up", "--backend", "swarm", "--nodes", str(nodes), "--name", "bench"])
    whole = time.monotonic() - start
    with tempfile.TemporaryDirectory() as folder:
        run([program, "evidence", "bench", "--to", folder + "/evidence"])
        with open(folder + "/evidence/timeline.jsonl") as file:
            entries = [json.loads(line) for line in file]
    steps = {entry["text"]: entry["time"] for entry in entries if entry["kind"] == "step"}
    run([program, "down", "bench"])
    proved.append(whole)
    return whole - (steps["ready"] - steps["banners"])


def stack(image):
    ports = range(19000, 19000 + nodes)
    services = {
        f"node{number}": {
            "image": image,
            "hostname": f"node{number}",
            "ports": [{"target": 22, "published": port, "mode": "host"}],
            "networks": ["net"],
            "deploy": {"endpoint_mode": "dnsrr", "restart_policy": {"condition": "none"}},
        }
        for number, port in enumerate(ports, 1)
    }
    networks = {"net": {"driver": "overlay", "ipam": {"config": [{"subnet": "198.18.200.0/24"}]}}}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump({"version": "3.8", "services": services, "networks": networks}, file)
        file.flush()
        deploy = docker + ["stack", "deploy", "--resolve-image", "never", "--compose-file", file.name, "bench"]
        elapsed = timed(lambda: quiet(deploy), ports)
    quiet(docker + ["stack", "rm", "bench"])
    await_none("network")
    return elapsed


def by_hand(image):
    ports = range(19000, 19000 + nodes)

    def begin():
        quiet(docker + ["network", "create", "--driver", "overlay", "--subnet", "198.18.200.0/24", "bench"])
        created = [
            subprocess.Popen(
                docker
                + ["service", "create", "--detach", "--no-resolve-image", "--name", f"bench{number}", "--hostname", f"node{number}"]
                + ["--network", "bench", "--endpoint-mode", "dnsrr", "--restart-condition", "none"]
                + ["--publish", f"mode=host,target=22,published={port}", image],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for number, port in enumerate(ports, 1)
        ]
        for each in created:
            if each.wait():
                raise SystemExit("a service could not be created")

    elapsed = timed(begin, ports)
    quiet(docker + ["service", "rm"] + [f"bench{number}" for number in range(1, nodes + 1)])
    time.sleep(1)
    while subprocess.run(docker + ["network", "rm", "bench"], capture_output=True).returncode:
        time.sleep(0.2)
    await_none("network")
    return elapsed


proved = []
# The image is on every machine after this.
ours(None)
proved.clear()
image = max(
    re.findall(r"cluster-fixture/node:\S+", run(docker + ["image", "ls", "--format", "{{.Repository}}:{{.Tag}} {{.CreatedAt}}"])),
    key=lambda name: run(docker + ["image", "inspect", "--format", "{{.Created}}", name]),
)
results = {"cluster-fixture": [], "docker stack deploy": [], "docker service create": []}
for _ in range(runs):
    for name, measure in zip(results, [ours, stack, by_hand]):
        results[name].append(measure(image))
print(f"{nodes} nodes on {len(machines)} machines, seconds until every sshd greets, the median of {runs} (least, most)")
results["cluster-fixture, each node proved"] = proved
for name, times in results.items():
    print(f"{name:34} {statistics.median(times):6.2f}  ({min(times):.2f}, {max(times):.2f})")

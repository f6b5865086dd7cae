"""hosts.py CLUSTER_FIXTURE [NODES [RUNS]]: see Benchmarks/hosts."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

program = sys.argv[1]
nodes = int(sys.argv[2]) if len(sys.argv) > 2 else 3
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
folder = os.path.dirname(os.environ["CLUSTER_FIXTURE_HOSTS"])
with open(os.environ["CLUSTER_FIXTURE_HOSTS"]) as file:
    hosts = re.findall(r"name: (\S+), address: (\S+), port: (\d+), identityFile: \[\S+, (\S+)\]", file.read())[:nodes]

now = [sys.executable, "-c", "import time; print(time.monotonic())"]


def ours():
    """Until the cluster's command begins, the library's own beginning included; and from there until the hosts are given back."""
    start = time.monotonic()
    words = [program, "run", "--backend", "hosts", "--nodes", str(nodes), "--"] + now
    begun = float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return begun - start, time.monotonic() - begun


def logins(config):
    start = time.monotonic()
    words = ["ssh", "-F", config, "-o", "ControlPath=none"]
    started = [subprocess.Popen(words + [name, "true"]) for name, *_ in hosts]
    if any([each.wait() for each in started]):
        raise SystemExit("a login failed")
    return time.monotonic() - start


ready, gone, floor = [], [], []
with tempfile.NamedTemporaryFile("w") as config:
    for name, address, port, key in hosts:
        config.write(f"Host {name}\n HostName {address}\n Port {port}\n IdentityFile {key}\n")
    config.write(f"Host *\n User ubuntu\n BatchMode yes\n IdentitiesOnly yes\n UserKnownHostsFile {folder}/known_hosts\n")
    config.flush()
    for _ in range(runs):
        floor.append(logins(config.name))
        begun, ended = ours()
        ready.append(begun)
        gone.append(ended)
print(f"{nodes} existing hosts, seconds, the median of {runs} (least, most)")
for name, times in {f"{nodes} logins by ssh at once": floor, "until ready": ready, "until given back": gone}.items():
    print(f"{name:28} {statistics.median(times):6.3f}  ({min(times):.3f}, {max(times):.3f})")

"""Takes a cluster away from a Swarm, also when the process that made it is gone, and its machine with it.

    python3 -c 'import sys; exec(sys.argv[1])' TEXT watch|reap NAME USER IMAGE SERVICE MACHINES PATIENCE

runs in a container of the node image IMAGE on one of the Swarm's managers, with that machine's engine at /var/run/docker.sock and nothing
else. NAME is what the cluster's network is called, and what the names of its containers begin with; USER is the number of the user whose
it is. SERVICE is what the service is called that takes the cluster away. MACHINES are the Swarm's names for those that have nodes, with commas. PATIENCE is a number of
seconds.

`watch` says `watching` and reads: when `done` comes it ends. When standard input ends without that, or says nothing for PATIENCE, it
starts `reap` as a service on these machines and the manager, and says `reaping`. That ends when nothing is left anywhere: a machine that is down is waited for.
"""

import http.client
import json
import select
import socket
import sys
import time
import urllib.parse

text, mode, name, user, image, service, machines, patience = sys.argv[1:9]


class Engine(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("engine", timeout=60)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect("/var/run/docker.sock")


class Refusal(Exception):
    """What an engine says that will not do something."""


def ask(method, path, body=None, **query):
    """Returns what the engine says, or nothing where it says nothing, or that it has no such thing, or is at it already. Without a version in
    the path it speaks its own: newer ones leave old versions out."""
    words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in query.items()}
    engine = Engine()
    try:
        engine.request(
            method,
            path + "?" + urllib.parse.urlencode(words),
            body and json.dumps(body),
            {"Content-Type": "application/json"},
        )
        answer = engine.getresponse()
        content = answer.read()
        if answer.status in (404, 409):
            return None
        if answer.status >= 400:
            raise Refusal(content.decode(errors="replace").strip())
        return json.loads(content) if content else None
    finally:
        engine.close()


def labels():
    return {"label": ["org.clusterfixture.user=" + user, "org.clusterfixture.machine"]}


def containers():
    """Those of the cluster on this machine: what the labels say is where a look begins, and the name must be the one that we give."""
    there = ask("GET", "/containers/json", all="1", filters=labels())
    return [each["Id"] for each in there or [] if any(called.startswith("/" + name + "-") for called in each["Names"])]


def networks():
    there = ask("GET", "/networks", filters=dict(labels(), name=[name]))
    return [each["Id"] for each in there or [] if each["Name"] == name]


def watch():
    own = ask("GET", "/info")["Swarm"]["NodeID"]
    print("watching", flush=True)
    told = b""
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], float(patience))
        some = ready and sys.stdin.buffer.raw.read(4096)
        if not some:
            break
        told += some
        if b"done" in told:
            return
        told = told[-4:]
    wanted = machines.split(",") + [own]
    others = [each["ID"] for each in ask("GET", "/nodes") if each["ID"] not in wanted]
    mount = {"Type": "bind", "Source": "/var/run/docker.sock", "Target": "/var/run/docker.sock"}
    container = {
        "Image": image,
        "Command": ["python3", "-c", "import sys; exec(sys.argv[1])", text],
        "Args": ["reap", name, user, image, service, machines, patience],
        "User": "root",
        "ReadOnly": True,
        "CapabilityDrop": ["ALL"],
        "Privileges": {"NoNewPrivileges": True},
        "Mounts": [mount],
    }
    specification = {
        "Name": service,
        "Labels": {"org.clusterfixture.user": user, "org.clusterfixture.machine": "all"},
        "TaskTemplate": {
            "ContainerSpec": container,
            "Placement": {"Constraints": ["node.id!=" + each for each in others]},
            "RestartPolicy": {"Condition": "on-failure", "Delay": 5 * 10**9},
        },
        "Mode": {"Global": {}},
    }
    # Another one may have been quicker.
    ask("POST", "/services/create", specification)
    print("reaping", flush=True)


def done():
    """Those of the Swarm's machines whose part of the work is done."""
    tasks = ask("GET", "/tasks", filters={"service": [service]})
    return {each["NodeID"] for each in tasks or [] if each["Status"]["State"] == "complete"}


def reap():
    """Ends when nothing is left on this machine; a manager's when nothing is left on any."""
    pause = 0.1
    while True:
        try:
            for each in containers():
                ask("DELETE", "/containers/" + each, force="1", v="1")
            swarm = ask("GET", "/info")["Swarm"]
            if not swarm.get("ControlAvailable"):
                if not containers():
                    return
            else:
                for each in networks():
                    ask("DELETE", "/networks/" + each)
                # One that was taken out of the Swarm is not waited for.
                awaited = {each["ID"] for each in ask("GET", "/nodes")} & set(machines.split(",")) - {swarm["NodeID"]}
                if not containers() and not networks() and awaited <= done():
                    ask("DELETE", "/services/" + service)
                    return
        except (OSError, http.client.HTTPException, ValueError, Refusal) as error:
            print(error, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 5)


try:
    watch() if mode == "watch" else reap()
except (OSError, Refusal) as error:
    sys.exit(str(error))

"""Takes a cluster away from a Swarm, also when the process that made it is gone, and its machine with it.

    python3 -c 'import sys; exec(sys.argv[1])' TEXT watch NAME USER IMAGE SERVICE PATIENCE
    python3 -c 'import sys; exec(sys.argv[1])' TEXT reap NAME USER IMAGE SERVICE MANAGER MACHINES

runs in a container of the node image IMAGE on one of the Swarm's managers, with that machine's engine at /var/run/docker.sock and nothing
else. NAME is what the cluster's network is called, and what the names of its containers begin with; USER is the number of the user whose
it is. SERVICE is what the service is called that takes the cluster away. MACHINES are the Swarm's names for those that may have nodes, with commas,
and MANAGER its name for the machine that watched. PATIENCE is a number of seconds.

`watch` says `watching` and reads lines: `on MACHINES` before a node is made on any of them, all of which have the image then; `done`, and it ends.
When standard input ends without that, or says nothing for PATIENCE, it starts `reap` as a service on the machines that it was told of and its own,
and says `reaping`. That ends when nothing is left anywhere: a machine that is down is waited for.
A Swarm gives its own machine no part of a service if that is to have none: then `reap` runs in this container as well.
"""

import http.client
import json
import select
import socket
import sys
import time
import urllib.parse

text, mode, name, user, image, service, *rest = sys.argv[1:]

# Seconds. An engine goes on with what it was asked for when the asker has died: something may appear that late.
QUIET = 8


class Engine(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("engine", timeout=60)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect("/var/run/docker.sock")


class Refusal(Exception):
    """What an engine says that will not do something."""


# What an engine, or a Swarm without a leader, may say today and not tomorrow.
FAILURES = (OSError, http.client.HTTPException, ValueError, Refusal)


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
    # An engine tells of none of a Swarm's networks while the Swarm can't agree; of its machines it says then that it can't tell.
    ask("GET", "/nodes")
    there = ask("GET", "/networks", filters=dict(labels(), name=[name]))
    return [each["Id"] for each in there or [] if each["Name"] == name]


def watch(patience):
    own = ask("GET", "/info")["Swarm"]["NodeID"]
    # By its name a machine would ask a registry for it first.
    there = ask("GET", "/images/" + urllib.parse.quote(image) + "/json")["Id"]
    print("watching", flush=True)
    machines = machines_to_clear(patience)
    if machines is None:
        return
    pause = 0.1
    while True:
        try:
            has_part = start_service(own, there, machines)
            break
        except FAILURES as error:
            print(error, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 5)
    print("reaping", flush=True)
    if not has_part:
        reap(own, machines)


def machines_to_clear(patience):
    """Returns the machines that may have nodes once nobody says anything any more; nothing if there is nothing to do."""
    machines, told = "", b""
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], patience)
        some = ready and sys.stdin.buffer.raw.read(4096)
        if not some:
            return machines
        *lines, told = (told + some).split(b"\n")
        for line in lines:
            if line == b"done":
                return None
            if line.startswith(b"on "):
                machines = line[3:].decode()


def start_service(own, image, machines):
    """Returns whether this machine has a part in it."""
    known = ask("GET", "/nodes")
    others = [each["ID"] for each in known if each["ID"] not in machines.split(",") + [own]]
    mount = {"Type": "bind", "Source": "/var/run/docker.sock", "Target": "/var/run/docker.sock"}
    container = {
        "Image": image,
        "Command": ["python3", "-c", "import sys; exec(sys.argv[1])", text],
        "Args": ["reap", name, user, image, service, own, machines],
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
    return any(each["ID"] == own and each["Spec"]["Availability"] == "active" for each in known)


def awaited(manager, machines):
    """The Swarm's machines whose part of the work is not done. One that was taken out of the Swarm is not waited for."""
    known = {each["ID"] for each in ask("GET", "/nodes")} & set(machines.split(",")) - {manager}
    tasks = ask("GET", "/tasks", filters={"service": [service]})
    return known - {each["NodeID"] for each in tasks or [] if each["Status"]["State"] == "complete"}


def reap(manager, machines):
    """Ends when nothing is left on this machine, and nothing has appeared for some seconds; on the manager's, when nothing is left on any."""
    pause, quiet = 0.1, time.monotonic()
    while True:
        try:
            leads = ask("GET", "/info")["Swarm"]["NodeID"] == manager
            found = [("/containers/" + each, {"force": "1", "v": "1"}) for each in containers()]
            if leads:
                found += [("/networks/" + each, {}) for each in networks()]
            if found:
                quiet = time.monotonic()
            for path, query in found:
                # One that can't go, such as a container whose program nobody can end, keeps none of the others.
                try:
                    ask("DELETE", path, **query)
                except FAILURES as error:
                    print(error, flush=True)
            if time.monotonic() - quiet >= QUIET and not found:
                if not leads:
                    return
                if not awaited(manager, machines):
                    ask("DELETE", "/services/" + service)
                    return
        except FAILURES as error:
            print(error, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 2)


try:
    watch(float(rest[0])) if mode == "watch" else reap(*rest)
except FAILURES as error:
    sys.exit(str(error))

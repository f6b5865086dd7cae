"""Takes a cluster away from a Swarm, also when the process that made it is gone, and its machine with it.

    python3 -c 'import sys; exec(sys.argv[1])' TEXT watch|reap NAME USER IMAGE SERVICE

runs in a container of the node image IMAGE on one of the Swarm's managers, with that machine's engine at /var/run/docker.sock and nothing
else. NAME is what the cluster's network is called, and what the names of its containers begin with; USER is the number of the user whose
it is. SERVICE is what the service is called that takes the cluster away.

`watch` says `watching` and reads: when `done` comes it ends. When standard input ends without that, or says nothing for ten minutes, it
starts `reap` as a service on every machine, which ends when nothing is left anywhere: a machine that is down is waited for.
"""

import http.client
import json
import select
import socket
import sys
import time
import urllib.parse

text, mode, name, user, image, service = sys.argv[1:7]
PATIENCE = 600


class Engine(http.client.HTTPConnection):
    def __init__(self):
        super().__init__("engine", timeout=60)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect("/var/run/docker.sock")


def ask(method, path, body=None, **query):
    """Returns the status and what the engine says, or nothing where it says nothing."""
    words = {key: value if isinstance(value, str) else json.dumps(value) for key, value in query.items()}
    engine = Engine()
    try:
        engine.request(
            method,
            "/v1.40" + path + "?" + urllib.parse.urlencode(words),
            body and json.dumps(body),
            {"Content-Type": "application/json"},
        )
        answer = engine.getresponse()
        content = answer.read()
        return answer.status, json.loads(content) if content else None
    finally:
        engine.close()


def labels():
    return {"label": ["org.clusterfixture.user=" + user, "org.clusterfixture.machine"]}


def containers():
    """Those of the cluster on this machine: what the labels say is where a look begins, and the name must be the one that we give."""
    _, there = ask("GET", "/containers/json", all="1", filters=labels())
    return [each["Id"] for each in there or [] if any(called.startswith("/" + name + "-") for called in each["Names"])]


def networks():
    status, there = ask("GET", "/networks", filters=dict(labels(), name=[name]))
    return [each["Id"] for each in there or [] if each["Name"] == name]


def watch():
    print("watching", flush=True)
    told = b""
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], PATIENCE)
        some = ready and sys.stdin.buffer.raw.read(4096)
        if not some:
            break
        told += some
        if b"done" in told:
            return
        told = told[-4:]
    mount = {"Type": "bind", "Source": "/var/run/docker.sock", "Target": "/var/run/docker.sock"}
    container = {
        "Image": image,
        "Command": ["python3", "-c", "import sys; exec(sys.argv[1])", text],
        "Args": ["reap", name, user, image, service],
        "User": "root",
        "ReadOnly": True,
        "Mounts": [mount],
    }
    specification = {
        "Name": service,
        "Labels": {"org.clusterfixture.user": user, "org.clusterfixture.machine": "all"},
        "TaskTemplate": {
            "ContainerSpec": container,
            "RestartPolicy": {"Condition": "any", "Delay": 5 * 10**9},
            "Networks": [{"Target": "none"}],
        },
        "Mode": {"Global": {}},
    }
    while True:
        status, told = ask("POST", "/services/create", specification)
        # Another one may have been quicker.
        if status in (201, 409):
            return
        print(status, told, flush=True)
        time.sleep(5)


def reap():
    """Goes on until the service is taken away, which a manager's does when the network could go: then nobody is on it any more."""
    pause = 0.1
    while True:
        try:
            left = containers()
            for each in left:
                ask("DELETE", "/containers/" + each, force="1", v="1")
            _, facts = ask("GET", "/info")
            if facts["Swarm"].get("ControlAvailable"):
                for each in networks():
                    ask("DELETE", "/networks/" + each)
                if not containers() and not networks():
                    ask("DELETE", "/services/" + service)
                    return
        except (OSError, http.client.HTTPException, ValueError) as error:
            print(error, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 5)


watch() if mode == "watch" else reap()

"""Runs on a node as root and breaks the names that its programs ask for, or heals them:
missing NAME; wrong NAME ADDRESS; slow SECONDS; heal; heal missing NAME, heal wrong NAME, heal slow.

While something is broken, a small resolver of the node's own answers: what /etc/hosts had, what is broken of it, and for all else
what the resolvers say that the node had. So programs get real answers of DNS: NXDOMAIN, a wrong address, or a late one.
"""
import fcntl, ipaddress, json, os, signal, socket, struct, sys, threading, time

KEPT = "/var/lib/cluster-fixture/names"
RESOLVER = "127.0.0.153"
HOSTS, RESOLV = "/etc/hosts", "/etc/resolv.conf"
A, PTR, AAAA, IN = 1, 12, 28, 1


def read(path):
    with open(path) as file:
        return file.read()


def write(path, text):
    # An engine's files are mounts, which can be written and not replaced.
    with open(path, "w") as file:
        file.write(text)


def kept(name):
    return os.path.join(KEPT, name)


# --- the resolver -------------------------------------------------------------------------------------------------------


def hosts():
    """The lines of the file that the node had: an address and its names."""
    for line in read(kept("hosts")).splitlines():
        words = line.split("#")[0].split()
        if len(words) > 1:
            yield ipaddress.ip_address(words[0]), [word.lower() for word in words[1:]]


def look_up(name, kind, table):
    """The answers for a name, as bytes; None if there is no such name, and Ellipsis if it is not ours to say."""
    lines = list(hosts())
    # A machine is missing, or wrong, under all its names.
    names = {name}.union(*(names for _, names in lines if name in names))
    if names & set(table["missing"]):
        return None
    wrong = [ipaddress.ip_address(table["wrong"][each]) for each in names if each in table["wrong"]]
    addresses = wrong or [address for address, names in lines if name in names]
    if addresses:
        return [each.packed for each in addresses if kind == (A if each.version == 4 else AAAA)]
    if kind == PTR:
        found = [names[0] for address, names in lines if address.reverse_pointer == name]
        if found:
            return [b"".join(bytes([len(part)]) + part.encode() for part in found[0].split(".")) + b"\0"]
    return ...


def question(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    kind = struct.unpack_from("!H", query, at + 1)[0]
    return ".".join(labels), kind, query[12 : at + 5]


def reply(query, asked, kind, answers, code=0):
    head = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(answers), 0, 0)
    return head + asked + b"".join(struct.pack("!HHHIH", 0xC00C, kind, IN, 0, len(each)) + each for each in answers)


def ask_others(query):
    for line in read(kept("resolv.conf")).splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        try:
            version = ipaddress.ip_address(words[1].split("%")[0]).version
            with socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as other:
                other.settimeout(4)
                other.connect((words[1], 53))
                other.send(query)
                return other.recv(65535)
        except (OSError, ValueError):
            continue
    return None


def answer(server, query, client):
    try:
        name, kind, asked = question(query)
        table = json.loads(read(kept("table")))
        time.sleep(table["slow"])
        answers = look_up(name, kind, table)
        if answers is None:
            text = reply(query, asked, kind, [], code=3)
        elif answers is ...:
            text = ask_others(query) or reply(query, asked, kind, [], code=2)
        else:
            text = reply(query, asked, kind, answers)
        server.sendto(text, client)
    except (OSError, ValueError, IndexError, struct.error):
        pass  # What was broken is whole again, or nobody can be answered.


def serve(server):
    while True:
        query, client = server.recvfrom(65535)
        threading.Thread(target=answer, args=(server, query, client), daemon=True).start()


def start():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        server.bind((RESOLVER, 53))
    except OSError:
        return  # It runs already.
    process = os.fork()
    if process == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(null, stream)
        # The lock is not its to hold.
        os.closerange(3, server.fileno())
        os.closerange(server.fileno() + 1, 256)
        serve(server)
    write(kept("resolver.pid"), str(process))


def stop():
    try:
        process = int(read(kept("resolver.pid")))
        if b"names" in open(f"/proc/{process}/cmdline", "rb").read():
            os.kill(process, signal.SIGKILL)
    except (OSError, ValueError):
        pass


# --- what is broken -----------------------------------------------------------------------------------------------------


def begin(table):
    own = socket.gethostname()
    if not os.path.exists(kept("hosts")):
        write(kept("resolv.conf"), read(RESOLV))
        write(kept("hosts"), read(HOSTS))
    write(kept("table"), json.dumps(table))
    start()
    # A machine knows itself without asking.
    write(HOSTS, "".join(line + "\n" for line in read(kept("hosts")).splitlines() if stays(line.split(), own)))
    others = [line for line in read(kept("resolv.conf")).splitlines() if line.split()[:1] != ["nameserver"]]
    write(RESOLV, "\n".join([f"nameserver {RESOLVER}"] + others) + "\n")


def stays(words, own):
    return len(words) < 2 or words[0].startswith("#") or own in words or ipaddress.ip_address(words[0]).is_loopback


def end():
    if os.path.exists(kept("hosts")):
        write(HOSTS, read(kept("hosts")))
        write(RESOLV, read(kept("resolv.conf")))
    stop()
    for name in ("hosts", "resolv.conf", "table", "resolver.pid"):
        if os.path.exists(kept(name)):
            os.unlink(kept(name))


def main(deed, *words):
    os.makedirs(KEPT, 0o700, exist_ok=True)
    lock = open(kept("lock"), "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    table = {"missing": [], "wrong": {}, "slow": 0}
    if os.path.exists(kept("table")):
        table = json.loads(read(kept("table")))
    if deed == "heal" and not words:
        return end()
    if deed == "heal":
        deed, name = words[0], (words + ("",))[1].lower()
        if deed == "missing" and name in table["missing"]:
            table["missing"].remove(name)
        elif deed == "wrong":
            table["wrong"].pop(name, None)
        elif deed == "slow":
            table["slow"] = 0
        return begin(table) if any(table.values()) else end()
    if deed == "slow":
        table["slow"] = float(words[0])
    elif deed == "missing" and words[0].lower() not in table["missing"]:
        table["missing"].append(words[0].lower())
    elif deed == "wrong":
        table["wrong"][words[0].lower()] = words[1]
    begin(table)


main(*sys.argv[1:])

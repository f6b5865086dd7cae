"""mininet_peer.py BRIDGE SUBNET SSHD…: hosts on one Linux bridge, each with an sshd of its own."""

import contextlib
import ipaddress
import os
import signal
import subprocess
import sys

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.nodelib import LinuxBridge

import peer

bridge, subnet = sys.argv[1], ipaddress.ip_network(sys.argv[2])
sshd = sys.argv[3:]

# It warns of filters between hosts, which nothing here passes.
setLogLevel("error")
# It would raise limits of this machine (net.core.wmem_max, kernel.pty.max and others) and leave them raised.
Mininet.inited = True

net = None
servers = []


def up(count):
    global net
    net = Mininet(controller=None, switch=LinuxBridge, build=False)
    switch = net.addSwitch(bridge)
    addresses = [str(address) for address in list(subnet.hosts())[:count]]
    for number, address in enumerate(addresses, start=1):
        net.addLink(net.addHost(f"h{number}", ip=f"{address}/{subnet.prefixlen}"), switch)
    net.start()
    gateway = f"{subnet[-2]}/{subnet.prefixlen}"
    subprocess.run(["ip", "address", "add", gateway, "dev", bridge], check=True)
    servers.extend(host.popen(sshd) for host in net.hosts)
    return [(address, 22) for address in addresses]


def down():
    global net
    for server in servers:
        end(server.pid)
    if net is not None:
        net.stop()
    for server in servers:
        server.wait()
    servers.clear()
    net = None


def end(process):
    """Kills a process after its children: a connection would never end by itself in a network without a link."""
    with contextlib.suppress(OSError):
        with open(f"/proc/{process}/task/{process}/children") as children:
            for child in children.read().split():
                end(int(child))
        os.kill(process, signal.SIGKILL)


peer.serve(up, down)

"""Logs in to every node by a cluster's ssh_config and known_hosts with a client of Python's, and to the last one through the first."""

import asyncio
import json
import sys

COMMAND = "echo $(hostname) $(id -un)"
ADDRESS = "echo $SSH_CLIENT"


def names(inventory):
    """What a node is called, each in turn: a name, an address, a name with a domain."""
    for index, node in enumerate(inventory["nodes"]):
        name = [node["name"], node["fqdn"], node["ip"]][index % 3]
        # Where addresses are not reached, a client that knows no ProxyCommand goes by the names.
        yield name if "hostIP" in inventory or name != node["ip"] else node["name"]


def paramiko_client(inventory):
    import paramiko

    config = paramiko.SSHConfig.from_path(inventory["sshConfig"])

    def connect(name, user=None, sock=None):
        entry = config.lookup(name)
        client = paramiko.SSHClient()
        client.load_host_keys(inventory["knownHosts"])
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        client.connect(
            entry["hostname"],
            int(entry.get("port", 22)),
            user or entry["user"],
            key_filename=entry["identityfile"],
            allow_agent=False,
            look_for_keys=False,
            sock=sock,
        )
        return client

    for name in names(inventory):
        with connect(name) as client:
            print(client.exec_command(COMMAND)[1].read().decode(), end="")
    last = inventory["nodes"][-1]["ip"]
    with connect("node1", "root") as gateway:
        channel = gateway.get_transport().open_channel("direct-tcpip", (last, 22), ("127.0.0.1", 0))
        with connect(last, sock=channel) as client:
            return client.exec_command(ADDRESS)[1].read().decode()


def asyncssh_client(inventory):
    import asyncssh

    config = [inventory["sshConfig"]]

    async def run():
        for name in names(inventory):
            async with asyncssh.connect(name, config=config) as connection:
                print((await connection.run(COMMAND, check=True)).stdout, end="")
        async with asyncssh.connect("node1", config=config, username="root") as gateway:
            async with asyncssh.connect(inventory["nodes"][-1]["name"], config=config, tunnel=gateway) as connection:
                return (await connection.run(ADDRESS, check=True)).stdout

    return asyncio.run(run())


def fabric_client(inventory):
    import fabric
    import paramiko

    config = fabric.Config(runtime_ssh_path=inventory["sshConfig"])

    def connect(name, gateway=None):
        connection = fabric.Connection(name, config=config, gateway=gateway)
        connection.client.load_host_keys(inventory["knownHosts"])
        connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return connection

    for name in names(inventory):
        with connect(name) as connection:
            print(connection.run(COMMAND, hide=True).stdout, end="")
    with connect(inventory["nodes"][-1]["ip"], gateway=connect("node1")) as connection:
        return connection.run(ADDRESS, hide=True).stdout


def main():
    with open(sys.argv[2]) as file:
        inventory = json.load(file)
    address = globals()[sys.argv[1] + "_client"](inventory).split()[0]
    print("through node1" if address == inventory["nodes"][0]["ip"] else address)


main()

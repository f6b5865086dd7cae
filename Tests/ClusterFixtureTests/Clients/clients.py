"""Logs in to every node of an inventory with a client of Python's, with the pinned host key, and then with a wrong one."""

import asyncio
import json
import sys


def known_hosts(inventory, folder, wrong=False):
    """A known_hosts file for the nodes' published ports."""
    path = folder + (".wrong" if wrong else ".known")
    with open(path, "w") as file:
        for index, node in enumerate(inventory["nodes"]):
            key = inventory["nodes"][index - 1]["hostKey"] if wrong else node["hostKey"]
            file.write(f"[{node['host']}]:{node['port']} {key}\n")
    return path


def paramiko_client(node, known):
    import paramiko

    client = paramiko.SSHClient()
    client.load_host_keys(known)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    user = node["users"][0]
    client.connect(
        node["host"], node["port"], user["name"], key_filename=user["identityFile"], allow_agent=False, look_for_keys=False
    )
    with client:
        return client.exec_command("echo $(hostname) $(id -un)")[1].read().decode()


def asyncssh_client(node, known):
    import asyncssh

    async def connect():
        user = node["users"][0]
        async with asyncssh.connect(
            node["host"], node["port"], username=user["name"], client_keys=[user["identityFile"]], known_hosts=known
        ) as connection:
            return (await connection.run("echo $(hostname) $(id -un)", check=True)).stdout

    return asyncio.run(connect())


def fabric_client(node, known):
    import fabric
    import paramiko

    user = node["users"][0]
    keys = {"key_filename": user["identityFile"], "allow_agent": False, "look_for_keys": False}
    with fabric.Connection(node["host"], user["name"], node["port"], connect_kwargs=keys) as connection:
        connection.client.load_host_keys(known)
        connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return connection.run("echo $(hostname) $(id -un)", hide=True).stdout


def main():
    connect = globals()[sys.argv[1] + "_client"]
    with open(sys.argv[2]) as file:
        inventory = json.load(file)
    known = known_hosts(inventory, sys.argv[2])
    for node in inventory["nodes"]:
        print(connect(node, known), end="")
    wrong = known_hosts(inventory, sys.argv[2], wrong=True)
    try:
        connect(inventory["nodes"][0], wrong)
    except Exception as error:
        if "key" in str(error).lower():
            print("wrong key refused")
        else:
            raise


main()

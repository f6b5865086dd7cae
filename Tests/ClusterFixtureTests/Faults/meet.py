"""Fetches 3,000,000 bytes from node2 of an inventory with a client of Python's, which waits 3 s at most for each step of a login, and
prints what came of it."""

import asyncio
import json
import sys

COMMAND = "head -c 3000000 /dev/zero"


def with_paramiko(node, user, known):
    import paramiko

    client = paramiko.SSHClient()
    client.load_host_keys(known)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    limits = {"timeout": 3, "banner_timeout": 3, "auth_timeout": 3}
    client.connect(
        node["host"], node["port"], user["name"], key_filename=user["identityFile"], allow_agent=False, look_for_keys=False, **limits
    )
    with client:
        _, output, _ = client.exec_command(COMMAND)
        data = output.read()
        # It takes a lost connection for the end of what there is to read.
        return data if output.channel.recv_exit_status() == 0 else None


def with_asyncssh(node, user, known):
    import asyncssh

    async def fetch():
        async with asyncssh.connect(
            node["host"], node["port"], username=user["name"], client_keys=[user["identityFile"]], known_hosts=known, login_timeout=3, connect_timeout=3
        ) as connection:
            result = await connection.run(COMMAND, encoding=None)
            return result.stdout if result.exit_status == 0 else None

    return asyncio.run(fetch())


def main():
    with open(sys.argv[2]) as file:
        node = json.load(file)["nodes"][1]
    known = sys.argv[2] + ".known"
    with open(known, "w") as file:
        file.write(f"[{node['host']}]:{node['port']} {node['hostKey']}\n")
    try:
        data = globals()["with_" + sys.argv[1]](node, node["users"][0], known)
        print("the connection was lost" if data is None else f"{len(data)} bytes")
    except BaseException as error:
        print(f"{type(error).__name__}: {error}")


main()

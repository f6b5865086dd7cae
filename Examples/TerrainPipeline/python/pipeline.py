"""Compute the features of terrain tiles on a Dask cluster that spans the given nodes.

Run it on the first node, which gets the scheduler; each node, the first one too, gets a worker. With --jobs the workers are
jobs of Slurm instead, and the scheduler is where this runs.
The result is one JSON document on standard output, and the progress goes to standard error.
"""

import argparse
import json
import logging
import socket
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
from dask.distributed import Client, Future, SpecCluster, SSHCluster, as_completed

from terrain import Tile

FOLDER = Path(__file__).parent

# A node may vanish without closing its connections. With these, the scheduler notices it within
# ten seconds or so: once per worker-ttl, it looks for workers that were silent for that long.
dask.config.set(
    {
        "distributed.scheduler.worker-ttl": "5s",
        "distributed.comm.timeouts.connect": "10s",
        "distributed.comm.timeouts.tcp": "11s",
    }
)


def main() -> None:
    """Do what the command line says, or say in one sentence why not."""
    arguments = parse_arguments()
    try:
        report = run(arguments)
    except Exception as error:
        reason = " ".join(str(error).split())
        sys.exit(f"The pipeline failed: {type(error).__name__}: {reason}")
    print(json.dumps(report, indent=2))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", metavar="NODE", nargs="*", help="IP address of a node")
    parser.add_argument("--jobs", type=int, help="how many workers to have as jobs of Slurm")
    parser.add_argument("--tiles", type=int, help="how many (default: 12, with --half-way 60)")
    parser.add_argument("--points", type=int, default=20_000, help="about how many per tile")
    parser.add_argument(
        "--half-way",
        metavar="FIFO",
        type=Path,
        help="a named pipe that gets the name of a busy node, when half of the tiles are done",
    )
    arguments = parser.parse_args()
    if bool(arguments.nodes) == bool(arguments.jobs):
        parser.error("name nodes, or a number of jobs")
    if arguments.half_way and not arguments.half_way.is_fifo():
        parser.error(f"{arguments.half_way} is not a named pipe")
    if arguments.half_way and len(arguments.nodes) < 2:
        parser.error("--half-way needs a second node")
    # Whoever reads the pipe wants to find the node at work: that takes more of it.
    arguments.tiles = arguments.tiles or (60 if arguments.half_way else 12)
    return arguments


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compute all tiles on a cluster of the nodes or jobs, and return the report."""
    started = time.monotonic()
    tiles, points = arguments.tiles, arguments.points
    nodes = arguments.nodes
    with start_jobs(arguments.jobs) if arguments.jobs else start_cluster(nodes) as cluster, Client(cluster) as client:
        client.wait_for_workers(arguments.jobs or len(nodes), timeout=60)
        for module in "terrain.py", "features.py":
            client.upload_file(str(FOLDER / module), load=False)
        names = client.run(socket.gethostname)  # of the nodes, by the addresses of their workers
        dashboard = cluster.dashboard_link
        say(f"The cluster is up: {', '.join(sorted(names.values()))}; see {dashboard}")

        # A result stays in the memory of its worker until the end, so a node takes its finished
        # tiles down with it, and Dask has to compute them once more.
        futures = client.map(process_tile, range(tiles), points=points)
        finished_on = follow(client, futures, names, arguments.half_way)
        results = client.gather(futures)
        alive = client.nthreads()

    lost = sorted(name for address, name in names.items() if address not in alive)
    recomputed = [tile for tile, (node, *_) in enumerate(results) if node != finished_on[tile]]
    if lost:
        say(f"Lost {', '.join(lost)}; computed again what was there: tiles {recomputed}")
    ips = {name: urlsplit(address).hostname for address, name in names.items()}
    counts = Counter(node for node, *_ in results)
    return {
        "scheduler": nodes[0] if nodes else socket.gethostname(),
        "dashboard": dashboard,
        "tiles": [
            {
                "tile": number,
                "node": node,
                "ip": ips[node],
                "points": count,
                "features": features,
                "expected": Tile.of_about(points, number).expected(),
            }
            for number, (node, count, features) in enumerate(results)
        ],
        "nodes": {name: counts[name] for name in sorted(ips)},
        "seconds": round(time.monotonic() - started, 3),
        "lost_workers": lost,
        "recomputed_tiles": recomputed,
    }


def start_cluster(nodes: list[str]) -> SpecCluster:
    """Start a scheduler on the first node and a worker on every node, over SSH.

    It is the user's own SSH: the same name, key and known hosts.
    """
    return SSHCluster(
        [nodes[0], *nodes],
        connect_options={"connect_timeout": 10},
        scheduler_options={"host": nodes[0], "dashboard_address": ":8787"},
        worker_options={"nthreads": 1},
        # Without a nanny, which would take a second process on each node just to restart it.
        worker_class="distributed.Worker",
        silence_logs=logging.ERROR,
    )


def start_jobs(number: int) -> SpecCluster:
    """Start a scheduler here, and workers as jobs of Slurm, each with a processor."""
    from dask_jobqueue import SLURMCluster

    return SLURMCluster(
        n_workers=number,
        cores=1,
        processes=1,
        memory="700MB",
        nanny=False,
        local_directory="/tmp",
        log_directory="jobs",
        scheduler_options={"dashboard_address": ":8787"},
        silence_logs=logging.ERROR,
    )


def process_tile(number: int, points: int) -> tuple[str, int, dict[str, float]]:
    """Compute one tile on a worker: its node, its number of points and its features."""
    import features  # Not above: laserchicken takes a second to load, and only workers need it.

    return socket.gethostname(), *features.process(Tile.of_about(points, number))


def follow(
    client: Client, futures: list[Future], names: dict[str, str], half_way: Path | None
) -> dict[int, str]:
    """Tell of each tile when it is finished, and return the nodes that were first to do so."""
    numbers = {future: number for number, future in enumerate(futures)}
    finished_on: dict[int, str] = {}
    for future in as_completed(futures):
        if future.status == "error":
            raise future.exception()
        number = numbers[future]
        holders = client.who_has([future]).get(future.key, ())
        finished_on[number] = next((names[holder] for holder in holders), "a node now lost")
        say(f"{len(finished_on)} of {len(futures)}: tile {number} on {finished_on[number]}")
        if half_way and len(finished_on) == (len(futures) + 1) // 2:
            announce_busy_node(client, names, half_way)
    return finished_on


def announce_busy_node(client: Client, names: dict[str, str], pipe: Path) -> None:
    """Write the name of the busiest node but this one to the pipe, once somebody reads it."""
    tasks = client.processing()
    others = [address for address in tasks if names[address] != socket.gethostname()]
    busiest = names[max(others, key=lambda address: len(tasks[address]))]
    say(f"Half of the tiles are done, and {busiest} is busy")
    pipe.write_text(f"{busiest}\n")


def say(line: str) -> None:
    """Report progress."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

"""Squares numbers on Dask workers that are jobs of a batch system: squares.py CLASS, where CLASS is one of dask_jobqueue's.

It says in the file `started` on which nodes the workers are, and prints the answers as JSON when all is done.
"""

import faulthandler
import json
import os
import socket
import sys
import time

import dask
import dask_jobqueue
from dask.distributed import Client

SETTINGS = {
    "SLURMCluster": {},
    "SGECluster": {"queue": "all.q", "walltime": "00:10:00"},
    "HTCondorCluster": {"disk": "100MB"},
}


def square(number):
    time.sleep(0.1)
    return number**2


def hosts(client):
    return sorted(client.run(socket.gethostname).values())


def main(name):
    # A worker that is lost is missed after a second.
    dask.config.set({"distributed.deploy.lost-worker-timeout": "1s"})
    cluster = getattr(dask_jobqueue, name)(
        cores=1, processes=1, memory="400MB", log_directory="logs", local_directory="/tmp", **SETTINGS[name]
    )
    with cluster, Client(cluster) as client:
        cluster.scale(jobs=3)
        client.wait_for_workers(3, timeout=120)
        with open("starting", "w") as file:
            json.dump(hosts(client), file)
        os.rename("starting", "started")
        # Whatever happens to a job now, its numbers are squared by others.
        squares = client.gather(client.map(square, range(200), retries=10))
        # Each job that is needed is asked for, and no others.
        adaptive = cluster.adapt(minimum_jobs=2, maximum_jobs=3)
        client.wait_for_workers(2, timeout=120)
        more = client.gather(client.map(square, range(200, 220), retries=10))
        print(json.dumps({"sum": sum(squares), "more": sum(more), "hosts": hosts(client)}))
        # Distributed trips over a worker that is still being started when its cluster is closed.
        adaptive.stop()
        cluster.scale(0)
        while cluster.workers:
            time.sleep(0.1)


# Where it stands is told if it never ends.
faulthandler.dump_traceback_later(180, exit=True)
main(sys.argv[1])

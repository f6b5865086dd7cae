"""Sums squares on Dask's workers: squares.py COUNT SECONDS [PAUSE]

Prints a line of JSON: the sum, and how many of the numbers each node has squared. The file /tmp/begun is there when the first
square is.
"""
import json
import socket
import sys
import time
from collections import Counter
from pathlib import Path

from distributed import Client, as_completed


def square(number, seconds):
    time.sleep(seconds)
    return number * number, socket.gethostname()


count, seconds = int(sys.argv[1]), float(sys.argv[2])
with Client(timeout="30s") as client:
    total, nodes = 0, Counter()
    # Retried, since a worker's death is not a fault of the task's.
    futures = client.map(square, range(count), seconds=seconds, retries=10)
    for future, (value, node) in as_completed(futures, with_results=True):
        Path("/tmp/begun").touch()
        total += value
        nodes[node] += 1
print(json.dumps({"sum": total, "nodes": nodes}))

# prove-dask.py ADDRESS WORKERS PIDFILE: ends when a function has run on each of so many workers of the scheduler at ADDRESS, or
# with a word of why not when the scheduler has ended.
import os
import select
import sys
import threading

address, workers, pidfile = sys.argv[1:]


def end_with_scheduler():
    try:
        scheduler = os.pidfd_open(int(open(pidfile).read()))
    except ProcessLookupError:
        pass
    else:
        select.select([scheduler], [], [])
    os.write(2, b"the scheduler has ended\n")
    os._exit(1)


threading.Thread(target=end_with_scheduler, daemon=True).start()

from distributed import Client  # It takes a second, in which the scheduler starts.

with Client(address, timeout=600) as client:
    client.wait_for_workers(int(workers))
    client.run(os.getpid)

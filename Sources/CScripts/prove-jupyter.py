# prove-jupyter.py CONFIGURATION PIDFILE: ends when the server with this configuration has answered with JupyterLab's page, or with a
# word of why not when that can't be.
import json
import os
import sys
import time
import urllib.error
import urllib.request

configuration, pidfile = json.load(open(sys.argv[1])), sys.argv[2]
port, token = configuration["ServerApp"]["port"], configuration["IdentityProvider"]["token"]
page = urllib.request.Request(f"http://127.0.0.1:{port}/lab", headers={"Authorization": f"token {token}"})
server = int(open(pidfile).read())
while True:
    try:
        with urllib.request.urlopen(page) as answer:
            sys.exit(None if b"jupyter-config-data" in answer.read() else f"what port {port} shows is not JupyterLab's page")
    except urllib.error.HTTPError as error:
        sys.exit(f"the page at port {port} can't be had: {error}")
    except OSError:
        if not os.path.exists(f"/proc/{server}"):
            sys.exit("the server has ended")
        time.sleep(0.02)

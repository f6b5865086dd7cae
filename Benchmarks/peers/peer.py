"""The words that the benchmark and its peers exchange, one per line, over standard input and output."""

import json
import sys


def serve(up, down, restart=None):
    """Says `ready`, then answers `up N`, and `restart N` if it can, with a JSON list of host and port pairs, and `down` with `down`.

    However it ends (the benchmark is done or has died, or `up` failed), `down` is called once more: it takes down whatever
    there is.
    """
    try:
        say("ready")
        for line in sys.stdin:
            word, *numbers = line.split()
            if word == "up":
                say(json.dumps(up(int(numbers[0]))))
            elif word == "restart":
                say(json.dumps(restart()))
            else:
                down()
                say("down")
    except BrokenPipeError:
        pass
    finally:
        down()


def say(text):
    print(text, flush=True)

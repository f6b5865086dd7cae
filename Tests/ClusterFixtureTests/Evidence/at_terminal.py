"""Runs a program at a terminal of its own, as a person would: at_terminal.py PROGRAM [WORD…]

Standard input has pairs of lines: a pattern that is waited for in what the terminal shows, and what is then typed. Standard
output gets what the terminal showed; the exit code is the program's.
"""

import fcntl
import os
import re
import select
import signal
import subprocess
import sys
import termios

SECONDS = 100


def main():
    lines = sys.stdin.read().splitlines()
    # The terminal's own end stays open, wherever the program's streams lead.
    terminal, own = os.openpty()

    def take_terminal():
        os.setsid()
        fcntl.ioctl(own, termios.TIOCSCTTY, 0)

    program = subprocess.Popen(sys.argv[1:], stdin=own, stdout=own, stderr=own, preexec_fn=take_terminal)
    shown = b""

    def show():
        """Whether there is, or may be, more."""
        nonlocal shown
        ready = select.select([terminal], [], [], 0.05)[0]
        if ready:
            shown += os.read(terminal, 65536)
        return ready or program.poll() is None

    def give_up(*_):
        program.send_signal(signal.SIGHUP)
        sys.exit(f"after {SECONDS} s: {shown.decode(errors='replace')}")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(SECONDS)
    begin = 0
    for pattern, typed in zip(lines[::2], lines[1::2]):
        while not (match := re.compile(pattern.encode()).search(shown, begin)):
            if not show():
                sys.exit(f"no {pattern!r} in: {shown.decode(errors='replace')}")
        begin = match.end()
        os.write(terminal, typed.encode() + b"\n")
    while show():
        pass
    print(shown.decode(errors="replace"))
    sys.exit(program.returncode)


main()

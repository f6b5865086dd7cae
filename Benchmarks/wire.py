"""Traffic for Benchmarks/wire.

    wire.py echo | collect | end        answers datagrams on port 7000; counts numbered ones on port 7001, until it is told to end
    wire.py rtt HOST                    500 round trips, in milliseconds
    wire.py send HOST COUNT             numbered datagrams, 10,000 a second
"""
import hashlib
import socket
import statistics
import struct
import sys
import time


def udp(port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.bind(("", port))
    return s


def echo():
    s = udp(7000)
    while True:
        s.sendto(*s.recvfrom(2048))


def rtt(host):
    s, times = udp(), []
    s.settimeout(10)
    for number in range(-5, 500):  # The first wait for ARP and cold caches.
        begin = time.perf_counter()
        s.sendto(struct.pack("!q", number), (host, 7000))
        while struct.unpack("!q", s.recv(64))[0] != number:
            pass
        if number >= 0:
            times.append((time.perf_counter() - begin) * 1000)
        time.sleep(0.002)
    times.sort()
    print(f"median {statistics.median(times):.3f}, 99 of 100 within {times[495]:.3f}")


def collect():
    s, numbers = udp(7001), []
    while True:
        data, sender = s.recvfrom(2048)
        number = struct.unpack("!q", data[:8])[0]
        if number < 0 and sender[0] == "127.0.0.1":
            break
        numbers.append(number)
    print(f"{len(numbers)} have come, pattern {hashlib.sha256(repr(numbers).encode()).hexdigest()[:12]}")


def send(host, count):
    s, begin = udp(), time.perf_counter()
    for number in range(int(count)):
        time.sleep(max(0, begin + number / 10000 - time.perf_counter()))
        s.sendto(struct.pack("!q", number) + bytes(56), (host, 7001))
    time.sleep(0.3)


def end():
    udp().sendto(struct.pack("!q", -1), ("127.0.0.1", 7001))


{f.__name__: f for f in (echo, rtt, collect, send, end)}[sys.argv[1]](*sys.argv[2:])

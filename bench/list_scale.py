#!/usr/bin/python3
"""A list of N URLs over H hosts of 127.0.0.0/8 through the program itself.

    bench/list_scale.py build/crawl [N] [HOSTS] [host|random] [FOLDER]

Prints when the first fetch reached a server, lines loaded a second, CPU of the
parent a line, and the most memory that the parent had (VmHWM). The run fetches
2,000 of the URLs and ends with the list. FOLDER (/dev/shm) holds the list and
the database: 3 GB for 10,000,000.
"""
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Type: text/plain\r\n\r\nx"
FETCHED = "2000"


def address(host):
    return "127.%d.%d.%d" % (host >> 16 & 127, host >> 8 & 255, host & 255)


def write_list(path, nr_urls, nr_hosts, order, port):
    each = nr_urls // nr_hosts
    random.seed(1)
    with open(path, "w", buffering=1 << 20) as f:
        if order == "host":
            for host in range(nr_hosts):
                prefix = "http://%s:%d/section/article-" % (address(host), port)
                f.write("".join("%s%d.html\n" % (prefix, n) for n in range(each)))
            return
        # each pass takes every host once, in an order of its own
        hosts = list(range(nr_hosts))
        for n in range(each):
            random.shuffle(hosts)
            f.write("".join("http://%s:%d/section/article-%d.html\n" % (address(h), port, n)
                            for h in hosts))


class Listener:
    """Answers everything and notes when the first request came."""

    def __init__(self):
        self.first = None
        self.socket = socket.create_server(("0.0.0.0", 0), backlog=1024)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.first = self.first or time.monotonic()
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        with connection:
            try:
                while connection.recv(65536):
                    connection.sendall(ANSWER)
            except OSError:
                pass


def watch(process):
    """(CPU seconds, peak KiB) of the parent, as last seen while it lived."""
    ticks, peak = os.sysconf("SC_CLK_TCK"), 0
    cpu = 0.0
    while process.poll() is None:
        try:
            with open("/proc/%d/stat" % process.pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            with open("/proc/%d/status" % process.pid) as f:
                peak = max([peak] + [int(line.split()[1]) for line in f
                                     if line.startswith("VmHWM")])
            cpu = (int(fields[11]) + int(fields[12])) / ticks
        except (OSError, IndexError):
            pass
        time.sleep(0.02)
    return cpu, peak


def main():
    arguments = dict(enumerate(sys.argv))
    crawl = os.path.abspath(arguments[1])
    nr_urls, nr_hosts = int(arguments.get(2, 10000000)), int(arguments.get(3, 100000))
    order = arguments.get(4, "host")
    folder = tempfile.mkdtemp(prefix="crawl-list-", dir=arguments.get(5, "/dev/shm"))
    listener = Listener()
    try:
        write_list(folder + "/urls.txt", nr_urls, nr_hosts, order, listener.port)
        begun = time.monotonic()
        process = subprocess.Popen(
            [crawl, "urls.txt", "--max-urls", FETCHED, "--robots", "ignore", "--progress", "none",
             "--retries", "0", "-q"], cwd=folder)
        cpu, peak = watch(process)
        seconds = time.monotonic() - begun
    finally:
        shutil.rmtree(folder)
    if process.returncode != 4:
        sys.exit("crawl ended with %d, not with its limit" % process.returncode)
    print("| URLs | hosts | order | first fetch, s | lines/s | CPU a line, µs | peak, MB |")
    print("| %d | %d | %s | %.2f | %.0f | %.2f | %.0f |" % (
        nr_urls, nr_hosts, order, listener.first - begun, nr_urls / seconds, cpu * 1e6 / nr_urls,
        peak * 1024 / 1e6))


if __name__ == "__main__":
    main()

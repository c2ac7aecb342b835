#!/usr/bin/python3
"""A list of a million lines costs the parent no more than a short one.

Measured on the release build where there is one: sanitizers keep what was freed.
"""
import gzip
import os
import random
import threading

import harness
from server import Keep, Server, page

RELEASE = os.path.join(harness.ROOT, "build", "crawl")
MIB = 1 << 20
BOUND_BYTES = 150 * MIB
LINES = 1000000


def is_sanitized(program):
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


class Peaks(threading.Thread):
    """The peak RSS of a process and of its descendants, while they live."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process, self.peaks, self.over = process, {}, threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.02):
            self.look(self.process.pid)

    def look(self, pid):
        try:
            with open("/proc/%d/status" % pid) as f:
                for line in f:
                    if line.startswith("VmHWM:"):
                        self.peaks[pid] = int(line.split()[1]) * 1024
            with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
                children = [int(child) for child in f.read().split()]
        except OSError:         # it ended meanwhile
            return
        for child in children:
            self.look(child)

    def stop(self):
        self.over.set()
        self.join()

    def of_parent(self):
        return self.peaks[self.process.pid]

    def of_others(self):
        return max(peak for pid, peak in self.peaks.items() if pid != self.process.pid)


class Memory(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        self.program = harness.CRAWL
        if is_sanitized(self.program):
            if not os.path.exists(RELEASE):
                self.skipTest("no build without sanitizers")
            self.program = RELEASE
        program, harness.CRAWL = harness.CRAWL, self.program
        self.addCleanup(setattr, harness, "CRAWL", program)

    def peak_of(self, *args, expect=0):
        """Runs it; the parent's peak in bytes."""
        process = self.start("urls.txt", *args)
        peaks = Peaks(process)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        peaks.stop()
        self.assertEqual(process.returncode, expect, err[-2000:])
        return peaks.of_parent()

    def write_list(self, lines):
        with open(self.path("urls.txt"), "w") as f:
            for line in lines:
                f.write(line + "\n")

    def test_a_million_urls_on_a_thousand_hosts(self):
        server = self.nginx()
        paths = [path for path, _ in harness.html_files(server.root, 50)]
        rng = random.Random(1)
        self.write_list("http://127.%d.%d.1:%d/%s?%d" % (
            1 + n % 10, rng.randrange(100), server.port, paths[n % 50], n) for n in range(LINES))
        # The limit ends the run; reading the list goes on to its end.
        peak = self.peak_of("--max-urls", "3000", "--progress", "none", expect=4)
        self.assertLess(peak, BOUND_BYTES)
        self.assertEqual(self.rows("select count(*) from urls"), [(LINES,)])

    def test_a_million_hosts(self):
        port = harness.free_port()
        self.write_list("http://127.%d.%d.%d:%d/" % (n >> 16 & 15, n >> 8 & 255, n & 255, port)
                        for n in range(LINES))
        peak = self.peak_of("--max-urls", "2000", "--retries", "0", "--max-host-errors", "1",
                            "--robots", "ignore", "--progress", "none", expect=4)
        self.assertLess(peak, BOUND_BYTES)
        self.assertEqual(self.rows("select count(*) from hosts"), [(LINES,)])

    def test_a_million_bad_lines(self):
        for make in (lambda n: "not a url at all, number %d" % n,
                     lambda n: "ftp://example.org/%d" % n,
                     lambda n: "http://example.org:25/%d" % n):
            self.write_list(make(n) for n in range(LINES // 4))
            peak = self.peak_of("--force", "--progress", "none", expect=2)
            self.assertLess(peak, BOUND_BYTES)
            self.assertEqual(self.rows("select count(*), max(line) from results"),
                             [(LINES // 4, LINES // 4)])

    def test_the_same_line_a_million_times(self):
        server = self.nginx()
        path = harness.html_files(server.root, 1)[0][0]
        url = "http://127.0.0.1:%d/%s" % (server.port, path)
        self.write_list(url for _ in range(LINES // 2))
        self.assertLess(self.peak_of("--progress", "none"), BOUND_BYTES)
        self.assertEqual(len([r for r in server.requests() if "robots" not in r[3]]), 1)
        self.assertEqual(self.rows("select count(*) from results where error = 'duplicate'"),
                         [(LINES // 2 - 1,)])

    def serve_packed(self, wait_s, rest=True):
        """Bodies of 15 MiB in half a MiB; their last bytes come after a while, or never."""
        rng = random.Random(4)
        block = b"".join(rng.randbytes(512).hex().encode() + b"a" * 31 * 1024 for _ in range(480))
        body = gzip.compress(block, 9)
        head = (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body))
        answer = Keep([head + body[:-10], wait_s] + ([body[-10:]] if rest else []))
        server = Server({None: answer, "/robots.txt": page(b"", "404 None"), "/small": page(b"x")})
        self.addCleanup(server.stop)
        return server, len(block)

    def crawl_bodies(self, server, nr_hosts, *options):
        self.write_list(server.url(path, "127.30.0.%d" % n)
                        for n in range(1, nr_hosts + 1) for path in ("/large", "/small"))
        process = self.start("urls.txt", "--workers", "2", "--extract", "links",
                             "--max-memory", "64M", "--progress", "none", *options)
        peaks = Peaks(process)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        peaks.stop()
        self.assertEqual(process.returncode, 0, err[-2000:])
        return peaks.of_others()

    def test_bodies_wait_for_memory_and_small_ones_do_not(self):
        server, length = self.serve_packed(0.3)
        peak = self.crawl_bodies(server, 24)
        self.assertEqual(self.rows("select outcome, length, count(*) from results group by 1, 2"),
                         [("ok", 1, 24), ("ok", length, 24)])
        self.assertLess(peak, 140 * MIB)        # 12 in each worker had 180 MiB

    def test_the_largest_body_is_cut_when_none_moves(self):
        server, _ = self.serve_packed(3600, rest=False)
        peak = self.crawl_bodies(server, 4, "--idle-timeout", "11s", "--retries", "0")
        self.assertLess(peak, 140 * MIB)
        found = dict(self.rows("select error, count(*) from pages where url like '%large'"
                               " group by 1"))
        self.assertEqual(set(found), {"too_large", "stalled"}, found)
        self.assertIn(("no memory left for bodies: --max-memory, or lower --max-size or"
                       " --concurrency",),
                      self.rows("select detail from pages where error = 'too_large'"))

    def test_long_lines(self):
        with open(self.path("urls.txt"), "wb") as f:
            for _ in range(40):
                f.write(b"http://example.org/" + b"a" * (5 * MIB) + b"\n")
        self.assertLess(self.peak_of("--progress", "none", expect=2), BOUND_BYTES)
        self.assertEqual(self.rows("select distinct error from results"), [("too_long",)])


if __name__ == "__main__":
    harness.main()

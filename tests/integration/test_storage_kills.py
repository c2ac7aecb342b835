#!/usr/bin/python3
"""Nothing lost, nothing twice: the whole program, with all outputs on, is
killed, starved of disk space, failed by fsync or cut from power at chosen
moments, run again with the same command until it ends, and then everything
is compared with a run that nobody disturbed.

CRAWL_KILLS is the number of kills (the other faults come on top), CRAWL_SEED
the first seed; what fails prints the seed and the strikes that lead there.
"""
import csv
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests/support"))
import read_warc  # noqa: E402

KILLS = int(os.environ.get("CRAWL_KILLS", "50"))
SEED = int(os.environ.get("CRAWL_SEED", "1"))
SHIM = os.environ.get("PROGRAM_SHIM_LIBRARY",
                      os.path.join(harness.ROOT, "build-dev/tests/fault/libprogram_shim.so"))
ROUNDS = 6              # strikes on one crawl before it is left in peace
HOSTS, PAGES = 5, 24    # addresses, and pages on each
TXT, JSONL, CSV, WARC = "db.txt", "out.jsonl", "out.csv", "out.warc.gz"
COMMAND = ["urls.txt", "more.txt", "-o", "crawl.db", "-o", TXT, "-o", JSONL, "-o", CSV, "-o", WARC,
           "-o", "-", "--store", "body", "--extract", "links", "--depth", "1", "--per-host", "2",
           "--delay", "20ms", "--retries", "0", "--workers", "2", "-q"]
# what the process itself does to itself, by the shim: up to which count
POINTS = {"lease": 6, "inside": 6, "committed": 6, "write": 120, "full": 120, "sync": 20,
          "power": 120}
ENDED = (0, 3)          # 3: of what this session ended, nothing was reached
MOMENTS = ("parent", "worker", "group")
# of the view, what two runs must agree in
COLUMNS = ("input, line, url, length, status, outcome, error, final_url, title, mime, redirects,"
           " links_out, hex(content_hash)")

LINKS = ("select p.url, l.pos, l.to_url, l.kind, l.text, l.rel, l.internal from links l"
         " join pages p on p.id = l.page_id order by 1, 2")


def page(number):
    links = "".join("<a href='p%d.html'>to %d</a>" % (n % (PAGES + 3), n)
                    for n in range(number, number + 4))
    return "<title>Page %d</title><h1>%d</h1>%s%s" % (number, number, links, "word " * 40 * number)


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(p) for p in f.read().split()]
    except OSError:
        return []


class Kills(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        self.assertTrue(os.path.exists(SHIM), SHIM)
        root = tempfile.mkdtemp(prefix="crawl-root-")
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        os.chmod(root, 0o755)
        for number in range(PAGES):
            with open(os.path.join(root, "p%d.html" % number), "w") as f:
                f.write(page(number))
        self.server = self.nginx(root=root, server_extra="location /r { return 302 /p4.html; }")
        self.top, self.closed_port = self.folder, harness.free_port()
        self.prepare("undisturbed")
        process = self.start(*COMMAND)
        process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 0)
        self.want = self.results(COLUMNS)
        self.bodies = self.rows("select content_hash, body_bytes, zstd from bodies order by 1")
        self.links = self.rows(LINKS)
        self.assertGreater(len(self.links), HOSTS * PAGES)
        self.seconds = self.rows("select (julianday(finished_at) - julianday(started_at)) * 86400"
                                 " from runs")[0][0]
        self.assertGreater(len(self.want), HOSTS * PAGES)
        self.check()

    def prepare(self, name):
        """A folder of its own, with two lists that have everything in them."""
        self.folder = os.path.join(self.top, name)
        os.mkdir(self.folder)
        hosts = ["http://127.0.0.%d:%d" % (i + 1, self.server.port) for i in range(HOSTS)]
        lines = [host + "/p%d.html" % n for n in range(0, PAGES, 2) for host in hosts]
        self.write("urls.txt", "\n".join(lines + ["ftp://no/", lines[3], "http://[::1"]) + "\n")
        more = [host + "/" + path for path in ("r1", "none.html", "p1.html?a") for host in hosts]
        self.write("more.txt", "\n".join(more + ["ftp://no/", lines[3], "http://127.0.0.1:1/",
                        "http://127.0.0.1:%d/" % self.closed_port]) + "\n")

    # ---- one crawl ----

    def run_once(self, strike, rng):
        """Starts the command, strikes, and waits; returns (status, stdout, stderr, struck)."""
        kind, count, files, group = strike
        env = {}
        if kind in POINTS:
            env = {"LD_PRELOAD": SHIM, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0",
                   "PROGRAM_SHIM": "%s:%d:%d" % (kind, count, files)}
            if group:
                env["PROGRAM_SHIM_GROUP"] = "1"
        process = self.start(*COMMAND, env=env, start_new_session=True, stdin=subprocess.DEVNULL)
        struck = False
        if kind in MOMENTS:
            try:
                process.wait(count / 1000)
            except subprocess.TimeoutExpired:
                struck = self.strike(process, kind, rng)
        try:
            out, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            self.fail("the run did not end")
        if kind in POINTS:
            struck = process.returncode not in ENDED
        return process.returncode, out, err, struck

    def strike(self, process, kind, rng):
        if kind == "parent":
            process.kill()
        elif kind == "group":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            workers = [w for spawner in children(process.pid) for w in children(spawner)]
            if not workers:
                return False
            try:
                os.kill(rng.choice(workers), signal.SIGKILL)
            except ProcessLookupError:
                return False
        return True

    def committed(self):
        """{page id: (url, fetched_at)} of a copy: to look must not repair."""
        found = {}
        with tempfile.TemporaryDirectory(prefix="crawl-copy-") as copy:
            for tail in ("", "-wal", "-journal"):
                if os.path.exists(self.path("crawl.db" + tail)):
                    shutil.copy(self.path("crawl.db" + tail), copy)
            connection = sqlite3.connect(os.path.join(copy, "crawl.db"))
            try:
                found = {row[0]: row[1:] for row in
                         connection.execute("select id, url, fetched_at, outcome from pages")}
            except sqlite3.OperationalError:    # struck before there was a schema
                self.assertEqual(connection.execute("select * from sqlite_master").fetchall(), [])
            finally:
                connection.close()
        return found

    def choose(self, rng):
        kind = rng.choice(MOMENTS + tuple(POINTS))
        if kind in POINTS:
            count = rng.randint(1, POINTS[kind])
        else:
            count = int(1000 * rng.uniform(0.05, 1.1 * self.seconds))
        return kind, count, rng.randint(0, 255), rng.random() < 0.3

    def case(self, seed):
        """One crawl and its strikes; returns the kinds of those that hit."""
        rng = random.Random(seed)
        strikes, reported, stored = [], set(), {}
        self.prepare("seed-%d" % seed)
        try:
            for _ in range(ROUNDS):
                strike = self.choose(rng)
                status, out, err, struck = self.run_once(strike, rng)
                if struck:
                    strikes.append(strike)
                kind = strike[0]
                if kind in ("full", "sync") and struck:
                    self.assertEqual(status, 5, err)
                    self.assertIn("run the same command again", err)
                elif struck and kind != "worker" and status not in ENDED:
                    self.assertEqual(status, -signal.SIGKILL, err)
                # a line that a kill cut was not told
                reported |= {json.loads(line)["url"] for line in out.split("\n")[:-1]}
                now = self.committed()
                self.assertEqual({i: row for i, row in now.items() if i in stored}, stored,
                                 "what was committed has changed")
                stored = now
                if status in ENDED:
                    break
            else:
                process = self.start(*COMMAND)
                _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
                self.assertIn(process.returncode, ENDED, err)
            final = {row[0]: row[1:] for row in
                     self.rows("select id, url, fetched_at, outcome from pages")}
            self.assertEqual({i: final.get(i) for i in stored}, stored,
                             "what was committed is gone or was fetched again")
            self.check()
            self.assertLessEqual(reported, {row[2] for row in self.want})
        except BaseException:
            print("\nCRAWL_SEED=%d CRAWL_KILLS=1; strikes (kind, count or ms, files, group): %s"
                  % (seed, strikes), file=sys.stderr)
            raise
        shutil.rmtree(self.folder)
        return [strike[0] for strike in strikes]

    # ---- what must hold at the end ----

    def check(self):
        self.assertEqual(self.rows("pragma integrity_check"), [("ok",)])
        left = [name for name in os.listdir(self.folder) if name.startswith("crawl.db")]
        self.assertEqual(left, ["crawl.db"])
        self.assertEqual(self.rows("select status, count(*) from runs"), [("done", 1)])
        self.assertEqual(self.rows(
            "select (select count(*) from urls), count(*), count(distinct host_id || '.' || url_hash)"
            " from pages"), [(len([r for r in self.want if r[6] not in
                                   ("duplicate", "blocked_scheme", "bad_url",
                                    "bad_port")]),) * 3])
        self.assertEqual(sorted(self.results(COLUMNS), key=str), sorted(self.want, key=str))
        self.assertEqual(self.rows("select content_hash, body_bytes, zstd from bodies order by 1"),
                         self.bodies)
        self.assertEqual(self.rows(LINKS), self.links)
        self.check_texts()
        self.check_warc()

    def check_texts(self):
        rows = self.results("url, line, input, length, status, outcome, error, title")
        self.assertEqual(self.db_txt(), {r[0]: r[3] for r in rows
                                         if r[1] and r[4] == 200 and r[5] == "ok"})
        names = ("url", "line", "input", "length", "status", "outcome", "error", "title")
        with open(self.path(JSONL)) as f:
            found = [json.loads(line) for line in f]
        self.assertEqual(sorted((tuple(r.get(n) for n in names) for r in found), key=str),
                         sorted(rows, key=str))
        with open(self.path(CSV), newline="") as f:
            found = [tuple(r[n] for n in names) for r in csv.DictReader(f)]
        self.assertEqual(sorted(found), sorted(tuple("" if v is None else str(v) for v in r)
                                               for r in rows))

    def check_warc(self):
        stored = self.rows("select warc_offset, warc_length, warc_type, warc_digest,"
                           " coalesce(final_url, url), warc_file from pages"
                           " where warc_type is not null")
        self.assertEqual(len(stored), len([r for r in self.want if r[4]]))
        records = read_warc.check(self.path(WARC), self.path("out.cdxj"), 1 + 2 * len(stored))
        for offset, length, kind, digest, url, name in stored:
            found_length, fields = records[offset]
            self.assertEqual((found_length, fields["WARC-Type"], fields["WARC-Target-URI"], name),
                             (length, kind, url, WARC))
            self.assertEqual(fields["WARC-Payload-Digest"], digest)

    def test_strikes_lose_nothing_and_repeat_nothing(self):
        strikes, seed = Counter(), SEED
        begun = time.monotonic()
        while strikes.total() - strikes["full"] - strikes["sync"] < KILLS:
            strikes.update(self.case(seed))
            seed += 1
        print("%d strikes on %d crawls, %.0f s: %s"
              % (strikes.total(), seed - SEED, time.monotonic() - begun,
                 ", ".join("%s %d" % kind for kind in sorted(strikes.items()))))


if __name__ == "__main__":
    harness.main()

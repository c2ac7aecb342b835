#!/usr/bin/python3
"""Every call of libc that can fail, fails: the Nth malloc, write, fsync, fork,
socket, open, epoll, mmap or send of the parent, the spawner or a worker, once
or from then on.

Whatever it was, the run ends with a documented exit status and a word about it,
without a crash, a leak or a process left behind; a run that says it is complete
has every line's row as if nothing had been; after any other run the same command
completes it. CRAWL_FAILING=N: so many places of each kind (default 2); "all":
every place, for the nightly run.
"""
import concurrent.futures
import os
import random
import struct
import subprocess
import tempfile

import harness

SHIM = os.environ.get("FAILING_SHIM", os.path.join(
    harness.ROOT, "build-dev/tests/integration/libfailing_shim.so"))
ALARMS = ("Sanitizer", "runtime error:", "Assertion", "assertion", "stack smashing")
# glibc 2.36 ends a process itself where it has no memory to read /etc/nsswitch.conf:
# of a worker, which is replaced.
OF_GLIBC = "nss_database_reload_1: Assertion `ret > 0' failed"
KINDS = ["malloc", "write", "fsync", "fork", "socket", "open", "epoll", "mmap", "send"]
ROLES = ["parent", "spawner", "worker"]
EXITS = {0, 1, 2, 3, 4, 5}
LIMIT_S = 90
SEED = 11
OURS = {"internal", "worker_crash"}     # our own failure, as a row
# What our own failure looks like to libcurl, which has one code for both: a request
# that cannot be sent.
AMBIGUOUS = {("send", "once"): {"connect_closed"}, ("send", "lasting"): {"connect_closed"}}
TITLES = {"euc-kr": "한국", "gb18030": "中文", "windows-1251": "Привет"}
OUTPUTS = ("-o", "crawl.db", "-o", "db.txt", "-o", "out.jsonl", "-o", "out.csv",
           "-o", "out.warc.gz")


def place_of(kind, role):
    """Where the shim counts it."""
    return KINDS.index(kind) * len(ROLES) + ROLES.index(role)


class Failing(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        root = self.path("root")
        os.mkdir(root)
        os.chmod(self.folder, 0o755)
        for i in range(6):
            with open(os.path.join(root, "%d.html" % i), "w") as f:
                f.write("<!doctype html><title>page %d</title>%s<a href=0.html>x</a>"
                        % (i, "<p>text" * 3000 * i))
        for charset, title in TITLES.items():
            with open(os.path.join(root, charset + ".html"), "wb") as f:
                f.write(("<!doctype html><meta charset=%s><title>%s</title>"
                         % (charset, title)).encode(charset))
        self.server = self.nginx(root=root, http_extra="gzip on;")
        port = self.server.port
        self.urls = ["http://%s:%d/%d.html" % (host, port, i)
                     for host in ("127.0.0.1", "127.0.0.2", "localhost") for i in range(6)]
        self.urls += ["http://127.0.0.5:%d/%s.html" % (port, charset) for charset in TITLES]
        self.urls += ["http://127.0.0.3:%d/missing" % port, "http://[bad/",
                      "http://127.0.0.4:%d/" % harness.free_port()]
        self.write("urls.txt", "".join(url + "\n" for url in self.urls))

    def run_once(self, folder, call=None, nr_workers=2):
        """(exit status, what it said, numbers of the shim)."""
        state = os.path.join(folder, "state")
        env = {"LD_PRELOAD": SHIM, "FAILING_STATE": state,
               "ASAN_OPTIONS": "verify_asan_link_order=0"}
        if call:
            env["FAILING_CALL"] = call
        process = subprocess.Popen(
            [harness.CRAWL, os.path.join(self.folder, "urls.txt"), *OUTPUTS,
             "--workers", str(nr_workers), "--concurrency", "8", "--robots", "ignore",
             "--delay", "0", "--retries", "1", "--retry-delay", "10ms"],
            cwd=folder, env=self.environment(env), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace")
        try:
            out, err = process.communicate(timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            return None, out + err, []
        with open(state, "rb") as f:
            data = f.read()
        return process.returncode, out + err, struct.unpack("%dQ" % (len(data) // 8), data)

    def rows_of(self, folder):
        return self.rows("select r.url, r.line, r.outcome, r.error, r.status, r.length, p.title "
                         "from results r left join pages p on p.url = r.url "
                         "order by r.line, r.url", os.path.join(folder, "crawl.db"))

    def complaints(self, folder, call):
        """What is wrong with a run in which that call fails."""
        status, said, numbers = self.run_once(folder, call)
        if status is None:
            yield "it hangs"
            return
        if status not in EXITS:
            yield "it ends with %d" % status
        if status != 0 and not said.strip():
            yield "it ends with %d and says nothing" % status
        for line in said.splitlines():
            if any(word in line for word in ALARMS) and OF_GLIBC not in line:
                yield line
        kind, _, _, how = call.split()
        allowed = OURS | AMBIGUOUS.get((kind, how), set())
        if status == 0:
            yield from self.wrong_rows(folder, allowed)
        if status != 0:
            status, again, _ = self.run_once(folder)
            if status != 0:
                yield "and the next run ends with %d: %s" % (status, again)
            else:
                yield from self.wrong_rows(folder, allowed)
        self.struck += bool(numbers and numbers[-1])

    def wrong_rows(self, folder, allowed):
        """Each line has its row; one that we failed ourselves says so."""
        rows = self.rows_of(folder)
        if [row[:2] for row in rows] != [row[:2] for row in self.want]:
            yield "rows are missing or too many: %s" % rows
        else:
            yield from ("wrong: %s" % (row,) for row, want in zip(rows, self.want)
                        if row != want and row[3] not in allowed)

    def try_one(self, call):
        with tempfile.TemporaryDirectory(prefix="crawl-failing-", dir=self.folder) as folder:
            found = list(self.complaints(folder, call))
            if found:
                print("%s:\n    %s" % (call, "\n    ".join(found)), flush=True)
            return call if found else None

    def places(self, numbers):
        """["malloc 17 parent once", ...]"""
        how_many = os.environ.get("CRAWL_FAILING", "2")
        rng = random.Random(SEED)
        for kind in KINDS:
            for role in ROLES:
                nr = numbers[place_of(kind, role)]
                if how_many == "all":
                    chosen = range(1, nr + 1)
                else:
                    chosen = sorted(rng.sample(range(1, nr + 1), min(int(how_many), nr)))
                for i, n in enumerate(chosen):
                    yield "%s %d %s %s" % (kind, n, role, ("once", "lasting")[i % 2])

    def test_every_call_may_fail(self):
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            status, said, numbers = self.run_once(folder)
            self.assertEqual(status, 0, said)
            self.want = self.rows_of(folder)
        self.assertEqual(len(self.want), len(self.urls))
        self.struck = 0
        calls = list(self.places(numbers))
        self.assertGreater(len(calls), 20)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            failed = [call for call in pool.map(self.try_one, calls) if call]
        print("%d runs, the fault came in %d, %d failed" % (len(calls), self.struck, len(failed)))
        self.assertEqual(failed, [])
        self.assertGreater(self.struck, len(calls) * 2 // 3)

    def test_the_only_worker_may_lack_memory_once(self):
        """One refusal stops no crawl, from its start on. Whoever was refused memory leaves,
        as a library may be half-made, and another takes over; what a library can do
        without is not noticed."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            status, said, numbers = self.run_once(folder, nr_workers=1)
            self.assertEqual(status, 0, said)
        # near the end nothing is left to take over
        nr = numbers[place_of("malloc", "worker")] * 9 // 10
        self.assertEqual(numbers[place_of("fork", "spawner")], 1)
        how_many = os.environ.get("CRAWL_FAILING", "2")
        how_many = 400 if how_many == "all" else 2 * int(how_many)
        replaced = 0
        for n in sorted(random.Random(SEED).sample(range(1, nr + 1), how_many)):
            with self.subTest(n), tempfile.TemporaryDirectory(dir=self.folder) as folder:
                status, said, numbers = self.run_once(folder, "malloc %d worker once" % n, 1)
                self.assertEqual(status, 0, said)
                replaced += numbers[place_of("fork", "spawner")] > 1
        self.assertGreater(replaced, how_many // 2)


if __name__ == "__main__":
    harness.main()

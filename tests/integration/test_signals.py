#!/usr/bin/python3
"""Kills and interrupts in the middle of a crawl of real pages."""
import os
import random
import signal
import subprocess
import time

import harness

COLUMNS = "url, line, length, status, outcome, error"


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as f:
        return [int(p) for p in f.read().split()]


def workers(pid):
    """Workers are the children of the spawner, which is a child of the crawl."""
    found = []
    for child in children(pid):
        try:
            found += children(child)
        except OSError:
            pass
    return found


class Signals(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        self.server = self.nginx(server_extra="limit_rate 400k;")
        files = harness.html_files(self.server.root, 1500)
        self.want = {"http://127.0.0.%d:%d/%s" % (1 + i % 10, self.server.port, path): size
                     for i, (path, size) in enumerate(files)}
        self.write("urls.txt", "".join(url + "\n" for url in self.want))

    def assert_complete(self, database="crawl.db"):
        rows = self.results(COLUMNS, database)
        self.assertEqual({r[0]: r[2:] for r in rows},
                         {u: (n, 200, "ok", None) for u, n in self.want.items()})
        self.assertEqual(len(rows), len(self.want))
        self.assertEqual(self.rows("pragma integrity_check", database), [("ok",)])

    def done(self):
        try:
            return self.rows("select count(*) from pages")[0][0]
        except Exception:       # not there yet, or being made
            return 0

    def wait_for_pages(self, process, nr):
        while process.poll() is None and self.done() < nr:
            time.sleep(0.01)

    def test_killed_workers_change_no_row(self):
        rng = random.Random(7)
        process = self.start("urls.txt", "-o", "crawl.db", "-o", "db.txt")
        kills, killed = 0, set()
        while process.poll() is None:
            time.sleep(rng.uniform(0.05, 0.3))
            # on a busy machine one that was killed may be there for a while
            victims = [pid for pid in workers(process.pid) if pid not in killed]
            if victims and kills < 12:
                try:
                    victim = rng.choice(victims)
                    os.kill(victim, signal.SIGKILL)
                    killed.add(victim)
                    kills += 1
                except ProcessLookupError:
                    pass
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 0, err[-2000:])
        self.assertGreater(kills, 3)
        self.assert_complete()
        self.assertEqual(self.db_txt(), self.want)
        self.assertEqual(self.rows("select count(*) from events where what = 'worker_death'"),
                         [(kills,)])

    def spawner(self, pid):
        """The child that has children; the other waits to take its place."""
        return next(child for child in children(pid) if children(child))

    def test_a_killed_spawner_is_replaced_once_then_the_reason_is_said(self):
        process = self.start("urls.txt", "-o", "crawl.db")
        self.wait_for_pages(process, 100)
        os.kill(self.spawner(process.pid), signal.SIGKILL)
        self.wait_for_pages(process, 400)
        self.assertIsNone(process.poll())
        os.kill(self.spawner(process.pid), signal.SIGKILL)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 1, err[-2000:])
        self.assertIn("no worker is left", err)
        self.assertIn("what is committed is safe, run again to go on", err)
        self.crawl("urls.txt", "-o", "crawl.db")
        self.assert_complete()

    def test_a_stopped_spawner_whose_workers_die_does_not_hang_the_run(self):
        process = self.start("urls.txt", "-o", "crawl.db")
        self.wait_for_pages(process, 100)
        spawner = self.spawner(process.pid)
        victims = children(spawner)
        os.kill(spawner, signal.SIGSTOP)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 0, err[-2000:])
        self.assert_complete()

    def test_too_few_descriptors_are_said_with_the_limit(self):
        for limit, words in (("24", "RLIMIT_NOFILE is 24, 2 workers need 26 (ulimit -n)"),
                             ("80", "RLIMIT_NOFILE is 80, a worker needs 128 (ulimit -n)")):
            _, err = self.crawl("urls.txt", "-o", limit + ".db", "--workers", "2", expect=1,
                                prefix=("prlimit", "--nofile=%s:%s" % (limit, limit)))
            self.assertIn(words, err)

    def test_ctrl_c_once_commits_and_the_same_command_goes_on(self):
        process = self.start("urls.txt", "-o", "crawl.db", "-o", "db.txt")
        self.wait_for_pages(process, 50)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        self.assertLess(time.monotonic() - begun, 15)   # 5 s; sanitizers and a busy machine
        first = self.done()
        self.assertGreater(first, 0)
        self.assertLess(first, len(self.want))
        self.crawl("urls.txt", "-o", "crawl.db", "-o", "db.txt")
        self.assert_complete()
        self.assertEqual(self.db_txt(), self.want)
        asked = [r[3] + " " + r[1] for r in self.server.requests() if "robots.txt" not in r[3]]
        self.assertLess(len(asked), len(self.want) + 300)   # nothing committed is asked again

    def test_sigterm_saves_and_says_143(self):
        process = self.start("urls.txt")
        self.wait_for_pages(process, 20)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 143, err)
        self.assertIn("go on", err)

    def test_kill_9_of_the_parent_loses_nothing_that_was_committed(self):
        process = self.start("urls.txt", "-o", "crawl.db", "-o", "db.txt")
        self.wait_for_pages(process, 100)
        left = workers(process.pid)
        process.kill()
        process.communicate()
        for pid in left:        # they die with it
            for _ in range(200):
                if not os.path.exists("/proc/%d" % pid):
                    break
                time.sleep(0.02)
            self.assertFalse(os.path.exists("/proc/%d" % pid))
        self.assertGreaterEqual(self.done(), 100)
        self.crawl("urls.txt", "-o", "crawl.db", "-o", "db.txt")
        self.assert_complete()
        self.assertEqual(self.db_txt(), self.want)

    def test_a_second_crawl_on_the_same_database_is_refused_with_the_pid(self):
        process = self.start("urls.txt")
        self.wait_for_pages(process, 1)
        _, err = self.crawl("urls.txt", expect=5)
        self.assertIn(str(process.pid), err)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    def test_a_finished_database_says_so(self):
        self.want = dict(list(self.want.items())[:20])
        self.write("urls.txt", "".join(url + "\n" for url in self.want))
        self.crawl("urls.txt")
        before = len(list(self.server.requests()))
        _, err = self.crawl("urls.txt")
        self.assertIn("--refetch", err)
        self.assertEqual(len(list(self.server.requests())), before)
        self.assert_complete()


if __name__ == "__main__":
    harness.main()

#!/usr/bin/python3
"""Workers that have been taken over, against the parent of the whole program.

tests/fault/hostile_worker.c tells the lies. Whatever they are, the run ends, in
its own time, without a crash; every line has one row; pages of honest answers
are right; no output has a line that is no line. CRAWL_HOSTILE_SEEDS: how many
runs (default 2), CRAWL_HOSTILE_SECONDS: for so long, for the nightly run.
"""
import collections
import csv
import json
import os
import re
import time

import harness

HOSTILE = os.environ.get("CRAWL_HOSTILE",
                         os.path.join(harness.ROOT, "build-dev/tests/fault/crawl_hostile"))
SEEDS = int(os.environ.get("CRAWL_HOSTILE_SEEDS", "2"))
SECONDS = float(os.environ.get("CRAWL_HOSTILE_SECONDS", "0"))
HONEST, LIES = 300, 60
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f\x80-\x9f]")


class HostileWorker(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        self.honest = {"http://127.0.%d.%d/honest/%d" % (i % 7, 1 + i % 29, i): i
                       for i in range(HONEST)}
        lies = ["http://127.1.%d.%d/%d" % (i % 5, 1 + i % 30, i) for i in range(LIES)]
        self.urls = [url for pair in zip(self.honest, lies) for url in pair]
        self.urls += list(self.honest)[LIES:]
        self.write("urls.txt", "".join(url + "\n" for url in self.urls))

    def run_with(self, seed):
        for name in os.listdir(self.folder):
            if name != "urls.txt":
                os.unlink(self.path(name))
        before, harness.CRAWL = harness.CRAWL, HOSTILE
        try:
            _, err = self.crawl("urls.txt", "-o", "crawl.db", "-o", "db.txt", "-o", "out.jsonl",
                                "-o", "out.csv", "-o", "out.warc.gz", "--workers", "3",
                                "--concurrency", "24", "--robots", "ignore", "--retries", "0",
                                "--delay", "0", "--max-time", "1s", "--sandbox", "off",
                                env={"HOSTILE_SEED": str(seed)})
        finally:
            harness.CRAWL = before
        self.check_rows(seed, err)
        self.check_texts()

    def check_rows(self, seed, err):
        rows = {url: rest for url, *rest in self.results("url, outcome, error, length")}
        self.assertEqual(len(rows), len(self.urls), (seed, err[-3000:]))
        wrong = {url: rows[url] for url, length in self.honest.items()
                 if rows[url] != ["ok", None, length]}
        self.assertEqual(wrong, {}, seed)
        self.assertEqual(self.rows("pragma integrity_check"), [("ok",)])
        self.outcomes.update(rows[url][1] or rows[url][0] for url in rows
                             if url not in self.honest)
        self.deaths += self.rows("select count(*) from events where what = 'worker_death'")[0][0]

    def check_texts(self):
        for name in ("db.txt", "out.jsonl", "out.csv"):
            with open(self.path(name), encoding="utf-8", newline="") as f:
                text = f.read()
            self.assertTrue(text.endswith("\n"), name)
            self.assertEqual([c for c in CONTROL.findall(text) if name != "out.csv" or c != "\r"],
                             [], name)
        self.db_txt()
        with open(self.path("out.jsonl"), encoding="utf-8") as f:
            self.assertGreaterEqual(len([json.loads(line) for line in f]), len(self.urls))
        with open(self.path("out.csv"), encoding="utf-8", newline="") as f:
            lengths = {len(row) for row in csv.reader(f)}
        self.assertEqual(len(lengths), 1)

    def test_a_link_that_changes_while_it_is_read_hides_no_other(self):
        pages = ["http://127.0.0.1/swapped/%d" % i for i in range(100)]
        self.write("urls.txt", "".join(url + "\n" for url in pages + ["http://127.0.0.1/links/1"]))
        before, harness.CRAWL = harness.CRAWL, HOSTILE
        try:
            self.crawl("urls.txt", "-o", "crawl.db", "--workers", "1", "--concurrency", "1",
                       "--robots", "ignore", "--delay", "0", "--depth", "1", "--sandbox", "off")
        finally:
            harness.CRAWL = before
        known = {url for url, in self.rows("select url from urls where url like '%aaaaaaaa%'")}
        self.assertEqual(known, {"http://127.0.0.1/aaaaaaaa/honest/%d" % i for i in range(300)})

    def test_a_parent_outlives_workers_that_were_taken_over(self):
        self.outcomes, self.deaths = collections.Counter(), 0
        begun, seed = time.monotonic(), 0
        while seed < SEEDS or time.monotonic() - begun < SECONDS:
            seed += 1
            self.run_with(seed)
        print("%d runs, %d lies, %d workers died; %s" % (
            seed, seed * LIES, self.deaths, ", ".join("%s %d" % pair for pair in
                                                      self.outcomes.most_common())))
        self.assertGreater(self.deaths, seed * LIES // 4)
        self.assertGreater(self.outcomes["ok"], 0)
        self.assertGreater(self.outcomes["poison"] + self.outcomes["worker_crash"], 0)


if __name__ == "__main__":
    harness.main()

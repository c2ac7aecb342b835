#!/usr/bin/python3
"""The commands that read what a run has left, and those that read nothing."""
import csv
import gzip
import io
import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
import unittest

import harness
from server import Server, page

sys.path.insert(0, os.path.join(harness.ROOT, "tests/support"))
import read_warc  # noqa: E402

EVIL = "\x1b]0;owned\x07\u009b2J\x7f,\"quoted\"\r\nline\t"
RAW_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]")
PAGES = {
    "index.html": "<title>Start</title>"
                  "<a href=good.html>g</a><a href=changed.html>c</a>"
                  "<a href=soon-gone.html>s</a><a href=missing.html>m</a>"
                  "<a href=private/x.html>p</a><a href=skip.pdf>s</a>"
                  "<a href=a/b/c/d/e.html>deep</a><a href=http://127.0.0.2:8081/>other</a>",
    "good.html": "<title>Good</title>", "changed.html": "<title>One</title>",
    "soon-gone.html": "<title>Gone</title>", "skip.pdf": "pdf",
    "a/b/c/d/e.html": "<title>Deep</title>", "private/x.html": "<title>No</title>",
    "robots.txt": "User-agent: *\nCrawl-delay: 0.05\nDisallow: /private/\n"}
RULES = ("--depth", "2", "--exclude", r"\.pdf$", "--max-path-depth", "4", "--retries", "0")


class Site(harness.CrawlTest):
    """A small site of our own; self.base is its address."""

    def site(self, **settings):
        root = self.path("site")
        for name, text in PAGES.items():
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            self.page(name, text)
        for folder in (self.folder, root):
            os.chmod(folder, 0o755)
        self.server = self.nginx(root=root, **settings)
        self.base = "http://127.0.0.1:%d/" % self.server.port

    def page(self, name, text):
        with open(self.path("site", name), "w", encoding="utf-8") as f:
            f.write(text)

    def crawled(self, rules=RULES):
        self.site()
        self.write("urls.txt", "%sindex.html\n%sgood.html\nno url\n%sgood.html\n"
                               "http://127.0.0.1:1/x\n" % ((self.base,) * 3))
        self.crawl("urls.txt", "-q", *rules)

    def contents(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def rows_as_json(self, *args, **settings):
        return json.loads(self.crawl(*args, "--json", **settings)[0])

    def on_a_terminal(self, *args, columns=80):
        """What the program writes to a terminal, bytes as they come."""
        parent, child = pty.openpty()
        process = subprocess.Popen([harness.CRAWL, *args], cwd=self.folder, stdout=child,
                                   stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                   env=self.environment({"COLUMNS": str(columns)}))
        os.close(child)
        written = b""
        while select.select([parent], [], [], 30)[0]:
            try:
                part = os.read(parent, 65536)
            except OSError:      # Linux: the other end is closed
                break
            if not part:
                break
            written += part
        os.close(parent)
        self.assertEqual(process.wait(30), 0)
        return written.replace(b"\r\n", b"\n")


class Query(Site):
    def names(self):
        out, _ = self.crawl("help", "query")
        return re.findall(r"^  (\S+) {2,}", out.partition("named queries:")[2], re.M)

    def test_every_named_query_prints_the_same_rows_in_every_form(self):
        self.crawled()
        names = self.names()
        self.assertGreater(len(names), 15)
        for name in names:
            with self.subTest(name):
                sql, _ = self.crawl("query", "crawl.db", name, "--sql")
                expected = self.rows(sql.strip().rstrip(";"))
                objects = self.rows_as_json("query", "crawl.db", name)
                self.assertEqual([tuple(o.values()) for o in objects], expected)
                out, _ = self.crawl("query", "crawl.db", name, "--csv")
                cells = list(csv.reader(io.StringIO(out)))
                self.assertEqual(len(cells), len(expected) + 1)
                for row, cell in zip(expected, cells[1:]):
                    self.assertEqual(["" if v is None else str(v) for v in row if
                                      not isinstance(v, float)],
                                     [c for v, c in zip(row, cell) if not isinstance(v, float)])
                out, _ = self.crawl("query", "crawl.db", name, "--plain")
                self.assertEqual(out.count("\n"), len(expected) + 1)
                out, _ = self.crawl("query", "crawl.db", name)
                self.assertEqual(out.count("\n"), len(expected) + 2)
                limited = self.rows_as_json("query", "crawl.db", name, "--limit", "1")
                self.assertEqual([tuple(o.values()) for o in limited], expected[:1])

    def test_without_a_name_it_is_the_summary(self):
        self.crawled()
        self.assertEqual(self.rows_as_json("query", "crawl.db"),
                         self.rows_as_json("query", "crawl.db", "summary"))

    def test_a_statement_of_ones_own_is_run_and_cannot_write(self):
        self.crawled()
        rows = self.rows_as_json("query", "crawl.db",
                                 "SELECT url, status FROM results WHERE status = 404")
        self.assertEqual(rows, [{"url": self.base + "missing.html", "status": 404}])
        before = self.contents("crawl.db")
        for sql in ("DELETE FROM pages", "DROP TABLE urls", "PRAGMA user_version = 7",
                    "SELECT 1; DELETE FROM pages", "ATTACH 'other.db' AS o", "VACUUM INTO 'v.db'",
                    "no sense at all"):
            with self.subTest(sql):
                self.crawl("query", "crawl.db", sql, expect=2)
        self.assertTrue(self.contents("crawl.db") == before)
        self.assertFalse(os.path.exists(self.path("other.db")))
        self.assertFalse(os.path.exists(self.path("v.db")))

    def test_wrong_words_and_files_are_told_apart(self):
        self.crawled()
        _, err = self.crawl("query", "crawl.db", "brokn", expect=2)
        self.assertIn("broken", err)
        _, err = self.crawl("query", "nothing.db", expect=2)
        self.assertIn("nothing.db", err)
        self.assertFalse(os.path.exists(self.path("nothing.db")))
        self.write("text.db", "this is no database\n" * 100)
        self.crawl("query", "text.db", expect=5)
        for args in (("query",), ("query", "crawl.db", "summary", "x"),
                     ("query", "crawl.db", "--csv", "--json"),
                     ("query", "crawl.db", "--limit", "-1"), ("query", "crawl.db", "--run", "x"),
                     ("query", "crawl.db", "--lim", "1"), ("query", "crawl.db", "--limit")):
            with self.subTest(args):
                self.crawl(*args, expect=2)

    def test_no_byte_of_a_page_reaches_a_terminal_raw(self):
        self.crawled()
        connection = harness.sqlite3.connect(self.path("crawl.db"))
        connection.execute("UPDATE pages SET title = ?", (EVIL,))
        connection.commit()
        connection.close()
        sql = "SELECT title, url FROM results WHERE title IS NOT NULL"
        for form in ((), ("--csv",), ("--json",), ("--plain",)):
            with self.subTest(form):
                written = self.on_a_terminal("query", "crawl.db", sql, *form)
                self.assertIn(b"owned", written)
                self.assertIsNone(RAW_CONTROLS.search(written.replace(b"\t", b"")), written[:300])
        # a file gets every byte, by the rules of its form
        for row in self.rows_as_json("query", "crawl.db", sql):
            self.assertEqual(row["title"], EVIL)
        out = subprocess.check_output([harness.CRAWL, "query", "crawl.db", sql, "--csv"],
                                      cwd=self.folder, env=self.environment()).decode()
        rows = list(csv.reader(io.StringIO(out, newline="")))[1:]
        self.assertTrue(rows)
        for title, _ in rows:
            self.assertEqual(title, EVIL)

    def test_a_terminal_gets_lines_that_fit_and_a_hundred_rows(self):
        self.crawled()
        written = self.on_a_terminal("query", "crawl.db", "SELECT url, final_url, outcome FROM "
                                     "results", columns=60).decode()
        self.assertLessEqual(max(map(len, written.splitlines())), 60)
        self.assertIn("…", written)
        count = ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 500) "
                 "SELECT n FROM c")
        self.assertEqual(self.on_a_terminal("query", "crawl.db", count).count(b"\n"), 102)
        self.assertEqual(self.on_a_terminal("query", "crawl.db", count, "--limit", "0")
                         .count(b"\n"), 502)
        self.assertEqual(self.crawl("query", "crawl.db", count, "--plain")[0].count("\n"), 501)


class Status(Site):
    def test_a_running_crawl_tells_how_far_it_is(self):
        self.site()
        self.write("urls.txt", "".join("%sgood.html?%d\n" % (self.base, i) for i in range(500)))
        running = self.start("urls.txt", "-q", "--delay", "100ms", "--per-host", "1")
        self.addCleanup(running.communicate)
        self.addCleanup(running.kill)
        last = 0
        for _ in range(600):
            if os.path.exists(self.path("crawl.db")):
                out, _ = self.crawl("status", "crawl.db", "--json", expect=None)
                status = json.loads(out)[0] if out else {"ended": 0}
                self.assertGreaterEqual(status["ended"], last)
                last = status["ended"]
                if last > 10 and status["urls_a_second"] > 0:
                    break
            time.sleep(0.1)
        self.assertGreater(last, 10)
        self.assertEqual((status["running"], status["pid"], status["status"]),
                         (1, running.pid, "running"))
        self.assertEqual(status["ended"] + status["left"], status["urls"])
        self.assertIn("running, process %d" % running.pid, self.crawl("status", "crawl.db")[0])
        self.assertTrue(self.rows_as_json("query", "crawl.db", "throughput") is not None)
        running.kill()
        running.wait(30)
        status = self.rows_as_json("status", "crawl.db")[0]
        self.assertEqual((status["running"], status["status"]), (0, "running"))
        self.assertGreaterEqual(status["ended"], last)
        self.assertIn("killed", self.crawl("status", "crawl.db")[0])

    def test_a_finished_crawl_is_counted_by_outcome(self):
        self.crawled()
        status = self.rows_as_json("status", "crawl.db")[0]
        counts = dict(self.rows("SELECT outcome, count(*) FROM pages GROUP BY 1"))
        for outcome in ("ok", "redirect", "http_error", "error", "skipped"):
            self.assertEqual(status[outcome], counts.get(outcome, 0), outcome)
        self.assertEqual((status["status"], status["running"], status["left"]), ("done", 0, 0))
        self.assertIn("done", self.crawl("status", "crawl.db")[0])


class Export(Site):
    def test_every_form_holds_the_table(self):
        self.crawled()
        self.crawl("export", "crawl.db", "-o", "a.csv", "--output=b.jsonl", "c.txt")
        expected = self.rows("SELECT url, status FROM results")
        with open(self.path("a.csv"), newline="") as f:
            found = [(r["url"], int(r["status"]) if r["status"] else None)
                     for r in csv.DictReader(f)]
        self.assertEqual(sorted(found, key=str), sorted(expected, key=str))
        with open(self.path("b.jsonl")) as f:
            found = [(o["url"], o["status"]) for o in map(json.loads, f)]
        self.assertEqual(sorted(found, key=str), sorted(expected, key=str))
        self.assertEqual(self.db_txt("c.txt"), dict(self.rows(
            "SELECT url, length FROM results WHERE status = 200 AND line IS NOT NULL")))
        out, _ = self.crawl("export", "crawl.db", "-o", "-")
        with open(self.path("b.jsonl")) as f:
            self.assertEqual(out, f.read())

    def test_a_database_is_copied_whole_into_one_file(self):
        self.crawled()
        self.crawl("export", "crawl.db", "-o", "copy.db")
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("copy")], ["copy.db"])
        for sql in ("select * from results", "select * from links", "select * from hosts",
                    "pragma application_id", "pragma user_version", "pragma integrity_check",
                    "select sql from sqlite_master where sql is not null order by 1"):
            self.assertEqual(self.rows(sql, "copy.db"), self.rows(sql), sql)
        self.assertEqual(self.contents("copy.db")[18:20], b"\1\1")    # no journal of its own
        _, err = self.crawl("urls.txt", "-o", "copy.db")
        self.assertIn("--refetch", err)

    def test_stored_bodies_become_an_archive(self):
        self.crawled(RULES + ("--store", "body"))
        self.crawl("export", "crawl.db", "-o", "x.warc.gz")
        records = read_warc.read_archive(self.contents("x.warc.gz"))
        found = {fields["WARC-Target-URI"]: (int(fields["Content-Length"]), fields["Content-Type"])
                 for _, fields in records.values() if fields["WARC-Type"] == "resource"}
        self.assertEqual(found, {url: (length, mime) for url, length, mime in self.rows(
            "select coalesce(final_url, url), length, mime from pages where length > 0"
            " and content_hash is not null")})
        self.assertEqual(len(records), len(found) + 1)

    def test_a_body_that_is_stored_in_pieces_comes_back_as_it_came(self):
        body = os.urandom(5 << 20) + b"text" * 200000
        web = Server({None: page(body, headers=["Content-Type: application/octet-stream"]),
                      "/robots.txt": page(b"", "404 None")})
        self.addCleanup(web.stop)
        self.write("big.txt", web.url("/1") + "\n" + web.url("/2") + "\n")
        self.crawl("big.txt", "-o", "big.db", "--store", "body", "--max-size", "16M")
        self.assertEqual(self.rows("select body_bytes from bodies", "big.db"), [(len(body),)])
        self.crawl("export", "big.db", "-o", "big.warc.gz")
        self.assertEqual(gzip.decompress(self.contents("big.warc.gz")).count(body), 2)

    def test_it_overwrites_nothing_and_names_what_it_cannot_write(self):
        self.crawled()
        self.write("a.csv", "mine\n")
        _, err = self.crawl("export", "crawl.db", "-o", "a.csv", expect=2)
        self.assertIn("a.csv", err)
        self.assertEqual(self.contents("a.csv"), b"mine\n")
        self.crawl("export", "crawl.db", expect=2)
        _, err = self.crawl("export", "crawl.db", "-o", "x.warc.gz", expect=5)
        self.assertIn("--store body", err)
        self.assertFalse(os.path.exists(self.path("x.warc.gz")))
        self.crawl("export", "crawl.db", "-o", "crawl.db", expect=2)
        self.crawl("export", "crawl.db", "--run", "1", "-o", "one.db", expect=2)
        self.crawl("export", "crawl.db", "-o", "no/such/folder/x.db", expect=2)
        self.crawl("export", "crawl.db", "-o", "x.pdf", expect=2)
        self.crawl("export", "crawl.db", "-o", "x.pdf", "--format", "csv")
        self.assertTrue(self.contents("x.pdf").startswith(b"url,"))


class Diff(Site):
    def test_it_tells_new_changed_gone_broken_and_repaired_apart(self):
        rules = ("--depth", "2", "--retries", "0")
        self.crawled(rules)
        self.page("changed.html", "<title>Another</title>")
        self.page("missing.html", "<title>There now</title>")
        self.page("index.html", PAGES["index.html"] + "<a href=new.html>n</a>")
        self.page("new.html", "<title>New</title>")
        os.unlink(self.path("site", "soon-gone.html"))
        os.unlink(self.path("site", "skip.pdf"))
        os.mkdir(self.path("site", "skip.pdf"))         # 301 to itself with a slash
        os.unlink(self.path("site", "good.html"))
        os.symlink("good.html", self.path("site", "good.html"))     # a loop: 403
        self.crawl("urls.txt", "-q", "--refetch", "all", *rules)
        changes = {row["url"][len(self.base):]: row["change"]
                   for row in self.rows_as_json("diff", "crawl.db")}
        self.assertEqual(changes, {
            "index.html": "changed", "changed.html": "changed", "new.html": "new",
            "soon-gone.html": "gone", "skip.pdf": "moved", "skip.pdf/": "new",
            "good.html": "newly broken", "missing.html": "repaired"})
        self.assertEqual(self.rows_as_json("diff", "crawl.db", "1", "2"),
                         self.rows_as_json("diff", "crawl.db"))
        back = {row["url"][len(self.base):]: row["change"]
                for row in self.rows_as_json("diff", "crawl.db", "2", "1")}
        self.assertEqual(back["missing.html"], "gone")
        self.assertEqual(back["soon-gone.html"], "repaired")

    def test_what_a_trap_rule_refused_is_not_asked_by_a_refetch(self):
        self.crawled()
        trap = self.rows("select url, error from results where error = 'trap'")
        self.assertEqual(len(trap), 1)
        for what in ("all", "stale=0s"):
            self.crawl("urls.txt", "-q", "--refetch", what, *RULES)
            self.assertEqual(self.rows("select url, error from results where error = 'trap'"), trap)
        self.assertEqual(self.rows("select count(*) from runs"), [(3,)])
        asked = [request[3] for request in self.server.requests()]
        self.assertEqual(asked.count("/good.html"), 3)
        self.assertNotIn("/a/b/c/d/e.html", asked)

    def test_runs_that_are_not_there_are_an_error(self):
        self.crawled()
        for args in ((), ("1",), ("1", "2"), ("0", "1"), ("x", "1")):
            with self.subTest(args):
                self.crawl("diff", "crawl.db", *args, expect=2)


class Broken(Site):
    def test_broken_names_the_pages_that_link_there_with_depth_alone(self):
        for extract in ((), ("--extract", "meta")):
            self.crawled((*RULES, *extract, "--force"))
            rows = self.rows_as_json("query", "crawl.db", "broken")
            self.assertIn((self.base + "missing.html", 1, self.base + "index.html"),
                          [(row["url"], row["inlinks"], row["referrers"]) for row in rows])


class Heads(Site):
    def test_a_reader_that_leaves_ends_an_export_and_a_query_as_it_ends_any_program(self):
        self.crawled()
        for args in (("export", "crawl.db", "-o", "-"),
                     ("query", "crawl.db", "select url from urls", "--csv")):
            process = self.start(*args)
            process.stdout.close()
            self.assertEqual(process.stderr.read(), "")
            process.stderr.close()
            self.assertIn(process.wait(60), (141, -13), args)


class Why(Site):
    def answer(self, url, *options, expect=0):
        rows = self.rows_as_json("why", url, *options, expect=expect)
        return {row["rule"]: (row["passes"], row["why"]) for row in rows}

    def test_it_says_what_the_crawl_did_to_every_url(self):
        self.crawled()
        asked = sum(1 for _ in self.server.requests())
        checked = set()
        for url, outcome, error in self.rows("SELECT url, outcome, error FROM results"):
            with self.subTest(url):
                passes, why = self.answer(url)["answer"]    # by the options of the run
                refused = outcome == "skipped" and error != "duplicate"
                self.assertEqual(passes, "no" if refused else passes, why)
                if refused:
                    self.assertEqual(why.split(":")[0], error)
                elif outcome == "ok":
                    self.assertEqual(passes, "yes", why)
                checked.add(error)
        self.assertLessEqual({None, "robots", "trap", "bad_url"}, checked)
        self.assertEqual(sum(1 for _ in self.server.requests()), asked)

    def test_links_that_were_not_followed_have_their_rule(self):
        self.crawled()
        page = self.base + "index.html"
        for url, options, rule, error in (
                (self.base + "skip.pdf", RULES, "scope", "excluded"),
                ("http://127.0.0.2:8081/", RULES, "scope", "scope"),
                (self.base + "new.html", ("--depth", "0"), "depth", "depth"),
                (self.base + "x" * 3000, RULES, "traps", "trap"),
                (self.base + "private/y", RULES, "robots", "robots"),
                (self.base + "new.html", RULES, None, None)):
            with self.subTest(url[:60]):
                self.assertEqual(self.rows("SELECT 1 FROM urls WHERE url = ?",
                                           parameters=(url,)), [])
                found = self.answer(url, "--from", page, *options)
                refusing = [r for r, (passes, _) in found.items() if passes == "no"]
                self.assertEqual(refusing[0] if refusing else None, rule)
                if error:
                    self.assertEqual(found["answer"][1].split(":")[0], error)
        # a page links to it; what no page links to could only be a line of the list
        self.assertEqual(self.answer(self.base + "skip.pdf")["scope"][0], "no")
        self.assertEqual(self.answer(self.base + "new.pdf")["answer"][0], "yes")
        found = self.answer("http://10.1.2.3/", "--from", page, "--depth", "1", "--scope", "any")
        self.assertEqual(found["address"][0], "no")
        found = self.answer("http://10.1.2.3/", "--from", page, "--depth", "1", "--scope", "any",
                            "--allow-private", "10.0.0.0/8")
        self.assertEqual(found["address"][0], "yes")

    def test_the_rule_that_decides_is_told_by_the_options_of_the_run(self):
        self.site()
        for name, text in {
                "start.html": "<a href=one.html>1</a><a rel=nofollow href=ads.html>a</a>"
                              "<a href=quiet.html>q</a>",
                "one.html": "<a href=two.html>2</a>", "two.html": "x", "ads.html": "x",
                "quiet.html": "<meta name=robots content=nofollow><a href=q2.html>q</a>",
                "q2.html": "x"}.items():
            self.page(name, text)
        self.write("urls.txt", self.base + "start.html\n")
        self.crawl("urls.txt", "-q", "--depth", "1")
        for url, options, answer in (
                ("one.html", (), "it is fetched"), ("two.html", (), "depth"),
                ("two.html", ("--depth", "2"), "it is fetched"),
                ("two.html", ("--from", self.base + "one.html"), "depth"),
                ("one.html", ("--from", self.base + "start.html"), "it is fetched"),
                ("ads.html", (), "nofollow"), ("ads.html", ("--robots", "ignore"), "it is fetched"),
                ("ads.html", ("--from", self.base + "start.html"), "nofollow"),
                ("q2.html", ("--depth", "2"), "nofollow"),
                ("q2.html", ("--depth", "2", "--from", self.base + "quiet.html"), "nofollow"),
                ("q2.html", (), "depth")):
            with self.subTest((url, options)):
                found = self.answer(self.base + url, *options)
                self.assertEqual(found["answer"][1].split(":")[0], answer, found)
        found = self.answer(self.base + "one.html", "--from", self.base + "quiet.html")
        self.assertIn("had no link to it", found["link"][1])
        self.crawl("urls.txt", "-q", "--depth", "1", "--extract", "meta", "--force")
        found = self.answer(self.base + "ads.html", "--from", self.base + "start.html")
        self.assertEqual(found["link"][0], "unknown")
        self.assertIn("links were not stored", found["link"][1])

    def test_aliases_of_a_redirected_start_are_in_its_scope(self):
        www = "http://www.crawl-test.example:%d/"
        self.site(server_extra="if ($host = crawl-test.example) { return 301 "
                               "http://www.crawl-test.example:$server_port$request_uri; }")
        port = self.server.port
        start, www = "http://crawl-test.example:%d/" % port, www % port
        self.write("urls.txt", start + "index.html\n")
        resolve = [word for name in ("", "www.") for word in
                   ("--resolve", "%scrawl-test.example:%d:127.0.0.1" % (name, port))]
        resolve += ["--allow-private", "127.0.0.0/8"]
        self.crawl("urls.txt", "-q", "--depth", "1", "--max-path-depth", "4", *resolve)
        self.assertEqual(self.answer(www + "good.html")["answer"][1], "it is fetched")
        for page in (start, www):
            found = self.answer(www + "new.html", "--from", page + "index.html", *resolve)
            self.assertEqual((page, found["scope"][0]), (page, "yes"))
        found = self.answer(www + "index.html")
        self.assertEqual(found["known"][1].split()[:3], ["redirects", "of", start + "index.html"])
        self.crawl("urls.txt", "-q", "--force", *resolve)       # no row for where it landed
        found = self.answer(www + "index.html")
        self.assertEqual(found["known"][1].split()[:3], ["redirects", "of", start + "index.html"])
        self.assertEqual(self.answer("http://other.example/", "--from", start + "index.html")
                         ["scope"][0], "no")

    def test_without_a_database_it_judges_by_a_copy_of_robots_txt(self):
        found = self.answer("example.com/a/../b?x=1#y")
        self.assertEqual(found["url"][1], "https://example.com/b?x=1")
        self.assertEqual(found["robots"][0], "unknown")
        self.assertEqual(found["answer"][0], "unknown")
        self.write("robots.txt", "User-agent: crawl\nDisallow: /b\nCrawl-delay: 7\n\n"
                                 "User-agent: other\nDisallow:\n")
        copy = ("--robots-file", "robots.txt")
        found = self.answer("example.com/b?x=1", *copy)
        self.assertEqual(found["robots"][0], "no")
        self.assertIn("line 2: Disallow: /b", found["robots"][1])
        self.assertIn("7000 ms", found["pace"][1])
        self.assertEqual(self.answer("example.com/b", *copy, "-A", "other/2")["answer"][0], "yes")
        self.assertEqual(self.answer("example.com/b", *copy, "--robots", "ignore")["answer"][0],
                         "yes")
        self.assertEqual(self.answer("example.com/c", *copy)["answer"][0], "yes")
        self.assertIn("100 ms", self.answer("example.com/c", *copy, "--max-crawl-delay",
                                            "100ms")["pace"][1])

    def test_what_is_no_url_for_a_crawler_has_its_error(self):
        for url, error in (("no url", "bad_url"), ("ftp://example.com/", "blocked_scheme"),
                           ("http://example.com:25/", "bad_port"),
                           ("https://a/" + "x" * 9000, "too_long")):
            with self.subTest(url[:40]):
                self.assertTrue(self.answer(url)["answer"][1].startswith(error + ":"))

    def test_quotes_in_a_url_are_only_text(self):
        self.crawled()
        found = self.answer(self.base + "x'%20or'1'='1", *RULES)
        self.assertEqual(found["known"][0], "unknown")

    def test_wrong_use_is_told(self):
        for args in ((), ("a.com", "b.com"), ("a.com", "--depht", "1"), ("a.com", "--from"),
                     ("a.com", "--from", "no url"), ("a.com", "--robots-file", "none.txt"),
                     ("a.com", "--include", "(")):
            with self.subTest(args):
                self.crawl("why", *args, expect=2)


class Doctor(harness.CrawlTest):
    def test_it_names_what_the_machine_has(self):
        rows = json.loads(self.crawl("doctor", "--json")[0])
        found = {row["what"]: row for row in rows}
        for what in ("cores", "memory", "open files", "pidfd", "landlock", "seccomp", "sandbox",
                     "certificates", "resolver", "names", "this folder"):
            self.assertIn(found[what]["health"], ("ok", "weak"), what)
        libraries = " ".join(row["found"] for row in rows if row["what"] == "library")
        for library in ("libcurl/", "SQLite/", "PCRE2/", "libseccomp/", "zstd/", "brotli/"):
            self.assertIn(library, libraries)
        for row in rows:
            self.assertEqual(row["health"] != "ok", bool(row["note"]), row)

    def test_few_descriptors_are_noticed(self):
        rows = json.loads(self.crawl("doctor", "--json", prefix=(
            "prlimit", "--nofile=200:200"))[0])
        files = [row for row in rows if row["what"] == "open files"][0]
        self.assertEqual(files["health"], "weak")
        self.assertIn("200 at most", files["found"])


class Words(harness.CrawlTest):
    def test_every_command_and_option_is_in_manual_and_completions(self):
        out, _ = self.crawl("--help")
        options = set(re.findall(r"(?:^|, |  )--([a-z0-9.-]+)", out, re.M))
        self.assertGreater(len(options), 50)
        for topic in ("man", "bash", "zsh", "fish"):
            made, _ = self.crawl("help", topic)
            made = made.replace("\\-", "-")
            for option in options:
                self.assertIn("-l %s " % option if topic == "fish" else "--" + option, made)
            for command in ("query", "status", "export", "diff", "why", "doctor"):
                self.assertIn(command, made)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_the_manual_pages_have_no_fault(self):
        for topic, words in (("man", "--robots-file FILE"), ("man5", "max-crawl-delay = DUR")):
            page, _ = self.crawl("help", topic)
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww"], input=page, text=True,
                                  capture_output=True, check=True)
            self.assertEqual(done.stderr, "")
            self.assertIn(words, re.sub(r".\x08|\x1b\[[0-9;]*m", "", done.stdout))

    def completed(self, *words):
        script, _ = self.crawl("help", "bash")
        quoted = " ".join("'%s'" % word for word in words)
        script += ("\nCOMP_WORDS=(crawl %s); COMP_CWORD=%d; _crawl\n"
                   "printf '%%s\\n' \"${COMPREPLY[@]}\"\n" % (quoted, len(words)))
        return subprocess.check_output(["bash", "-c", script], text=True).split()

    def test_bash_completes_commands_options_choices_and_queries(self):
        self.assertEqual(self.completed("que"), ["query"])
        self.assertEqual(self.completed("urls.txt", "--per"), ["--per-host"])
        self.assertEqual(self.completed("urls.txt", "--scope", "d"), ["domain"])
        self.assertEqual(self.completed("urls.txt", "--scope", "=", "d"), ["domain"])
        self.assertEqual(self.completed("query", "a.db", "bro"), ["broken"])
        self.assertEqual(self.completed("query", "a.db", "--js"), ["--json"])
        self.assertEqual(sorted(self.completed("why", "--rob")), ["--robots", "--robots-file"])
        self.assertEqual(self.completed("urls.txt", "--output", "x"), [])
        self.assertNotIn("serve", self.completed(""))

    def test_shells_that_are_here_can_read_their_completions(self):
        for shell in ("bash", "zsh", "fish"):
            if shutil.which(shell):
                script, _ = self.crawl("help", shell)
                subprocess.run([shell, "-n", self.write(shell, script)], check=True)

    def test_an_install_has_manual_and_completions(self):
        build = os.path.dirname(harness.CRAWL)
        subprocess.run(["cmake", "--install", build, "--prefix", self.path("usr")],
                       check=True, stdout=subprocess.DEVNULL)
        for name, topic in (("man/man1/crawl.1", "man"),
                            ("man/man5/crawl-config.5", "man5"),
                            ("bash-completion/completions/crawl", "bash"),
                            ("zsh/vendor-completions/_crawl", "zsh"),
                            ("fish/vendor_completions.d/crawl.fish", "fish")):
            with open(self.path("usr", "share", name), encoding="utf-8") as f:
                self.assertEqual(f.read(), self.crawl("help", topic)[0])

    def test_help_knows_each_command_and_no_other(self):
        for command in ("query", "status", "export", "diff", "why", "doctor"):
            out, err = self.crawl("help", command)
            self.assertTrue(out.startswith("usage: crawl %s " % command))
            self.assertEqual(err, "")
            self.assertEqual(self.crawl(command, "--help")[0], out)
        self.crawl("help", "nothing", expect=2)
        self.crawl("help", "serve", expect=2)

    def test_words_kept_for_later_say_so(self):
        for word in ("resume", "report", "check", "serve", "import", "init"):
            _, err = self.crawl(word, expect=2)
            self.assertIn("./" + word, err)

    def test_a_full_disk_is_not_success(self):
        with open("/dev/full", "w") as full:
            process = subprocess.run([harness.CRAWL, "doctor", "--json"], stdout=full,
                                     stderr=subprocess.PIPE, env=self.environment(), text=True,
                                     check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn("cannot write", process.stderr)


if __name__ == "__main__":
    harness.main()

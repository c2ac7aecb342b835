#!/usr/bin/python3
"""What a finished database promises to those who come back to it."""
import os
import subprocess
import sys

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests/support"))
import read_warc  # noqa: E402

PAGES = {"a.html": "<title>A</title><a href=b.html>b</a><a href=c.html>c</a>",
         "b.html": "<title>B</title><a href=a.html>a</a>", "c.html": "<title>C</title>"}
KEPT = ("url, length, status, outcome, title, mime, links_out, hex(content_hash)")


class Again(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        root = self.path("site")
        os.mkdir(root)
        for folder in (self.folder, root):
            os.chmod(folder, 0o755)
        for name, text in PAGES.items():
            self.write("site/" + name, text)
        self.server = self.nginx(root=root)
        self.base = "http://127.0.0.1:%d/" % self.server.port
        self.write("urls.txt", self.base + "a.html\n")
        self.command = ("urls.txt", "-o", "crawl.db", "-o", "out.warc.gz", "--depth", "1",
                        "--extract", "links", "-q")
        self.crawl(*self.command)

    def links(self):
        return self.rows("select p.url, l.pos, l.to_url, l.kind from v_latest p"
                         " join links l on l.page_id = p.id order by 1, 2")

    def test_a_304_keeps_the_stored_answer_and_its_links(self):
        before, links = sorted(self.results(KEPT)), self.links()
        self.assertEqual(len(links), 3)
        self.write("site/c.html", "<title>Another C</title>")
        self.crawl(*self.command, "--refetch", "all")
        asked = {uri: status for _, _, status, uri, _ in self.server.requests()}
        self.assertEqual((asked["/a.html"], asked["/b.html"], asked["/c.html"]), (304, 304, 200))
        after = sorted(self.results(KEPT))
        self.assertEqual(after[:2], before[:2])
        self.assertEqual(after[2][4], "Another C")
        self.assertEqual(self.links(), links)
        self.assertEqual(self.rows("select not_modified from pages order by run_id, url"),
                         [(0,), (0,), (0,), (1,), (1,), (0,)])
        # and once more: the validators were kept too
        self.crawl(*self.command, "--refetch", "all")
        statuses = [status for _, _, status, uri, _ in self.server.requests() if uri == "/a.html"]
        self.assertEqual(statuses, [200, 304, 304])
        records = read_warc.check(self.path("out.warc.gz"), self.path("out.cdxj"))
        kinds = [fields["WARC-Type"] for _, fields in records.values()]
        self.assertEqual((kinds.count("response"), kinds.count("revisit")), (4, 5))
        # a 304 to a 304 stands for the answer itself
        self.assertEqual([fields for _, fields in records.values()
                          if fields["WARC-Type"] == "revisit" and
                          "WARC-Refers-To-Date" not in fields], [])

    def test_a_finished_file_is_read_by_those_who_may_not_write_beside_it(self):
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("crawl.db")],
                         ["crawl.db"])
        os.chmod(self.path("crawl.db"), 0o444)
        os.chmod(self.folder, 0o555)
        self.addCleanup(os.chmod, self.folder, 0o755)
        reader = ("import sqlite3, sys; print(sqlite3.connect('file:' + sys.argv[1] + '?mode=ro',"
                  " uri=True).execute('select count(*) from results').fetchone()[0])")
        as_other = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
        out = subprocess.check_output(["/usr/bin/python3", "-c", reader, self.path("crawl.db")],
                                      text=True, **as_other)
        self.assertEqual(out, "3\n")


if __name__ == "__main__":
    harness.main()

#!/usr/bin/python3
"""What bad input gets: a clear refusal, or a row with its line number."""
import json
import os

import harness


class Refusals(harness.CrawlTest):
    def refused(self, *args, words, expect=2):
        _, err = self.crawl(*args, expect=expect)
        for word in words:
            self.assertIn(word, err)
        return err

    def test_a_list_that_is_missing_a_folder_or_empty_is_said(self):
        self.refused("nosuch.txt", words=["nosuch.txt", "No such file"])
        self.refused(".", words=["folder"])
        self.write("empty.txt", "")
        self.refused("empty.txt", words=["no URL"])
        self.write("comments.txt", "# nothing\n\n   \n")
        self.refused("comments.txt", "-o", "c.db", words=["no URL"])

    def test_an_unreadable_list_is_said(self):
        self.write("secret.txt", "http://127.0.0.1/\n")
        os.chmod(self.path("secret.txt"), 0)
        if os.getuid() == 0:
            self.skipTest("root reads everything")
        self.refused("secret.txt", words=["secret.txt", "Permission denied"])

    def test_damaged_gzip_keeps_the_lines_before_the_damage(self):
        import gzip
        server = self.nginx(server_extra="location / { return 200 hello; }")
        urls = ["http://127.0.0.1:%d/%d" % (server.port, n) for n in range(40)]
        whole = gzip.compress("".join(url + "\n" for url in urls).encode())
        self.write("l.gz", whole[:-30])  # ends in the middle of a line
        _, err = self.crawl("l.gz")
        self.assertIn("'l.gz': gzip data is cut at byte %d" % (len(whole) - 30), err)
        good = self.rows("select url, outcome from results where outcome = 'ok'")
        self.assertTrue(0 < len(good) < 40)
        self.assertLessEqual(set(good), {(url, "ok") for url in urls})
        self.assertEqual(self.rows("select line, url, outcome, error, detail from results where outcome <> 'ok'"),
                         [(len(good) + 1, "l.gz", "skipped", "list_damaged",
                           "gzip data is cut at byte %d" % (len(whole) - 30))])

        asked = len(list(server.requests()))
        _, err = self.crawl("l.gz")  # the same file: nothing is to be done again
        self.assertEqual((len(list(server.requests())), "damaged" in err), (asked, False))

        self.write("l.gz", whole)  # the whole list adds what was missing
        self.crawl("l.gz")
        self.assertEqual(self.results("line, url, error"),
                         [(n + 1, url, None) for n, url in enumerate(urls)])

    def test_a_list_whose_gzip_is_damaged_ends_at_the_damage_and_the_next_list_is_read(self):
        import gzip
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d/" % server.port
        packed = gzip.compress((base + "1\n").encode())
        self.write("damaged.gz", packed + b"\x1f\x8b\xff" + b"junk" * 10)
        self.write("whole.txt", base + "2\n")
        _, err = self.crawl("damaged.gz", "-i", "whole.txt")
        self.assertIn("gzip data is damaged at byte", err)
        self.assertEqual(sorted(self.results("input, url, error")),
                         [("damaged.gz", "damaged.gz", "list_damaged"), ("damaged.gz", base + "1", None),
                          ("whole.txt", base + "2", None)])

    def test_an_output_that_cannot_be_written_is_refused_before_the_first_fetch(self):
        self.write("urls.txt", "http://127.0.0.1:1/\n")
        self.refused("urls.txt", "-o", "no/such/folder/crawl.db", expect=5, words=["no/such/folder"])
        self.refused("urls.txt", "-o", "what.xyz", expect=2, words=["what.xyz"])
        self.write("mine.db", "this is no database, and it must not be lost\n" * 100)
        self.refused("urls.txt", "-o", "mine.db", expect=5, words=["mine.db"])
        with open(self.path("mine.db")) as f:
            self.assertTrue(f.read().startswith("this is no database"))

    def test_options_are_written_in_full_and_judged(self):
        self.write("urls.txt", "http://127.0.0.1:1/\n")
        self.refused("urls.txt", "--retr", "1", words=["--retries", "in full"])
        self.refused("urls.txt", "--retries", "many", words=["--retries", "many"])
        self.refused("urls.txt", "--concurrency", "0", words=["--concurrency"])
        self.refused("urls.txt", "--robots", "maybe", words=["obey|ignore"])
        self.refused("urls.txt", "-t", "3", words=["--retries"])
        self.refused("urls.txt", "--cacert", "nosuch.pem", words=["nosuch.pem"])
        self.refused("urls.txt", "--output", words=["needs FILE"])
        self.refused(words=["usage"])


class Lines(harness.CrawlTest):
    def lines(self, data, **settings):
        server = self.nginx(server_extra="location / { return 200 hello; }", **settings)
        base = "http://127.0.0.1:%d" % server.port
        self.write("urls.txt", data.replace(b"BASE", base.encode()))
        self.crawl("urls.txt")
        return base, self.results("line, url, outcome, error")

    def test_line_ends_bom_blanks_and_comments(self):
        base, rows = self.lines(b"\xef\xbb\xbfBASE/1\r\nBASE/2\rBASE/3\n\n# no\n   \n\t BASE/4 \t\nBASE/5")
        self.assertEqual(rows, [(1, base + "/1", "ok", None), (2, base + "/2", "ok", None),
                                (3, base + "/3", "ok", None), (7, base + "/4", "ok", None),
                                (8, base + "/5", "ok", None)])

    def test_duplicates_are_fetched_once_and_have_a_row_each(self):
        base, rows = self.lines(b"BASE/a\nBASE/b\nBASE/a\nBASE/./x/../a#part\n")
        self.assertEqual([(r[0],) + r[2:] for r in rows],
                         [(1, "ok", None), (2, "ok", None), (3, "skipped", "duplicate"),
                          (4, "skipped", "duplicate")])
        self.assertEqual(self.rows("select count(*) from pages"), [(2,)])

    def test_each_list_counts_its_own_lines(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d" % server.port
        self.write("a.txt", "%s/a\nftp://a/\n%s/a\n" % (base, base))
        self.write("b.txt", "%s/b\nftp://b/\n%s/a\n" % (base, base))
        command = ("a.txt", "b.txt", "-", "-o", "crawl.db", "-o", "out.jsonl")
        self.crawl(*command, stdin="%s/c\nftp://c/\n%s/b\n" % (base, base))
        expected = [(name, line) for name in ("a.txt", "b.txt", "-") for line in (1, 2, 3)]
        rows = self.rows("select input, line, url, detail from results")
        self.assertEqual(sorted(row[:2] for row in rows), sorted(expected))
        details = {row[:2]: row[3] for row in rows}
        self.assertEqual(details["a.txt", 3], "repeats line 1")
        self.assertEqual(details["b.txt", 3], "repeats line 1 of a.txt")
        self.assertEqual(details["-", 3], "repeats line 1 of b.txt")
        with open(self.path("out.jsonl")) as f:
            lines = [json.loads(line) for line in f]
        self.assertEqual(sorted((line["input"], line["line"]) for line in lines),
                         sorted(expected))
        # a line that is added gets the next number of its own list
        self.write("b.txt", "%s/b\nftp://b/\n%s/a\n%s/d\nftp://d/\n" % (base, base, base))
        self.crawl(*command[:2], "-o", "crawl.db", "-o", "out.jsonl")
        self.assertEqual(self.rows("select input, line from results where url like '%/d'"
                                   " or url = 'ftp://d/' order by line"), [("b.txt", 4), ("b.txt", 5)])

    def test_a_list_that_is_changed_in_place_has_the_rows_of_its_new_lines(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d" % server.port
        command = ("urls.txt", "-o", "crawl.db", "-o", "out.jsonl")
        rows = "select line, replace(url, '%s', ''), outcome, error from results order by line" % base
        self.write("urls.txt", "ftp://a/\n%s/b\nhttp://[::1\nno url\n%s/b\nftp://d/\n" % (base, base))
        self.crawl(*command)
        # another one in the place of the first bad line, one repaired, one commented out
        self.write("urls.txt",
                   "http://\n%s/b\n%s/c\nno url\n%s/b\n# ftp://d/\n" % (base, base, base))
        self.crawl(*command)
        now = [(1, "http://", "skipped", "bad_url"), (2, "/b", "ok", None), (3, "/c", "ok", None),
               (4, "no url", "skipped", "bad_url"), (5, "/b", "skipped", "duplicate")]
        self.assertEqual(self.rows(rows), now)
        self.assertEqual(self.rows("select v from meta where k in ('lines', 'bad_lines')"
                                   " order by k"), [("3",), ("5",)])
        # one record for each version of a line, and the list unchanged adds none
        self.crawl(*command)
        self.assertEqual(self.rows(rows), now)
        with open(self.path("out.jsonl")) as f:
            got = sorted((r["line"], r["url"].replace(base, "")) for r in map(json.loads, f))
        self.assertEqual(got, [(1, "ftp://a/"), (1, "http://"), (2, "/b"), (3, "/c"),
                               (3, "http://[::1"), (4, "no url"), (5, "/b"), (6, "ftp://d/")])

    def test_the_lines_of_a_changed_list_have_their_numbers_of_now_and_no_others_are_results(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d/" % server.port
        rows = "select line, replace(url, '%s', ''), outcome from results order by line" % base
        command = ("l.txt", "-o", "crawl.db", "-o", "o.jsonl")
        self.write("l.txt", "".join(base + name + "\n" for name in "ABCD") + "ftp://a/\n")
        self.crawl(*command)
        # X comes on top, B goes, D stands twice, and another line is bad
        self.write("l.txt", "".join(base + name + "\n" for name in "XACDD") + "ftp://b/\n")
        self.crawl(*command)
        now = [(1, "X", "ok"), (2, "A", "ok"), (3, "C", "ok"), (4, "D", "ok"), (5, "D", "skipped"),
               (6, "ftp://b/", "skipped")]
        self.assertEqual(self.rows(rows), now)
        asked = [request[3] for request in server.requests()]
        self.assertEqual(sorted(asked), ["/A", "/B", "/C", "/D", "/X", "/robots.txt"])
        self.crawl("export", "crawl.db", "-o", "e.jsonl")
        with open(self.path("e.jsonl")) as f:
            self.assertEqual(sorted((row["line"], row["url"].replace(base, ""), row["outcome"])
                                    for row in map(json.loads, f)), now)
        self.assertNotIn(base + "B", self.crawl("query", "crawl.db", "largest")[0])
        # a line that comes back has the answer that it had
        self.write("l.txt", base + "B\n")
        self.crawl(*command)
        self.assertEqual(self.rows(rows), [(1, "B", "ok")])
        self.assertEqual([request[3] for request in server.requests()], asked)
        # what nobody lists is not asked by a refetch either
        self.crawl(*command, "--refetch", "all")
        asked = [request[3] for request in server.requests()]
        self.assertEqual((asked.count("/B"), asked.count("/A")), (2, 1))

    def test_another_list_on_a_database_says_that_it_adds_to_it_with_both_counts(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d/" % server.port
        self.write("a.txt", "%sa\n%sb\n" % (base, base))
        self.write("b.txt", "# one more\n%sc\n" % base)
        self.write("c.txt", "%sc\n%sd\n%se\n" % (base, base, base))
        said = "adds %d lines to 'crawl.db', which had %d of another list"
        self.assertNotIn("adds", self.crawl("a.txt", "b.txt")[1])
        self.assertIn("'c.txt' " + said % (3, 3), self.crawl("c.txt")[1])
        self.assertNotIn("adds", self.crawl("c.txt", "a.txt")[1])

    def test_a_line_that_is_gone_before_it_was_asked_is_not_asked(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d/" % server.port
        self.write("l.txt", "".join("%s%d\n" % (base, n) for n in range(50)))
        self.crawl("l.txt", "--max-urls", "5", "--per-host", "1", expect=4)
        self.write("l.txt", base + "new\n")
        self.crawl("l.txt")
        self.assertEqual(self.results("line, url, outcome"), [(1, base + "new", "ok")])
        self.assertLess(len(list(server.requests())), 20)

    def test_a_list_from_standard_input_that_is_given_again_has_no_duplicates(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        lines = ["http://127.0.0.1:%d/%d\n" % (server.port, n) for n in range(5)]
        self.crawl("-", stdin="".join(lines))
        _, err = self.crawl("-", stdin="".join(lines[::-1]))
        self.assertNotIn("duplicates", err)
        self.assertEqual(self.results("line, url, error"),
                         [(n + 1, line[:-1], None) for n, line in enumerate(lines[::-1])])
        # nobody knows whether the next pipe is the same list, so nothing goes
        self.crawl("-", stdin=lines[0])
        self.assertEqual(len(self.results("line, url, error")), 5)

    def test_the_same_list_by_another_name_is_the_same_list(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        base = "http://127.0.0.1:%d/" % server.port
        self.write("l.txt", base + "1\n" + base + "2\n")
        os.symlink("l.txt", self.path("symbolic.txt"))
        os.link(self.path("l.txt"), self.path("hard.txt"))
        names = ("l.txt", "./l.txt", self.path("l.txt"), "symbolic.txt", "hard.txt")
        rows = "select line, replace(url, '%s', ''), input from results order by line" % base
        for name in names + (("l.txt", "./l.txt"),):
            self.crawl(*([name] if isinstance(name, str) else name), "-o", "crawl.db", "-o", "o.jsonl")
            self.assertEqual(self.rows(rows), [(1, "1", "l.txt"), (2, "2", "l.txt")], name)
        with open(self.path("o.jsonl")) as f:
            self.assertEqual(len(f.readlines()), 2)
        os.unlink(self.path("hard.txt"))
        os.rename(self.path("l.txt"), self.path("renamed.txt"))
        self.crawl("renamed.txt")
        self.assertEqual(self.rows(rows), [(1, "1", "l.txt"), (2, "2", "l.txt")])
        # two files of one name are two lists
        os.mkdir(self.path("other"))
        self.write("other/l.txt", base + "3\n")
        os.rename(self.path("renamed.txt"), self.path("l.txt"))
        self.crawl("../l.txt", "-o", "../crawl.db", prefix=("env", "--chdir=other"))
        self.crawl("l.txt", "-o", "../crawl.db", prefix=("env", "--chdir=other"))
        self.assertEqual(self.rows(rows + ", input"),
                         [(1, "3", os.path.realpath(self.path("other/l.txt"))), (1, "1", "l.txt"),
                          (2, "2", "l.txt")])

    def test_what_is_no_url_has_a_row_with_its_line(self):
        base, rows = self.lines(b"BASE/a\nftp://example.org/\nmailto:a@b\nhttp://[::1\nhttp://\n"
                                b"javascript:alert(1)\nhttp://127.0.0.1:25/\n"
                                b"http://[ b/\nhttp://exa[\x00mple/\n\xff\xfe\xfd\n"
                                b"http://127.0.0.1:1/" + b"x" * 2000000 + b"\nBASE/z\n")
        got = {r[0]: r[2:] for r in rows}
        self.assertEqual(got[1], ("ok", None))
        self.assertEqual(got[12], ("ok", None))
        self.assertEqual(got[2], ("skipped", "blocked_scheme"))
        self.assertEqual(got[3], ("skipped", "blocked_scheme"))
        self.assertEqual(got[6], ("skipped", "blocked_scheme"))
        self.assertEqual(got[7], ("skipped", "bad_port"))
        self.assertEqual(got[11], ("skipped", "too_long"))
        for line in (4, 5, 8, 9, 10):
            self.assertEqual(got[line], ("skipped", "bad_url"), line)
        self.assertEqual(len(rows), 12)

    def test_what_stands_behind_a_url_is_not_part_of_it_and_csv_is_told_with_its_column(self):
        base, rows = self.lines(b"BASE/1 # note\nBASE/2\ttitle\nBASE/3 BASE/4\nBASE/5,x\n"
                                b"7,BASE/7,title\nname,title\n")
        self.assertEqual(rows, [(1, base + "/1", "ok", None), (2, base + "/2", "ok", None),
                                (3, base + "/3", "ok", None), (3, base + "/4", "ok", None),
                                (4, base + "/5,x", "ok", None),
                                (5, "7,%s/7,title" % base, "skipped", "bad_url"),
                                (6, "name,title", "skipped", "bad_url")])
        self.assertEqual(self.rows("select detail from results where error = 'bad_url' order by line"),
                         [("looks like CSV with a URL in column 2: 'cut -d, -f2 LIST > urls.txt'"
                           " takes it out",), ("looks like CSV, which is no list of URLs",)])

    def test_a_list_may_be_compressed_or_in_utf_16_or_end_its_lines_in_nul(self):
        import bz2
        import lzma
        server = self.nginx(server_extra="location / { return 200 hello; }")
        urls = ["http://127.0.0.1:%d/%d" % (server.port, n) for n in range(5)]
        text = "".join(url + "\r\n" for url in urls)
        forms = {"utf16": b"\xff\xfe" + text.encode("utf-16-le"), "xz": lzma.compress(text.encode()),
                 "bz2": bz2.compress(text.encode()), "print0": "\0".join(urls).encode() + b"\0"}
        for name, data in forms.items():
            self.write(name, data)
            self.crawl(name, "-o", name + ".db")
            self.assertEqual(self.results("line, url, outcome", name + ".db"),
                             [(n + 1, url, "ok") for n, url in enumerate(urls)], name)

    def test_what_is_no_list_is_refused_by_name_before_anything_starts(self):
        self.write("l.jsonl", '{"url": "http://127.0.0.1:1/"}\n')
        _, err = self.crawl("l.jsonl", expect=2)
        self.assertIn("looks like JSON lines", err)
        self.assertIn("jq -r .url l.jsonl | crawl -", err)
        self.assertFalse(os.path.exists(self.path("crawl.db")))
        _, err = self.crawl("-", stdin="<!doctype html>", expect=2)
        self.assertIn("standard input looks like an HTML page", err)
        # a comma may stand in a URL, so CSV is told and its lines are judged
        self.write("l.csv", "name,url\nx,http://127.0.0.1:1/\n")
        _, err = self.crawl("l.csv", "-o", "csv.db", expect=2)
        self.assertIn("looks like CSV, not like a list with one URL a line; try: cut -d',' -f2 l.csv | crawl -", err)
        self.assertEqual(self.results("line, error", "csv.db"), [(1, "bad_url"), (2, "bad_url")])

    def test_a_list_of_bad_lines_alone_is_no_success(self):
        self.write("urls.txt", "ftp://example.org/\n")
        for again in range(2):
            _, err = self.crawl("urls.txt", expect=2)
            self.assertIn("no URL: all of its 1 lines are bad", err)
            self.assertEqual(self.results("outcome, error"), [("skipped", "blocked_scheme")])
        self.write("urls.txt", "ftp://example.org/\nno url\n")
        _, err = self.crawl("urls.txt", expect=2)
        self.assertIn("no URL: all of its 2 lines are bad", err)

    def test_bad_lines_do_not_hide_that_nobody_answered(self):
        self.write("urls.txt", "ftp://example.org/\nhttp://127.0.0.1:%d/\n" % harness.free_port())
        self.crawl("urls.txt", "--retries", "0", expect=3)

    def test_that_nobody_answered_is_said_of_the_run_not_of_its_last_session(self):
        server = self.nginx(server_extra="location / { return 200 hello; }")
        live, dead = ("http://127.0.0.1:%d/\n" % port for port in (server.port, harness.free_port()))
        self.write("urls.txt", live)
        self.crawl("urls.txt", "--retries", "0")
        # the run goes on with what alone is left: one that does not answer
        self.write("urls.txt", live + dead)
        self.crawl("urls.txt", "--retries", "0", expect=0)
        self.assertEqual(self.results("outcome, run_id"), [("ok", 1), ("error", 1)])
        # a refetch is a run of its own
        self.crawl("urls.txt", "--retries", "0", "--refetch", "failed", expect=3)
        self.assertEqual(self.results("outcome, run_id"), [("ok", 1), ("error", 2)])

    def test_no_byte_of_a_line_reaches_the_terminal_raw(self):
        self.write("urls.txt", b"http://\x1b[31mred\nhttp://127.0.0.1:%d/\x1b]0;x\x07\n"
                   % harness.free_port())
        out, err = self.crawl("urls.txt", "--retries", "0", "-vv", expect=3)
        self.assertNotIn("\x1b", out + err)


class Network(harness.CrawlTest):
    def test_without_a_network_five_names_give_five_dns_rows(self):
        with open(os.path.join(harness.ROOT, "urls.txt")) as f:
            self.write("urls.txt", f.read())
        _, err = self.crawl("urls.txt", "--retries", "0", expect=3, prefix=("unshare", "--net", "--"))
        rows = self.results()
        self.assertEqual([row[1:] for row in rows], [(None, None, "error", "dns")] * 5)
        self.assertIn("dns", err)
        self.assertIn("network", err)

    def test_a_refused_port_is_connect(self):
        port = harness.free_port()
        self.write("urls.txt", "http://127.0.0.1:%d/\n" % port)
        self.crawl("urls.txt", "--retries", "1", "--retry-delay", "10ms", expect=3)
        self.assertEqual(self.results("outcome, error"), [("error", "connect")])


if __name__ == "__main__":
    harness.main()

#!/usr/bin/python3
"""How a run ends, and that the next one goes on: as the last lines say it, in
another folder, with another clock, and with a reader that does not read."""
import os
import pty
import re
import signal
import subprocess
import time

import harness


class GoesOn(harness.CrawlTest):
    """Runs that a limit ends before their list does."""

    def setUp(self):
        super().setUp()
        # the title of a page is what was asked for
        self.server = self.nginx(server_extra="location / { default_type text/html; "
                                 "return 200 '<title>$http_accept_language$http_x_key</title>'; }")
        os.mkdir(self.path("bin"))
        os.symlink(harness.CRAWL, self.path("bin", "crawl"))

    def write_list(self, name="l.txt", lines=10):
        return self.write(name, "".join("http://127.0.0.1:%d/%d\n" % (self.server.port, n)
                                        for n in range(lines)))

    def shown(self, err, word):
        found = re.findall(r"^  %s: +(.*)$" % word, err, re.M)
        self.assertEqual(len(found), 1, err)
        return found[0]

    def paste(self, command, expect=0):
        """What a person does with a line that is shown."""
        env = self.environment({"PATH": self.path("bin") + ":" + os.environ["PATH"]})
        done = subprocess.run(command, shell=True, cwd=self.folder, env=env, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=harness.RUN_LIMIT_S)
        self.assertEqual(done.returncode, expect, done.stderr)
        return done.stderr

    def test_the_command_after_go_on_goes_on_when_it_is_pasted(self):
        self.write_list("Bob's list.txt")
        _, err = self.crawl("Bob's list.txt", "-o", "Bob's.db", "-o", "$(x).jsonl", "--force",
                            "-H", "Accept-Language: de", "--max-urls", "6", expect=4)
        self.paste(self.shown(err, "next"))
        self.paste(self.shown(err, "go on"))
        self.assertEqual(self.rows("select title, count(*) from results group by 1", "Bob's.db"),
                         [("de", 10)])
        with open(self.path("$(x).jsonl")) as f:
            self.assertEqual(len(f.readlines()), 10)

    def test_what_the_environment_set_is_in_the_command_that_goes_on(self):
        self.write_list()
        _, err = self.crawl("l.txt", "--max-urls", "6", expect=4,
                            env={"CRAWL_HEADER": "Accept-Language: fr", "CRAWL_STORE": "body"})
        self.paste(self.shown(err, "go on"))
        self.assertEqual(self.rows("select title, count(*) from results group by 1"), [("fr", 10)])
        self.assertEqual(self.rows("select config ->> '$.store' from runs"), [("body",)])

    def test_options_that_changed_in_between_are_told(self):
        self.write_list()
        self.crawl("l.txt", "--max-urls", "4", "-H", "Accept-Language: de", expect=4)
        _, err = self.crawl("l.txt", "--max-urls", "4", "-H", "Accept-Language: de", expect=4)
        self.assertNotIn("other options", err)
        _, err = self.crawl("l.txt", "--store", "body")
        self.assertRegex(err, r"other options than before: .*store \(was hash\)")
        self.assertRegex(err, r'header \(was \["Accept-Language: de"\]\)')
        self.assertEqual(self.rows("select count(*) from events where what = 'options'"), [(1,)])

    def test_a_secret_is_asked_for_before_it_is_missed(self):
        self.write_list()
        _, err = self.crawl("l.txt", "-H", "X-Key: secret", "--max-urls", "6", expect=4)
        command = self.shown(err, "go on")
        self.assertNotIn("secret", err)
        self.assertIn("add -H X-Key with its value", err)
        self.assertIn("-H X-Key", self.paste(command, expect=2))
        self.paste(command + " -H 'X-Key: secret'")
        self.assertEqual(self.rows("select title, count(*) from results group by 1"),
                         [("secret", 10)])

    def test_a_list_from_standard_input_goes_on_from_the_database(self):
        with open(self.write_list()) as f:
            _, err = self.crawl("-", "--max-urls", "6", stdin=f.read(), expect=4)
        self.paste(self.shown(err, "go on"))
        self.assertEqual(self.rows("select count(*) from results where outcome = 'ok'"), [(10,)])

    def test_streams_alone_keep_nothing_to_go_on_with(self):
        self.write_list()
        _, err = self.crawl("l.txt", "-o", "-", "--max-urls", "6", expect=4)
        self.assertNotIn("go on:", err)

    def test_a_tree_that_was_moved_goes_on(self):
        for folder in ("a", "a/db", "a/out"):
            os.mkdir(self.path(folder))
        self.write_list("a/l.txt")
        words = ("l.txt", "-o", "db/c.db", "-o", "out/o.jsonl", "-o", "top.csv")
        at = ["env", "-C"]  # the folder in which it is started
        self.crawl(*words, "--max-urls", "6", prefix=at + [self.path("a")], expect=4)
        os.rename(self.path("a"), self.path("b"))
        self.crawl(*words, prefix=at + [self.path("b")])
        for name, lines in (("out/o.jsonl", 10), ("top.csv", 11)):
            with open(self.path("b", name)) as f:
                self.assertEqual(len(f.readlines()), lines)
        # the same files by their whole names, as cron would call them
        self.crawl(self.path("b/l.txt"), "-o", self.path("b/db/c.db"),
                   "-o", self.path("b/out/o.jsonl"))



class Readers(harness.CrawlTest):
    """Those who read what a crawl writes, and do not."""

    def setUp(self):
        super().setUp()
        self.server = self.nginx(server_extra="location / { return 200 hello; }")
        # rows of 9 kB: a few fill a pipe, and some hundreds what may wait
        self.write("l.txt", "".join("http://127.0.0.1:%d/%d?%s\n" % (self.server.port, n, "x" * 8000)
                                    for n in range(2000)))

    def start_crawl(self, *args, **popen):
        process = subprocess.Popen([harness.CRAWL, "l.txt", *args], cwd=self.folder,
                                   env=self.environment({"TERM": "xterm"}),
                                   **{"stdin": subprocess.DEVNULL, **popen})
        self.addCleanup(process.kill)
        return process

    def nr_asked(self):
        with open(os.path.join(self.server.folder, "access.log"), "rb") as f:
            return f.read().count(b"\n")

    def wait_until(self, what):
        for _ in range(3000):
            if what():
                return
            time.sleep(0.02)
        self.fail("it did not come to that")

    def wait_until_it_stands_still(self):
        seen = []

        def stands_still():
            seen.append(self.nr_asked())
            return len(seen) > 25 and seen[-1] == seen[-25] > 20
        self.wait_until(stands_still)

    def test_a_pipe_that_nobody_reads_stops_asking_and_holds_no_end(self):
        process = self.start_crawl("-o", "c.db", "-o", "-", "-q", "--rate", "1000",
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.wait_until_it_stands_still()
        self.assertLess(self.nr_asked(), 1999)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        self.assertIn(b"did not take its last", process.stderr.read())
        process.stdout.close()
        process.stderr.close()

    def test_max_duration_ends_with_a_reader_that_does_not_read(self):
        process = self.start_crawl("-o", "-", "--max-duration", "2s", "-q",
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(process.wait(60), 4)
        process.stdout.close()

    def test_a_reader_that_comes_back_gets_every_row(self):
        process = self.start_crawl("-o", "-", "-q", "--rate", "1000", stdout=subprocess.PIPE)
        self.wait_until_it_stands_still()
        rows = process.stdout.read().splitlines()
        self.assertEqual((process.wait(60), len(rows), len(set(rows))), (0, 2000, 2000))
        process.stdout.close()

    def test_a_reader_that_leaves_ends_the_crawl_with_true_counts(self):
        process = self.start_crawl("-o", "c.db", "-o", "-", "--rate", "1000", "--progress", "none",
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(1)
        process.stdout.close()                          # as head(1) does
        said = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(60), 141)         # as a program that SIGPIPE ends
        (stored, status, reason), = self.rows(
            "select (select count(*) from pages), status, reason from runs", "c.db")
        self.assertEqual((status, reason),
                         ("interrupted", "the reader of standard output has left"))
        self.assertTrue(said.startswith("crawl: interrupted: the reader of standard output has "
                                        "left\n  ok {:,} ".format(stored)), (said, stored))
        self.assertNotIn("error", said)

    def test_a_stream_that_cannot_be_written_leaves_the_counts_true(self):
        process = self.start_crawl("-o", "c.db", "-o", "/dev/full", "--format", "jsonl",
                                   "--progress", "none", stderr=subprocess.PIPE)
        said = process.stderr.read().decode()
        process.stderr.close()
        self.assertEqual(process.wait(60), 5)
        (stored,), = self.rows("select count(*) from pages", "c.db")
        self.assertIn("/dev/full: cannot write", said)
        self.assertIn("\n  ok {:,} ".format(stored), said)

    def test_an_output_of_an_unknown_kind_is_a_mistake_in_the_command(self):
        process = self.start_crawl("-o", "out.xlsx", stderr=subprocess.PIPE)
        self.assertIn(b"does not tell the kind", process.stderr.read())
        self.assertEqual(process.wait(60), 2)
        process.stderr.close()

    def test_messages_that_nobody_reads_hold_no_crawl_and_no_end(self):
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        os.set_blocking(write_end, False)
        while True:             # a pager that stands on its first page
            try:
                os.write(write_end, b"x" * 4096)
            except BlockingIOError:
                break
        os.set_blocking(write_end, True)
        process = self.start_crawl("-v", "-o", "c.db", stderr=write_end)
        os.close(write_end)
        self.wait_until(lambda: self.nr_asked() >= 2001)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        self.assertEqual(self.rows("select count(*) from results where outcome = 'ok'", "c.db"),
                         [(2000,)])

    def test_a_terminal_that_was_stopped_holds_no_end(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        os.write(ours, b"\x13")          # Ctrl-S
        process = self.start_crawl("-o", "c.db", "-o", "-", stdin=theirs, stdout=theirs,
                                   stderr=theirs)
        os.close(theirs)
        self.wait_until_it_stands_still()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)

    def test_a_named_pipe_is_waited_for_with_a_word(self):
        os.mkfifo(self.path("rows"))
        words = ("-o", "c.db", "-o", "rows", "--format", "jsonl", "-q")
        process = self.start_crawl(*words, stderr=subprocess.PIPE)
        self.assertIn(b"rows: waiting for a reader", process.stderr.readline())
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(60), 130)
        process.stderr.close()
        self.assertFalse(os.path.exists(self.path("c.db")))

        process = self.start_crawl(*words, stderr=subprocess.PIPE)
        process.stderr.readline()
        with open(self.path("rows"), "rb") as f:
            self.assertEqual(len(f.read().splitlines()), 2000)
        self.assertEqual(process.wait(60), 0)
        process.stderr.close()

    def test_a_link_to_a_stream_is_a_stream(self):
        self.write("l.txt", "http://127.0.0.1:%d/1\n" % self.server.port)
        for command in ("%s l.txt -o a.db -o /dev/stdout --format jsonl -q | cat",
                        "%s l.txt -o b.db -o >(cat) --format jsonl -q; wait $!"):
            out = subprocess.run(["bash", "-c", command % harness.CRAWL], cwd=self.folder,
                                 env=self.environment(), stdout=subprocess.PIPE, timeout=60).stdout
            self.assertEqual(len(out.splitlines()), 1, command)
        self.write("mine", "mine\n")
        os.symlink("mine", self.path("link.jsonl"))
        _, err = self.crawl("l.txt", "-o", "d.db", "-o", "link.jsonl", expect=2)
        self.assertIn("symbolic link", err)


if __name__ == "__main__":
    harness.main()

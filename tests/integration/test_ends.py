#!/usr/bin/python3
"""How a run ends, and that the next one goes on: as the last lines say it, in
another folder, with another clock, and with a reader that does not read."""
import os
import re
import subprocess

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


if __name__ == "__main__":
    harness.main()

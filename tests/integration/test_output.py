#!/usr/bin/python3
"""What is safe to look at: no control byte from the net reaches a terminal by any
command, no secret of the user reaches an output, a log or the database.
"""
import os
import pty
import re
import select
import signal
import subprocess
import time

import harness
from server import Server, page, redirect, slow

SECRET = "s3cr3t"
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\r\n\x08"
RAW = re.compile(rb"\x1b\]0;|\x1b\[2J|\x07|\x08|\x7f|\xc2\x9b|[\x00-\x06\x0e-\x1a\x1c-\x1f]")
PAGE = ("<!doctype html><title>%s</title><meta name=description content='%s'><h1>%s</h1>"
        "<a href='/missing%s'>%s</a><link rel=canonical href='/%s'>" % ((EVIL,) * 6)).encode()


class Output(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        headers = ["ETag: \"%s\"" % EVIL.replace("\r\n", ""), "Content-Language: \x1b[31m",
                   "Content-Type: text/html\x1b[2J"]
        self.server = Server({
            "/robots.txt": page(b"User-agent: *\x1b[2J\nDisallow: /no\n"), "/": page(PAGE),
            "/evil": page(PAGE, headers=headers), "/slow": slow(1.5, page(PAGE)),
            "/away": redirect("/\x1b]0;owned\x07")})
        self.addCleanup(self.server.stop)
        self.base = self.server.url("")
        self.write("urls.txt", "".join(self.server.url(path) + "\n" for path in
                                       ("/", "/evil", "/slow", "/away", "/\x1b[2J", "/no")) +
                   "http://%s/\n%s\n" % (EVIL.replace("\r\n", ""), EVIL))

    def on_a_terminal(self, *args, expect=0, during=None):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([harness.CRAWL, *args], cwd=self.folder, stdin=theirs,
                                   stdout=theirs, stderr=theirs,
                                   env=self.environment({"TERM": "xterm", "COLUMNS": "100"}))
        os.close(theirs)
        written = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:         # Linux: the other end is closed
                break
            written += part
            if during and process.poll() is None:
                during(process)
                during = None
        os.close(ours)
        status = process.wait(60)
        self.assertIn(status, (0, 2) if expect is None else (expect,), written[-2000:])
        self.assertGreater(len(written), 20, args)
        self.assertEqual(RAW.findall(written), [], (args, written[-3000:]))

    def test_no_command_sends_control_bytes_of_the_net_to_a_terminal(self):
        def ask(process):
            time.sleep(0.3)
            process.send_signal(signal.SIGUSR1)
        rules = ("--depth", "1", "--retries", "0", "--store", "body")
        self.on_a_terminal("urls.txt", "-o", "crawl.db", *rules, during=ask)
        self.on_a_terminal("urls.txt", "-o", "crawl.db", "-vv", "--refetch", "all", *rules,
                           during=ask)
        names = self.rows("select distinct what from events")
        self.assertGreater(len(names), 0)
        urls = [row[0] for row in self.rows("select url from results")]
        for args in (("status", "crawl.db"), ("query", "crawl.db"), ("query", "crawl.db", "errors"),
                     ("query", "crawl.db", "select * from results"),
                     ("query", "crawl.db", "select * from events"),
                     ("query", "crawl.db", "select * from links"), ("diff", "crawl.db")):
            with self.subTest(args):
                self.on_a_terminal(*args)
        for url in urls:        # 2: some are no URLs
            with self.subTest(url):
                self.on_a_terminal("why", url, expect=None)

    def test_no_secret_reaches_an_output_a_log_or_the_database(self):
        with_userinfo = self.base.replace("http://", "http://me:%s@" % SECRET)
        self.write("urls.txt", "%s/\n%s/away\n%s/%s\n" % (with_userinfo, with_userinfo,
                                                        with_userinfo, "missing"))
        self.write("auth", "127.0.0.1 basic me:%s\n" % SECRET)
        self.server.answers["/away"] = redirect(with_userinfo + "/evil")
        header = "X-Key: " + SECRET
        out, err = self.crawl(
            "urls.txt", "-o", "crawl.db", "-o", "db.txt", "-o", "out.jsonl", "-o", "out.csv", "-o",
            "-", "-vv", "-H", header, "--header", header, "--header=" + header, "-H" + header,
            "--auth-file", "auth", "--retries", "0")
        asked = [r for r in self.server.requests if r.path == "/"]
        self.assertEqual(asked[0].headers.get("x-key"), SECRET)     # it is sent, of course
        self.assertIn("other users can read the passwords in auth: chmod 600 auth", err)
        told = {"stdout": out, "stderr": err}
        told["settings"], _ = self.crawl("urls.txt", "-H", header, "--print-config")
        _, told["proxy"] = self.crawl("urls.txt", "-o", "proxied.db", "-v", "--proxy",
                                      "http://me:%s@127.0.0.1:9" % SECRET, "--retries", "0",
                                      expect=None)
        _, told["bare proxy"] = self.crawl("urls.txt", "-o", "bare.db", "-v",
                                           "--proxy=me:%s@127.0.0.1:9" % SECRET,
                                           "--retries", "0", expect=None)
        for name in os.listdir(self.folder):
            if name not in ("urls.txt", "auth"):
                with open(self.path(name), "rb") as f:
                    told[name] = f.read().decode("latin-1")
        self.assertIn("proxied.db", told)
        self.assertEqual([name for name, text in told.items() if SECRET in text], [])
        (command,), = self.rows("select command from runs")
        self.assertIn("-H X-Key: --header X-Key: --header=X-Key: -HX-Key:", command)


if __name__ == "__main__":
    harness.main()

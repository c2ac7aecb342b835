#!/usr/bin/python3
"""Workers behind their sandbox: the same rows as without, attempts that end as
documented, a clear word where it cannot be had.
"""
import json
import os
import re
import shutil
import time
from pathlib import Path

import harness
from server import Server, page, slow

SHIM = os.environ.get("SANDBOX_SHIM",
                      os.path.join(harness.ROOT, "build-dev/tests/integration/libsandbox_shim.so"))
COLUMNS = ("url, line, status, outcome, error, length, title, charset, encoding, chars, "
           "mime, http_version, final_url, links_out, content_hash")
PAGES = {                       # what must be loaded before the files are shut
    "utf8.html": ("utf-8", "Größe"), "sjis.html": ("shift_jis", "日本語の題"),
    "eucjp.html": ("euc-jp", "日本"), "iso2022.html": ("iso-2022-jp", "日本"),
    "gb.html": ("gb18030", "中文"), "big5.html": ("big5", "中文"), "euckr.html": ("euc-kr", "한국"),
    "koi8.html": ("koi8-r", "Русский"), "latin.html": ("windows-1252", "naïve"),
}
# As in sandbox_shim.c: what becomes of each, and the call that is named.
HARMLESS = ["open /etc/passwd: EACCES", "create a file: EACCES", "Unix socket: EAFNOSUPPORT",
            "standard streams: done", "terminal: done"]
DEADLY = ["execve", "clone", "ptrace", "kill", "mmap", "socket", "fcntl",
          "setsockopt", ""]


class Sandbox(harness.CrawlTest):
    def pages(self):
        root = self.path("root")
        os.mkdir(root)
        os.chmod(self.folder, 0o755)
        for name, (charset, title) in PAGES.items():
            html = ("<!doctype html><meta charset=%s><title>%s</title><p>%s"
                    "<a href=utf8.html>x</a>" % (charset, title, title * 50))
            with open(os.path.join(root, name), "wb") as f:
                f.write(html.encode(charset))
        shutil.copy(os.path.join(harness.PAGES, "en/index.html"), root)
        return self.nginx(root=root, tls=True, http_extra="gzip on; gzip_min_length 1;")

    def preload(self):
        return {"LD_PRELOAD": SHIM, "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def offers_all(self):
        """Whether this kernel and user can do what --sandbox require wants."""
        self.write("none.txt", "http://127.0.0.1:%d/\n" % harness.free_port())
        process = self.start("none.txt", "-o", "none.db", "--sandbox", "require", "-q",
                             "--retries", "0")
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        refused = "cannot do all of the sandbox" in err
        self.assertEqual(process.returncode, 2 if refused else 3, err)
        return not refused

    def test_the_same_rows_with_and_without(self):
        if not self.offers_all():
            self.skipTest("this system cannot do all of the sandbox")
        server = self.pages()
        urls = ["%s://%s:%d/%s" % (scheme, host, port, name)
                for scheme, port in (("http", server.port), ("https", server.tls_port))
                for host in ("localhost", "127.0.0.1", "own.test")
                for name in sorted(PAGES) + ["index.html", "missing.html"]]
        urls += ["http://no-such-name.invalid/", "http://127.0.0.1:%d/" % harness.free_port()]
        self.write("urls.txt", "".join(url + "\n" for url in urls))
        found = {}
        for name, arguments in (("off", ()), ("require", ()), ("root", ("--user", "root"))):
            level = "off" if name == "off" else "require"
            if arguments and os.getuid() != 0:
                continue
            self.crawl("urls.txt", "-o", name + ".db", "--sandbox", level, "--retries", "0",
                       "--cacert", server.folder + "/ca.pem", "--dns-timeout", "3s",
                       "--resolve", "own.test:%d:127.0.0.1" % server.port,
                       "--resolve", "own.test:%d:127.0.0.1" % server.tls_port, *arguments)
            found[name] = self.results(COLUMNS, name + ".db")
        for name in found:
            self.assertEqual(found[name], found["off"], name)
        rows = {row[0]: row for row in found["off"]}
        self.assertEqual(len(rows), len(urls))
        for url in urls[:-2]:
            name = url.rsplit("/", 1)[1]
            if name in PAGES and "own.test" not in url:
                self.assertEqual(rows[url][2:4] + rows[url][6:7], (200, "ok", PAGES[name][1]), url)
        self.assertEqual({row[8] for row in rows.values() if row[3] == "ok"}, {"gzip"})
        self.assertEqual({row[11] for row in rows.values() if row[11]}, {"1.1", "2"})
        self.assertEqual(rows[urls[-2]][4], "dns")
        self.assertEqual(rows[urls[-1]][4], "connect")

    def test_the_level_is_told(self):
        server = self.pages()
        self.write("urls.txt", "http://127.0.0.1:%d/utf8.html\n" % server.port)
        for level in ("auto", "off"):
            _, err = self.crawl("urls.txt", "-o", level + ".db", "--sandbox", level, "-v")
            told = self.rows("select detail from events where what = 'sandbox'", level + ".db")
            self.assertEqual(len(told), 1)
            self.assertEqual(self.rows("select sandbox from runs", level + ".db"), told)
            self.assertIn("sandbox: " + told[0][0], err)
            if level == "off":
                self.assertEqual(told[0][0], "off")
            else:
                self.assertIn("no new privileges, limits", told[0][0])
                self.assertIn("; without: ", told[0][0])

    def test_attempts_end_as_documented_and_the_crawl_is_complete(self):
        if not self.offers_all():
            self.skipTest("this system cannot do all of the sandbox")
        server = self.pages()
        attempts = HARMLESS + DEADLY
        honest = ["http://127.0.0.%d:%d/%s" % (i, server.port, name)
                  for i in range(1, 9) for name in sorted(PAGES)]
        evil = ["http://127.0.77.%d:%d/utf8.html" % (i, server.port)
                for i in range(len(attempts))]
        every = len(honest) // len(evil)
        urls = [url for i, e in enumerate(evil) for url in [e] + honest[i * every:(i + 1) * every]]
        urls += honest[len(evil) * every:]
        self.write("urls.txt", "".join(url + "\n" for url in urls))
        out, err = self.crawl("urls.txt", "-o", "crawl.db", "-o", "-", "--sandbox", "require",
                              "--robots", "ignore", "-v", env=self.preload(), expect=None)
        rows = {url: (status, outcome, error, detail) for url, status, outcome, error, detail
                in self.results("url, status, outcome, error, detail")}
        self.assertEqual(len(rows), len(urls), err[-2000:])
        for url in honest + evil[:len(HARMLESS)]:
            self.assertEqual(rows[url][:3], (200, "ok", None), url)
        for line in HARMLESS:
            self.assertIn("shim: " + line, err)
        for name, url in zip(DEADLY, evil[len(HARMLESS):]):
            self.assertEqual(rows[url][1:3], ("error", "sandbox"), url)
            self.assertIn(name, rows[url][3] or "")
            self.assertNotIn("shim: %s:" % name, err)
        self.assertEqual({json.loads(line)["url"] for line in out.splitlines()}, set(urls))
        self.assertNotIn("\x1b", err)
        self.assertIn("worker: \\x1b]0;forged\\x07", err)
        told = {row[0] for row in self.rows(
            "select detail from events where what = 'worker_death'")}
        for name in DEADLY[:-1]:
            self.assertTrue(any(text.endswith("forbidden system call, " + name) for text in told),
                            (name, told))
        self.assertFalse(os.path.exists("/tmp/crawl-sandbox-shim"))

    def test_without_the_sandbox_the_same_attempts_succeed(self):
        """Or the test above would show nothing."""
        server = self.pages()
        self.write("urls.txt", "".join("http://127.0.77.%d:%d/utf8.html\n" % (i, server.port)
                                       for i in (0, 6, 9)))
        _, err = self.crawl("urls.txt", "--sandbox", "off", "--robots", "ignore",
                            env=self.preload())
        for name in ("open /etc/passwd", "clone", "mmap"):
            self.assertIn("shim: %s: done" % name, err)

    def test_a_replaced_file_replaces_the_worker_and_loses_nothing(self):
        if not self.offers_all():
            self.skipTest("this system cannot do all of the sandbox")
        authority = self.path("ca.pem")
        shutil.copy("/etc/ssl/certs/ca-certificates.crt", authority)
        os.chmod(self.folder, 0o755)
        answers = {"/%d" % i: slow(0.02, page(b"x" * i)) for i in range(60)}
        with Server(answers) as server:
            urls = [server.url("/%d" % i, "127.0.1.%d" % (1 + i % 30)) for i in range(60)]
            self.write("urls.txt", "".join(url + "\n" for url in urls))
            process = self.start("urls.txt", "--cacert", authority, "--workers", "1", "-v",
                                 "--concurrency", "2", "--robots", "ignore",
                                 "--sandbox", "require")
            while len(server.requests) < 8:
                time.sleep(0.005)
                self.assertIsNone(process.poll())
            shutil.copy(authority, authority + ".new")
            os.rename(authority + ".new", authority)
            _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 0, err[-2000:])
        self.assertEqual({(row[1], row[2], row[4]) for row in self.results()},
                         {(i, 200, None) for i in range(60)})
        left = [row[0] for row in self.rows("select detail from events "
                                            "where what = 'worker_death'")]
        self.assertEqual(len(left), 1, left)
        self.assertIn("left with 0", left[0])

    def test_a_user_that_cannot_be_had_is_refused_with_a_word(self):
        self.write("urls.txt", "http://127.0.0.1:9/\n")
        _, err = self.crawl("urls.txt", "--user", "no-such-user-here", expect=2)
        self.assertRegex(err, "no user no-such-user-here" if os.getuid() == 0 else "only root")

    def test_workers_of_root_are_nobody(self):
        if os.getuid() != 0:
            self.skipTest("not root")
        with Server({"/": slow(1.0)}) as server:
            self.write("urls.txt", server.url("/") + "\n")
            process = self.start("urls.txt", "--robots", "ignore", "--workers", "1")
            while not server.requests:
                time.sleep(0.01)
                self.assertIsNone(process.poll())
            users = self.users_below(process.pid)
            process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(users.count(65534), 1, users)

    def test_workers_that_stay_root_are_told(self):
        if os.getuid() != 0:
            self.skipTest("not root")
        with Server({"/": page(b"x")}) as server:
            self.write("urls.txt", server.url("/") + "\n")
            _, err = self.crawl("urls.txt", "--user", "root")
        self.assertIn("warning: workers run as root: start crawl as another user", err)
        self.assertRegex(self.rows("select sandbox from runs")[0][0],
                         "capabilities; without: .*user; as root$")

    def users_below(self, pid):
        """Of all processes below, by /proc."""
        users = []
        for child in Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split():
            status = Path("/proc/%s/status" % child).read_text()
            users.append(int(re.search(r"^Uid:\s+(\d+)", status, re.M).group(1)))
            users += self.users_below(int(child))
        return users


if __name__ == "__main__":
    harness.main()

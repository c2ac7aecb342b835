#!/usr/bin/python3
"""A web of hostile servers among honest pages: the crawl ends, each fault has
its word, the honest pages are right, memory stays bounded.

The numbers are the rows of docs/robustness.md. Each fault is played on hosts of
its own, beside honest pages on the same hosts.
"""
import contextlib
import csv
import gzip
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import time
import warnings

import harness
from server import RESET, Drip, Server, page, redirect, slow
from test_memory import MIB, Peaks, is_sanitized
from test_signals import children, workers

CLOCK_SHIM = os.environ.get("CLOCK_SHIM", os.path.join(
    harness.ROOT, "build-dev/tests/integration/libclock_shim.so"))
OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html\r\n"
END = b"\r\n"
COPIES = 3                      # hosts for each fault
HONEST_EACH = 2                 # honest pages on each hostile host
HONEST = 4500                   # of nginx
BOUNDS = {False: (80 * MIB, 160 * MIB), True: (500 * MIB, 700 * MIB)}   # sanitized or not
GZIPPED = gzip.compress(random.Random(3).randbytes(30000).hex().encode())


def chunked(*chunks):
    return [OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)]


def packed(data, name=b"gzip"):
    return [OK + HTML + b"Content-Encoding: " + name + b"\r\nContent-Length: %d\r\n\r\n"
            % len(data) + data]


def moved(*lines):
    return [b"HTTP/1.1 302 Go\r\n" + b"".join(b"Location: " + line + END for line in lines) +
            b"Content-Length: 0\r\n\r\n"]


def damaged():
    data = bytearray(GZIPPED)
    data[len(data) // 2:len(data) // 2 + 20] = b"\xff" * 20
    return bytes(data)


def bomb(nr_bytes):
    return gzip.compress(bytes(nr_bytes))


# row, what it is, the answer, and what the row must say: outcome and error
FAULTS = [
    (16, "HTTP/0.9", [b"<html>hello</html>"], "error", "protocol"),
    (16, "ICY", [b"ICY 200 OK\r\n\r\nx"], "error", "protocol"),
    (16, "random bytes", [random.Random(1).randbytes(3000)], "error", "protocol"),
    (17, "status abc", [b"HTTP/1.1 abc\r\n\r\n"], "error", "protocol"),
    (17, "status 99", [b"HTTP/1.1 99 No\r\n\r\n"], "error", "protocol"),
    (17, "HTTP/9.9", [b"HTTP/9.9 200 OK\r\n\r\n"], "error", "protocol"),
    (18, "HTTP/2 in plain text", [b"HTTP/2 200\r\nContent-Length: 1\r\n\r\nx"], "ok", None),
    (19, "ends inside the head", [OK + b"X: y\r\n"], "error", "truncated"),
    (20, "nothing", [], "error", "connect_closed"),
    (20, "reset", [RESET], "error", "connect_closed"),
    (21, "header of 99 KB", [OK + b"X: " + b"x" * 99000 + b"\r\n\r\npage"], "ok", None),
    (22, "header of 1 MB", [OK + b"X: " + b"x" * 1000000 + b"\r\n\r\npage"],
     "error", "head_too_large"),
    (23, "10,000 headers", [OK + b"a: b\r\n" * 10000 + b"\r\npage"], "ok", None),
    (24, "head of 400 KB", [OK + b"name: 0123456789012345678901234\r\n" * 12000 + b"\r\npage"],
     "error", "head_too_large"),
    (24, "20,000 interim answers", [b"HTTP/1.1 100 Continue\r\n\r\n" * 20000 + OK + b"\r\npage"],
     "error", "head_too_large"),
    (25, "NUL in a header", [OK + b"X: a\0b\r\n\r\npage"], "error", "protocol"),
    (25, "line without colon", [OK + b"nonsense\r\n\r\npage"], "error", "protocol"),
    (26, "folded header", [OK + b"Content-Type:\r\n text/html\r\n\r\npage"], "ok", None),
    (26, "bare LF", [b"HTTP/1.1 200 OK\nContent-Length: 4\n\npage"], "ok", None),
    (27, "escape bytes", page(b"<title>\x1b]0;owned\x07\x7f \xc2\x9b31m \r\n x:1\r</title><h1>\x1b[2J",
                              headers=["ETag: \"\x1b[31mred\""]), "ok", None),
    (28, "cookie flood", [OK + b"Set-Cookie: a=" + b"c" * 4000 + END +
                          b"Set-Cookie: b=c\r\n" * 50 + b"\r\npage"], "ok", None),
    (29, "no answer at all", [60.0], "error", "timeout"),
    (29, "slow head", [OK, Drip(b"a: b\r\n", pause_s=0.3)], "error", "timeout"),
    (30, "length too long", [OK + b"Content-Length: 100\r\n\r\n0123456789"],
     "error", "truncated"),
    (31, "length too short", [OK + b"Content-Length: 4\r\n\r\n0123456789"], "ok", None),
    (32, "negative length", [OK + b"Content-Length: -1\r\n\r\npage"], "error", "protocol"),
    (33, "two lengths", [OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\npages"],
     "error", "protocol"),
    (34, "length and chunks", [OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                               b"4\r\npage\r\n0\r\n\r\n"], "ok", None),
    (35, "length of 10^22", [OK + b"Content-Length: 1" + b"0" * 22 + b"\r\n\r\npage"],
     "error", "too_large"),
    (36, "bad chunk size", chunked(b"zz\r\npage\r\n"), "error", "protocol"),
    (36, "huge chunk size", chunked(b"4\r\npage\r\nffffffffffffffffff\r\npage\r\n"),
     "error", "protocol"),
    (37, "chunks end early", chunked(b"8\r\npage"), "error", "truncated"),
    (38, "reset in the body", [OK + b"Content-Length: 100\r\n\r\npage", 0.3, RESET],
     "error", "truncated"),
    (39, "drip", [OK + b"Content-Length: 100\r\n\r\n", Drip(b"x", pause_s=3.0)],
     "error", "stalled"),
    (40, "endless body", [OK + HTML + END, Drip(b"<p>endless " * 6000, pause_s=0)],
     "error", "too_large"),
    (40, "endless chunks", chunked() + [Drip(b"4\r\npage\r\n" * 7000, pause_s=0)],
     "error", "too_large"),
    (41, "gzip bomb", packed(bomb(60 * MIB)), "error", "too_large"),
    (41, "bomb in a bomb", packed(gzip.compress(bomb(900 * MIB)), b"gzip, gzip"),
     "error", "bomb"),
    (42, "gzip cut short", packed(GZIPPED[:20000]), "error", "truncated_encoding"),
    (43, "junk behind gzip", packed(GZIPPED + b"junk"), "ok", None),
    (44, "gzip damaged", packed(damaged()), "error", "bad_encoding"),
    (44, "gzip that is none", packed(b"plain text"), "error", "bad_encoding"),
    (45, "six codings", packed(GZIPPED, b"gzip, gzip, gzip, gzip, gzip, gzip"),
     "error", "bad_encoding"),
    (45, "unknown coding", packed(b"cntr", b"rot13"), "error", "bad_encoding"),
    (46, "204 with a body", [b"HTTP/1.1 204 No\r\nContent-Length: 4\r\n\r\npage"], "ok", None),
    (46, "206 unasked", [b"HTTP/1.1 206 Part\r\nContent-Length: 4\r\n\r\npage"],
     "error", "protocol"),
    (47, "binary as HTML", page(random.Random(2).randbytes(90000)), "ok", None),
    (48, "UTF-7", page(b"+ADw-script+AD4-", headers=["Content-Type: text/html; charset=utf-7"]),
     "ok", None),
    (48, "UTF-16 cut in a character", page(b"\xff\xfe<\0t\0\xd8"), "ok", None),
    (49, "loop", lambda r: redirect(r.path), "error", "redirect_loop"),
    (49, "chain", lambda r: redirect(r.path + "x"), "error", "redirect_limit"),
    (50, "to file", moved(b"file:///etc/passwd"), "error", "blocked_scheme"),
    (50, "to javascript", moved(b"javascript:alert(1)"), "error", "blocked_scheme"),
    (50, "to gopher", moved(b"gopher://127.0.0.1:6379/_SET"), "error", "blocked_scheme"),
    (51, "to a private address", moved(b"http://169.254.169.254/latest/meta-data/"),
     "skipped", "blocked_address"),
    (51, "to a disguised one", moved(b"http://0xA9FEA9FE/"), "skipped", "blocked_address"),
    (51, "to IPv4 in IPv6", moved(b"http://[::ffff:10.0.0.1]/"), "skipped", "blocked_address"),
    (53, "credentials in Location", moved(b"http://user:s3cr3t@127.0.0.1:%PORT%/fine"),
     "ok", None),
    (54, "two Locations", moved(b"/a", b"/b"), "error", "bad_redirect"),
    (54, "no Location", moved(), "error", "bad_redirect"),
    (54, "Location that is no URL", moved(b"http://[::1"), "error", "bad_redirect"),
    (54, "control bytes in Location", moved(b"/f\tin e\xc3\xa4\x01"), "ok", None),
    (11, "to port 25", moved(b"http://127.0.0.1:25/"), "error", "bad_port"),
    (59, "endless robots.txt", page(b"x"), "ok", None),
    (60, "robots.txt of stars", page(b"x"), "ok", None),
    (61, "Crawl-delay of 10^9", page(b"x"), "ok", None),
    (66, "70,000 links", page(b"".join(b"<a href=/%d>" % n for n in range(70000))),
     "ok", None),
    (66, "attribute of 900 KB", page(b"<a href='" + b"a" * 900000 + b"'>x</a>"), "ok", None),
    (66, "100,000 open tags", page(b"<div><b>" * 60000), "ok", None),
    (67, "NUL and surrogates", page(b"<title>\0\xed\xa0\x80\xc0\xaf</title><a href='\0\xff'>"),
     "ok", None),
]
ROBOTS = {
    "endless robots.txt": [OK + b"Content-Type: text/plain\r\n\r\n",
                           Drip(b"Disallow: /other\nrubbish\xff\0\n" * 3000, pause_s=0)],
    "robots.txt of stars": page(b"User-agent: *\n" + b"Disallow: /" + b"*a" * 500 + b"$\n"),
    "Crawl-delay of 10^9": page(b"User-agent: *\nCrawl-delay: 1000000000\n"),
}
FINE = page(b"<title>fine</title>fine")
ARGUMENTS = ("--max-time", "6s", "--first-byte-timeout", "2s", "--idle-timeout", "2s",
             "--connect-timeout", "2s", "--max-size", "1M", "--retries", "0",
             "--max-crawl-delay", "1s", "--workers", "2", "--concurrency", "128")


def certificates(folder):
    """{name: context} of servers whose TLS has something wrong with it."""
    harness.make_certificates(folder)

    def openssl(*args):
        subprocess.run(("openssl",) + args, check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def context(certificate, key="server.key"):
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(os.path.join(folder, certificate), os.path.join(folder, key))
        return made
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", "self.key", "-out", "self.pem")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "-1", "-extfile", "ext", "-out", "expired.pem")
    old = context("server.pem")
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():     # that is the point of it
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    strict = context("server.pem")
    strict.verify_mode = ssl.CERT_REQUIRED
    strict.load_verify_locations(os.path.join(folder, "ca.pem"))
    strict.maximum_version = ssl.TLSVersion.TLSv1_2
    return {"client certificate": strict, "good": context("server.pem"), "self-signed": context("self.pem", "self.key"),
            "expired": context("expired.pem"), "TLS 1.1": old}


class Hostile(harness.CrawlTest):
    maxDiff = None

    def start_server(self, answers, tls=None):
        server = Server(answers, tls)
        self.addCleanup(server.stop)
        return server

    def faults(self, server):
        """[(what, url, outcome, error)], and the answers into the server."""
        found = []
        for nr, (row, name, answer, outcome, error) in enumerate(FAULTS):
            if isinstance(answer, list):
                answer = type(answer)(step.replace(b"%PORT%", b"%d" % server.port)
                                      if isinstance(step, bytes) else step for step in answer)
            for copy in range(COPIES):
                host = "127.%d.%d.%d" % (100 + copy, row, nr)
                server.answers[(host, "/bad")] = answer
                server.answers[(host, None)] = answer if callable(answer) else FINE
                server.answers[(host, "/robots.txt")] = ROBOTS.get(name, page(b"", "404 None"))
                found.append(("%d %s" % (row, name), server.url("/bad", host), outcome, error))
                for n in range(0 if callable(answer) else HONEST_EACH):
                    found.append(("%d beside %s" % (row, name), server.url("/fine%d" % n, host),
                                  "ok", None))
        found.append(("53 target", server.url("/fine"), "ok", None))
        server.answers[("127.0.0.1", None)] = FINE
        return found

    def tls_faults(self, plain):
        found = []
        for name, context in certificates(self.folder).items():
            server = self.start_server({None: FINE}, context)
            error = None if name == "good" else "tls"
            found.append(("12 " + name, server.url("/", "127.0.0.1"),
                          "error" if error else "ok", error))
            if name == "good":
                found.append(("12 wrong host", server.url("/", "127.0.0.99"), "error", "tls"))
        found.append(("13 handshake stalls", plain.url("/", "127.99.0.1").replace("http:", "https:"),
                      "error", "connect_timeout"))
        return found

    def full_port(self):
        """A port whose queue is full: what tries to connect is not answered."""
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        self.addCleanup(listener.close)
        for _ in range(3):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
            self.addCleanup(waiting.close)
        return listener.getsockname()[1]

    def others(self):
        """What needs no server."""
        return [("5 refused", "http://127.99.0.2:%d/" % harness.free_port(), "error", "connect"),
                ("6 never taken", "http://127.0.0.1:%d/" % self.full_port(), "error",
                 "connect_timeout"),
                ("9 brackets", "http://[::1%25eth0]/", "skipped", "bad_url"),
                ("10 long label", "http://%s.test/" % ("a" * 64), "error", "dns"),
                ("11 port 0", "http://127.0.0.1:65536/", "skipped", "bad_url"),
                ("11 port 25", "http://127.0.0.1:25/", "skipped", "bad_port"),
                ("68 no slashes", "http:\\\\127.0.0.1:0\t/", "skipped", "bad_port")]

    def test_a_hostile_web_among_honest_pages(self):
        server, nginx = self.start_server({}), self.nginx()
        wanted = self.faults(server) + self.tls_faults(server) + self.others()
        sizes = {"http://127.0.0.%d:%d/%s" % (1 + i % 15, nginx.port, path): size
                 for i, (path, size) in enumerate(harness.html_files(nginx.root, HONEST))}
        urls = [url for _, url, _, _ in wanted] + list(sizes)
        self.assertGreaterEqual(len(urls), 5000)
        random.Random(5).shuffle(urls)
        self.write("urls.txt", "".join(url + "\n" for url in urls))
        begun = time.monotonic()
        process = self.start("urls.txt", "-o", "crawl.db", "-o", "db.txt", "-o", "out.jsonl",
                             "-o", "out.csv", "-o", "out.warc.gz", "--cacert", "ca.pem", *ARGUMENTS)
        peaks = Peaks(process)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        peaks.stop()
        self.assertEqual(process.returncode, 0, err[-3000:])
        self.assertLess(time.monotonic() - begun, 120)
        self.assertNotIn("AddressSanitizer", err)
        parent, worker = BOUNDS[is_sanitized(harness.CRAWL)]
        self.assertLess(peaks.of_parent(), parent)
        self.assertLess(peaks.of_others(), worker)

        rows = {url: rest for url, *rest in self.results("url, outcome, error, length")}
        self.assertEqual(len(rows), len(urls))
        wrong = [(what, url, rows.get(url.replace("\t", "")) or rows.get(url), outcome, error)
                 for what, url, outcome, error in wanted
                 if (rows.get(url) or rows[url.replace("\t", "")])[:2] != [outcome, error]]
        self.assertEqual(wrong, [])
        self.assertEqual({u: rows[u] for u in sizes},
                         {u: ["ok", None, size] for u, size in sizes.items()})
        self.assertEqual(self.rows("select count(*) from events where what = 'worker_death'"),
                         [(0,)])
        self.assert_clean(err.encode(), *map(self.read, ("db.txt", "out.jsonl", "out.csv")))
        for line in self.read("out.jsonl").splitlines():
            self.assertIn("outcome", json.loads(line))
        records = list(csv.reader(self.read("out.csv").decode().splitlines()))
        self.assertEqual((len(records), len({len(r) for r in records})), (len(urls) + 1, 1))
        self.assert_warc("out.warc.gz", rows)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def assert_clean(self, *texts):
        """No control byte that a terminal obeys, no secret in any file."""
        for text in texts:
            self.assertEqual([c for c in set(text.decode()) if c not in "\t\r\n" and
                              (c < " " or "\x7f" <= c < "\xa0")], [])
        for name in os.listdir(self.folder):
            if name.startswith(("crawl.db", "out.jsonl", "out.csv", "db.txt")):
                self.assertNotIn(b"s3cr3t", self.read(name), name)

    def assert_warc(self, name, rows):
        """Records end where they say; each honest answer is there."""
        targets = set()
        with gzip.open(self.path(name)) as f:
            while version := f.readline():
                self.assertEqual(version, b"WARC/1.1\r\n")
                fields = dict(line.rstrip(b"\r\n").split(b": ", 1)
                              for line in iter(f.readline, b"\r\n"))
                f.read(int(fields[b"Content-Length"]))
                self.assertEqual(f.read(4), b"\r\n\r\n", fields)
                if fields[b"WARC-Type"] in (b"response", b"revisit"):
                    targets.add(fields[b"WARC-Target-URI"].decode())
        honest = {url for url, row in rows.items() if row[0] == "ok" and "/fine" in url}
        self.assertEqual(honest - targets, set())

    def test_a_server_that_wants_a_certificate_of_the_client_is_told_so(self):
        harness.make_certificates(self.folder)
        words = {"-tls1_2": "the server broke the handshake off: it wants a certificate of the"
                            " client, or shares no cipher with us",
                 "-tls1_3": "the server wants a certificate of the client, which crawl has none of"}
        for version in words:
            port = harness.free_port()
            server = subprocess.Popen(
                ["openssl", "s_server", "-accept", str(port), "-cert", "server.pem", "-key",
                 "server.key", "-CAfile", "ca.pem", "-Verify", "1", "-www", version],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL)
            self.addCleanup(server.stdout.close)
            self.addCleanup(server.wait)
            self.addCleanup(server.kill)
            while server.stdout.readline().strip() != b"ACCEPT":
                pass
            self.write("urls.txt", "https://127.0.0.1:%d/\n" % port)
            self.crawl("urls.txt", "--cacert", "ca.pem", "--retries", "0", "--robots", "ignore",
                       "--force", expect=3)
            self.assertEqual(self.rows("select error, detail from pages"),
                             [("tls", words[version])])

    def test_what_is_ours_stays_ours(self):
        """52: credentials and cookies reach their own host alone; 53: none of a Location."""
        server = self.start_server({
            ("127.0.0.1", "/login"): page(b"x", headers=["Set-Cookie: session=s3cr3t; Path=/"]),
            ("127.0.0.1", "/again"): page(b"x")})
        server.answers[("127.0.0.1", "/away")] = redirect(
            "http://user:s3cr3t@127.0.0.2:%d/target" % server.port)
        server.answers[("127.0.0.2", None)] = FINE
        self.write("auth", "127.0.0.1 basic me:mine\n")
        os.chmod(self.path("auth"), 0o600)
        self.write("urls.txt", "".join(server.url(path, host) + "\n" for path, host in (
            ("/login", "127.0.0.1"), ("/away", "127.0.0.1"), ("/again", "127.0.0.1"),
            ("/own", "127.0.0.2"))))
        self.crawl("urls.txt", "--auth-file", "auth", "--cookies", "--per-host", "1",
                   "--workers", "1")
        self.assertEqual({row[3] for row in self.results()}, {"ok"})
        first = server.asked("127.0.0.1")
        self.assertEqual({r.headers.get("authorization") for r in first},
                         {"Basic bWU6bWluZQ=="})
        for request in server.asked("127.0.0.2"):
            self.assertNotIn("authorization", request.headers)
            self.assertNotIn("cookie", request.headers)
        for name in os.listdir(self.folder):
            if name.startswith("crawl.db"):
                self.assertNotIn(b"s3cr3t", self.read(name), name)
                self.assertNotIn(b"me:mine", self.read(name), name)

    def test_cookies_are_off_by_default(self):
        server = self.start_server({None: page(b"x", headers=["Set-Cookie: a=b"] * 50)})
        self.write("urls.txt", "".join(server.url("/%d" % n) + "\n" for n in range(20)))
        self.crawl("urls.txt", "--per-host", "1")
        self.assertEqual([r for r in server.requests if "cookie" in r.headers], [])

    def test_every_fault_ends_a_recursive_crawl_too(self):
        """The same faults behind links, in one host's tree."""
        server = self.start_server({})
        faults = self.faults(server)
        seed = server.url("/seed", "127.50.0.1")
        server.answers[("127.50.0.1", "/seed")] = page("".join(
            '<a href="%s">x</a>' % url for _, url, _, _ in faults).encode())
        self.write("urls.txt", seed + "\n")
        self.crawl("urls.txt", "--depth", "1", "--scope", "any", "--allow-private", "127.0.0.0/8",
                   *ARGUMENTS)
        rows = {url: rest for url, *rest in self.results("url, outcome, error")}
        wrong = [(what, url, rows.get(url), outcome, error) for what, url, outcome, error in faults
                 if rows[url] != [outcome, error] and " to " not in what and
                 not what.startswith(("49", "53", "54 control"))]
        self.assertEqual(wrong, [])


class Beside(harness.CrawlTest):
    """A host whose every answer costs the parent much, beside honest ones."""

    def run_beside(self, answers, *options):
        """Ends with Ctrl-C when the honest pages have ended."""
        nginx, server = self.nginx(), Server(answers)
        self.addCleanup(server.stop)
        honest = ["http://127.0.0.%d:%d/%s" % (1 + i % 15, nginx.port, path)
                  for i, (path, _) in enumerate(harness.html_files(nginx.root, 1500))]
        hostile = [server.url("/%d" % n, "127.0.9.1") for n in range(200)]
        self.write("urls.txt", "".join(url + "\n" for url in hostile + honest))
        process = self.start("urls.txt", "--delay", "0", *options)
        ended = ("select count(*) from pages p join urls u using (host_id, url_hash)"
                 " where u.line > 0 and u.url like '%%:%d/%%'" % nginx.port)
        begun = time.monotonic()
        while time.monotonic() - begun < harness.RUN_LIMIT_S and process.poll() is None:
            with contextlib.suppress(Exception):    # the database is being made
                if self.rows(ended) == [(len(honest),)]:
                    break
            time.sleep(0.05)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        seconds = time.monotonic() - begun
        self.assertEqual(process.returncode, 130, err[-3000:])
        self.assertEqual(self.rows(ended), [(len(honest),)])
        # 5 s are promised; a sanitized program takes its time
        self.assertLess(seconds, 15 if is_sanitized(harness.CRAWL) else 5)

    def test_pages_of_100000_links_hold_nobody_up(self):
        links = gzip.compress(b"".join(b"<a href=%d>" % n for n in range(100000)))
        self.run_beside({None: packed(links), "/robots.txt": page(b"", "404 None")},
                        "--depth", "1")


    def test_sitemaps_hold_nobody_up(self):
        def answer(request):
            if request.path == "/robots.txt":
                return page(b"".join(b"Sitemap: /s%d.xml\n" % n for n in range(150)))
            if request.path.startswith("/s"):
                return big
            return page(b"x")
        big = packed(gzip.compress(b"<urlset>%s</urlset>" % b"".join(
            b"<url><loc>/%d</loc></url>" % n for n in range(50000))))
        self.run_beside({None: answer}, "--sitemaps")

    def test_links_over_a_limit_are_counted_after_200_rows(self):
        links = gzip.compress(b"".join(b"<a href=/p/%d>" % n for n in range(20000)))
        server = Server({None: lambda request: page(request.path.encode()),
                         "/robots.txt": page(b"", "404 None"),
                         "/0": packed(links), "/1": packed(links)})
        self.addCleanup(server.stop)
        self.write("urls.txt", server.url("/0") + "\n" + server.url("/1") + "\n")
        _, err = self.crawl("urls.txt", "--depth", "1", "--extract", "meta",
                            "--max-pages-per-host", "100")
        self.assertEqual(self.rows("select count(*) from urls"), [(2 + 100 + 200,)])
        (rule, rows, more, example), = self.rows(
            "select rule, nr_rows, nr_more, example from refusals")
        self.assertEqual((rule, rows, more), ("max-pages-per-host", 200, 20000 - 300))
        self.assertIn("/p/", example)
        self.assertIn("19,700", err)
        skipped, _ = self.crawl("query", "crawl.db", "skipped", "--csv")
        self.assertIn("19900", skipped)


class Machine(harness.CrawlTest):
    """Processes that stop, and signals that nobody expects."""

    def setUp(self):
        super().setUp()
        self.server = Server({None: slow(0.05), "/robots.txt": page(b"", "404 None")})
        self.addCleanup(self.server.stop)
        self.urls = [self.server.url("/%d" % n, "127.0.1.%d" % (n % 40)) for n in range(2000)]
        self.write("urls.txt", "".join(url + "\n" for url in self.urls))

    def start_and_wait(self):
        process = self.start("urls.txt", "--max-time", "1s", "--per-host", "2")
        while process.poll() is None and len(self.server.asked()) < 300:
            time.sleep(0.01)
        return process

    def assert_ends_well(self, process):
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        self.assertEqual(process.returncode, 0, err[-2000:])
        self.assertEqual(self.rows("select outcome, error, count(*) from results group by 1, 2"),
                         [("ok", None, len(self.urls))])

    def test_a_stopped_worker_is_replaced(self):
        process = self.start_and_wait()
        os.kill(workers(process.pid)[0], signal.SIGSTOP)
        self.assert_ends_well(process)
        self.assertEqual(self.rows("select count(*) from events where what = 'worker_death'"),
                         [(1,)])

    def test_a_stopped_crawl_goes_on_when_continued(self):
        process = self.start_and_wait()
        family = [process.pid] + children(process.pid) + workers(process.pid)
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        time.sleep(4)           # longer than every request may take
        for pid in family:
            os.kill(pid, signal.SIGCONT)
        self.assert_ends_well(process)

    def test_hangup_and_quit_save_like_an_interrupt(self):
        for number in (signal.SIGHUP, signal.SIGQUIT):
            process = self.start_and_wait()
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 128 + number, err[-2000:])
            self.assertIn("go on", err)
            self.server.requests.clear()
        self.crawl("urls.txt", "--per-host", "6")
        self.assertEqual({row[3] for row in self.results()}, {"ok"})

    def test_two_interrupts_keep_what_was_reported(self):
        """The crawl's clock stands still, so that only the second one can end it."""
        self.server.answers[None] = slow(3600)
        quick = self.server.url("/", "127.0.2.1")
        self.server.answers[("127.0.2.1", "/")] = page(b"x")
        self.write("urls.txt", quick + "\n" + "".join(url + "\n" for url in self.urls))
        process = self.start("urls.txt", "--max-time", "1h", "--first-byte-timeout", "1h",
                             "--per-host", "1", env={
                                 "LD_PRELOAD": CLOCK_SHIM, "CLOCK_SHIM_FILE": self.path("stop"),
                                 "ASAN_OPTIONS": "verify_asan_link_order=0"})
        ended = "select url, outcome from results where outcome is not null"
        while process.poll() is None and len(self.server.asked()) < 41:
            time.sleep(0.01)
        while process.poll() is None and not self.rows(ended):
            time.sleep(0.01)
        self.write("stop", "")
        process.send_signal(signal.SIGINT)
        said = ""
        while "again to stop at once" not in said:
            line = process.stderr.readline()
            self.assertTrue(line, said)
            said += line
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=harness.RUN_LIMIT_S)
        finally:
            process.kill()
        self.assertEqual(process.returncode, 130)
        self.assertEqual(self.rows(ended), [(quick, "ok")])


if __name__ == "__main__":
    harness.main()

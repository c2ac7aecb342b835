#!/usr/bin/python3
"""The same pages from servers that are not ours: whatever the protocol, the
encoding and the server, every page has one length, one title and one hash."""
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

import harness
from server import Server, page

NR_PAGES, NR_HOSTS, NR_WORKERS = 600, 4, 2
GZIP = "gzip on; gzip_min_length 1; gzip_vary on;"
BROTLI = "brotli on; brotli_min_length 1; brotli_comp_level 4;"
BROTLI_MODULE = "load_module /usr/lib/nginx/modules/ngx_http_brotli_filter_module.so;"


class Nghttpd:
    """nghttp2's own server: HTTP/2 over TLS, nothing else."""

    def __init__(self, folder):
        self.folder, self.port = folder, harness.free_port()
        harness.make_certificates(folder)
        types = os.path.join(folder, "types")
        with open(types, "w") as f:
            f.write("text/html html htm\n")
        self.process = subprocess.Popen(
            ["nghttpd", "-a", "0.0.0.0", "-d", harness.PAGES, "--mime-types-file", types,
             str(self.port), os.path.join(folder, "server.key"),
             os.path.join(folder, "server.pem")], stdout=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError("nghttpd does not start")
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("nghttpd does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


class Servers(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        files = harness.html_files(harness.PAGES, NR_PAGES)
        self.sizes = dict(files)
        self.assertEqual(len(self.sizes), NR_PAGES)

    def nghttpd(self):
        folder = tempfile.mkdtemp(prefix="crawl-nghttpd-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        server = Nghttpd(folder)
        self.addCleanup(server.stop)
        return server

    def fetch(self, name, scheme, port, *args):
        """What the pages are, by path: {path: (length, title, hash)}."""
        self.write(name + ".txt", "".join(
            "%s://127.0.0.%d:%d/%s\n" % (scheme, 1 + i % NR_HOSTS, port, path)
            for i, path in enumerate(self.sizes)))
        self.crawl(name + ".txt", "-o", name + ".db", "--workers", str(NR_WORKERS),
                   "--robots", "ignore", *args)      # which would open each connection
        rows = self.results("url, length, status, outcome, error", name + ".db")
        self.assertEqual(len(rows), NR_PAGES)
        for url, length, status, outcome, error in rows:
            self.assertEqual((length, status, outcome, error),
                             (self.sizes[url.split("/", 3)[3]], 200, "ok", None), url)
        self.assertEqual(self.one(name, "count(distinct worker)"), NR_WORKERS)
        return {url.split("/", 3)[3]: rest for url, *rest in self.rows(
            "select url, length, title, content_hash from pages", name + ".db")}

    def one(self, name, what, where="true"):
        return self.rows("select %s from pages where %s" % (what, where), name + ".db")[0][0]

    def assert_transfers(self, name, version, encoding, tls):
        """Protocol and encoding of each page; few connections for many pages."""
        self.assertEqual(
            self.rows("select distinct http_version, encoding from pages", name + ".db"),
            [(version, encoding)])
        self.assertEqual(self.one(name, "sum(bytes_down) < sum(length)"), encoding is not None)
        self.assertEqual(self.one(name, "count(*)", "tls_ms > 0") > 0, tls)
        if tls:             # a connection and its handshake belong to one page
            self.assertEqual(self.one(name, "count(*)", "ifnull(tls_ms, 0) > 0 is not "
                                                        "(ifnull(connect_ms, 0) > 0)"), 0)
        nr_new = self.one(name, "count(*)", "connect_ms > 0")
        self.assertGreater(nr_new, 0)
        self.assertLess(nr_new, NR_PAGES / 4)

    def test_one_page_is_the_same_from_every_server(self):
        nginx = self.nginx(tls=True, http_extra=GZIP)
        nghttpd = self.nghttpd()
        authority = ("--cacert", nginx.folder + "/ca.pem")
        plain = self.fetch("plain", "http", nginx.port)
        self.assert_transfers("plain", "1.1", "gzip", tls=False)
        self.assertGreater(len({page[1] for page in plain.values()}), NR_PAGES / 2)
        runs = (("tls1", nginx.tls_port, authority + ("--http1.1",), "1.1", "gzip"),
                ("tls2", nginx.tls_port, authority, "2", "gzip"),
                ("bare", nginx.tls_port, authority + ("--no-compression",), "2", None),
                ("nghttpd", nghttpd.port, ("--cacert", nghttpd.folder + "/ca.pem"), "2", None))
        for name, port, args, version, encoding in runs:
            with self.subTest(name):
                self.assertEqual(self.fetch(name, "https", port, *args), plain)
                self.assert_transfers(name, version, encoding, tls=True)

    def test_brotli_is_preferred_and_gives_the_same_pages(self):
        server = self.nginx(tls=True, http_extra=GZIP + BROTLI, main_extra=BROTLI_MODULE)
        plain = self.fetch("plain", "http", server.port, "--no-compression")
        self.assert_transfers("plain", "1.1", None, tls=False)
        pages = self.fetch("brotli", "https", server.tls_port,
                           "--cacert", server.folder + "/ca.pem")
        self.assert_transfers("brotli", "2", "br", tls=True)
        self.assertEqual(pages, plain)


class Downgrade(harness.CrawlTest):
    """A page that moved from https to http, on another port."""

    def test_a_redirect_from_https_to_http_is_followed_recorded_and_gets_no_secret(self):
        other = Server({"/robots.txt": page(b"", "404 None"), None: page(b"<title>there</title>")})
        self.addCleanup(other.stop)
        nginx = self.nginx(tls=True, server_extra="location /moved/ { if ($http_authorization != "
                           "'Bearer t0ken') { return 401; } return 301 %s$request_uri; }"
                           % other.url("").rstrip("/"))
        self.write("auth", "127.0.0.1 bearer t0ken\n")
        os.chmod(self.path("auth"), 0o600)
        listed = ["https://127.0.0.1:%d/moved/%d" % (nginx.tls_port, n) for n in range(20)]
        self.write("urls.txt", "".join(url + "\n" for url in listed))
        self.crawl("urls.txt", "--cacert", nginx.folder + "/ca.pem", "--auth-file", "auth",
                   "--workers", str(NR_WORKERS), "--allow-private", "127.0.0.0/8")
        final = [other.url("/moved/%d" % n) for n in range(20)]
        self.assertEqual(
            self.results("url, final_url, redirects, status, outcome, title, length"),
            [(a, b, 1, 200, "ok", "there", 20) for a, b in zip(listed, final)])
        self.assertEqual(self.rows(
            "select p.url, hop, from_url, to_url, r.status, kind from redirects r "
            "join pages p on p.id = r.page_id join urls u using (host_id, url_hash) "
            "order by u.line"),
            [(a, 0, a, b, 301, "http") for a, b in zip(listed, final)])
        self.assertEqual(len(other.asked()), 20)
        for request in other.requests:
            self.assertNotIn("authorization", request.headers)


class Clock(harness.CrawlTest):
    SAYS = "many certificates seem expired: is this machine's clock right? (date)"

    def server(self, name, days):
        """A server with an authority of its own; the certificate ends in `days`."""
        os.mkdir(self.path(name))
        harness.make_certificates(self.path(name), days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name, "server.pem"), self.path(name, "server.key"))
        server = Server({"/robots.txt": page(b"", "404 None"), None: page(b"here")}, tls=context)
        self.addCleanup(server.stop)
        with open(self.path(name, "ca.pem"), encoding="ascii") as f:
            return server, f.read()

    def test_the_clock_is_in_doubt_when_most_certificates_seem_expired(self):
        expired, one = self.server("expired", -1)
        fine, two = self.server("fine", 2)
        self.write("ca.pem", one + two)
        old = [expired.url("/%d" % n, "127.0.0.%d" % (1 + n % 4)) for n in range(40)]
        for nr_fine, said in ((3, True), (4, False)):
            with self.subTest(nr_fine):
                new = [fine.url("/%d" % n, "127.0.0.%d" % (10 + n)) for n in range(nr_fine)]
                self.write("urls.txt", "".join(url + "\n" for url in old + new))
                _, err = self.crawl("urls.txt", "--force", "--cacert", "ca.pem",
                                    "--workers", str(NR_WORKERS))
                self.assertEqual(self.results("url, error"),
                                 [(url, "tls") for url in old] + [(url, None) for url in new])
                self.assertEqual(err.count(self.SAYS), 1 if said else 0, err)


if __name__ == "__main__":
    harness.main()

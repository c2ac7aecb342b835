"""What the integration tests share: a folder, nginx over real pages, a run.

Every server listens on a free loopback port and is ended by its pid.
"""
import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
from urllib.parse import quote

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CRAWL = os.environ.get("CRAWL", os.path.join(ROOT, "build-dev", "crawl"))
PAGES = "/usr/share/cppreference/doc/html"       # Debian's cppreference-doc-en-html
MORE_PAGES = "/usr/share/doc/postgresql-doc-15/html"
RUN_LIMIT_S = 240

NGINX_CONF = """
{main_extra}
{user}
daemon off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log warn;
events {{ worker_connections 4096; }}
http {{
    types {{ text/html html htm; text/plain txt; text/css css; application/xml xml; }}
    default_type application/octet-stream;
    log_format requests '$msec $server_addr $status $request_uri $connection';
    access_log {dir}/access.log requests;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2; fastcgi_temp_path {dir}/t3;
    uwsgi_temp_path {dir}/t4; scgi_temp_path {dir}/t5;
    keepalive_requests 1000000;
    etag on;
    {http_extra}
    server {{
        listen 0.0.0.0:{port};
        root {root};
        {server_extra}
    }}
    {tls}
}}
"""
TLS_SERVER = """
    server {{
        listen 0.0.0.0:{port} ssl http2;
        ssl_certificate {dir}/server.pem;
        ssl_certificate_key {dir}/server.key;
        root {root};
        {server_extra}
    }}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def make_certificates(folder, days=2):
    """An own authority and a certificate for localhost and 127.0.0.x; with -1
    days it expired yesterday."""
    names = "subjectAltName=DNS:localhost," + ",".join(
        "IP:127.0.0.%d" % i for i in range(1, 21))

    def openssl(*args):
        subprocess.run(("openssl",) + args, check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", "/CN=test authority",
            "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    with open(os.path.join(folder, "ext"), "w") as f:
        f.write(names + "\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", str(days), "-extfile", "ext", "-out", "server.pem")


class Nginx:
    def __init__(self, folder, root=PAGES, tls=False, server_extra="", http_extra="",
                 main_extra=""):
        self.folder, self.root = folder, root
        self.port, self.tls_port = free_port(), free_port() if tls else None
        if tls:
            make_certificates(folder)
        conf = os.path.join(folder, "nginx.conf")
        with open(conf, "w") as f:
            f.write(NGINX_CONF.format(
                user="user root;" if os.getuid() == 0 else "", dir=folder, port=self.port,
                root=root, server_extra=server_extra, http_extra=http_extra,
                main_extra=main_extra,
                tls=TLS_SERVER.format(port=self.tls_port, dir=folder, root=root,
                                      server_extra=server_extra) if tls else ""))
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", conf, "-e", os.path.join(folder, "nginx-error.log")])
        self.wait()

    def wait(self):
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError(open(self.folder + "/nginx-error.log").read())
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("nginx does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def requests(self):
        """(seconds, address, status, uri, connection) of each request so far."""
        with open(os.path.join(self.folder, "access.log"), errors="replace") as f:
            for line in f:
                at, address, status, uri, connection = line.rstrip("\n").split(" ", 4)
                yield float(at), address, int(status), uri, connection


def html_files(root, at_most=None):
    """[(path in URL form, size)] of the HTML files below a folder, sorted."""
    found = []
    for path, _, names in os.walk(root, followlinks=True):
        for name in names:
            full = os.path.join(path, name)
            if name.endswith((".html", ".htm")) and os.path.isfile(full):
                found.append((quote(os.path.relpath(full, root)), os.path.getsize(full)))
    found.sort()
    return found[:at_most] if at_most else found


class CrawlTest(unittest.TestCase):
    """One folder a test; `self.crawl()` runs the program in it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="crawl-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, data):
        with open(self.path(name), "wb" if isinstance(data, bytes) else "w") as f:
            f.write(data)
        return self.path(name)

    def nginx(self, **settings):
        folder = tempfile.mkdtemp(prefix="crawl-nginx-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        os.chmod(folder, 0o755)
        server = Nginx(folder, **settings)
        self.addCleanup(server.stop)
        return server

    def environment(self, extra=None):
        env = {k: v for k, v in os.environ.items()
               if not k.startswith("CRAWL_") and not k.lower().endswith("_proxy")}
        env.update(HOME=self.folder, XDG_CONFIG_HOME=self.folder, **(extra or {}))
        return env

    def start(self, *args, prefix=(), env=None, **popen):
        return subprocess.Popen(list(prefix) + [CRAWL] + list(args), cwd=self.folder,
                                env=self.environment(env), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, errors="replace", **popen)

    def crawl(self, *args, expect=0, stdin=None, prefix=(), env=None):
        """Runs it to the end; returns (stdout, stderr)."""
        process = self.start(*args, prefix=prefix, env=env,
                             stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL)
        if isinstance(stdin, bytes):
            process.stdin = os.fdopen(os.dup(process.stdin.fileno()), "wb")
        try:
            if stdin is None:
                out, err = process.communicate(timeout=RUN_LIMIT_S)
            else:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(stdin)
                    process.stdin.close()
                process.stdin = None
                out, err = process.communicate(timeout=RUN_LIMIT_S)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            out, err = process.communicate()
            self.fail("the run did not end within %d s\n%s" % (RUN_LIMIT_S, err[-2000:]))
        if expect is not None:
            self.assertEqual(process.returncode, expect, err[-3000:])
        self.assertNotIn("ERROR: AddressSanitizer", err)
        self.assertNotIn("runtime error:", err)
        return out, err

    def rows(self, sql, database="crawl.db", parameters=()):
        connection = sqlite3.connect("file:%s?mode=ro" % self.path(database), uri=True)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def results(self, columns="url, length, status, outcome, error", database="crawl.db"):
        return self.rows("select %s from results order by line, url" % columns, database)

    def db_txt(self, name="db.txt"):
        """{url: length}, split at the last colon; a URL twice is a failure."""
        found = {}
        with open(self.path(name)) as f:
            for line in f:
                self.assertTrue(line.endswith("\n"), "a cut line: %r" % line)
                url, _, length = line.rstrip("\n").rpartition(":")
                self.assertNotIn(url, found)
                found[url] = int(length)
        return found


def main():
    unittest.main(verbosity=2, argv=[sys.argv[0]] + sys.argv[1:])

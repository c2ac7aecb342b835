#!/usr/bin/python3
"""The rate of honest hosts beside a hostile one, and how soon Ctrl-C is obeyed.

    bench/beside_hostile.py CRAWL [KIND ...]

A kind is one of those below: what the hostile host costs others. The honest list
is first crawled alone, then with URLs of the hostile host on every second line.
Prints for each kind the honest pages a second in both runs, their ratio (80 % at
least is what docs/robustness.md promises), and the seconds from SIGINT, sent in the
middle of a further run, to the end of the program.
"""
import gzip
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HONEST, HONEST_HOSTS, HOSTILE = 600000, 20, 400
LINKS = 100000
RATE_S, LIMIT_S = 6, 60


def head(body, kind="text/html", more=""):
    return ("HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n%s\r\n"
            % (kind, len(body), more)).encode() + body


def links_page():
    body = b"".join(b"<a href=%d>" % n for n in range(LINKS))
    return head(gzip.compress(body), more="Content-Encoding: gzip\r\n")


def robots_rules():
    return head(b"User-agent: *\n" + (b"Disallow: " + b"/*b" * 2000 + b"a" * 230 + b"\n") * 60,
                "text/plain")


def sitemap():
    urls = b"".join(b"<url><loc>http://@/%d</loc></url>" % n for n in range(49999))
    return b"<urlset>%s</urlset>" % urls


HONEST_PAGE = head(b"<!doctype html><title>honest</title><p>" + b"text " * 300)
NO_RULES = b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n"


class Hostile:
    def __init__(self, kind):
        self.robots = robots_rules() if kind == "robots" else NO_RULES
        self.page = links_page() if kind in ("links", "stored-links") else HONEST_PAGE
        self.kind, self.made = kind, {}

    def answer(self, host, path):
        if path == b"/robots.txt":
            if self.kind != "sitemaps":
                return self.robots
            lines = b"".join(b"Sitemap: http://%s/s%d.xml\n" % (host, n) for n in range(150))
            return head(lines, "text/plain")
        if path.startswith(b"/s"):
            if host not in self.made:
                body = sitemap().replace(b"@", host)
                self.made[host] = head(gzip.compress(body), "application/xml",
                                       "Content-Encoding: gzip\r\n")
            return self.made[host]
        return self.page


class Server:
    """Every address of 127.0.0.0/8 on one port; counts the requests for pages."""

    def __init__(self, answer):
        self.answer, self.nr = answer, 0
        self.socket = socket.create_server(("0.0.0.0", 0), backlog=1024)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        host = b"%s:%d" % (connection.getsockname()[0].encode(), self.port)
        try:
            with connection:
                for path in self.paths(connection):
                    connection.sendall(self.answer(host, path))
                    self.nr += 1
        except OSError:
            pass

    @staticmethod
    def paths(connection):
        data = b""
        while True:
            more = connection.recv(65536)
            if not more:
                return
            data += more
            while b"\r\n\r\n" in data:
                request, _, data = data.partition(b"\r\n\r\n")
                yield request.split(b" ", 2)[1]


def nginx(folder):
    """Serves the honest pages, as Python would be the bottleneck."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with open(folder + "/nginx.conf", "w") as f:
        f.write("""daemon off; worker_processes 1; pid %s/pid; error_log /dev/null;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 100000000; default_type text/html;
  server { listen 0.0.0.0:%d reuseport; location = /robots.txt { return 404; }
    location / { return 200 "%s"; } } }""" % (
            folder, port, "<!doctype html><title>honest</title><p>" + "text " * 300))
    process = subprocess.Popen(["nginx", "-c", folder + "/nginx.conf"],
                               stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return process, port


def start(crawl, folder, urls, kind):
    shutil.rmtree(folder + "/run", ignore_errors=True)
    os.mkdir(folder + "/run")
    with open(folder + "/run/urls.txt", "w") as f:
        f.writelines(url + "\n" for url in urls)
    options = {"links": ["--depth", "1", "--extract", "meta"], "stored-links": ["--depth", "1"],
               "sitemaps": ["--sitemaps"]}.get(kind, [])
    return subprocess.Popen([crawl, "urls.txt", "--delay", "0", "-q", *options],
                            cwd=folder + "/run", stdout=subprocess.DEVNULL)


def honest_done(folder, port):
    """How many honest URLs have ended, by the database."""
    out = subprocess.run(
        ["sqlite3", "-readonly", folder + "/run/crawl.db",
         "select count(*) from pages p join urls u using (host_id, url_hash)"
         " where u.url like '%%:%d/%%'" % port], capture_output=True, text=True).stdout
    return int(out or 0)


def rate(crawl, folder, urls, kind, port):
    """Honest pages a second; the list is longer than what the time is enough for."""
    process = start(crawl, folder, urls, kind)
    time.sleep(RATE_S)
    process.kill()
    process.wait()
    return honest_done(folder, port) / RATE_S


def seconds_to_end(crawl, folder, urls, kind):
    process = start(crawl, folder, urls, kind)
    time.sleep(4)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    try:
        process.wait(LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return time.monotonic() - begin


def main():
    crawl, kinds = os.path.abspath(sys.argv[1]), sys.argv[2:]
    folder = tempfile.mkdtemp(prefix="beside-", dir="/dev/shm")
    process, port = nginx(folder)
    honest = ["http://127.1.0.%d:%d/%d" % (n % HONEST_HOSTS + 1, port, n)
              for n in range(HONEST)]
    try:
        for kind in kinds or ["robots", "links", "stored-links", "sitemaps"]:
            alone = rate(crawl, folder, honest, kind, port)
            server = Server(Hostile(kind).answer)
            long_path = "b" * 1900 if kind == "robots" else "x"
            hostile = ["http://127.2.0.1:%d/%d/%s" % (server.port, n, long_path)
                       for n in range(HOSTILE)]
            both = hostile[:50] + [url for pair in zip(honest, hostile[50:]) for url in pair]
            both += honest[HOSTILE - 50:]
            beside = rate(crawl, folder, both, kind, port)
            end = seconds_to_end(crawl, folder, both, kind)
            print("%-12s %7.0f alone %7.0f beside %4.0f %%  hostile answers %d  SIGINT %.1f s" % (
                kind, alone, beside, 100 * beside / alone, server.nr, end), flush=True)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

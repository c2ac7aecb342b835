#!/usr/bin/python3
"""Names with two addresses, and name servers that are silent, out of their depth, or sure:
what each costs, and what becomes of the names. The crawl sees these servers in a mount
namespace of its own."""
import collections
import contextlib
import socket
import subprocess
import threading

import harness
from server import Server, page

NR_WORKERS = 2
NXDOMAIN, SERVFAIL = 3, 2
SCRIPT = """
    mount --bind resolv.conf /etc/resolv.conf && mount --bind hosts /etc/hosts || exit 77
    exec "$@"
"""
PREFIX = ("unshare", "-m", "sh", "-c", SCRIPT, "sh")


class NamesTest(harness.CrawlTest):
    def listen(self, address):
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(listener.close)
        try:
            listener.bind((address, 53))
        except OSError as why:
            self.skipTest("no name server of our own here: %s" % why)
        return listener

    def resolve_with(self, options, addresses, search=""):
        self.write("resolv.conf", search + "options %s\n" % options +
                   "".join("nameserver %s\n" % address for address in addresses))
        self.write("hosts", "127.0.0.1 localhost\n127.0.0.1 known.test both.test\n::1 both.test\n")
        if subprocess.run(PREFIX + ("true",), cwd=self.folder, check=False).returncode:
            self.skipTest("no mount namespace here")

    def pages(self):
        server = Server({"/robots.txt": page(b"", "404 None"), None: page(b"<p>here")})
        self.addCleanup(server.stop)
        return server


class SilentNameServer(NamesTest):
    """A resolver that would wait for 5 minutes, longer than a run may take."""
    SERVERS = ("127.0.0.252", "127.0.0.253")

    def asked(self, listener):
        """The first labels of the names that it was asked for."""
        found = set()
        with contextlib.suppress(BlockingIOError):
            while True:
                question = listener.recv(512)[12:]
                found.add(question[1:1 + question[0]].decode())
        return found

    def test_a_silent_name_server_costs_its_own_names_alone(self):
        listeners = [self.listen(address) for address in self.SERVERS]
        for listener in listeners:
            listener.setblocking(False)
        server = self.pages()
        self.resolve_with("timeout:30 attempts:5", self.SERVERS)
        lost = ["http://lost%d.test:%d/%d" % (n % 5, server.port, n) for n in range(20)]
        fine = [server.url("/%d" % n, "127.0.0.%d" % (1 + n % 5)) for n in range(50)]
        fine += [server.url("/%d" % n, "known.test") for n in range(50)]
        self.write("urls.txt", "".join(url + "\n" for url in lost + fine))
        self.crawl("urls.txt", "--dns-timeout", "1s", "--retries", "0", "--workers",
                   str(NR_WORKERS), "--max-host-errors", "100", prefix=PREFIX)
        rows = {url: rest for url, *rest in self.results("url, outcome, error, length")}
        self.assertEqual({url: rows[url] for url in fine}, {url: ["ok", None, 7] for url in fine})
        self.assertEqual({url: rows[url] for url in lost},
                         {url: ["error", "dns_timeout", None] for url in lost})
        self.assertEqual(self.asked(listeners[0]), {"lost%d" % n for n in range(5)})
        self.assertFalse([r for r in server.requests if r.headers["host"].startswith("lost")])


class AnsweringNameServer(NamesTest):
    """One that knows some names, and of others cannot tell for a while, or never."""
    ADDRESS = "127.0.0.252"
    NR_BROKEN = 6           # questions: a look-up of ours makes four in vain

    def serve(self, listener):
        """Until the socket is closed. One question an answer (RFC 1035, 4.1)."""
        self.nr_asked = collections.Counter()
        with contextlib.suppress(OSError):
            while True:
                data, peer = listener.recvfrom(512)
                if not data:            # stop()
                    return
                end = data.index(b"\0", 12) + 5
                label = data[13:13 + data[12]].decode()
                self.nr_asked[label] += 1
                code, found = self.answer(label), b""
                if code == 0 and data[end - 4:end - 2] == b"\0\1":        # A
                    found = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes((127, 0, 0, 1))
                head = data[:2] + bytes((0x81, 0x80 | code, 0, 1, 0, bool(found), 0, 0, 0, 0))
                listener.sendto(head + data[12:end] + found, peer)

    @staticmethod
    def stop(listener):
        """Wakes who waits for a question, as close() does not."""
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()

    def answer(self, label):
        if label == "gone":
            return NXDOMAIN
        late = label == "late" and self.nr_asked[label] <= self.NR_BROKEN
        return SERVFAIL if late or label == "broken" else 0

    def test_a_name_is_given_up_only_where_a_name_server_says_so(self):
        listener = self.listen(self.ADDRESS)
        thread = threading.Thread(target=self.serve, args=(listener,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.stop, listener)
        server = self.pages()
        self.resolve_with("timeout:2 attempts:1", (self.ADDRESS,), "search test\n")
        urls = {label: server.url("/", label + ".test")
                for label in ("fine", "gone", "late", "broken")}
        self.write("urls.txt", "".join(url + "\n" for url in urls.values()))
        for robots in ("ignore", "obey"):
            with self.subTest(robots):
                self.nr_asked.clear()
                self.crawl("urls.txt", "--retries", "2", "--retry-delay", "10ms", "--workers", "1",
                           "--robots", robots, "--force", prefix=PREFIX)
                rows = {url: rest for url, *rest in self.rows(
                    "select url, outcome, error, retry_later, detail from pages")}
                unsure = "no name server could tell"
                self.assertEqual(rows[urls["fine"]], ["ok", None, 0, None])
                self.assertEqual(rows[urls["late"]], ["ok", None, 0, None])
                self.assertEqual(rows[urls["broken"]], ["error", "dns", 1, unsure])
                self.assertEqual(rows[urls["gone"]][:3], ["error", "dns", 0])
                self.assertGreater(self.nr_asked["late"], self.NR_BROKEN)
                self.assertGreaterEqual(self.nr_asked["broken"], 6 * self.nr_asked["gone"])

    def test_a_listed_name_is_private_only_on_the_own_network(self):
        listener = self.listen(self.ADDRESS)
        thread = threading.Thread(target=self.serve, args=(listener,), daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.stop, listener)
        server = self.pages()
        self.write("urls.txt", server.url("/", "fine.test") + "\n")
        fetched = ("ok", None, None)
        refused = ("skipped", "blocked_address", "not a public address; --allow-private 127.0.0.0/8")
        for search, options, row in (
                ("", (), refused), ("search test\n", (), fetched),
                ("search nest\n", (), refused),
                ("", ("--allow-private", "127.0.0.0/8"), fetched),
                ("", ("--resolve", "fine.test:%d:127.0.0.1" % server.port), fetched)):
            with self.subTest(search + " ".join(options)):
                self.resolve_with("timeout:2 attempts:1", (self.ADDRESS,), search)
                self.crawl("urls.txt", "--retries", "0", "--robots", "ignore", "--force", *options,
                           prefix=PREFIX, expect=0 if row == fetched else 3)
                self.assertEqual(self.rows("select outcome, error, detail from pages"), [row])


class TwoAddresses(NamesTest):
    """A name with an address of each version of IP; nobody listens on the newer one."""

    def test_only_the_version_that_is_told_is_tried(self):
        server = self.pages()
        self.resolve_with("attempts:1", ("127.0.0.1",))
        self.write("urls.txt", server.url("/", "both.test") + "\n")
        for version, row in (("", ("ok", None, "127.0.0.1")), ("-4", ("ok", None, "127.0.0.1")),
                             ("-6", ("error", "connect", None))):
            with self.subTest(version):
                self.crawl("urls.txt", "--retries", "0", "--robots", "ignore", "--force",
                           *version.split(), expect=0 if row[0] == "ok" else 3, prefix=PREFIX)
                self.assertEqual(self.rows("select outcome, error, ip from pages"), [row])


if __name__ == "__main__":
    harness.main()

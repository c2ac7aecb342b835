#!/usr/bin/python3
"""Names with two addresses, and name servers that are silent, out of their depth, or sure:
what each costs, and what becomes of the names. The crawl sees these servers in a mount
namespace of its own."""
import collections
import contextlib
import glob
import os
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
    NR_BROKEN = 4           # questions: a look-up of ours makes two in vain

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
                unsure = "no name server could tell (SERVFAIL, REFUSED or no connection)"
                self.assertEqual(rows[urls["fine"]], ["ok", None, 0, None])
                self.assertEqual(rows[urls["late"]], ["ok", None, 0, None])
                self.assertEqual(rows[urls["broken"]], ["error", "dns", 1, unsure])
                self.assertEqual(rows[urls["gone"]],
                                 ["error", "dns", 0, "there is no such name (NXDOMAIN)"])
                self.assertGreater(self.nr_asked["late"], self.NR_BROKEN)
                # three look-ups of two questions; and one, also below the search domain
                self.assertEqual((self.nr_asked["broken"], self.nr_asked["gone"]), (6, 4))

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


class OwnNameServer(harness.CrawlTest):
    """One that --dns-servers names, at a port of its own."""

    def serve(self, answer):
        """Answers each question by answer(name, type): a list of (address, ttl)."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind(("127.0.0.1", 0))
        self.questions = []

        def run():
            with contextlib.suppress(OSError):
                while True:
                    data, peer = listener.recvfrom(512)
                    if not data:
                        return
                    end = data.index(b"\0", 12) + 5
                    name = self.name_of(data[12:end - 5])
                    kind = data[end - 3]
                    self.questions.append((name, kind))
                    found = answer(name, kind)
                    records = b"".join(
                        b"\xc0\x0c\0" + bytes((kind, 0, 1)) + ttl.to_bytes(4, "big") +
                        len(raw).to_bytes(2, "big") + raw for raw, ttl in found)
                    head = data[:2] + bytes((0x81, 0x80, 0, 1, 0, len(found), 0, 0, 0, 0))
                    listener.sendto(head + data[12:end] + records, peer)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(AnsweringNameServer.stop, listener)
        return "127.0.0.1:%d" % listener.getsockname()[1]

    @staticmethod
    def name_of(labels):
        names = []
        while labels:
            names.append(labels[1:1 + labels[0]].decode())
            labels = labels[1 + labels[0]:]
        return ".".join(names)

    def pages(self, answer=None):
        server = Server({"/robots.txt": page(b"", "404 None"), None: answer or page(b"<p>here")})
        self.addCleanup(server.stop)
        return server

    def test_every_address_of_a_name_is_judged_before_it_is_tried(self):
        ipv4, ipv6 = socket.inet_aton, lambda text: socket.inet_pton(socket.AF_INET6, text)
        addresses = {
            "private.test": [ipv4("127.0.0.1"), ipv4("10.0.0.1")],
            "mapped.test": [ipv6("::ffff:127.0.0.1")], "nat64.test": [ipv6("64:ff9b::7f00:1")],
            "sixtofour.test": [ipv6("2002:7f00:1::1")], "loop.test": [ipv6("::1")],
            "meta.test": [ipv4("169.254.169.254")]}
        where = self.serve(lambda name, kind: [
            (raw, 60) for raw in addresses.get(name, ()) if len(raw) == (4 if kind == 1 else 16)])
        server = self.pages()
        self.write("urls.txt", "".join(server.url("/", name) + "\n" for name in addresses))
        self.crawl("urls.txt", "--dns-servers", where, "--retries", "0", "--robots", "ignore",
                   expect=3)
        self.assertEqual(self.rows("select distinct outcome, error from pages"),
                         [("skipped", "blocked_address")])
        self.assertEqual(server.requests, [])

    def test_a_name_is_asked_once_and_no_thread_is_needed(self):
        where = self.serve(lambda name, kind:
                           [(socket.inet_aton("127.0.0.1"), 60)] if kind == 1 else [])
        most = []

        def body(_):
            for folder in glob.glob("/proc/[0-9]*/task"):
                with contextlib.suppress(OSError):
                    with open(folder[:-4] + "comm", encoding="utf-8") as file:
                        if "crawl" in file.read():
                            most.append(len(os.listdir(folder)))
            return page(b"x")
        server = self.pages(body)
        names = ["n%d.test" % n for n in range(10)]
        self.write("urls.txt", "".join(server.url("/%d" % n, name) + "\n"
                                       for name in names for n in range(3)))
        self.crawl("urls.txt", "--dns-servers", where, "--workers", "1", "--allow-private",
                   "127.0.0.1")
        self.assertEqual(self.rows("select outcome, count(*) from pages group by 1"), [("ok", 30)])
        self.assertEqual(collections.Counter(self.questions),
                         {(name, kind): 1 for name in names for kind in (1, 28)})
        self.assertEqual(max(most), 1)

    def test_a_wrong_list_of_name_servers_is_refused(self):
        self.write("urls.txt", "http://127.0.0.1:9/\n")
        for wrong in ("dns.test", "127.0.0.1:0", "127.0.0.1,"):
            with self.subTest(wrong):
                _, err = self.crawl("urls.txt", "--dns-servers", wrong, expect=2)
                self.assertIn("is no list of addresses", err)


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

#!/usr/bin/python3
"""What a server sees of us: spacing, requests at once, waits that it asked for.

Judged by the server's own clock. A busy machine can delay a request on its way,
so a single gap may look shorter by SLACK_S; the sum of many may not.
"""
import contextlib
import email.utils
import signal
import sqlite3
import time

import harness
from server import Server, page, redirect, slow

SLACK_S = 0.15
NO_RULES = page(b"", "404 None")


class PolitenessTest(harness.CrawlTest):
    def serve(self, answers):
        server = Server(answers)
        self.addCleanup(server.stop)
        return server

    def list_urls(self, *urls):
        self.write("urls.txt", "".join(url + "\n" for url in urls))

    def assert_spaced(self, times, delay_s):
        times = sorted(times)
        self.assertGreater(len(times), 2)
        for before, after in zip(times, times[1:]):
            self.assertGreaterEqual(after - before, delay_s - SLACK_S, times)
        self.assertGreaterEqual(times[-1] - times[0],
                                (len(times) - 1) * delay_s - SLACK_S, times)

    def outcomes(self, columns="outcome, error"):
        return self.rows("select %s from results order by line" % columns)


class Clocks(PolitenessTest):
    def test_the_delay_spaces_pages_robots_and_redirects(self):
        server = self.serve({"/r": redirect("/a"), "/s": redirect("/b"), None: page(b"x")})
        self.list_urls(*(server.url(p) for p in ("/1", "/r", "/2", "/s", "/3")))
        self.crawl("urls.txt", "--delay", "400ms")
        self.assertEqual(len(server.requests), 8)       # robots, five, two hops
        self.assert_spaced([r.at for r in server.requests], 0.4)

    def test_each_host_has_its_own_clock(self):
        server = self.serve({None: page(b"x")})
        hosts = ["127.0.1.%d" % i for i in range(1, 41)]
        self.list_urls(*(server.url("/%d" % n, h) for h in hosts for n in range(4)))
        begun = time.monotonic()
        self.crawl("urls.txt", "--delay", "400ms")
        self.assertLess(time.monotonic() - begun, 20)   # one after the other: 80 s
        for host in hosts:
            self.assert_spaced([r.at for r in server.requests if r.address == host], 0.4)

    def test_the_delay_spaces_retries(self):
        server = self.serve({"/robots.txt": NO_RULES, None: page(b"down", "500 Broken")})
        self.list_urls(server.url("/a"), server.url("/b"))
        self.crawl("urls.txt", "--delay", "500ms", "--retries", "2", "--retry-delay", "1ms")
        self.assertEqual(len(server.asked()), 6)
        self.assert_spaced([r.at for r in server.requests], 0.5)

    def test_the_crawl_delay_of_robots_txt(self):
        server = self.serve({"/robots.txt": page(b"User-agent: *\nCrawl-delay: 0.5\n"),
                             None: page(b"x")})
        self.list_urls(*(server.url("/%d" % n) for n in range(6)))
        self.crawl("urls.txt")
        self.assert_spaced([r.at for r in server.requests], 0.5)

    def test_the_crawl_delay_is_capped_and_the_own_delay_is_its_floor(self):
        server = self.serve({"/robots.txt": page(b"User-agent: *\nCrawl-delay: 100000\n"),
                             ("127.0.0.2", "/robots.txt"):
                                 page(b"User-agent: *\nCrawl-delay: 0.001\n"),
                             None: page(b"x")})
        hosts = ("127.0.0.1", "127.0.0.2")
        self.list_urls(*(server.url("/%d" % n, h) for n in range(4) for h in hosts))
        begun = time.monotonic()
        self.crawl("urls.txt", "--max-crawl-delay", "600ms", "--delay", "300ms")
        self.assertLess(time.monotonic() - begun, 20)
        at = [[r.at for r in server.requests if r.address == h] for h in hosts]
        self.assert_spaced(at[0], 0.6)
        self.assert_spaced(at[1], 0.3)

    def test_no_more_at_once_than_per_host(self):
        server = self.serve({None: slow(0.05)})
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        self.list_urls(*(server.url("/%d" % n, h) for n in range(60) for h in hosts))
        self.crawl("urls.txt", "--per-host", "3", "--workers", "2")
        self.assertEqual([server.most[h] for h in hosts], [3, 3, 3])
        self.assertEqual(len(server.asked()), 180)

    def test_redirects_count_against_the_host_that_they_lead_to(self):
        server = self.serve({None: slow(0.05), "/robots.txt": NO_RULES})
        for i in range(1, 9):
            server.answers[("127.0.0.%d" % i, None)] = lambda r: redirect(
                server.url(r.path, "127.0.0.9"))
        self.list_urls(*[server.url("/%d/%d" % (i, n), "127.0.0.%d" % i)
                         for i in range(1, 9) for n in range(12)],
                       server.url("/own", "127.0.0.9"))
        self.crawl("urls.txt", "--per-host", "2")
        self.assertEqual(len(server.asked("127.0.0.9")), 97)
        self.assertEqual(server.most["127.0.0.9"], 2)

    def test_nginx_logs_the_same_spacing(self):
        server = self.nginx()
        paths = [path for path, _ in harness.html_files(server.root, 6)]
        self.list_urls(*("http://127.0.0.%d:%d/%s" % (h, server.port, p)
                         for p in paths for h in (1, 2)))
        self.crawl("urls.txt", "--delay", "300ms")
        for host in ("127.0.0.1", "127.0.0.2"):
            self.assert_spaced([r[0] for r in server.requests() if r[1] == host], 0.3)


class Waits(PolitenessTest):
    """What a host asks for by 429, 503 and Retry-After."""

    def once(self, first, then=None):
        """An answer for the first request, another one from then on."""
        asked = []

        def answer(_):
            asked.append(1)
            return first if len(asked) == 1 else then or page(b"fine")
        return answer

    def assert_left_alone(self, server, address, asked_at, wait_s):
        """Nothing that began after the answer was there came within the wait."""
        early = [(r.at - asked_at, r.path) for r in server.requests if r.address == address and
                 asked_at + SLACK_S < r.at < asked_at + wait_s - SLACK_S]
        self.assertEqual(early, [])

    def test_retry_after_in_seconds_holds_for_every_url_of_the_host(self):
        for status in ("429 Slow", "503 Busy"):
            server = self.serve({"/busy": self.once(page(b"", status, ["Retry-After: 2"])),
                                 None: page(b"x")})
            self.list_urls(*[server.url("/busy")] + [server.url("/%d" % n) for n in range(30)],
                           server.url("/else", "127.0.0.2"))
            self.crawl("urls.txt", "--per-host", "1", "--force")
            self.assertEqual(set(self.outcomes()), {("ok", None)})
            self.assert_left_alone(server, "127.0.0.1",
                                   server.asked(path="/busy")[0].at, 2)
            self.assertEqual(len(server.asked(path="/busy")), 2)

    def test_waits_are_told_in_the_summary_the_events_and_flaky_with_their_status(self):
        server = self.serve({"/busy": self.once(page(b"", "429 Slow", ["Retry-After: 1"])),
                             "/dead": page(b"", "503 Busy", ["Retry-After: 0"]), None: page(b"x")})
        self.list_urls(server.url("/busy"), server.url("/dead", "127.0.0.2"),
                       server.url("/calm", "127.0.0.3"))
        out, err = self.crawl("urls.txt", "--retries", "1", "--retry-delay", "1ms")
        self.assertRegex(err, r"\n  hosts asked to wait: 429 x 1   503 x 2   \(\d\.\d s at most\)\n")
        self.assertEqual(
            [(what, detail.split(":")[1].strip("/"), "answers" in detail) for what, detail in
             self.rows("select what, detail from events where what = 'throttled' order by detail")],
            [("throttled", "127.0.0.1", True), ("throttled", "127.0.0.2", True)])
        out, _ = self.crawl("query", "crawl.db", "flaky", "--csv")
        self.assertEqual([line.split(",")[1:] for line in out.splitlines()[1:]],
                         [["1", "1", "1", "100", "429 x 1"], ["1", "1", "0", "100", "503 x 2"]])

    def test_retry_after_as_a_date(self):
        def in_four_seconds(_):
            return page(b"", "503 Busy", [
                "Retry-After: " + email.utils.formatdate(time.time() + 4, usegmt=True)])
        asked = []
        server = self.serve({None: page(b"x")})
        server.answers["/busy"] = lambda r: (page(b"fine") if asked else
                                             asked.append(1) or in_four_seconds(r))
        self.list_urls(server.url("/busy"), *(server.url("/%d" % n) for n in range(10)))
        self.crawl("urls.txt", "--per-host", "1")
        self.assertEqual(set(self.outcomes()), {("ok", None)})
        self.assert_left_alone(server, "127.0.0.1",     # a date has whole seconds
                               server.asked(path="/busy")[0].at, 3)

    def test_a_redirect_does_not_reach_a_host_that_asked_to_wait(self):
        """Also when it is so long that the host went back to storage meanwhile."""
        server = self.serve({"/robots.txt": NO_RULES, None: page(b"x")})
        server.answers.update({
            ("127.0.0.1", "/busy"): page(b"", "429 Slow", ["Retry-After: 13"]),
            ("127.0.0.2", None): lambda r: slow(0.7, redirect(server.url(r.path)))})
        self.list_urls(server.url("/busy"),
                       *(server.url("/%d" % n, "127.0.0.2") for n in range(4)))
        self.crawl("urls.txt", "--retries", "0", "--per-host", "1")
        self.assert_left_alone(server, "127.0.0.1",
                               server.asked("127.0.0.1", "/busy")[0].at, 13)
        self.assertEqual(len(server.asked("127.0.0.1")), 5)

    def test_a_spent_quota_holds_for_every_url_of_the_host(self):
        for fields in (lambda: ['RateLimit: "default";r=0;t=2'],
                       lambda: ["RateLimit-Remaining: 0", "RateLimit-Reset: 2"],
                       lambda: ["X-RateLimit-Remaining: 0",
                                "X-RateLimit-Reset: %d" % (time.time() + 4)]):
            server = self.serve({"/0": lambda _, fields=fields: page(b"x", "200 OK", fields()),
                                 None: page(b"x")})
            self.list_urls(*(server.url("/%d" % n) for n in range(4)))
            self.crawl("urls.txt", "--per-host", "1", "--force")
            self.assertEqual(set(self.outcomes()), {("ok", None)})
            self.assertEqual(len(server.asked(path="/0")), 1)
            self.assert_left_alone(server, "127.0.0.1", server.asked(path="/0")[0].at, 2)

    def test_429_without_retry_after_backs_off_further_each_time(self):
        server = self.serve({"/robots.txt": NO_RULES, None: page(b"", "429 Slow")})
        self.list_urls(server.url("/a"))
        self.crawl("urls.txt", "--retries", "3", "--retry-delay", "1ms")
        self.assertEqual(self.outcomes("outcome, status, tries"), [("http_error", 429, 4)])
        at = [r.at for r in server.asked()]
        gaps = [b - a for a, b in zip(at, at[1:])]
        for gap, least in zip(gaps, (0.5, 1, 2)):       # half of 1, 2, 4 is jitter
            self.assertGreaterEqual(gap, least - SLACK_S, gaps)

    def test_retry_after_of_robots_txt_holds_for_pages(self):
        server = self.serve({
            "/robots.txt": self.once(page(b"", "503 Busy", ["Retry-After: 2"]), NO_RULES),
            None: page(b"x")})
        self.list_urls(server.url("/a"), server.url("/b"))
        self.crawl("urls.txt")
        self.assertEqual(self.outcomes(), [("ok", None)] * 2)
        self.assert_left_alone(server, "127.0.0.1", server.requests[0].at, 2)

    def kill_and_go_on(self, args, until):
        process = self.start("urls.txt", *args)
        for _ in range(600):
            if until() or process.poll() is not None:
                break
            time.sleep(0.02)
        time.sleep(0.7)         # the answer is in, and what it asks for is committed
        self.assertIsNone(process.poll(), "it ended before it could be killed")
        process.send_signal(signal.SIGKILL)
        process.communicate()
        self.crawl("urls.txt", *args)

    def test_a_host_that_asked_to_wait_is_left_alone_after_a_kill(self):
        server = self.serve({"/robots.txt": NO_RULES, None: page(b"x"),
                             "/busy": self.once(page(b"", "503 Busy", ["Retry-After: 6"]))})
        self.list_urls(server.url("/busy"), *(server.url("/%d" % n) for n in range(5)))
        self.kill_and_go_on(["--per-host", "1"], lambda: server.asked(path="/busy"))
        self.assertEqual(set(self.outcomes()), {("ok", None)})
        self.assert_left_alone(server, "127.0.0.1", server.asked(path="/busy")[0].at, 6)

    def test_a_crawl_delay_outlives_a_kill(self):
        server = self.serve({"/robots.txt": page(b"User-agent: *\nCrawl-delay: 3\n"),
                             None: page(b"x")})
        self.list_urls(*(server.url("/%d" % n) for n in range(3)))
        self.kill_and_go_on([], lambda: server.asked())
        self.assert_spaced([r.at for r in server.requests], 3)

    def test_a_wait_is_no_longer_when_the_clock_was_set_back(self):
        server = self.serve({"/robots.txt": NO_RULES, None: page(b"x"),
                             "/busy": self.once(page(b"", "503 Busy", ["Retry-After: 9"]))})
        self.list_urls(server.url("/busy"), *(server.url("/%d" % n) for n in range(5)))
        process = self.start("urls.txt", "--per-host", "1")
        while process.poll() is None and not server.asked(path="/busy"):
            time.sleep(0.02)
        time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        with contextlib.closing(sqlite3.connect(self.path("crawl.db"))) as database:
            # as if all of it had happened tomorrow
            database.execute("update hosts set due_at = due_at + 86400000,"
                             " not_before = not_before + 86400000")
            database.execute("update runs set finished_at ="
                             " strftime('%Y-%m-%dT%H:%M:%fZ', finished_at, '+1 day')")
            database.commit()
        begun = time.monotonic()
        self.crawl("urls.txt", "--max-retry-after", "2s", "--max-crawl-delay", "2s")
        self.assertEqual(set(self.outcomes()), {("ok", None)})
        self.assertLess(time.monotonic() - begun, 15)

    def test_retry_after_has_a_cap_of_its_own(self):
        server = self.serve({"/robots.txt": NO_RULES, None: page(b"x"),
                             "/busy": self.once(page(b"", "429 Slow", ["Retry-After: 4"])),
                             ("127.0.0.2", "/busy"):
                                 self.once(page(b"", "429 Slow", ["Retry-After: 100000"]))})
        self.list_urls(*(server.url("/busy", h) for h in ("127.0.0.1", "127.0.0.2")))
        begun = time.monotonic()
        self.crawl("urls.txt", "--max-crawl-delay", "100ms", "--max-retry-after", "5s")
        self.assertLess(time.monotonic() - begun, 25)
        self.assertEqual(self.outcomes("outcome, tries"), [("ok", 2)] * 2)
        for host, wait_s in (("127.0.0.1", 4), ("127.0.0.2", 5)):
            self.assert_left_alone(server, host, server.asked(host)[0].at, wait_s)

    def test_all_that_reaches_a_host_keeps_its_clock_also_after_a_kill(self):
        """Pages, redirects from elsewhere, robots.txt, retries; killed twice."""
        busy = [page(b"", "500 Broken"), page(b"", "503 Busy", ["Retry-After: 3"])]
        server = self.serve({
            "/robots.txt": page(b"User-agent: *\nCrawl-delay: 0.6\nDisallow: /no\n"),
            ("127.0.0.2", "/robots.txt"): NO_RULES, None: page(b"x"),
            ("127.0.0.1", "/flaky"): lambda r: busy.pop(0) if busy else page(b"fine")})
        server.answers[("127.0.0.2", None)] = lambda r: redirect(server.url("/from" + r.path))
        self.list_urls(server.url("/flaky"), server.url("/no/where"),
                       *(server.url("/%d" % n, h) for n in range(4)
                         for h in ("127.0.0.1", "127.0.0.2")))
        args = ["urls.txt", "--retry-delay", "1ms", "--per-host", "3"]
        for nr in (2, 5):
            process = self.start(*args)
            for _ in range(1500):
                if len(server.asked("127.0.0.1")) >= nr or process.poll() is not None:
                    break
                time.sleep(0.02)
            time.sleep(0.5)     # what was answered is committed
            self.assertIsNone(process.poll(), "it ended before it could be killed")
            process.send_signal(signal.SIGKILL)
            process.communicate()
        self.crawl(*args)
        self.assertEqual(sorted(self.outcomes()),
                         [("ok", None)] * 9 + [("skipped", "robots")])
        mine = [r for r in server.requests if r.address == "127.0.0.1"]
        self.assertGreaterEqual(len(mine), 12)  # robots, 3 of /flaky, 4 pages, 4 from elsewhere
        self.assert_spaced([r.at for r in mine], 0.6)
        flaky = server.asked("127.0.0.1", "/flaky")
        self.assert_left_alone(server, "127.0.0.1", flaky[1].at, 3)
        self.assertEqual(server.asked(path="/no/where"), [])

    def test_the_own_delay_outlives_a_kill_without_robots_txt_too(self):
        server = self.serve({None: page(b"x")})
        self.list_urls(*(server.url("/%d" % n) for n in range(3)))
        self.kill_and_go_on(["--robots", "ignore", "--delay", "3s"], lambda: server.asked())
        self.assert_spaced([r.at for r in server.requests], 3)


class Settings(PolitenessTest):
    """[host NAME] in the configuration file, judged by what the server sees."""

    def test_delay_and_number_at_once_of_one_host(self):
        server = self.serve({None: slow(0.05)})
        hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
        self.write("config", "[crawl]\nper-host = 4\n[host 127.0.0.1]\nper-host = 2\n"
                             "[host 127.0.0.2]\ndelay = 400ms\n")
        self.list_urls(*(server.url("/%d" % n, h) for n in range(40) for h in hosts[::2]),
                       *(server.url("/%d" % n, hosts[1]) for n in range(4)))
        self.crawl("urls.txt", "--config", "config")
        self.assertEqual([server.most[h] for h in hosts[::2]], [2, 4])
        self.assert_spaced([r.at for r in server.requests if r.address == hosts[1]], 0.4)

    def test_headers_reach_their_host_and_no_other_whatever_redirects_say(self):
        server = self.serve({None: page(b"x"), "/robots.txt": NO_RULES})
        server.answers.update({
            ("127.0.0.1", "/away"): lambda r: redirect(server.url("/taken", "127.0.0.2")),
            ("127.0.0.2", "/back"): lambda r: redirect(server.url("/again"))})
        self.write("config", "[host 127.0.0.1]\nheader = X-Key: secret\n"
                             "header = X-General: its own\n")
        self.list_urls(server.url("/own"), server.url("/away"), server.url("/back", "127.0.0.2"),
                       server.url("/other", "127.0.0.2"))
        self.crawl("urls.txt", "--config", "config", "-H", "X-General: for all",
                   "--workers", "1")
        self.assertEqual(self.outcomes("outcome"), [("ok",)] * 4)
        seen = {(r.address, r.path): (r.headers.get("x-key"), r.headers.get("x-general"))
                for r in server.requests}
        self.assertEqual(len(seen), 8)
        for (address, _), got in seen.items():
            self.assertEqual(got, ("secret", "its own") if address == "127.0.0.1"
                             else (None, "for all"), seen)

    def test_headers_stay_with_their_host_when_one_worker_serves_many(self):
        server = self.serve({None: slow(0.01), "/robots.txt": NO_RULES})
        hosts = ["127.0.1.%d" % n for n in range(1, 9)]
        self.write("config", "".join("[host %s]\nheader = X-Host: %s\n" % (h, h)
                                     for h in hosts[::2]))
        self.list_urls(*(server.url("/%d" % n, h) for n in range(20) for h in hosts))
        self.crawl("urls.txt", "--config", "config", "--workers", "1", "-j", "5")
        self.assertEqual(len(server.asked()), 160)
        for r in server.requests:
            self.assertEqual(r.headers.get("x-host"),
                             r.address if r.address in hosts[::2] else None)

    def test_retries_robots_and_the_cap_of_retry_after_of_one_host(self):
        rules = page(b"User-agent: *\nDisallow: /\n")
        server = self.serve({None: page(b"", "500 Broken"), "/robots.txt": rules,
                             ("127.0.0.1", "/robots.txt"): NO_RULES,
                             ("127.0.0.3", "/robots.txt"): NO_RULES,
                             ("127.0.0.3", None): page(b"", "429 Slow", ["Retry-After: 900"])})
        self.write("config", "[crawl]\nretry-delay = 1ms\n[host 127.0.0.1]\nretries = 4\n"
                             "[host 127.0.0.2]\nrobots = ignore\nretries = 0\n"
                             "[host 127.0.0.3]\nmax-retry-after = 1s\nretries = 1\n")
        self.list_urls(*(server.url("/", "127.0.0.%d" % n) for n in (1, 2, 3, 4)))
        self.crawl("urls.txt", "--config", "config")
        self.assertEqual(self.outcomes("outcome, error, tries"),
                         [("http_error", None, 5), ("http_error", None, 1),
                          ("http_error", None, 2), ("skipped", "robots", 0)])

    def test_a_wrong_section_ends_with_its_line(self):
        self.write("config", "[host a.example]\ndelay = 1s\nper-host = many\n")
        _, err = self.crawl("http://127.0.0.1:1/", "--config", "config", expect=2)
        self.assertIn("config, line 3: 'many' is not valid for per-host", err)
        self.write("config", "[host a.example]\nheader = no header at all\n")
        _, err = self.crawl("http://127.0.0.1:1/", "--config", "config", expect=2)
        self.assertIn("is no header", err)

    def test_why_names_the_section_and_what_it_changes(self):
        self.write("config", "[host *.example.org]\ndelay = 3s\nheader = A: b\n")
        out, _ = self.crawl("why", "http://www.example.org/", "--config", "config",
                            "--format", "csv")
        self.assertIn("[host *.example.org]", out)
        self.assertIn("3000 ms apart", out)
        self.assertIn("with the headers of its host", out)
        out, _ = self.crawl("why", "http://example.org/", "--config", "config")
        self.assertNotIn("[host", out)
        self.assertIn("0 ms apart", out)


class Limits(PolitenessTest):
    """A limit of the user ends the run; the same command without it goes on."""

    def run_twice(self, server, nr, *limit):
        self.list_urls(*(server.url("/%d" % n) for n in range(nr)))
        begun = time.monotonic()
        _, err = self.crawl("urls.txt", *limit, expect=4)
        self.assertIn("limit", err)
        self.assertLess(time.monotonic() - begun, 30)
        first = len(server.asked())
        self.assertLess(first, nr)
        self.crawl("urls.txt")
        self.assertEqual(self.outcomes(), [("ok", None)] * nr)
        self.assertEqual(len(server.asked()), nr)       # none twice
        return first

    def test_max_urls(self):
        self.assertEqual(self.run_twice(self.serve({None: page(b"x")}), 50, "--max-urls", "7"), 7)

    def test_max_bytes(self):
        server = self.serve({None: page(b"x" * 20000)})
        first = self.run_twice(server, 60, "--max-bytes", "100k", "--per-host", "2")
        self.assertIn(first, range(5, 12))

    def test_max_duration(self):
        server = self.serve({None: page(b"x")})
        first = self.run_twice(server, 60, "--max-duration", "2s", "--delay", "200ms")
        self.assertIn(first, range(2, 12))


class Robots(PolitenessTest):
    RULES = page(b"User-agent: *\nDisallow: /no\nAllow: /no/but\nDisallow: /*.pdf$\n"
                 b"\nUser-agent: other\nDisallow: /\n")

    def test_what_robots_txt_disallows_is_a_row_with_its_rule(self):
        server = self.serve({"/robots.txt": self.RULES, "/to": redirect("/no/hop"),
                             None: page(b"x")})
        paths = ("/yes", "/no", "/no/page", "/no/but/this", "/a.pdf", "/a.pdf?x", "/to")
        self.list_urls(*(server.url(p) for p in paths))
        self.crawl("urls.txt")
        no = ("skipped", "robots")
        self.assertEqual(self.outcomes(),
                         [("ok", None), no, no, ("ok", None), no, ("ok", None), no])
        self.assertEqual({r.path for r in server.asked()},
                         {"/yes", "/no/but/this", "/a.pdf?x", "/to"})
        details = [row[0] for row in self.outcomes("coalesce(detail, '')")]
        for place, rule in ((1, "/no"), (2, "/no"), (4, "/*.pdf$"), (6, "/no")):
            self.assertIn(rule, details[place])

    def test_robots_ignore_asks_for_none(self):
        server = self.serve({"/robots.txt": self.RULES, None: page(b"x")})
        self.list_urls(server.url("/no"), server.url("/robots.txt"))
        self.crawl("urls.txt", "--robots", "ignore")
        self.assertEqual(self.outcomes(), [("ok", None)] * 2)
        self.assertEqual(len(server.requests), 2)

    def test_the_group_is_chosen_by_the_user_agent(self):
        server = self.serve({"/robots.txt": self.RULES, None: page(b"x")})
        self.list_urls(server.url("/yes"))
        self.crawl("urls.txt", "--user-agent", "Other/2.0 (test)")
        self.assertEqual(self.outcomes(), [("skipped", "robots")])
        self.assertEqual(server.requests[0].headers["user-agent"], "Other/2.0 (test)")

    def test_each_host_is_asked_once_and_before_its_pages(self):
        server = self.serve({"/robots.txt": slow(0.1, self.RULES), None: page(b"x")})
        hosts = ["127.0.1.%d" % i for i in range(1, 31)]
        self.list_urls(*(server.url("/%d" % n, h) for n in range(5) for h in hosts))
        self.crawl("urls.txt")
        for host in hosts:
            mine = [r for r in server.requests if r.address == host]
            self.assertEqual([r.path for r in mine].count("/robots.txt"), 1)
            self.assertEqual(mine[0].path, "/robots.txt")
            self.assertTrue(all(r.at >= mine[0].ended for r in mine[1:]))

    def test_a_robots_txt_that_cannot_be_had_disallows_everything(self):
        server = self.serve({
            ("127.0.0.1", "/robots.txt"): page(b"", "500 Broken"),
            ("127.0.0.2", "/robots.txt"): [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser"],
            ("127.0.0.3", "/robots.txt"): page(b"", "403 No"),
            ("127.0.0.4", "/robots.txt"): page(b"", "429 Slow", ["Retry-After: 0"]),
            None: page(b"x")})
        self.list_urls(*(server.url("/a", "127.0.0.%d" % i) for i in (1, 2, 3, 4)))
        self.crawl("urls.txt", "--retries", "1", "--retry-delay", "10ms")
        no = ("skipped", "robots_unreachable")
        self.assertEqual(self.outcomes(), [no, no, ("ok", None), no])
        self.assertEqual({r.address for r in server.asked()}, {"127.0.0.3"})
        self.assertIn("500", self.outcomes("detail")[0][0])

    def test_rules_behind_five_redirects_count_and_a_loop_allows_nothing(self):
        server = self.serve({
            ("127.0.0.1", "/robots.txt"): redirect("/1"), "/1": redirect("/2"),
            "/2": redirect("/3"), "/3": redirect("/4"), "/4": redirect("/5"),
            "/5": page(b"User-agent: *\nDisallow: /no\n", headers=["Content-Type: text/plain"]),
            ("127.0.0.2", "/robots.txt"): redirect("/loop"), "/loop": redirect("/robots.txt"),
            None: page(b"x")})
        self.list_urls(server.url("/no"), server.url("/no", "127.0.0.2"))
        self.crawl("urls.txt")
        self.assertEqual(self.outcomes(), [("skipped", "robots"),
                                           ("skipped", "robots_unreachable")])


class Fairness(PolitenessTest):
    def test_a_slow_host_holds_nobody_up(self):
        server = self.serve({("127.0.0.1", None): slow(1.5), None: page(b"x"),
                             "/robots.txt": NO_RULES})
        others = ["127.0.1.%d" % i for i in range(1, 21)]
        self.list_urls(*[server.url("/%d" % n) for n in range(12)],
                       *(server.url("/%d" % n, h) for h in others for n in range(20)))
        self.crawl("urls.txt", "--per-host", "2", "--concurrency", "16", "--workers", "1")
        slow_ones = server.asked("127.0.0.1")
        rest = [r for r in server.asked() if r.address != "127.0.0.1"]
        self.assertEqual((len(slow_ones), len(rest)), (12, 400))
        done = max(r.ended for r in rest)
        self.assertLessEqual(len([r for r in slow_ones if r.at < done]), 6)

    def test_hosts_take_turns_whatever_the_order_of_the_list(self):
        server = self.serve({None: slow(0.02), "/robots.txt": NO_RULES})
        hosts = ["127.0.1.%d" % i for i in range(1, 11)]
        self.list_urls(*(server.url("/%d" % n, h) for h in hosts for n in range(40)))
        self.crawl("urls.txt", "--per-host", "4", "--concurrency", "8", "--workers", "1")
        half = [r.address for r in server.asked()][:200]
        counts = [half.count(h) for h in hosts]
        self.assertGreaterEqual(min(counts), 10, counts)        # 20 would be even

    def test_a_host_that_is_not_there_costs_no_timeout_each(self):
        server = self.serve({None: page(b"x")})
        dead = harness.free_port()
        self.list_urls(*["http://127.0.9.9:%d/%d" % (dead, n) for n in range(200)],
                       *(server.url("/%d" % n) for n in range(50)))
        begun = time.monotonic()
        self.crawl("urls.txt")
        self.assertLess(time.monotonic() - begun, 30)
        errors = dict(self.rows("select coalesce(error, ''), count(*) from results group by 1"))
        self.assertEqual(errors.pop(""), 50)
        self.assertEqual(sum(errors.values()), 200)
        self.assertLessEqual(set(errors), {"connect", "host_down"})


class Strain:
    """A host that stands FEW requests at once, but only for a while. Its phases
    begin by what it sees itself, never by a clock: it is `fresh` until it has
    seen ALL that --per-host allows; then `strained`: whoever comes while more
    than FEW are open meets `trouble`; until IN_A_ROW requests found no more
    open than that. Then it is `relaxed` until it has seen ALL once more."""
    ALL, FEW, IN_A_ROW = 16, 8, 20

    def __init__(self, server, trouble):
        self.server, self.trouble = server, trouble
        self.phases = ["fresh"]
        self.nr_troubles = self.in_a_row = 0

    def __call__(self, request):
        nr_open = self.server.now[request.address]     # with this one
        if self.phases[-1] == "strained":
            return self.strained(nr_open)
        if self.phases[-1] == "done":
            return page(b"x")
        if nr_open >= self.ALL:
            self.phases.append("strained" if len(self.phases) == 1 else "done")
        return slow(0.05)

    def strained(self, nr_open):
        if nr_open > self.FEW:
            self.nr_troubles, self.in_a_row = self.nr_troubles + 1, 0
            return self.trouble(self.nr_troubles)
        self.in_a_row += 1
        if self.in_a_row == self.IN_A_ROW:
            self.phases.append("relaxed")
        return slow(0.05)


class Throttling(PolitenessTest):
    """Trouble above the host's own normal lowers what is asked at once, calm
    raises it again; judged by what the host has open."""

    def strain(self, trouble):
        server = self.serve({"/robots.txt": NO_RULES})
        host = server.answers[None] = Strain(server, trouble)
        self.list_urls(*(server.url("/%d" % n) for n in range(2000)))
        self.crawl("urls.txt", "--per-host", str(host.ALL), "--retries", "0")
        self.assertEqual(host.phases, ["fresh", "strained", "relaxed", "done"])
        self.assertGreater(host.nr_troubles, 0)
        self.assertEqual(server.most["127.0.0.1"], host.ALL)
        self.assertEqual(len(server.asked()), 2000)
        (nr, told), = self.rows("select count(*), min(detail) from events where what = 'slowed'")
        self.assertGreater(nr, 0)
        self.assertIn("requests at once from now on", told)
        return host

    def test_errors_lower_what_is_asked_at_once_and_calm_raises_it_again(self):
        host = self.strain(lambda _: page(b"", "500 Broken"))
        self.assertEqual(self.rows("select count(*) from results where status = 500"),
                         [(host.nr_troubles,)])

    def test_latency_lowers_what_is_asked_at_once_and_calm_raises_it_again(self):
        # ever slower: whatever the machine makes its normal, in the end it is above
        self.strain(lambda nr: slow(1 + nr / 16))
        self.assertEqual(self.rows("select distinct outcome from results"), [("ok",)])


if __name__ == "__main__":
    harness.main()

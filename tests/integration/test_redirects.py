#!/usr/bin/python3
"""Where redirects lead, of listed URLs, of links and of robots.txt."""
import subprocess

import harness
from server import Server, links, page, redirect

COOKIE = "Set-Cookie: seen=1; Path=/"


class RedirectTest(harness.CrawlTest):
    def serve(self, answers):
        server = Server(answers)
        self.addCleanup(server.stop)
        return server

    def list_urls(self, *urls):
        self.write("urls.txt", "".join(url + "\n" for url in urls))

    def outcomes(self, columns="outcome, error"):
        return self.rows("select %s from results order by line" % columns)


def wall(answer, location=None):
    """Sends who has no cookie to the same page, or to `location`, with one."""
    def say(request):
        if "cookie" in request.headers:
            return answer
        return page(b"", "302 Found", ["Location: " + (location or request.path), COOKIE])
    return say


class Cookies(RedirectTest):
    def test_a_redirect_to_itself_that_sets_a_cookie_is_followed_with_cookies(self):
        server = self.serve({"/robots.txt": wall(page(b"User-agent: *\nDisallow: /no\n")),
                             "/in": wall(page(b"in")),
                             "/by": wall(page(b"by"), "/give"),
                             "/give": redirect("/by"), "/no": page(b"no"),
                             "/again": lambda r: page(b"", "302 Found",
                                                      ["Location: /again", COOKIE])})
        self.list_urls(*(server.url(p) for p in ("/in", "/by", "/again", "/no")))
        self.crawl("urls.txt", "--cookies", "--max-redirects", "3")
        self.assertEqual(self.outcomes(), [("ok", None), ("ok", None), ("error", "redirect_limit"),
                                           ("skipped", "robots")])
        self.assertEqual(len(server.asked(path="/again")), 4)

    def test_a_redirect_to_itself_is_a_loop_without_cookies(self):
        server = self.serve({"/robots.txt": page(b"", "404 None"), "/in": wall(page(b"in")),
                             "/by": wall(page(b"by"), "/give"), "/give": redirect("/by")})
        self.list_urls(server.url("/in"), server.url("/by"))
        self.crawl("urls.txt")
        self.assertEqual(self.outcomes(), [("error", "redirect_loop")] * 2)


class Links(RedirectTest):
    def crawl_site(self, answers, *args):
        self.server = self.serve(answers)
        self.list_urls(self.server.url("/"))
        self.crawl("urls.txt", "--depth", "3", "--extract", "links", *args)
        self.base = self.server.url("")

    def outcome_of(self, path):
        return self.rows("select outcome, error from results where url = ?",
                         parameters=(self.base + path,))

    def query(self, name):
        done = subprocess.run([harness.CRAWL, "query", "crawl.db", name, "--csv"],
                              cwd=self.folder, capture_output=True, text=True, check=True)
        return [line.replace(self.base, "").split(",") for line in done.stdout.splitlines()[1:]]

    def test_a_dead_page_behind_redirects_names_the_pages_that_link_to_their_start(self):
        self.crawl_site({"/": links("/a", "/x"), "/a": redirect("/b"), "/b": redirect("/dead"),
                         "/x": page(b"<meta http-equiv=refresh content='1; url=/gone'>")})
        broken = self.query("broken")
        self.assertIn(["/dead", "404", "", "1", "/"], broken)
        self.assertIn(["/gone", "404", "", "1", "/x"], broken)
        self.assertEqual(self.rows("select final_url, redirects from results where url like '%/a'"),
                         [(self.base + "/b", 1)])
        self.assertIn(["/a", "2", "302 > 302", "/dead", ""], self.query("redirects"))
        self.assertEqual(self.rows("select hop, to_url from v_redirect_chains where url = ? "
                                   "order by hop", parameters=(self.base + "/a",)),
                         [(0, self.base + "/b"), (1, self.base + "/dead")])

    def test_every_link_into_a_loop_is_a_loop_and_broken(self):
        self.crawl_site({"/": links("/self", "/l1", "/l2", "/tail"), "/self": redirect("/self"),
                         "/l1": redirect("/l2"), "/l2": redirect("/l3"), "/l3": redirect("/l1"),
                         "/tail": redirect("/l3")})
        for path in ("/self", "/l1", "/l2", "/l3", "/tail"):
            self.assertEqual(self.outcome_of(path), [("error", "redirect_loop")], path)
            self.assertIn(path, [row[0] for row in self.query("broken")])
            self.assertIn(path, [row[0] for row in self.query("redirects")])

    def test_a_link_that_redirects_out_of_scope_has_its_target_checked_once(self):
        other = self.serve({"/gone": page(b"", "410 Gone"), "/on": links("/never")})
        self.crawl_site({"/": links("/out", "/out2", "/dead"),
                         "/out": redirect(other.url("/on", "127.0.0.2")),
                         "/out2": redirect(other.url("/on", "127.0.0.2")),
                         "/dead": redirect(other.url("/gone", "127.0.0.2"))},
                        "--allow-private", "127.0.0.0/8")
        self.assertEqual(sorted(r.path for r in other.asked()), ["/gone", "/on"])
        self.assertIn([other.url("/gone", "127.0.0.2"), "410", "", "1", "/"], self.query("broken"))

    def test_refused_schemes_and_ports_keep_the_location_in_the_row(self):
        self.crawl_site({"/": links("/m", "/p"), "/m": redirect("mailto:me@example.org"),
                         "/p": redirect("http://127.0.0.1:25/x")})
        self.assertEqual(self.rows("select error, detail from results where depth = 1 "
                                   "order by url"),
                         [("blocked_scheme", "mailto:me@example.org"),
                          ("bad_port", "http://127.0.0.1:25/x")])


class Seeds(RedirectTest):
    """The names are of one server, which --resolve gives them."""

    PAGES = {"/docs/": links("/docs/a", "/else"), "/docs/a": links("/docs/b"), "/docs/b": page()}

    def crawl_names(self, to, *args, pages=None):
        """site.test/docs/ redirects to `to`; returns who was asked for what."""
        def answer(request):
            host = request.headers["host"].split(":")[0]
            if request.path == "/robots.txt":
                return page(b"", "404 None")
            if (host, request.path) == ("site.test", "/docs/"):
                return redirect(to % self.server.port)
            found = (pages or self.PAGES).get(request.path, page(b"x"))
            return found(request) if callable(found) else found
        self.server = self.serve({None: answer})
        names = [arg for name in ("site.test", "www.site.test", "other.example")
                 for arg in ("--resolve", "%s:%d:127.0.0.1" % (name, self.server.port))]
        self.list_urls("http://site.test:%d/docs/" % self.server.port)
        _, self.err = self.crawl("urls.txt", "--depth", "5", "--allow-private", "127.0.0.0/8",
                              *names, *args)
        return sorted({r.headers["host"].split(":")[0] + r.path for r in self.server.asked()})

    def test_the_scope_goes_along_within_the_domain_and_both_names_are_in_it(self):
        def back(request):
            return links("http://site.test:%d/docs/back" % self.server.port)
        pages = dict(self.PAGES, **{"/docs/b": back})
        for scope in ("host", "prefix"):
            asked = self.crawl_names("http://www.site.test:%d/docs/", "--scope", scope, "--force",
                                     pages=pages)
            for path in ("www.site.test/docs/b", "site.test/docs/back"):
                self.assertIn(path, asked, scope)
            self.assertEqual("www.site.test/else" in asked, scope == "host")

    def test_links_behind_another_domain_are_not_followed_and_that_is_said(self):
        to = "http://other.example:%d/docs/"
        asked = self.crawl_names(to, "--scope", "host")
        self.assertEqual(asked, ["other.example/docs/", "site.test/docs/"])
        self.assertEqual(self.rows("select outcome, redirects from results where line = 1"),
                         [("ok", 1)])
        self.assertIn("--scope any", self.err)
        self.assertIn("--scope any", self.rows("select detail from events "
                                               "where what = 'moved_away'")[0][0])
        asked = self.crawl_names(to, "--scope", "any", "--force")
        self.assertIn("other.example/docs/b", asked)
        self.assertNotIn("--scope any", self.err)


class Private(RedirectTest):
    """Loopback addresses are private; the list names one of them."""

    def test_a_listed_private_host_is_listed_by_the_ports_that_its_redirects_lead_to(self):
        other = self.serve({"/in": links("/more"), "/more": page(b"more"), "/by": page(b"by"),
                            "/robots.txt": page(b"", "404 None")})
        server = self.serve({"/": links("/link"), "/far": redirect(other.url("/in", "127.0.0.2")),
                             "/near": redirect(other.url("/in")),
                             "/link": redirect(other.url("/by"))})
        self.list_urls(server.url("/near"), server.url("/far"))
        self.crawl("urls.txt")
        self.assertEqual(self.outcomes(), [("ok", None), ("skipped", "blocked_address")])
        self.list_urls(server.url("/near"), server.url("/"))
        self.crawl("urls.txt", "--depth", "3", "--scope", "domain", "--force")
        self.assertEqual(self.rows("select distinct outcome from results where url like '%/more' "
                                   "or url like '%/by'"), [("ok",)])
        self.assertLessEqual({"/in", "/more", "/by"}, {r.path for r in other.asked()})

    def test_a_link_to_another_port_of_a_listed_private_host_stays_refused(self):
        other = self.serve({None: page(b"x")})
        server = self.serve({"/": links(other.url("/x"))})
        self.list_urls(server.url("/"))
        self.crawl("urls.txt", "--depth", "1", "--scope", "domain")
        self.assertEqual(self.rows("select error from results where depth = 1"),
                         [("blocked_address",)])
        self.assertEqual(other.requests, [])


class Refresh(RedirectTest):
    def test_a_refresh_is_a_redirect_of_its_kind_and_is_followed_as_a_link(self):
        server = self.serve({
            "/meta": page(b"<base href=/x/><meta http-equiv=refresh content='0; url=to'>"),
            "/header": page(b"<meta http-equiv=refresh content='0; url=/second'>",
                            headers=["Refresh: 5;URL='/caf\u00e9'"]),
            "/text": page(b"text", headers=["Refresh: 0; url=/plain", "Content-Type: text/plain"]),
            "/reload": page(b"x", headers=["Refresh: 30"]),
            "/itself": page(b"<meta http-equiv=refresh content='30; url=/itself'>")})
        self.list_urls(*(server.url(p) for p in
                         ("/meta", "/header", "/text", "/reload", "/itself")))
        self.crawl("urls.txt", "--depth", "1")
        self.assertEqual(self.rows("select from_url, to_url, kind, r.status, p.redirects "
                                   "from redirects r join pages p on p.id = r.page_id "
                                   "order by from_url"),
                         [(server.url("/header"), server.url("/caf%C3%A9"), "header", 200, 0),
                          (server.url("/meta"), server.url("/x/to"), "meta", 200, 0),
                          (server.url("/text"), server.url("/plain"), "header", 200, 0)])
        asked = {r.path for r in server.asked()}
        self.assertLessEqual({"/x/to", "/caf%C3%A9", "/plain"}, asked)
        self.assertNotIn("/second", asked)


class Robots(RedirectTest):
    def test_robots_txt_that_redirects_to_no_answer_allows_nothing(self):
        dead = "http://127.0.0.2:%d/robots.txt" % harness.free_port()
        server = self.serve({None: page(b"x")})
        for address, to in (("127.0.0.2", "http://10.255.255.1/robots.txt"),
                            ("127.0.0.3", "http://127.0.0.9:%d/robots.txt" % server.port),
                            ("127.0.0.4", dead), ("127.0.0.5", "/robots.txt"),
                            ("127.0.0.6", "ftp://127.0.0.6/robots.txt"),
                            ("127.0.0.7", "http://127.0.0.7:25/robots.txt")):
            server.answers[(address, "/robots.txt")] = redirect(to)
        self.list_urls(*(server.url("/a", "127.0.0.%d" % i) for i in range(2, 8)))
        self.crawl("urls.txt", "--retries", "0", expect=3)
        self.assertEqual(self.outcomes(), [("skipped", "robots_unreachable")] * 6)
        self.assertEqual(server.asked(), [])


if __name__ == "__main__":
    harness.main()

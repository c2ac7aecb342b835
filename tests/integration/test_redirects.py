#!/usr/bin/python3
"""Where redirects lead, of listed URLs, of links and of robots.txt."""
import harness
from server import Server, page, redirect

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

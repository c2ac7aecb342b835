#!/usr/bin/python3
"""Proxies of the command line and of the environment, and what they are not asked for."""
import harness
from server import Server, page

PRIVATE = ["http://10.0.0.5/adm", "http://127.0.0.1:6379/", "http://169.254.169.254/latest/meta-data/",
           "http://localhost/", "http://[::1]/"]


class Proxies(harness.CrawlTest):
    def proxy(self):
        """Answers for every host; a request to a proxy has the whole URL as its target."""
        links = "".join("<a href=%s>x</a>" % url for url in PRIVATE + ["http://other.test/"])
        answers = {"http://%s.test/" % name: page(b"<title>%s</title>" % name.encode())
                   for name in ("a", "b", "other")}
        answers["http://start.test/"] = page(links.encode())
        return Server(answers)

    def asked(self, server):
        return sorted({request.path for request in server.requests
                       if not request.path.endswith("/robots.txt")})

    def test_a_private_address_is_not_handed_to_a_proxy(self):
        self.write("urls.txt", "http://start.test/\n")
        with self.proxy() as server:
            self.crawl("urls.txt", "--proxy", server.url(), "--depth", "1", "--scope", "any")
            self.assertEqual(self.asked(server), ["http://other.test/", "http://start.test/"])
        rows = dict(self.results("url, error"))
        self.assertEqual({rows[url] for url in PRIVATE if url in rows}, {"blocked_address"})
        self.assertEqual(rows["http://other.test/"], None)

    def test_the_environment_names_a_proxy_and_who_is_asked_without(self):
        self.write("urls.txt", "http://a.test/\nhttp://b.test/\n")
        with self.proxy() as server:
            env = {"http_proxy": "http://me:word@127.0.0.1:%d" % server.port, "no_proxy": "b.test"}
            _, err = self.crawl("urls.txt", "--retries", "0", "--dns-timeout", "3s", env=env)
            self.assertEqual(self.asked(server), ["http://a.test/"])
            self.assertIn("http is asked by the proxy 127.0.0.1:%d" % server.port, err)
            self.assertNotIn("word", err)
        rows = dict(self.results("url, error"))
        self.assertEqual((rows["http://a.test/"], rows["http://b.test/"]), (None, "dns"))

    def test_this_machine_is_asked_without_the_proxy_of_the_environment(self):
        with Server({"/": page(b"x")}) as server:
            self.write("urls.txt", server.url("/") + "\n")
            self.crawl("urls.txt", env={"all_proxy": "http://127.0.0.1:%d" % harness.free_port()})
        self.assertEqual(self.results("outcome"), [("ok",)])

    def test_no_proxy_is_asked_when_none_is_wanted(self):
        self.write("urls.txt", "http://a.test/\n")
        with self.proxy() as server:
            _, err = self.crawl("urls.txt", "--proxy", "none", "--retries", "0", "--dns-timeout",
                                "3s", env={"http_proxy": server.url()}, expect=3)
            self.assertEqual(self.asked(server), [])
            self.assertNotIn("proxy", err)


if __name__ == "__main__":
    harness.main()

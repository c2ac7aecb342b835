#!/usr/bin/python3
"""Following links: a real documentation tree against an independent reading of
its files by lxml, and small made-up sites for each rule."""
import collections
import contextlib
import gzip
import os
import signal
import sqlite3
import subprocess
import time
from urllib.parse import quote, unquote, urljoin, urlsplit

import lxml.html

import harness
from server import Server, links, page, redirect

ATTRIBUTES = {"a": "href", "area": "href", "iframe": "src", "frame": "src"}


def targets(path, uri):
    """URIs on the same host that the file links to, unescaped."""
    with open(path, "rb") as f:
        data = f.read()
    if not data.strip():
        return
    tree = lxml.html.document_fromstring(data, parser=lxml.html.HTMLParser(huge_tree=True))
    here = "http://site" + quote(uri)
    for base in tree.iter("base"):
        here = urljoin(here, base.get("href", ""))
        break
    written = [(e.get(ATTRIBUTES[e.tag]) or "").strip() for e in tree.iter(*ATTRIBUTES)
               if "nofollow" not in (e.get("rel") or "").lower().split()]
    written += [e.get("href", "").strip() for e in tree.iter("link")
                if (e.get("rel") or "").lower() == "canonical"]
    for target in filter(None, written):
        url = urlsplit(urljoin(here, target))
        if url.scheme == "http" and url.netloc == "site":
            yield unquote(url.path or "/"), url.query


def reachable(root, start):
    """Every (path, query) that the files below `root` lead to from `start`."""
    seen, to_do = {(start, "")}, [start]
    while to_do:
        uri = to_do.pop()
        for path, query in targets(root + uri, uri):
            file = root + path
            if (path, query) in seen:
                continue
            seen.add((path, query))
            if not query and file.endswith((".html", ".htm")) and os.path.isfile(file):
                to_do.append(path)
    return seen


class Documentation(harness.CrawlTest):
    def asked(self, server):
        """How often each URI was asked for, unescaped, without robots.txt."""
        found = collections.Counter()
        for _, _, _, uri, _ in server.requests():
            path, _, query = uri.partition("?")
            found[unquote(path), query] += 1
        found.pop(("/robots.txt", ""), None)
        return found

    def assert_complete(self, server, want):
        asked = self.asked(server)
        self.assertEqual((set(asked) - want, want - set(asked)), (set(), set()))
        self.assertEqual([u for u, nr in asked.items() if nr > 1], [])

    def assert_rows(self, server, want):
        rows = self.rows("select url, length, status, outcome from results")
        self.assertEqual(len(rows), len(want))
        for url, length, status, outcome in rows:
            file = server.root + unquote(urlsplit(url).path)
            if os.path.isfile(file):
                self.assertEqual((length, status, outcome),
                                 (os.path.getsize(file), 200, "ok"), url)
            else:
                self.assertIn((status, outcome), ((404, "http_error"), (403, "http_error")), url)

    def crawl_tree(self, root, start):
        server = self.nginx(root=root)
        want = reachable(root, start)
        self.assertGreater(len(want), 1000)
        self.write("urls.txt", "http://127.0.0.1:%d%s\n" % (server.port, start))
        return server, want

    def test_every_page_that_links_lead_to_is_asked_once(self):
        for root, start in ((harness.MORE_PAGES, "/index.html"),
                            (harness.PAGES, "/en/index.html")):
            server, want = self.crawl_tree(root, start)
            self.crawl("urls.txt", "--depth", "1000", "--per-host", "16", "--force")
            self.assert_complete(server, want)
            self.assert_rows(server, want)

    def test_two_seeds_on_two_hosts_are_two_crawls(self):
        server, want = self.crawl_tree(harness.MORE_PAGES, "/index.html")
        self.write("urls.txt", "".join("http://127.0.0.%d:%d/index.html\n" % (i, server.port)
                                       for i in (1, 2)))
        self.crawl("urls.txt", "--depth", "1000", "--per-host", "16")
        asked = collections.Counter((r[1], unquote(r[3])) for r in server.requests())
        self.assertEqual(set(asked.values()), {1})
        for host in ("127.0.0.1", "127.0.0.2"):
            self.assertEqual({u for h, u in asked if h == host} - {"/robots.txt"},
                             {path for path, _ in want})

    def test_a_killed_recursive_crawl_goes_on_to_the_same_set(self):
        server, want = self.crawl_tree(harness.MORE_PAGES, "/index.html")
        for nr_pages in (100, 400, 800):
            process = self.start("urls.txt", "--depth", "1000")
            while process.poll() is None and sum(self.asked(server).values()) < nr_pages:
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        self.crawl("urls.txt", "--depth", "1000")
        self.assertEqual(set(self.asked(server)), want)
        self.assert_rows(server, want)


class Rules(harness.CrawlTest):
    def site(self, answers):
        server = Server(answers)
        self.addCleanup(server.stop)
        return server

    def follow(self, server, *args, seeds=("/",), depth="100"):
        """The paths asked, each once, without robots.txt."""
        self.write("urls.txt", "".join(
            (s if "://" in s else server.url(s)) + "\n" for s in seeds))
        self.crawl("urls.txt", "--depth", depth, "--force", *args)
        paths = [r.path for r in server.asked()]
        self.assertEqual(sorted(set(paths)), sorted(paths))
        server.requests.clear()
        return set(paths)

    def outcomes(self):
        return {urlsplit(url).path: rest for url, *rest in
                self.rows("select url, outcome, error from results")}

    def test_depth_counts_hops(self):
        server = self.site({"/": links("/1"), "/1": links("/2"), "/2": links("/3"),
                            "/3": links("/4")})
        for depth in range(4):
            self.assertEqual(self.follow(server, depth=str(depth)),
                             {"/", "/1", "/2", "/3"} - {"/%d" % n for n in range(depth + 1, 4)})
            self.assertEqual(self.rows("select max(depth) from results"), [(depth,)])

    def test_a_url_has_many_spellings_and_is_asked_once(self):
        server = self.site({"/a/b": page(b"x")})
        server.answers["/"] = links(
            "/a/b", "a/b", "./a/b", "/x/../a/b", "/a/b#part", "//127.0.0.1:%d/a/b" % server.port,
            "HTTP://127.0.0.1:%d/a/b" % server.port, "http:/a/b", "\\a\\b", " /a/b\n", "/a/./b",
            "/%61/b/../b", "http://0x7f.1:%d/a/b" % server.port, "/a/%2e/b")
        self.assertEqual(self.follow(server) - {"/%61/b", "/a/%2e/b"}, {"/", "/a/b"})

    def test_links_are_found_wherever_html_puts_them(self):
        server = self.site({
            "/": page(b"""<!doctype html><head><base href="/in/"><link rel=canonical href=/canon>
<meta http-equiv=refresh content="9; url=/later"></head><body><a href=plain>x</a>
<A HREF='q?a=1&amp;b=2'>y</A><map><area href="area"></map><iframe src=frame></iframe>
<!-- <a href=comment> --><script>"<a href=script>"</script><textarea><a href=text></textarea>
<a href="&#47;entity">z</a><a href=mailto:x@y.z><a href="javascript:void(0)"><a href=tel:1>
<img src=image><link rel=stylesheet href=style>""")})
        self.assertEqual(self.follow(server),
                         {"/", "/canon", "/later", "/in/plain", "/in/q?a=1&b=2", "/in/area",
                          "/in/frame", "/entity"})

    def test_scope_host_prefix_and_any(self):
        server = self.site({})
        far = server.url("/far", "127.0.0.2")
        server.answers["/docs/"] = links("/docs/a", "/docs/../b", "/docs2", "/docs/a/b/", far)
        near = {"/docs/", "/docs/a", "/docs/a/b/"}
        self.assertEqual(self.follow(server, seeds=["/docs/"]), near | {"/b", "/docs2"})
        self.assertEqual(self.follow(server, "--scope", "prefix", seeds=["/docs/"]), near)
        self.assertEqual(self.follow(server, "--scope", "any", "--allow-private", "127.0.0.0/8",
                                     seeds=["/docs/"]), near | {"/b", "/docs2", "/far"})
        self.assertEqual(self.follow(server, "--scope", "any", seeds=["/docs/"]),
                         near | {"/b", "/docs2"})
        self.assertEqual(self.outcomes()["/far"], ["skipped", "blocked_address"])

    def test_scope_domain_follows_the_public_suffix_list(self):
        server = self.site({})
        port = server.port
        names = ("www.example.co.uk", "img.example.co.uk", "example.co.uk", "other.co.uk")
        server.answers["/"] = links(*("http://%s:%d/%s" % (n, port, n) for n in names))
        args = [a for n in names for a in ("--resolve", "%s:%d:127.0.0.1" % (n, port))]
        self.assertEqual(self.follow(server, "--scope", "domain", "--allow-private", "127.0.0.0/8",
                                     *args, seeds=["http://www.example.co.uk:%d/" % port]),
                         {"/"} | {"/" + n for n in names[:3]})

    def test_include_and_exclude(self):
        server = self.site({"/": links("/en/a", "/de/a", "/en/a.pdf"),
                            "/en/a": links("/en/b", "/de/b")})
        self.assertEqual(self.follow(server, "--include", "/en/"),
                         {"/", "/en/a", "/en/a.pdf", "/en/b"})
        self.assertEqual(self.follow(server, "--include", "/en/", "--exclude", r"\.pdf$"),
                         {"/", "/en/a", "/en/b"})
        self.assertEqual(self.follow(server, "--exclude", "/de/|pdf"), {"/", "/en/a", "/en/b"})

    def test_nofollow_in_links_pages_and_headers(self):
        seeds = ["/rel", "/meta", "/named", "/header", "/other", "/noindex"]
        server = self.site({
            "/rel": page(b"<a rel='x NoFollow' href=/no1><a href=/yes1>"),
            "/meta": links("/no2", head="<meta name=robots content='noindex, NOFOLLOW'>"),
            "/named": links("/no3", head="<meta name=crawl content=none>"),
            "/header": page(b"<a href=/no4>", headers=["X-Robots-Tag: nofollow"]),
            "/other": page(b"<a href=/yes2>", headers=["X-Robots-Tag: otherbot: nofollow"]),
            "/noindex": links("/yes3", head="<meta name=robots content=noindex>")})
        yes, no = {"/yes1", "/yes2", "/yes3"}, {"/no1", "/no2", "/no3", "/no4"}
        self.assertEqual(self.follow(server, seeds=seeds) - set(seeds), yes)
        self.assertEqual(self.follow(server, "--robots", "ignore", seeds=seeds) - set(seeds),
                         yes | no)

    def test_robots_txt_stops_followed_links(self):
        server = self.site({"/robots.txt": page(b"User-agent: *\nDisallow: /no\n"),
                            "/": links("/no/1", "/yes")})
        self.assertEqual(self.follow(server), {"/", "/yes"})
        self.assertEqual(self.outcomes()["/no/1"], ["skipped", "robots"])

    def test_redirects_of_links_are_urls_of_their_own(self):
        server = self.site({"/": links("/r", "/loop", "/out", "/t"), "/r": redirect("/t"),
                            "/loop": redirect("/loop2"), "/loop2": redirect("/loop"),
                            "/out": redirect("http://127.0.0.2:1/"), "/t": links("/u")})
        self.assertEqual(self.follow(server), {"/", "/r", "/loop", "/loop2", "/out", "/t", "/u"})
        found = self.outcomes()
        self.assertEqual(found["/r"], ["redirect", None])
        self.assertEqual(found["/out"], ["error", "bad_port"])
        self.assertEqual(found["/loop"], ["error", "redirect_loop"])
        self.assertEqual(found["/loop2"], ["error", "redirect_loop"])
        self.assertEqual(found["/t"], ["ok", None])

    def test_an_endless_chain_of_redirects_ends(self):
        server = self.site({"/": links("/c/0")})
        server.answers[None] = lambda r: (redirect("/c/%d" % (int(r.path[3:]) + 1))
                                          if r.path.startswith("/c/") else page(b"x"))
        self.assertLess(len(self.follow(server)), 20)
        self.assertIn(("redirect_limit",), self.rows("select error from results"))

    def test_the_canonical_link_is_stored_and_followed(self):
        server = self.site({
            "/": links("/dup?session=1"), "/main": page(b"x"),
            "/dup?session=1": links(head="<link rel=canonical href=/main>")})
        self.assertEqual(self.follow(server), {"/", "/dup?session=1", "/main"})
        self.assertEqual(self.rows("select canonical from results where url like '%session%'"),
                         [(server.url("/main"),)])

    def test_sitemaps_are_read_when_asked_for(self):
        def xml(root, item, *locations):
            return ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><%s xmlns="http://www.'
                    'sitemaps.org/schemas/sitemap/0.9">%s</%s>' % (root, "".join(
                        "<%s><loc>%s</loc></%s>" % (item, loc, item) for loc in locations),
                        root)).encode()
        server = self.site({})
        url = server.url
        server.answers.update({
            "/": links("/linked"),
            "/robots.txt": page(("Sitemap: %s\nSitemap: /list.txt\n" % url("/index.xml")).encode()),
            "/index.xml": page(xml("sitemapindex", "sitemap", url("/a.xml"), url("/b.xml.gz"),
                                   url("/index.xml"), url("/x.xml", "127.0.0.2")),
                               headers=["Content-Type: application/xml"]),
            "/a.xml": page(xml("urlset", "url", url("/s1"), url("/s2?a=1&amp;b=2"), url("/linked"),
                               url("/foreign", "127.0.0.2"))),
            "/b.xml.gz": page(gzip.compress(xml("urlset", "url", url("/s3"))),
                              headers=["Content-Type: application/gzip"]),
            "/list.txt": page(("%s\n%s\n" % (url("/s4"), url("/s5"))).encode(),
                              headers=["Content-Type: text/plain"])})
        self.assertEqual(self.follow(server), {"/", "/linked"})
        maps = {"/index.xml", "/a.xml", "/b.xml.gz"}
        found = self.follow(server, "--sitemaps")
        self.assertEqual(found - {"/list.txt", "/s4", "/s5"},
                         {"/", "/linked", "/s1", "/s2?a=1&b=2", "/s3"} | maps)

    def test_a_sitemap_on_the_list_or_in_a_file_is_read_as_one(self):
        server = self.site({})
        url = server.url
        urlset = "<?xml version='1.0'?><urlset>%s</urlset>"
        entries = urlset % "".join("<url><loc>%s</loc></url>" % url("/" + n) for n in "ab")
        index = "<sitemapindex><sitemap><loc>%s</loc></sitemap></sitemapindex>" % url("/m.gz")
        xml = ["Content-Type: application/xml"]
        server.answers.update({
            "/robots.txt": page(b"", "404 Not Found"), "/a": links(), "/b": links(),
            "/map": page(entries.encode(), headers=xml),
            "/m.gz": page(gzip.compress(entries.encode()), headers=["Content-Type: application/gzip"])})
        self.write("map.xml", index)
        for name in (url("/map"), url("/m.gz"), "map.xml"):
            self.crawl(name, "--sitemaps", "--force", "-o", "c.db")
            self.assertEqual(self.rows("SELECT count(*) FROM pages WHERE outcome = 'ok' AND"
                                       " (url LIKE '%/a' OR url LIKE '%/b')", "c.db"), [(2,)], name)
        _, err = self.crawl(url("/map"), "--force", "-o", "c.db")
        self.assertIn("1 listed URL is a sitemap: --sitemaps reads the entries", err)
        self.assertEqual(self.rows("SELECT count(*) FROM events WHERE what = 'sitemap'", "c.db"), [(1,)])
        _, err = self.crawl("map.xml", expect=2)
        self.assertIn("crawl --sitemaps map.xml", err)

    def test_a_calendar_without_end_has_an_end(self):
        server = self.site({})

        def answer(request):
            at = urlsplit(request.path)
            if at.path == "/calendar":
                return links("/calendar?month=%d" % (int(at.query[6:] or 0) + 1))
            return links("x/", "/y" + at.path, "/calendar?month=1")
        server.answers[None] = answer
        server.answers["/robots.txt"] = page(b"", "404 None")
        found = self.follow(server, "--max-query-variants", "20", "--max-path-depth", "8",
                            depth="100000")
        self.assertLess(len(found), 400)
        traps = dict(self.rows("select detail, count(*) from results where error = 'trap' group by 1"))
        self.assertGreaterEqual(len(traps), 2, traps)

    def test_pages_per_host_are_limited(self):
        server = self.site({"/robots.txt": page(b"", "404 None")})
        server.answers[None] = lambda r: links(*("/%s%d" % (r.path.strip("/"), i) for i in range(5)))
        self.assertLessEqual(len(self.follow(server, "--max-pages-per-host", "100")), 101)
        server.answers["/"] = links(*("/%d" % i for i in range(900)))      # all on one page
        self.assertLessEqual(len(self.follow(server, "--max-pages-per-host", "100")), 101)

    def test_what_was_refused_as_a_link_is_fetched_when_the_list_names_it(self):
        server = self.site({None: page(b"x")})
        server.answers[("127.0.0.1", "/")] = links("/a/b/c/d", server.url("/", "127.0.0.2"))
        deep, private = server.url("/a/b/c/d"), server.url("/", "127.0.0.2")
        command = ("urls.txt", "--depth", "1", "--max-path-depth", "3", "--scope", "any",
                   "-o", "crawl.db", "-o", "db.txt")
        self.write("urls.txt", server.url("/") + "\n")
        self.crawl(*command)
        self.assertEqual(self.results("url, error"), [(deep, "trap"), (private, "blocked_address"),
                                                      (server.url("/"), None)])
        # the same run goes on: the list is longer now
        self.write("urls.txt", "%s\n%s\n%s\n" % (server.url("/"), deep, private))
        self.crawl(*command)
        self.assertEqual(self.results("line, url, outcome"),
                         [(1, server.url("/"), "ok"), (2, deep, "ok"), (3, private, "ok")])
        self.assertEqual(self.rows("select count(*), count(distinct url) from pages"), [(3, 3)])
        self.assertEqual(set(self.db_txt()), {server.url("/"), deep, private})

    def test_a_refused_link_that_a_later_line_of_the_same_list_names_is_fetched(self):
        server = self.site({"/": links("/a/b/c/d"), None: page(b"x")})
        process = self.start("-", "--depth", "1", "--max-path-depth", "3", stdin=subprocess.PIPE)
        process.stdin.write(server.url("/") + "\n")
        process.stdin.flush()
        while process.poll() is None:
            with contextlib.suppress(sqlite3.OperationalError):     # no file yet
                if self.rows("select 1 from pages where error = 'trap'"):
                    break
            time.sleep(0.02)
        process.communicate(server.url("/a/b/c/d") + "\n", timeout=60)
        self.assertEqual(self.results("line, outcome"), [(1, "ok"), (2, "ok")])
        self.assertEqual(self.rows("select count(*) from pages"), [(2,)])

    def test_traps_count_on_after_a_resume(self):
        server = self.site({"/robots.txt": page(b"", "404 None")})
        server.answers[None] = lambda r: links(
            *("/%s%d" % (r.path.split("?")[0].strip("/"), i) for i in range(5)),
            *("/q?%s%d" % (r.path.partition("?")[2], i) for i in range(5)))
        self.write("urls.txt", server.url("/") + "\n")
        command = ("urls.txt", "--depth", "20", "--max-pages-per-host", "60",
                   "--max-query-variants", "20")
        for _ in range(4):
            self.crawl(*command, "--max-urls", "12", expect=4)
        self.crawl(*command)
        asked = [r.path for r in server.asked()]
        self.assertEqual(len(asked), len(set(asked)))
        self.assertLessEqual(len([path for path in asked if path.startswith("/q?")]), 20)
        self.assertLessEqual(len(asked), 61)

    def test_max_urls_ends_the_run_and_the_next_one_goes_on(self):
        server = self.site({"/%d" % n: links(*("/%d" % m for m in range(40))) for n in range(40)})
        self.write("urls.txt", server.url("/0") + "\n")
        self.crawl("urls.txt", "--depth", "9", "--max-urls", "10", expect=4)
        self.assertEqual(len(server.asked()), 10)
        self.crawl("urls.txt", "--depth", "9")
        self.assertEqual(sorted(r.path for r in server.asked()),
                         sorted("/%d" % n for n in range(40)))


if __name__ == "__main__":
    harness.main()

#!/usr/bin/python3
"""The main job on real pages: every length equals the file's."""
import gzip

import harness


class Pages(harness.CrawlTest):
    def page_list(self, server, at_most=None, hosts=8):
        """{url: size} over several addresses of one server."""
        files = harness.html_files(server.root, at_most)
        return {"http://127.0.0.%d:%d/%s" % (1 + i % hosts, server.port, path): size
                for i, (path, size) in enumerate(files)}

    def assert_complete(self, want, database="crawl.db"):
        rows = self.results(database=database)
        self.assertEqual(len(rows), len(want))
        for url, length, status, outcome, error in rows:
            self.assertEqual((length, status, outcome, error),
                             (want[url], 200, "ok", None), url)

    def test_every_length_equals_the_files_in_both_outputs(self):
        want = self.page_list(self.nginx())
        self.assertGreaterEqual(len(want), 2000)
        self.write("urls.txt", "".join(url + "\n" for url in want))
        self.crawl("urls.txt", "-o", "crawl.db", "-o", "db.txt", "--per-host", "32")
        self.assert_complete(want)
        self.assertEqual(self.db_txt(), want)

    def test_two_runs_give_the_same_rows(self):
        want = self.page_list(self.nginx(), 600)
        self.write("urls.txt", "".join(url + "\n" for url in want))
        columns = "url, line, length, status, outcome, error, final_url, content_hash"
        self.crawl("urls.txt", "-o", "one.db")
        self.crawl("urls.txt", "-o", "two.db", "--workers", "3", "--concurrency", "20")
        self.assertEqual(self.results(columns, "one.db"), self.results(columns, "two.db"))

    def test_tls_with_an_own_authority(self):
        server = self.nginx(tls=True)
        files = harness.html_files(server.root, 400)
        want = {"https://127.0.0.%d:%d/%s" % (1 + i % 4, server.tls_port, path): size
                for i, (path, size) in enumerate(files)}
        self.write("urls.txt", "".join(url + "\n" for url in want))
        self.crawl("urls.txt", "--cacert", server.folder + "/ca.pem")
        self.assert_complete(want)
        versions = self.rows("select distinct http_version from pages")
        self.assertEqual(versions, [("2",)])
        self.crawl("urls.txt", "--cacert", server.folder + "/ca.pem", "--http1.1",
                   "-o", "one.db")
        self.assert_complete(want, "one.db")

    def test_an_unknown_authority_is_a_tls_row_each(self):
        server = self.nginx(tls=True)
        self.write("urls.txt", "https://localhost:%d/en/index.html\nhttps://127.0.0.1:%d/x\n"
                   % (server.tls_port, server.tls_port))
        self.crawl("urls.txt", "--retries", "0", expect=3)
        self.assertEqual([row[3:] for row in self.results()], [("error", "tls")] * 2)
        self.crawl("urls.txt", "--retries", "0", "-k", "-o", "k.db")
        self.assertEqual({row[3] for row in self.results(database="k.db")},
                         {"ok", "http_error"})

    def test_lists_from_standard_input_and_gzip(self):
        want = self.page_list(self.nginx(), 50)
        text = "".join(url + "\n" for url in want)
        with gzip.open(self.path("urls.txt.gz"), "wt") as f:
            f.write(text)
        self.crawl("urls.txt.gz", "-o", "gz.db")
        self.assert_complete(want, "gz.db")
        self.crawl("-", "-o", "pipe.db", stdin=text)
        self.assert_complete(want, "pipe.db")

    def test_compressed_answers_have_their_decoded_length(self):
        server = self.nginx(http_extra="gzip on; gzip_min_length 1; gzip_types text/html;")
        want = self.page_list(server, 100)
        self.write("urls.txt", "".join(url + "\n" for url in want))
        self.crawl("urls.txt")
        self.assert_complete(want)
        self.assertEqual(self.rows("select distinct encoding from pages"), [("gzip",)])
        self.assertTrue(self.rows("select sum(bytes_down) < sum(length) from pages")[0][0])

    def test_a_host_keeps_its_connections(self):
        server = self.nginx()
        want = self.page_list(server, 800, hosts=1)
        self.write("urls.txt", "".join(url + "\n" for url in want))
        self.crawl("urls.txt", "--per-host", "4")
        connections = {r[4] for r in server.requests()}
        self.assertLessEqual(len(connections), 12)


class Redirects(harness.CrawlTest):
    SERVER = """
        location /hop/0 { return 302 /index.txt; }
        location ~ ^/hop/([1-9])$ { return 301 /hop/0; }
        location /to-loop { return 302 /loop; }
        location /loop { return 302 /to-loop; }
        location ~ ^/long/(.*)$ { return 302 /long/x$1; }
        location /gone { return 302 /no-such; }
        location /ftp { return 302 ftp://example.org/; }
        location /other { return 302 http://127.0.0.9:$server_port/index.txt; }
        location /index.txt { return 200 "twelve bytes"; }
        location /teapot { return 418 "short"; }
        location /nothing { return 204; }
    """

    def outcome(self, server, paths, *args, expect=0):
        self.write("urls.txt", "".join("http://127.0.0.1:%d%s\n" % (server.port, p)
                                       for p in paths))
        self.crawl("urls.txt", "-o", "crawl.db", "-o", "db.txt", "--force", *args, expect=expect)
        return self.results("url, length, status, outcome, error, final_url")

    def test_the_listed_url_gets_its_final_answer(self):
        server = self.nginx(server_extra=self.SERVER)
        base = "http://127.0.0.1:%d" % server.port
        rows = self.outcome(server, ["/hop/1", "/hop/0", "/index.txt"])
        self.assertEqual([row[1:5] for row in rows], [(12, 200, "ok", None)] * 3)
        self.assertEqual({row[5] for row in rows}, {base + "/index.txt"})
        self.assertEqual(self.db_txt(), {base + p: 12 for p in ["/hop/1", "/hop/0", "/index.txt"]})
        hops = self.rows("select from_url, to_url, r.status from redirects r join pages p "
                         "on p.id = r.page_id where p.url = ? order by hop",
                         parameters=(base + "/hop/1",))
        self.assertEqual(hops, [(base + "/hop/1", base + "/hop/0", 301),
                                (base + "/hop/0", base + "/index.txt", 302)])

    def test_loops_and_long_chains_have_their_class(self):
        server = self.nginx(server_extra=self.SERVER)
        rows = self.outcome(server, ["/to-loop", "/long/a", "/gone", "/ftp"])
        self.assertEqual([row[3:5] for row in rows],
                         [("error", "redirect_loop"), ("error", "redirect_limit"),
                          ("http_error", None), ("error", "blocked_scheme")])
        self.assertEqual(rows[2][2], 404)

    def test_a_redirect_to_a_private_host_off_the_list_is_blocked(self):
        server = self.nginx(server_extra=self.SERVER)
        rows = self.outcome(server, ["/other"])     # it answered: no exit 3
        self.assertEqual([row[3:5] for row in rows], [("skipped", "blocked_address")])
        rows = self.outcome(server, ["/other"], "--allow-private", "127.0.0.0/8")
        self.assertEqual([row[1:5] for row in rows], [(12, 200, "ok", None)])

    def test_answers_other_than_200_are_rows_and_stay_out_of_db_txt(self):
        server = self.nginx(server_extra=self.SERVER)
        rows = self.outcome(server, ["/teapot", "/nothing", "/no/such/page"])
        self.assertEqual([(row[2], row[3]) for row in rows],
                         [(418, "http_error"), (204, "ok"), (404, "http_error")])
        self.assertEqual(self.db_txt(), {})


if __name__ == "__main__":
    harness.main()

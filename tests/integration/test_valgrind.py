#!/usr/bin/python3
"""The hostile web of test_hostile.py, a smaller one, under valgrind: parent,
spawner and workers, each without an error or a leak. For the nightly run;
valgrind of Debian 12 wants the shim beside this file.

The sandbox is off: that valgrind knows no Landlock, and makes calls of its own.
"""
import glob
import os
import re
from pathlib import Path

import harness
import test_hostile

SHIM = os.environ.get("VALGRIND_SHIM", os.path.join(
    harness.ROOT, "build-dev/tests/integration/libvalgrind_shim.so"))
RELEASE = os.path.join(harness.ROOT, "build", "crawl")
KNOWN = os.path.join(harness.ROOT, "tests", "support", "valgrind.supp")
HONEST = 100
FAULTS = re.compile("== (Invalid |Conditional jump|Use of uninit|Syscall param|Mismatched|"
                    "Source and dest|Process terminating|.* definitely lost in )")
ARGUMENTS = ("--max-time", "90s", "--first-byte-timeout", "20s", "--idle-timeout", "20s",
             "--connect-timeout", "60s", "--max-size", "1M", "--retries", "0",
             "--max-crawl-delay", "1s", "--workers", "2", "--concurrency", "128",
             "--sandbox", "off", "--robots", "ignore")


class Valgrind(test_hostile.Hostile):
    def test_a_hostile_web_under_valgrind(self):
        test_hostile.COPIES = 1
        server, nginx = self.start_server({}), self.nginx()
        wanted = self.faults(server) + self.tls_faults(server) + self.others()
        wanted += [("honest", "http://127.0.0.%d:%d/%s" % (1 + i % 15, nginx.port, path),
                    "ok", None) for i, (path, _) in
                   enumerate(harness.html_files(nginx.root, HONEST))]
        self.write("urls.txt", "".join(url + "\n" for _, url, _, _ in wanted))
        process = self.start(
            "urls.txt", "-o", "crawl.db", "-o", "db.txt", "-o", "out.jsonl", "-o", "out.warc.gz",
            "--cacert", "ca.pem", *ARGUMENTS, env={"LD_PRELOAD": SHIM},
            prefix=("valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite",
                    "--log-file=vg.%p", "--suppressions=" + KNOWN))
        _, err = process.communicate(timeout=1200)
        self.assertEqual(process.returncode, 0, err[-3000:])
        rows = {url: rest for url, *rest in self.results("url, outcome, error")}
        wrong = [(what, url, rows.get(url), outcome, error) for what, url, outcome, error in wanted
                 if (rows.get(url) or rows[url.replace("\t", "")]) != [outcome, error]]
        self.assertEqual(wrong, [])
        logs = [Path(path).read_text(errors="replace") for path in glob.glob(self.path("vg.*"))]
        bad = [log for log in logs if FAULTS.search(log)]
        self.assertEqual("\n".join(log[:6000] for log in bad), "")
        # who is killed at the end, as the spawner is, has no last word
        ended = [log for log in logs if "ERROR SUMMARY: 0 errors" in log]
        self.assertGreaterEqual(len(ended), 2)      # the parent and a worker
        print("%d URLs in %d processes, no error" % (len(wanted), len(logs)))


for name in dir(test_hostile.Hostile):
    if name.startswith("test_"):
        setattr(Valgrind, name, None)

if __name__ == "__main__":
    harness.CRAWL = RELEASE
    harness.main()

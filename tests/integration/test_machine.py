#!/usr/bin/python3
"""What the machine does to a crawl: signals, a terminal that goes, too few
descriptors, processes, bytes of memory and of disk.

Whatever there is too little of, a run ends in one of two ways: complete, with no
row but the right one or our own failure; or with a documented exit status, a line
that says why, and nothing lost: the same command completes it with more.
"""
import fcntl
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import termios
import threading
import time
import unittest

import harness
from server import RESET, Server, links, page, slow

RELEASE = os.path.join(harness.ROOT, "build", "crawl")
OURS = {None, "internal", "worker_crash"}
USER = 54321                    # whose processes are only ours


class Said:
    """Standard error of a process, read as it comes."""

    def __init__(self, process):
        self.text = ""
        self.thread = threading.Thread(target=self.read, args=(process.stderr,), daemon=True)
        self.thread.start()

    def read(self, stream):
        with stream:
            for line in stream:
                self.text += line


class Signals(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        self.server = Server({None: slow(0.03), "/robots.txt": page(b"", "404 None")})
        self.addCleanup(self.server.stop)
        self.urls = [self.server.url("/%d" % n, "127.0.3.%d" % (n % 40)) for n in range(1500)]
        self.write("urls.txt", "".join(url + "\n" for url in self.urls))

    def start_and_wait(self, *args, **popen):
        process = self.start("urls.txt", "--per-host", "2", *args, **popen)
        self.addCleanup(process.kill)
        self.wait(process, lambda: len(self.server.asked()) > 200)
        return process

    def wait(self, process, condition):
        end = time.monotonic() + harness.RUN_LIMIT_S
        while process.poll() is None and time.monotonic() < end and not condition():
            time.sleep(0.01)
        self.assertTrue(condition())

    def assert_complete(self, process=None):
        if process:
            process.wait(harness.RUN_LIMIT_S)
            self.assertEqual(process.returncode, 0)
        self.assertEqual(self.rows("select outcome, error, count(*) from results group by 1, 2"),
                         [("ok", None, len(self.urls))])

    def test_usr1_prints_a_line_of_status_and_changes_nothing(self):
        process = self.start_and_wait("-q")
        said = Said(process)
        for nr in range(1, 3):
            process.send_signal(signal.SIGUSR1)
            self.wait(process, lambda nr=nr: said.text.count("\n") >= nr)
        self.assert_complete(process)
        said.thread.join()
        for line in said.text.splitlines():
            self.assertRegex(line, r"^crawl: done=\d+ urls=\d+ ok=\d+ failed=0 active=\d+ "
                                   r"hosts_waiting=\d+ bytes=\d+ session_done=\d+$")

    def test_usr2_pauses_and_resumes(self):
        process = self.start_and_wait("-q")
        said = Said(process)
        process.send_signal(signal.SIGUSR2)

        def is_paused():
            process.send_signal(signal.SIGUSR1)
            return " paused\n" in said.text
        self.wait(process, is_paused)
        self.wait(process, lambda: not any(self.server.now.values()))
        asked = len(self.server.requests)
        time.sleep(0.5)
        self.assertEqual(len(self.server.requests), asked)
        self.assertLess(asked, len(self.urls))
        process.send_signal(signal.SIGUSR2)
        self.assert_complete(process)

    def test_a_broken_pipe_ends_nothing(self):
        process = self.start_and_wait("-v")
        process.send_signal(signal.SIGPIPE)
        process.stderr.close()          # nobody reads what it says
        process.stdout.close()
        self.assert_complete(process)

    def test_a_limit_on_the_size_of_files_is_told_as_a_full_disk(self):
        process = self.start_and_wait("-o", "crawl.db", "-o", "db.txt", "-o", "out.jsonl")
        said = Said(process)
        size = max(os.path.getsize(self.path(name)) for name in os.listdir(self.folder))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size + 5000, size + 5000))
        process.wait(harness.RUN_LIMIT_S)
        said.thread.join()
        self.assertEqual(process.returncode, 5, said.text)
        self.assertIn("no space left", said.text)
        self.crawl("urls.txt", "--per-host", "6", "-o", "crawl.db", "-o", "db.txt",
                   "-o", "out.jsonl")
        self.assert_complete()
        self.assertEqual(set(self.db_txt()), set(self.urls))

    def test_a_start_names_the_limit_that_is_too_small_for_it(self):
        for what, name in ((resource.RLIMIT_FSIZE, "RLIMIT_FSIZE is 65536"),
                           (resource.RLIMIT_NPROC, "RLIMIT_NPROC is 3"),
                           (resource.RLIMIT_NOFILE, "RLIMIT_NOFILE is 20")):
            number = int(name.rpartition(" ")[2])
            process = self.start("urls.txt", preexec_fn=lambda what=what, number=number:
                                 resource.setrlimit(what, (number, number)))
            _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
            self.assertEqual(process.returncode, 1, err)
            self.assertIn(name, err)

    def test_a_terminal_that_goes_is_a_hangup(self):
        ours, theirs = pty.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
        process = subprocess.Popen(
            [harness.CRAWL, "urls.txt", "--per-host", "2"], cwd=self.folder, stdin=theirs,
            stdout=theirs, stderr=theirs, env=self.environment({"TERM": "xterm"}),
            preexec_fn=take_terminal)
        self.addCleanup(process.kill)
        os.close(theirs)
        drain = threading.Thread(target=self.drain, args=(ours,), daemon=True)
        drain.start()
        self.wait(process, lambda: len(self.server.asked()) > 200)
        self.closing = True
        drain.join(20)
        os.close(ours)
        process.wait(60)
        self.assertEqual(process.returncode, 128 + signal.SIGHUP)
        self.crawl("urls.txt", "--per-host", "6")
        self.assert_complete()

    closing = False

    def drain(self, terminal):
        os.set_blocking(terminal, False)
        while not self.closing:
            try:
                os.read(terminal, 65536)
            except BlockingIOError:
                time.sleep(0.01)


class Absence(harness.CrawlTest):
    """The lid of a laptop, or SIGSTOP: none of the processes runs for a while."""
    LIMIT_S, AWAY_S = 3, 4

    def setUp(self):
        super().setUp()
        self.closed = set()
        self.server = Server({"/robots.txt": page(b"", "404 None"), "/late": slow(5),
                              "/closed": self.close_once})
        self.addCleanup(self.server.stop)

    def close_once(self, request):
        """Gives up a client that does not read, as servers do."""
        if request.address in self.closed:
            return page(b"here")
        self.closed.add(request.address)
        return [2, RESET]

    def test_what_fails_while_nothing_runs_is_asked_again_and_is_no_try(self):
        urls = [self.server.url("/late" if n < 9 else "/closed", "127.0.3.%d" % n)
                for n in range(1, 17)]      # each a host, so that all are asked at once
        self.write("urls.txt", "".join(url + "\n" for url in urls))
        process = self.start("urls.txt", "--retries", "0", "--first-byte-timeout",
                             "%ds" % self.LIMIT_S, "--max-host-errors", "1",
                             start_new_session=True)
        self.addCleanup(process.kill)
        said = Said(process)
        end = time.monotonic() + 60
        while len(self.server.asked()) < len(urls) and time.monotonic() < end:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(self.AWAY_S)
        os.killpg(process.pid, signal.SIGCONT)
        process.wait(harness.RUN_LIMIT_S)
        said.thread.join()
        self.assertEqual(self.rows("select outcome, error, tries, count(*) from results"
                                   " group by 1, 2, 3"), [("ok", None, 1, len(urls))])
        self.assertEqual(self.rows("select count(*) > 0 from events where what = 'absence'"),
                         [(1,)])


class Resources(harness.CrawlTest):
    def setUp(self):
        super().setUp()
        root = self.path("root")
        os.mkdir(root)
        os.chmod(self.folder, 0o777)
        for i in range(40):
            with open(os.path.join(root, "%d.html" % i), "w") as f:
                f.write("<!doctype html><title>page %d</title>%s" % (i, "<p>text" * 2000))
        self.server = self.nginx(root=root, tls=True)
        self.urls = ["http://%s:%d/%d.html" % (host, self.server.port, i)
                     for i in range(40) for host in ("127.0.0.1", "localhost", "127.0.0.2")]
        self.urls += ["https://127.0.0.%d:%d/%d.html" % (1 + i % 9, self.server.tls_port, i)
                      for i in range(40)]
        shutil.copy(os.path.join(self.server.folder, "ca.pem"), self.path("ca.pem"))
        os.chmod(self.path("ca.pem"), 0o644)
        self.write("urls.txt", "".join(url + "\n" for url in self.urls))

    ARGUMENTS = ("--robots", "ignore", "--delay", "0", "--retry-delay", "10ms", "--workers", "4",
                 "--concurrency", "100", "--cacert", "ca.pem", "-o")

    def run_with(self, what, value, program=None, user=None):
        """(exit status, what it said) under a limit; the rows are checked."""
        def limit():
            if user:
                os.setgroups([])
                os.setresgid(user, user, user)
            resource.setrlimit(what, (value, value))
            if user:
                os.setresuid(user, user, user)
        name = "%d-%d.db" % (what, value)
        command = [program or harness.CRAWL, "urls.txt", *self.ARGUMENTS, name]
        process = subprocess.Popen(command, cwd=self.folder, env=self.environment(),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   errors="replace", preexec_fn=limit)
        _, err = process.communicate(timeout=harness.RUN_LIMIT_S)
        status = process.returncode
        if status == 127 or "Sanitizer" in err and status != 0 and not os.path.exists(
                self.path(name)):
            return None, err            # the loader or the sanitizer itself had too little
        self.assertIn(status, (0, 1, 2, 5), err)
        self.assertNotIn("Sanitizer", err)
        if status == 0:
            self.check_rows(name, OURS)
        else:
            self.assertRegex(err, r"crawl: .*\w{4}")
            subprocess.run(command, cwd=self.folder, env=self.environment(), check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.check_rows(name, {None} if not self.rows_of(name) else OURS)
        return status, err

    def rows_of(self, name):
        return self.rows("select url, status, error from results order by line", name)

    def check_rows(self, name, allowed):
        rows = self.rows_of(name)
        self.assertEqual([row[0] for row in rows], self.urls, name)
        self.assertLessEqual({row[2] for row in rows}, allowed, name)
        self.assertEqual({row[1] for row in rows if not row[2]}, {200}, name)

    def ends(self, what, values, **how):
        found = [(value, self.run_with(what, value, **how)[0]) for value in values]
        return [status for _, status in found if status is not None]

    def test_too_few_descriptors(self):
        ended = self.ends(resource.RLIMIT_NOFILE, (8, 24, 64, 200))
        self.assertEqual(ended[-1], 0)
        self.assertNotEqual(ended[0], 0)

    @unittest.skipIf(os.getuid() != 0, "only root can be somebody whose processes it counts")
    def test_too_few_processes_and_threads(self):
        ended = self.ends(resource.RLIMIT_NPROC, (2, 4, 6, 8, 60), user=USER)
        self.assertEqual(ended[-1], 0)
        self.assertNotEqual(ended[0], 0)

    @unittest.skipIf(not os.path.exists(RELEASE), "sanitizers need terabytes of addresses")
    def test_too_little_memory(self):
        values = [n << 20 for n in (40, 120, 300, 500, 4000)]
        ended = self.ends(resource.RLIMIT_AS, values, program=RELEASE)
        self.assertEqual(ended[-1], 0)
        self.assertNotEqual(ended[0], 0)

    def test_too_small_a_disk(self):
        script = """
            mount -t tmpfs -o size={size}k none disk || exit 77
            {crawl}; echo ended with $?
            mount -o remount,size=100m disk && {crawl}; echo ended with $?
            cp disk/crawl.db {size}.db; umount disk
        """
        os.mkdir(self.path("disk"))
        words = [harness.CRAWL, "urls.txt", *self.ARGUMENTS, "disk/crawl.db", "-o", "disk/db.txt",
                 "-o", "disk/out.jsonl"]
        stopped = 0
        for size in (8, 150, 300):
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", script.format(size=size, crawl=" ".join(words))],
                cwd=self.folder, env=self.environment(), stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, timeout=harness.RUN_LIMIT_S)
            ends = re.findall("ended with (.*)", done.stdout)
            if not ends:
                self.skipTest("no mount namespace here: " + done.stdout)
            self.assertIn(ends[0], ("0", "5"), done.stdout)
            self.assertEqual(ends[1], "0", done.stdout)
            if ends[0] == "5":
                self.assertRegex(done.stdout, "(?i)full|no space")
                stopped += 1
            self.check_rows("%d.db" % size, {None})
        self.assertGreater(stopped, 1)


class OneFolder(harness.CrawlTest):
    """A container whose only place to write to is the folder of the database."""
    SCRIPT = """
        mount --bind . /mnt || exit 77
        for folder in /tmp /var/tmp /usr/tmp; do
            [ ! -d $folder ] || mount --bind -o ro $folder $folder || exit 77
        done
        unset TMPDIR SQLITE_TMPDIR; cd /proc; exec "$@"
    """
    NR_PAGES, NR_LINKS = 8, 10000       # more than is sorted in memory

    def test_the_indexes_need_no_other_folder(self):
        pages = [links(*("/%d" % (self.NR_LINKS * p + n) for n in range(self.NR_LINKS)))
                 for p in range(self.NR_PAGES)]
        web = Server({"/p%d" % n: pages[n] for n in range(self.NR_PAGES)} |
                     {"/robots.txt": page(b"", "404 None")})
        self.addCleanup(web.stop)
        self.write("urls.txt", "".join(web.url("/p%d" % n) + "\n" for n in range(self.NR_PAGES)))
        prefix = ("unshare", "-m", "sh", "-c", self.SCRIPT, "sh")
        if subprocess.run(prefix + ("true",), cwd=self.folder, check=False).returncode:
            self.skipTest("no mount namespace here")
        self.crawl("/mnt/urls.txt", "-o", "/mnt/crawl.db", "--extract", "links", "--delay", "0",
                   prefix=prefix)
        self.assertEqual(self.rows("SELECT count(*) FROM links INDEXED BY links_to"),
                         [(self.NR_PAGES * self.NR_LINKS,)])
        self.assertEqual(sorted(os.listdir(self.folder)), ["crawl.db", "urls.txt"])


if __name__ == "__main__":
    harness.main()

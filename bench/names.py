#!/usr/bin/python3
"""Pages a second of a list in which every line has a host of its own.

    bench/names.py NAME_SERVER CRAWL [OPTION ...]

NAME_SERVER is the program bench_name_server: it answers each question after 50 ms. nginx
(Debian: nginx-core) serves one small page for all hosts. Options go to crawl; NAMES in the
environment is the number of lines, 100,000 unless it says so. A crawl without --dns-servers
is shown the name server by a resolv.conf of its own (root, port 53).
"""
import os
import subprocess
import sys
import tempfile
import time

NAMES = int(os.environ.get("NAMES", "100000"))
DELAY_MS, PORT = 50, 8098
NGINX = """
worker_processes 1; daemon off; pid {0}/pid; error_log {0}/errors; worker_rlimit_nofile 60000;
events {{ worker_connections 30000; }}
http {{ access_log off; keepalive_timeout 5; client_body_temp_path {0}/1; proxy_temp_path {0}/2;
  fastcgi_temp_path {0}/3; uwsgi_temp_path {0}/4; scgi_temp_path {0}/5;
  server {{ listen 0.0.0.0:{1} backlog=8192;
            location / {{ default_type text/html; return 200 "<title>x</title>here"; }} }} }}
"""
MOUNT = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'


def main(name_server, *command):
    with tempfile.TemporaryDirectory() as folder:
        def path(name, text):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
            return file.name
        os.chmod(folder, 0o777)
        server = subprocess.Popen(["nginx", "-c", path("conf", NGINX.format(folder, PORT))])
        names = subprocess.Popen([name_server, "53", str(DELAY_MS)])
        urls = path("urls", "".join("http://h%d.test:%d/\n" % (n, PORT) for n in range(NAMES)))
        resolv = path("resolv.conf", "nameserver 127.0.0.1\n")
        try:
            time.sleep(1)
            before, begun = os.times(), time.monotonic()
            subprocess.run(["unshare", "-m", "sh", "-c", MOUNT, resolv, *command[:1], urls, "-q",
                            "--robots", "ignore", "--allow-private", "127.0.0.0/8", "-o",
                            os.path.join(folder, "crawl.db"), *command[1:]], check=True)
            took, after = time.monotonic() - begun, os.times()
            cpu = sum(after[2:4]) - sum(before[2:4])
            print("%d names in %.1f s: %.0f names/s, %.0f us of CPU each" %
                  (NAMES, took, NAMES / took, cpu * 1e6 / NAMES))
        finally:
            server.terminate()
            names.terminate()
            server.wait()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

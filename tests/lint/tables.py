#!/usr/bin/python3
"""Holds the tables of C that scripts make to what the scripts make now.

usage: tables.py ROOT

A script named in the first line of a file ("Made by scripts/...") is run, and
what it prints must be that file. The files in data/ are not to be fetched:
this works offline.
"""
import os
import re
import subprocess
import sys

SOURCES = ("base", "pool", "storage", "crawler")
TABLES_MIN = 2  # fewer found: the search is broken


def tables(root):
    """(path, script) of each file that names its script."""
    for folder in SOURCES:
        for path, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if not name.endswith(".c"):
                    continue
                with open(os.path.join(path, name), encoding="utf-8") as source:
                    found = re.match(r"/\* Made by (scripts/\w+\.py):", source.readline())
                if found:
                    yield os.path.join(path, name), found.group(1)


def is_as_made(root, path, script):
    made = subprocess.run([sys.executable, os.path.join(root, script)],
                          capture_output=True, check=True).stdout
    with open(path, "rb") as source:
        return source.read() == made


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    root, found = sys.argv[1], list(tables(sys.argv[1]))
    bad = [row for row in found if not is_as_made(root, *row)]
    for path, script in bad:
        print(f"{os.path.relpath(path, root)} is not what {script} makes: run it again")
    if len(found) < TABLES_MIN:
        sys.exit("too few tables were found: the check is broken")
    sys.exit(f"{len(bad)} findings" if bad else 0)


main()

#!/usr/bin/python3
"""Holds what docs/architecture.md and the style guide promise.

usage: lint.py includes|sizes|libraries|format|packages ROOT

includes   floors: every arrow points down, nothing beside its own floor
libraries  curl.h only in crawler/fetch, sqlite3.h only in storage/sqlite*.c
sizes      files 600 lines, functions 80 lines, parameters 8
format     clang-format finds nothing to change
"""
import os
import re
import subprocess
import sys

FILE_LINES, FUNCTION_LINES, FUNCTION_MEDIAN = 600, 80, 20

# floor: the floors it may include from
FLOORS = {
    "base": {"base"},
    "pool": {"pool", "base"},
    "storage": {"storage", "base"},
    "crawler/page": {"crawler/page", "base"},
    "crawler/fetch": {"crawler/fetch", "crawler/page", "pool", "storage", "base"},
    "crawler/frontier": {"crawler/frontier", "crawler/page", "pool", "storage", "base"},
    "crawler/cli": {"crawler/cli", "crawler/page", "pool", "storage", "base"},
    "examples": {"examples", "pool", "base"},
}
LIBRARY_HOMES = {"curl/curl.h": r"crawler/fetch/|examples/",
                 "sqlite3.h": r"storage/sqlite[a-z_]*\.[ch]$"}
SOURCES = ("base", "pool", "storage", "crawler", "examples")


def files(root, folders=SOURCES, ends=(".c", ".h")):
    for folder in folders:
        for path, _, names in os.walk(os.path.join(root, folder)):
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.relpath(os.path.join(path, name), root)


def floor_of(path):
    for floor in sorted(FLOORS, key=len, reverse=True):
        if path.startswith(floor + "/"):
            return floor
    return "crawler"        # main, crawl, parse: may include everything


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as source:
        for nr, line in enumerate(source, 1):
            found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
            if found:
                yield nr, found.group(1)


def check_includes(root):
    for path in files(root):
        floor = floor_of(path)
        for nr, name in includes(root, path):
            if not os.path.exists(os.path.join(root, name)):
                if os.path.exists(os.path.join(root, os.path.dirname(path), name)):
                    yield f"{path}:{nr}: write {name} from the root of the tree"
                continue
            if floor == "crawler":
                continue
            target = floor_of(name)
            if target not in FLOORS[floor]:
                yield f"{path}:{nr}: {floor} may not know {name}"
            internal = name.endswith("internal.h")
            if internal and os.path.dirname(name) != os.path.dirname(path):
                yield f"{path}:{nr}: {name} is private to its folder"


def check_libraries(root):
    for path in files(root):
        for nr, name in includes(root, path):
            for library, home in LIBRARY_HOMES.items():
                if name == library and not re.match(home, path):
                    yield f"{path}:{nr}: {library} has no place here"


def functions(lines):
    """(name, first line, length) of each function: a brace in column one."""
    name, start = None, None
    for nr, line in enumerate(lines, 1):
        if line.startswith("{") and name:
            start = nr
        elif line.startswith("}") and start:
            yield name, start, nr - start + 1
            name, start = None, None
        elif not start:
            found = re.match(r"[A-Za-z_][\w\s*]*?\b(\w+)\(", line)
            if found and not line.rstrip().endswith(";"):
                name = found.group(1)
            elif line.rstrip().endswith(";"):
                name = None


def check_sizes(root):
    lengths = []
    for path in files(root, SOURCES + ("tests", "bench")):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            lines = source.readlines()
        generated = any("Made by scripts/" in line for line in lines[:5])
        if len(lines) > FILE_LINES and not generated:
            yield f"{path}: {len(lines)} lines, {FILE_LINES} is the limit"
        for name, start, length in functions(lines):
            if not path.startswith("tests"):
                lengths.append(length)
            if length > FUNCTION_LINES:
                yield (f"{path}:{start}: {name} has {length} lines, "
                       f"{FUNCTION_LINES} is the limit")
    if not lengths:
        yield "no function was found: the check is broken"
    elif sorted(lengths)[len(lengths) // 2] > FUNCTION_MEDIAN:
        yield f"the median function is longer than {FUNCTION_MEDIAN} lines"


def check_format(root):
    names = [os.path.join(root, p) for p in files(root, SOURCES + ("tests", "bench"))]
    for at in range(0, len(names), 50):
        done = subprocess.run(["clang-format", "--dry-run", "-Werror"] + names[at:at + 50],
                              capture_output=True, text=True, check=False)
        for line in done.stderr.splitlines():
            if "error:" in line:
                yield os.path.relpath(line, root)


CHECKS = {"includes": check_includes, "libraries": check_libraries,
          "sizes": check_sizes, "format": check_format}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    found = list(CHECKS[sys.argv[1]](sys.argv[2]))
    for line in found[:100]:
        print(line)
    sys.exit(f"{len(found)} findings" if found else 0)


main()

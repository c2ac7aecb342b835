#!/usr/bin/python3
"""Holds what docs/architecture.md and the style guide promise.

usage: lint.py includes|sizes|libraries|format|packages ROOT

includes   floors: every arrow points down, nothing beside its own floor
libraries  curl.h only in crawler/fetch, sqlite3.h only in storage/sqlite
sizes      files: median 350 in each folder; public headers: median 150
           functions: 80 lines at most, median 20, p90 50; and beside tests
           and bench, parameters 5, nesting 3, decisions 15
format     clang-format finds nothing to change
"""
import os
import re
import statistics
import subprocess
import sys

FILE_MEDIAN, HEADER_MEDIAN = 350, 150  # of each folder with FOLDER_FILES or more
FOLDER_FILES = 5
FUNCTION_LINES, FUNCTION_MEDIAN, FUNCTION_P90 = 80, 20, 50
PARAMETERS, NESTING, DECISIONS = 5, 3, 15

# floor: the floors it may include from
READERS = {"crawler/charset", "crawler/url", "crawler/page", "crawler/html",
           "crawler/content", "crawler/robots", "crawler/sitemap"}
FLOORS = {
    "base": {"base"},
    "pool": {"pool", "base"},
    "pool/shared": {"pool/shared", "base"},
    "storage": {"storage", "storage/sink", "storage/sqlite", "base"},
    "storage/sink": {"storage/sink", "storage", "base"},
    "storage/sqlite": {"storage/sqlite", "storage/sink", "storage", "base"},
    "crawler/charset": {"crawler/charset", "base"},
    "crawler/url": {"crawler/url", "base"},
    "crawler/page": {"crawler/page", "crawler/url", "base"},
    "crawler/html": {"crawler/html", "crawler/charset", "crawler/url", "crawler/page", "base"},
    "crawler/content": {"crawler/content", "crawler/html", "crawler/charset", "crawler/url",
                        "crawler/page", "base"},
    "crawler/robots": {"crawler/robots", "crawler/page", "base"},
    "crawler/sitemap": {"crawler/sitemap", "crawler/charset", "crawler/url", "base"},
    "crawler/sandbox": {"crawler/sandbox", "base"},
    "crawler/fetch": READERS | {"crawler/fetch", "crawler/sandbox", "pool", "base"},
    "crawler/frontier": READERS | {"crawler/frontier", "storage", "base"},
    "crawler/cli": {"crawler/cli", "crawler/page", "crawler/url", "storage", "base"},
    "examples": {"examples", "pool", "pool/shared", "base"},
}
LIBRARY_HOMES = {"curl/curl.h": r"crawler/fetch/|examples/",
                 "sqlite3.h": r"storage/sqlite/"}
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


def lines_of(found):
    return "\n" * found.group(0).count("\n")


def bare(text):
    """The code alone: no comment, text, character, directive or attribute."""
    text = re.sub(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", lines_of, text,
                  flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lines_of, text, flags=re.M)
    return re.sub(r"__attribute__\(\((?:[^()]|\([^()]*\))*\)\)", lines_of, text)


def functions(lines):
    """(name, line of the brace, head, body) of each function: a brace in column
    one."""
    name, first, start = None, None, None
    for nr, line in enumerate(lines, 1):
        if line.startswith("{") and name:
            start = nr
        elif line.startswith("}") and start:
            yield (name, start, " ".join(lines[first - 1:start - 1]),
                   "\n".join(lines[start - 1:nr]))
            name, start = None, None
        elif not start:
            found = re.match(r"[A-Za-z_][\w\s*]*?\b(\w+)\(", line)
            if found and not line.rstrip().endswith(";"):
                name, first = found.group(1), nr
            elif line.rstrip().endswith(";"):
                name = None


def parameters(name, head):
    depth, nr, text = 0, 1, head[head.index(name + "(") + len(name) + 1:]
    for char in text:
        if char == ")" and depth == 0:
            break
        depth += (char in "([") - (char in ")]")
        nr += char == "," and depth == 0
    return nr


def nesting(body):
    depth = most = 0
    for char in body:
        depth += (char == "{") - (char == "}")
        most = max(most, depth)
    return most - 1


def decisions(body):
    """Ways through it, as McCabe counts them, but a switch is one decision
    however many cases it has: a table is no harder to read when it is longer."""
    return 1 + len(re.findall(r"\b(?:if|for|while|switch)\b|&&|\|\||\?", body))


def public_headers(root):
    """Headers that a file of another floor includes."""
    public = set()
    for path in files(root):
        public.update(name for _, name in includes(root, path)
                      if name.endswith(".h") and floor_of(name) != floor_of(path)
                      and os.path.exists(os.path.join(root, name)))
    return public


def share(values, part):
    return sorted(values)[int(len(values) * part)]


def check_function(name, head, body, own):
    sizes = [("lines", body.count("\n") + 1, FUNCTION_LINES)]
    if own:
        sizes += [("parameters", parameters(name, head), PARAMETERS),
                  ("nested blocks", nesting(body), NESTING),
                  ("decisions", decisions(body), DECISIONS)]
    for what, nr, limit in sizes:
        if nr > limit:
            yield f"{name} has {nr} {what}, {limit} is the limit"


def is_generated(text):
    return "Made by scripts/" in "".join(text.splitlines(True)[:5])


def check_medians(root):
    """A file is cut where its state is cut, so only the medians are held."""
    sources, headers, public = {}, {}, public_headers(root)
    for path in files(root):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read()
        if is_generated(text):
            continue
        kind = sources if path.endswith(".c") else headers if path in public else {}
        kind.setdefault(os.path.dirname(path), []).append(text.count("\n"))
    if len(sources) < 10 or len(headers) < 10:
        yield "too few folders were found: the check is broken"
    for what, found, limit in (("file", sources, FILE_MEDIAN),
                               ("public header", headers, HEADER_MEDIAN)):
        for folder, lines in sorted(found.items()):
            median = statistics.median(lines)
            if len(lines) >= FOLDER_FILES and median > limit:
                yield f"{folder}: the median {what} has {median} lines, {limit} is the limit"


def check_sizes(root):
    function_lines = []
    for path in files(root, SOURCES + ("tests", "bench")):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read()
        own = path.split(os.sep)[0] in SOURCES
        for name, start, head, body in functions(bare(text).split("\n")):
            if own:
                function_lines.append(body.count("\n") + 1)
            for finding in check_function(name, head, body, own):
                yield f"{path}:{start}: {finding}"
    yield from check_medians(root)
    if len(function_lines) < 100:
        yield "too few functions were found: the check is broken"
        return
    for part, limit in ((0.5, FUNCTION_MEDIAN), (0.9, FUNCTION_P90)):
        if share(function_lines, part) > limit:
            yield (f"{part:.0%} of all: the function there has {share(function_lines, part)} "
                   f"lines, {limit} is the limit")


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

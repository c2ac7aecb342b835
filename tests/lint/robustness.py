#!/usr/bin/python3
"""Holds docs/robustness.md to the tree: usage: robustness.py ROOT

Every row from 1 to 95 is there once and in order; each test that it names exists
and is run; each word that it promises is one of crawler/page/outcome.c; a row
that names no test says "not shown yet".
"""
import os
import re
import sys

ROWS = 95
NOT_YET = "not shown yet"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def sources(root, end):
    for path, _, names in os.walk(os.path.join(root, "tests")):
        for name in sorted(names):
            if name.endswith(end):
                yield os.path.join(path, name)


def cmocka_tests(root):
    """Defined as a test, and named again in the table of main()."""
    for path in sources(root, ".c"):
        text = read(path)
        for name in re.findall(r"^static void (\w+)\(void \*\*state\)", text, re.MULTILINE):
            if len(re.findall(r"\b%s\b" % name, text)) > 1:
                yield name


def python_tests(root):
    """Methods of a script that CMake runs."""
    words = set(re.findall(r"\w+", read(root, "tests/integration/CMakeLists.txt")))
    for path in sources(root, ".py"):
        script = os.path.basename(path)[:-3]
        if script.startswith("test_") and (script[5:] in words or script in words):
            yield from re.findall(r"^    def (test_\w+)", read(path), re.MULTILINE)


def check(root):
    text = read(root, "docs", "robustness.md")
    rows = re.findall(r"^\| (\d+) \| (.*) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    tests = set(cmocka_tests(root)) | set(python_tests(root))
    codes = set(re.findall(r'^        "(\w+)", CLASS_', read(root, "crawler/page/outcome.c"),
                           re.MULTILINE))
    if [int(nr) for nr, *_ in rows] != list(range(1, ROWS + 1)):
        yield "the rows are not 1 to %d, each once and in order" % ROWS
    if len(tests) < 300 or len(codes) < 30:
        yield "tests or error codes are not found where they were"
    for nr, _, outcome, shown in rows:
        names = re.findall(r"`(\w+)`", shown)
        for name in names:
            if name not in tests:
                yield "row %s: there is no test %s, or it is not run" % (nr, name)
        if not names and NOT_YET not in shown:
            yield 'row %s names no test and does not say "%s"' % (nr, NOT_YET)
        for word in re.findall(r"`(\w+)`", outcome):
            if word not in codes:
                yield "row %s: %s is no error code" % (nr, word)


def main():
    complaints = ["docs/robustness.md: " + line for line in check(sys.argv[1])]
    print("\n".join(complaints) or "docs/robustness.md agrees with the tests")
    return 1 if complaints else 0


sys.exit(main())

#!/usr/bin/python3
"""Holds docs/robustness.md to the tree: usage: robustness.py ROOT BUILD

Every row from 1 on, 95 at least, is there once and in order; each test that it names exists
and is run; each word that it promises is one of crawler/page/outcome.c; a row
that names no test says "not shown yet".

Run means: its function or method stands in a source of a program that ctest is
told to run (ctest's own list, the compiler's own commands). And ctest runs this
check behind all others: what a program printed in this very run is in ctest's
log, and there each named test must have passed, or have said why it cannot be
done here.
"""
import json
import os
import re
import subprocess
import sys

ROWS_MIN = 95
NOT_YET = "not shown yet"


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


def sources(root, end):
    for path, _, names in os.walk(os.path.join(root, "tests")):
        for name in sorted(names):
            if name.endswith(end):
                yield os.path.join(path, name)


def programs(build):
    """{base name of a program or script: [names of its tests in ctest]}"""
    out = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True,
                         stdout=subprocess.PIPE).stdout
    found = {}
    for test in json.loads(out)["tests"]:
        for word in test.get("command", []):
            found.setdefault(os.path.basename(word), []).append(test["name"])
    return found


def targets(build):
    """{source: {programs that it is compiled into}}"""
    found = {}
    for entry in json.loads(read(build, "compile_commands.json")):
        target = re.search(r"CMakeFiles/([^/]+)\.dir/", entry["command"])
        if target:
            found.setdefault(os.path.realpath(entry["file"]), set()).add(target.group(1))
    return found


def cmocka_tests(root, build, run):
    """(name, ctest's names): defined as a test, and named again in main()'s table."""
    compiled = targets(build)
    for path in sources(root, ".c"):
        text = read(path)
        names = [name for target in compiled.get(os.path.realpath(path), ())
                 for name in run.get(target, ())]
        for name in re.findall(r"^static void\s(\w+)\(\s*void \*\*state\)", text, re.MULTILINE):
            if len(re.findall(r"\b%s\b" % name, text)) > 1 and names:
                yield name, names


def python_tests(root, run):
    """(name, ctest's names): methods of a script."""
    for path in sources(root, ".py"):
        names = run.get(os.path.basename(path))
        if names:
            for name in re.findall(r"^    def (test_\w+)", read(path), re.MULTILINE):
                yield name, names


def this_run(build):
    """{ctest's name: what it printed} of the run that this check is part of."""
    path = os.path.join(build, "Testing", "Temporary", "LastTest.log.tmp")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8", errors="replace") as f:
        parts = re.split(r"^\d+/\d+ Testing: ", f.read(), flags=re.MULTILINE)
    return dict(part.split("\n", 1) for part in parts[1:] if "<end of output>" in part)


def has_passed(name, text):
    """As cmocka and unittest say it; both name what they skip."""
    if re.search(r"^\[ +(OK|SKIPPED) +\] %s$" % name, text, re.MULTILINE):
        return True
    begin = re.search(r"^%s \(" % name, text, re.MULTILINE)
    if not begin:
        return False
    rest = re.split(r"^(?:test_\w+ \(|={70}|-{70})", text[begin.end():], flags=re.MULTILINE)[0]
    return bool(re.search(r"(^|\.\.\. )(ok|skipped .*)$", rest, re.MULTILINE))


def complaints_of_run(tests, named, build):
    printed = this_run(build)
    for name in sorted(named):
        texts = [printed[test] for test in tests.get(name, ()) if test in printed]
        if texts and not any(has_passed(name, text) for text in texts):
            yield "%s has not passed in this run" % name


def check(root, build):
    text = read(root, "docs", "robustness.md")
    rows = re.findall(r"^\| (\d+) \| (.*) \| (.*) \| (.*) \|$", text, re.MULTILINE)
    run = programs(build)
    tests = dict(list(cmocka_tests(root, build, run)) + list(python_tests(root, run)))
    named = set()
    codes = set(re.findall(r'^        "(\w+)", CLASS_', read(root, "crawler/page/outcome.c"),
                           re.MULTILINE))
    nr_rows = max(ROWS_MIN, len(rows))
    if [int(nr) for nr, *_ in rows] != list(range(1, nr_rows + 1)):
        yield "the rows are not 1 to %d, each once and in order" % nr_rows
    if len(tests) < 300 or len(codes) < 30:
        yield "tests or error codes are not found where they were"
    for nr, _, outcome, shown in rows:
        names = re.findall(r"`(\w+)`", shown)
        named.update(names)
        for name in names:
            if name not in tests:
                yield "row %s: there is no test %s, or it is not run" % (nr, name)
        if not names and NOT_YET not in shown:
            yield 'row %s names no test and does not say "%s"' % (nr, NOT_YET)
        for word in re.findall(r"`(\w+)`", outcome):
            if word not in codes:
                yield "row %s: %s is no error code" % (nr, word)
    yield from complaints_of_run(tests, named, build)


def main():
    complaints = ["docs/robustness.md: " + line for line in check(*sys.argv[1:3])]
    print("\n".join(complaints) or "docs/robustness.md agrees with the tests")
    return 1 if complaints else 0


sys.exit(main())

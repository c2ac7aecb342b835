#!/usr/bin/python3
"""docs/guarantees.md against the tests: usage: guarantees.py ROOT

Each guarantee of the pool library, and each defect of others that it must not
have, has a line there and a test that is named after it (pool_p12_close_...,
queue_j5_...). Fails on a line whose test does not exist or has another name, on
a test that is named after a number without a line, and on a gap or a number that
stands there twice.
"""
import collections
import glob
import os
import re
import sys

TESTS = ("tests/unit/pool/*.c", "tests/unit/shared/*.c", "tests/fault/pool_*.c")
LETTERS = "PQSJLMD"
LINE = re.compile(r"^- \*\*([%s])(\d+)\*\* (?:(?!\n- )[^`])*`(\w+)`$" % LETTERS, re.MULTILINE)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def numbers_in(test):
    return {word.upper() for word in test.split("_")
            if re.fullmatch(r"[%s]\d+" % LETTERS.lower(), word)}


def complaints(text, tests):
    """What is wrong with the list, given the names of all tests."""
    listed = collections.defaultdict(list)
    for letter, nr, test in LINE.findall(text):
        listed[letter].append(int(nr))
        if test not in tests:
            yield "%s%s: there is no test %s" % (letter, nr, test)
        elif letter + nr not in numbers_in(test):
            yield "%s%s: %s is not named after it" % (letter, nr, test)
    for letter in LETTERS:
        numbers = listed[letter]
        if not numbers or numbers != list(range(1, len(numbers) + 1)):
            yield "%s: the numbers do not go from 1 up: %s" % (letter, numbers)
    for item in re.findall(r"^- \*\*(\w+)\*\*", text, re.MULTILINE):
        if int(item[1:]) not in listed[item[0]]:
            yield "%s: the line does not end with one test" % item
    for test in sorted(tests):
        for number in numbers_in(test):
            if int(number[1:]) not in listed[number[0]]:
                yield "%s is named after %s, which has no line" % (test, number)


def main():
    root = sys.argv[1]
    tests = set()
    for pattern in TESTS:
        for path in glob.glob(os.path.join(root, pattern)):
            tests.update(re.findall(r"cmocka_unit_test\w*\(\s*(\w+)", read(path)))
    wrong = list(complaints(read(os.path.join(root, "docs/guarantees.md")), tests))
    print("\n".join(wrong) if wrong else "each guarantee has its test")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

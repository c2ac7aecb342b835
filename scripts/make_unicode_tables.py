#!/usr/bin/env python3
"""Writes crawler/url/url_unicode_table.c from data/unicode/idna.txt.

A table is a list of ranges with a value. Characters that are not valid in a
domain name never reach a look-up, so a range goes on over them: that makes the
tables a third as long.

    scripts/make_unicode_tables.py > crawler/url/url_unicode_table.c
"""
import os

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../data/unicode/idna.txt")
WIDTH = 80

BIDI = {"L": None, "R": "RTL", "AL": "RTL", "AN": "ARABIC", "EN": "EURO", "NSM": "MARK"}
JOINING = {"L": "LEFT", "R": "RIGHT", "D": "DUAL"}


def read_rows():
    """(first, last, target or None, Bidi class, joining type, flags)"""
    with open(DATA, encoding="ascii") as file:
        for line in file:
            fields = [field.strip() for field in line.split(";")] + [""] * 4
            first, _, last = fields[0].partition("..")
            status, _, target = fields[1].partition(" ")
            yield (int(first, 16), int(last or first, 16),
                   int(target, 16) if status == "mapped" else None,
                   fields[2], fields[3], fields[4].split())


def joining_of(bidi, joining):
    """Of what lies through others, NSM says it already."""
    if joining == "T":
        return None if bidi == "NSM" else "CLEAR"
    return JOINING.get(joining)


def merge(rows):
    """Ranges of one value, over the gaps; None is the value of no range."""
    ranges = []
    for first, last, value in rows:
        if ranges and ranges[-1][2] == value:
            ranges[-1][1] = last
        else:
            ranges.append([first, last, value])
    return [tuple(row) for row in ranges if row[2]]


def join(rows):
    """Ranges whose values go on with their code points, without gaps."""
    ranges = []
    for first, last, value in rows:
        before = ranges[-1] if ranges else None
        if (before and before[1] == first - 1
                and value - first == before[2] - before[0]):
            before[1] = last
        else:
            ranges.append([first, last, value])
    return [tuple(row) for row in ranges]


def put_table(kind, name, cells):
    print("\nconst %s %s[] = {" % (kind, name))
    line = "   "
    for cell in cells:
        if len(line) + len(cell) + 2 > WIDTH:
            print(line)
            line = "   "
        line += " %s," % cell
    print(line + "\n};")
    print("const size_t %s_nr = sizeof(%s) / sizeof(%s[0]);" % (name, name, name))


def put_ranges(name, ranges):
    put_table("struct url_range", name,
              ["{0x%04x, 0x%04x, %s}" % row for row in ranges])


def main():
    rows = list(read_rows())
    valid = [row for row in rows if row[2] is None]
    new = [row for row in rows if "new" in row[5]]
    print("/* Made by scripts/make_unicode_tables.py: do not edit. */")
    print('#include "crawler/url/url_unicode_table.h"\n')
    print("enum { NEUTRAL = URL_BIDI_NEUTRAL, MARK = URL_BIDI_MARK, RTL = URL_BIDI_RTL };")
    print("enum { ARABIC = URL_BIDI_ARABIC, EURO = URL_BIDI_EURO };")
    print("enum { LEFT = URL_JOINS_LEFT, RIGHT = URL_JOINS_RIGHT, DUAL = LEFT | RIGHT };")
    print("enum { CLEAR = URL_JOINS_THROUGH };\n")
    print("/* clang-format off */")
    put_ranges("url_unicode_bidi", merge(
        (row[0], row[1], BIDI.get(row[3], "NEUTRAL")) for row in valid))
    put_ranges("url_unicode_joining", merge(
        (row[0], row[1], joining_of(row[3], row[4])) for row in valid))
    put_table("uint32_t", "url_unicode_viramas",
              ["0x%04x" % code for row in valid if "virama" in row[5]
               for code in range(row[0], row[1] + 1)])
    put_ranges("url_unicode_assigned", [
        (first, last, "0x%04x" % to) for first, last, to in join(
            (row[0], row[1], row[0] if row[2] is None else row[2]) for row in new)])
    put_ranges("url_unicode_assigned_marks", [
        (first, last, "0") for first, last, _ in join(
            (row[0], row[1], row[0]) for row in new if "mark" in row[5])])


if __name__ == "__main__":
    main()

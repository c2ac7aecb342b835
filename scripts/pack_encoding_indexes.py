#!/usr/bin/env python3
"""Writes data/encoding/*.txt from the index files of the Encoding standard.

FOLDER holds them as https://encoding.spec.whatwg.org/ has them: index-big5.txt
and so on, one line a character with its pointer, its code point, itself and
its name. The last two are left out, and up to sixteen characters whose
pointers follow one another share a line: a tenth of the bytes, from which
charset_index_make.c reads the same numbers. Run it again when the standard
changes an index:

    scripts/pack_encoding_indexes.py FOLDER
"""
import os
import sys

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/encoding")
LARGE = ["big5", "euc-kr", "gb18030", "jis0208", "jis0212"]
SINGLE = (
    ["ibm866"]
    + ["iso-8859-%d" % nr for nr in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)]
    + ["koi8-r", "koi8-u", "macintosh", "windows-874"]
    + ["windows-125%d" % nr for nr in range(9)]
    + ["x-mac-cyrillic"]
)
ROW = 16


def read_index(folder, name):
    """(pointer, code point) of each line, in order."""
    with open(os.path.join(folder, "index-%s.txt" % name), encoding="utf-8") as file:
        for line in file:
            fields = line.split("#")[0].split(None, 2)
            if fields:
                yield int(fields[0]), int(fields[1], 16)


def rows(index):
    """Lines of codes whose pointers follow one another."""
    row = []
    for pointer, code in index:
        if row and (len(row) == ROW or pointer != first + len(row)):
            yield first, row
            row = []
        if not row:
            first = pointer
        row.append(code)
    yield first, row


def section(folder, name):
    lines = ["index %s" % name]
    for first, row in rows(read_index(folder, name)):
        lines.append("%d\t%s" % (first, " ".join("%04X" % code for code in row)))
    return "\n".join(lines) + "\n"


def write(name, text):
    with open(os.path.join(DATA, name + ".txt"), "w", encoding="ascii") as file:
        file.write(text)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    for name in LARGE:
        write(name, section(folder, name))
    write("single-byte", "".join(section(folder, name) for name in SINGLE))
    ranges = ["%d\t%04X\n" % pair for pair in read_index(folder, "gb18030-ranges")]
    write("gb18030-ranges", "index gb18030-ranges\n" + "".join(ranges))


if __name__ == "__main__":
    main()

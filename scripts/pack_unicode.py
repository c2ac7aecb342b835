#!/usr/bin/env python3
"""Writes data/unicode/idna.txt from files of Unicode.

FOLDER holds, at any depth, DerivedAge.txt, DerivedBidiClass.txt,
DerivedCombiningClass.txt, DerivedGeneralCategory.txt and
DerivedJoiningType.txt of the Unicode Character Database, and
IdnaMappingTable.txt of UTS #46, all of one version:

    scripts/pack_unicode.py FOLDER > data/unicode/idna.txt

What stays is what IDNA asks for: the characters that are valid in a domain
name, and those younger than libidn2's tables that are mapped to one. So it
has a twentieth of their lines. Then run scripts/make_unicode_tables.py.
"""
import os
import sys

LIBIDN2 = (14, 0)  # the version of Unicode that its tables have
SKIPPED = {"disallowed", "ignored"}


def open_below(folder, name):
    for path, _, names in os.walk(folder):
        if name in names:
            return open(os.path.join(path, name), encoding="utf-8")
    sys.exit("%s is not in %s" % (name, folder))


def read_property(folder, name, default):
    """The value of each code point."""
    values = [default] * 0x110000
    with open_below(folder, name) as file:
        for line in file:
            fields = [field.strip() for field in line.split("#")[0].split(";")]
            if len(fields) < 2:
                continue
            first, _, last = fields[0].partition("..")
            for code in range(int(first, 16), int(last or first, 16) + 1):
                values[code] = " ".join(fields[1:]).strip()
    return values


def is_new(age):
    return age != "" and tuple(int(part) for part in age.split(".")) > LIBIDN2


def describe(code, tables):
    """(status, mapped to, Bidi class, joining type, flags), or None."""
    status, _, to = tables["idna"][code].partition(" ")
    new = is_new(tables["age"][code])
    if code < 0x80 or status in SKIPPED or (status == "mapped" and not new):
        return None
    if status == "mapped":
        if " " in to:
            sys.exit("%04X is mapped to several characters" % code)
        return ("mapped", int(to, 16), "", "", ("new",))
    flags = (("mark",) if tables["category"][code].startswith("M") else ()) + (
        ("virama",) if tables["combining"][code] == "9" else ()
    )
    return ("valid", code, tables["bidi"][code], tables["joining"][code],
            flags + (("new",) if new else ()))


def rows(tables):
    """[first, last, description] of code points that go on alike."""
    row = None
    for code in range(0x110000):
        now = describe(code, tables)
        goes_on = (now and row and row[1] == code - 1
                   and now[:1] + now[2:] == row[2][:1] + row[2][2:]
                   and now[1] - code == row[2][1] - row[0])
        if goes_on:
            row[1] = code
            continue
        if row:
            yield row
        row = [code, code, now] if now else None
    if row:
        yield row


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = sys.argv[1]
    tables = {
        "age": read_property(folder, "DerivedAge.txt", ""),
        "bidi": read_property(folder, "DerivedBidiClass.txt", "L"),
        "combining": read_property(folder, "DerivedCombiningClass.txt", "0"),
        "category": read_property(folder, "DerivedGeneralCategory.txt", "Cn"),
        "joining": read_property(folder, "DerivedJoiningType.txt", "U"),
        "idna": read_property(folder, "IdnaMappingTable.txt", "disallowed"),
    }
    for first, last, (status, to, bidi, joining, flags) in rows(tables):
        span = "%04X" % first + (("..%04X" % last) if last > first else "")
        if status == "mapped":
            status += " %04X" % to
        print("; ".join((span, status, bidi, joining, " ".join(flags))).rstrip("; "))


if __name__ == "__main__":
    main()

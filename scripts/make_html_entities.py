#!/usr/bin/env python3
"""Writes crawler/html/html_entity_table.c from data/html/entities.txt.

A line of that file is a name of the HTML standard, section 13.5, with its ';'
where it has one, and the code points that it stands for.

    scripts/make_html_entities.py > crawler/html/html_entity_table.c
"""
import os

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "../data/html/entities.txt")
WIDTH = 79


def read_entities():
    """(name, text) as bytes."""
    with open(DATA, encoding="ascii") as file:
        for line in file:
            name, *codes = line.split()
            yield name.encode(), "".join(chr(int(code, 16)) for code in codes).encode()


def quote(data):
    """A C string literal's inside: bytes above 0x7e in octal."""
    out = []
    for byte in data:
        char = chr(byte)
        if char in '"\\?':
            out.append("\\" + char)
        elif 0x20 <= byte < 0x7F:
            out.append(char)
        else:
            out.append("\\%03o" % byte)
    return out


def put_string(name, data):
    print("const char %s[] =" % name)
    line = '    "'
    for part in quote(data):
        if len(line) + len(part) + 2 > WIDTH:
            print(line + '"')
            line = '    "'
        line += part
    print(line + '";')
    print()


def put_numbers(kind, name, numbers):
    print("const %s %s[HTML_ENTITIES_NR + 1] = {" % (kind, name))
    line = "   "
    for number in numbers:
        part = " %d," % number
        if len(line) + len(part) > WIDTH:
            print(line)
            line = "   "
        line += part
    print(line)
    print("};")


def main():
    entities = sorted(read_entities())
    texts = sorted({text for _, text in entities}, key=lambda t: (-len(t), t))
    blob = b""
    for text in texts:
        if text not in blob:
            blob += text
    print("/* Made by scripts/make_html_entities.py: do not edit. */")
    print('#include "crawler/html/html_entity_table.h"\n')
    print("/* clang-format off */")
    put_string("html_entity_names", b"".join(name for name, _ in entities))
    put_string("html_entity_texts", blob)
    at, offsets = 0, []
    for name, _ in entities:
        offsets.append(at)
        at += len(name)
    put_numbers("uint16_t", "html_entity_name_at", offsets + [at])
    print()
    print("/* offset into the texts * 8 + length */")
    put_numbers(
        "uint16_t",
        "html_entity_text_at",
        [blob.index(text) * 8 + len(text) for _, text in entities] + [0],
    )
    assert len(blob) * 8 < 65536 and max(map(len, texts)) < 8
    assert len(entities) == 2231


if __name__ == "__main__":
    main()

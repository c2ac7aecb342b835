#!/usr/bin/env python3
"""Writes crawler/charset/charset_table.c: the upper halves of the single-byte
encodings of the Encoding standard, as UTF-16 code units.

Python's codecs have them, but for what the standard settled otherwise: holes
in 0x80 to 0x9f stand for the C1 controls, and four bytes below. Other holes
are errors (0).

    scripts/make_charset_tables.py > crawler/charset/charset_table.c
"""

CODECS = [
    ("IBM866", "cp866"),
    ("ISO_8859_2", "iso8859_2"),
    ("ISO_8859_3", "iso8859_3"),
    ("ISO_8859_4", "iso8859_4"),
    ("ISO_8859_5", "iso8859_5"),
    ("ISO_8859_6", "iso8859_6"),
    ("ISO_8859_7", "iso8859_7"),
    ("ISO_8859_8", "iso8859_8"),
    ("ISO_8859_10", "iso8859_10"),
    ("ISO_8859_13", "iso8859_13"),
    ("ISO_8859_14", "iso8859_14"),
    ("ISO_8859_15", "iso8859_15"),
    ("ISO_8859_16", "iso8859_16"),
    ("KOI8_R", "koi8_r"),
    ("KOI8_U", "koi8_u"),
    ("MACINTOSH", "mac_roman"),
    ("WINDOWS_874", "cp874"),
    ("WINDOWS_1250", "cp1250"),
    ("WINDOWS_1251", "cp1251"),
    ("WINDOWS_1252", "cp1252"),
    ("WINDOWS_1253", "cp1253"),
    ("WINDOWS_1254", "cp1254"),
    ("WINDOWS_1255", "cp1255"),
    ("WINDOWS_1256", "cp1256"),
    ("WINDOWS_1257", "cp1257"),
    ("WINDOWS_1258", "cp1258"),
    ("X_MAC_CYRILLIC", "mac_cyrillic"),
]

STANDARD = {
    ("KOI8_U", 0xAE): 0x45E,
    ("KOI8_U", 0xBE): 0x40E,
    ("WINDOWS_1255", 0xCA): 0x5BA,
    ("X_MAC_CYRILLIC", 0xA2): 0x490,
    ("X_MAC_CYRILLIC", 0xB6): 0x491,
    ("X_MAC_CYRILLIC", 0xFF): 0x20AC,
}


def code_of(name, codec, byte):
    if (name, byte) in STANDARD:
        return STANDARD[name, byte]
    try:
        return ord(bytes([byte]).decode(codec))
    except UnicodeDecodeError:
        return byte if byte < 0xA0 else 0


def main():
    print("/* Made by scripts/make_charset_tables.py: do not edit. */")
    print('#include "crawler/charset/charset_internal.h"\n')
    print("/* clang-format off */")
    print("const uint16_t charset_tables[CHARSET_SINGLE_NR][128] = {")
    for name, codec in CODECS:
        print("    [CHARSET_%s] = {" % name)
        codes = [code_of(name, codec, byte) for byte in range(0x80, 0x100)]
        for row in range(0, 128, 8):
            print(
                "       "
                + "".join(" 0x%04x," % code for code in codes[row : row + 8])
            )
        print("    },")
    print("};")


if __name__ == "__main__":
    main()

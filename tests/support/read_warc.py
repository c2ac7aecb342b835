"""Reads a WARC file and its CDXJ index with nothing but Python's own library.

usage: read_warc.py FILE.warc.gz FILE.cdxj NUMBER_OF_RECORDS

Checks by the letter of WARC/1.1: one gzip member a record, the lengths, the
mandatory fields, unique ids, what a revisit refers to, the payload digests
computed anew; and that each line of the index leads to its record.
"""
import base64
import hashlib
import json
import sys
import zlib


def members(data):
    at = 0
    while at < len(data):
        unzip = zlib.decompressobj(31)
        text = unzip.decompress(data[at:]) + unzip.flush()
        assert unzip.eof, "a member is cut short"
        end = len(data) - len(unzip.unused_data)
        yield at, end - at, text
        at = end


def parse(text):
    head, _, rest = text.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"WARC/1.1", lines[0]
    fields = {}
    for line in lines[1:]:
        name, _, value = line.partition(b": ")
        assert name not in fields, name
        fields[name.decode()] = value.decode()
    length = int(fields["Content-Length"])
    assert rest[length:] == b"\r\n\r\n", "the record does not end as it should"
    return fields, rest[:length]


def block_digest(block):
    return "sha1:" + base64.b32encode(hashlib.sha1(block).digest()).decode()


def payload_digest(block):
    head, _, body = block.partition(b"\r\n\r\n")
    if b"transfer-encoding" in head.lower():
        chunks, rest = b"", body
        while rest:
            size, _, rest = rest.partition(b"\r\n")
            size = int(size.split(b";")[0] or b"0", 16)
            chunks, rest = chunks + rest[:size], rest[size + 2:] if size else b""
        body = chunks
    return block_digest(body)


def read_archive(data):
    """{offset: (length, fields)} of all records, each of them checked."""
    records, ids, digests = {}, set(), {}
    for offset, length, text in members(data):
        fields, block = parse(text)
        kind = fields["WARC-Type"]
        assert fields["WARC-Record-ID"] not in ids, "an id comes twice"
        ids.add(fields["WARC-Record-ID"])
        assert fields["WARC-Date"].endswith("Z")
        records[offset] = (length, fields)
        if kind == "warcinfo":
            assert offset == 0
        elif kind == "response":
            digest = fields["WARC-Payload-Digest"]
            assert digest == payload_digest(block), "wrong digest"
            digests[digest] = fields
        elif kind == "revisit":
            if "WARC-Refers-To-Date" in fields:
                assert any(f["WARC-Type"] == "response" and
                           f["WARC-Target-URI"] == fields["WARC-Refers-To-Target-URI"] and
                           f["WARC-Date"] == fields["WARC-Refers-To-Date"]
                           for _, f in records.values())
            assert not block.partition(b"\r\n\r\n")[2]
            if fields["WARC-Profile"].endswith("/identical-payload-digest"):
                first = digests[fields["WARC-Payload-Digest"]]
                assert fields["WARC-Refers-To-Target-URI"] == \
                    first["WARC-Target-URI"]
                assert fields["WARC-Refers-To-Date"] == first["WARC-Date"]
        elif kind == "resource":
            assert fields["WARC-Payload-Digest"] == block_digest(block), "wrong digest"
        elif kind == "request":
            assert fields["WARC-Concurrent-To"] in ids
        else:
            raise AssertionError("unknown type " + kind)
    return records


def check_index(lines, records, name):
    """Each line of the CDXJ index leads to its record, and none is missing."""
    assert lines == sorted(lines), "the index is not sorted"
    for line in lines:
        _, when, rest = line.decode().split(" ", 2)
        entry = json.loads(rest)
        length, fields = records[int(entry["offset"])]
        assert length == int(entry["length"])
        assert fields["WARC-Target-URI"] == entry["url"]
        assert len(when) == 14 and when.isdigit()
        assert entry["filename"] == name
        if "WARC-Payload-Digest" in fields:
            assert fields["WARC-Payload-Digest"] == entry["digest"]
        revisit = fields["WARC-Type"] == "revisit"
        assert revisit == (entry["mime"] == "warc/revisit")
        is_304 = fields.get("WARC-Profile", "").endswith("/server-not-modified")
        assert is_304 == (entry["status"] == "304")
    found = sum(1 for _, f in records.values()
                if f["WARC-Type"] in ("response", "revisit"))
    assert len(lines) == found, "the index is not complete"


def check(path, index, number=None):
    """All of the above of one file; returns its records."""
    with open(path, "rb") as f:
        records = read_archive(f.read())
    assert number is None or len(records) == number, len(records)
    with open(index, "rb") as f:
        check_index(f.read().splitlines(), records, path.rsplit("/", 1)[-1])
    return records


if __name__ == "__main__":
    check(sys.argv[1], sys.argv[2], int(sys.argv[3]))

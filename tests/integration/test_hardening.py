#!/usr/bin/python3
"""The release is built so that a bug in it is hard to use.

`crawl doctor` says so of itself; here the tools that read binaries say it.
"""
import os
import re
import subprocess
import unittest

import harness

RELEASE = os.path.join(harness.ROOT, "build", "crawl")


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@unittest.skipUnless(os.path.exists(RELEASE), "there is no release: ./check builds one")
class Hardening(unittest.TestCase):
    def test_the_doctor_finds_every_part_in_the_release(self):
        rows = subprocess.run([RELEASE, "doctor", "--csv"], capture_output=True, text=True).stdout
        self.assertIn('\nhardening,ok,"PIE, RELRO, stack, canaries, fortify, CET",', rows)

    def test_the_linker_left_nothing_writable_that_holds_addresses(self):
        headers = output_of("readelf", "-lW", RELEASE)
        flags = output_of("readelf", "-dW", RELEASE)
        self.assertRegex(headers, r"Elf file type is DYN")
        self.assertRegex(headers, r"GNU_RELRO")
        self.assertRegex(headers, r"GNU_STACK\s.*\sRW\s")
        self.assertRegex(flags, r"FLAGS_1\).*NOW.*PIE")

    def test_copies_are_checked_and_overruns_of_the_stack_noticed(self):
        names = output_of("readelf", "-sW", "--dyn-syms", RELEASE)
        for name in ("__stack_chk_fail", "__memcpy_chk", "__snprintf_chk"):
            self.assertIn(name + "@", names)

    def test_jumps_have_marks_and_large_frames_touch_each_page(self):
        code = output_of("objdump", "-d", "--no-show-raw-insn", RELEASE)
        if not re.search(r"file format elf64-x86-64", code):
            self.skipTest("the instructions are those of x86-64")
        self.assertGreater(len(re.findall(r"\tendbr64", code)), 100)
        self.assertGreater(len(re.findall(r"\torq +\$0x0,\(%rsp\)", code)), 10)


if __name__ == "__main__":
    harness.main()

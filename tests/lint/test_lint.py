#!/usr/bin/python3
"""The lint can fail: each check finds what it looks for in a made-up tree."""
import os
import subprocess
import tempfile
import unittest

import lint


class Lint(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as out:
            out.write(text)
        return full

    def compile(self, path, text):
        source = self.write(path, text)
        folder = os.path.join(self.root, os.path.dirname(path), "CMakeFiles", "made.dir")
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["cc", "-c", source, "-o",
                        os.path.join(folder, os.path.basename(path) + ".o")], check=True)

    def test_two_files_that_call_each_other_over_a_third_are_a_circle(self):
        self.compile("pool/a.c", "int b(void); int a(void) { return b(); }")
        self.compile("pool/b.c", "int c(void); int b(void) { return c(); }")
        self.compile("pool/c.c", "int a(void); int c(void) { return a(); }")
        self.compile("pool/d.c", "int a(void); int d(void) { return a(); }")
        found = list(lint.check_circles(self.root, self.root))
        self.assertIn("a circle of 3 files:", found)
        self.assertIn("    pool/b.c -> pool/c.c: c", found)
        self.assertFalse([line for line in found if "pool/d.c" in line])

    def test_a_table_of_functions_ties_files_as_a_call_does(self):
        self.compile("pool/a.c", "int b(void); int (*const table[])(void) = {b};")
        self.compile("pool/b.c", "extern int (*const table[])(void); int b(void) "
                                 "{ return table[0](); }")
        self.assertIn("a circle of 2 files:", list(lint.check_circles(self.root, self.root)))

    def test_fields_are_counted_as_a_reader_counts_them(self):
        text = """struct many { int a, b; char c[2][3]; int (*call)(int x, int y);
                  struct { int d, e; } named; union { int f; int g; };
                  unsigned h : 1; struct other *next; };"""
        self.assertEqual([("many", 1, 9)], list(lint.structs(text)))

    def test_a_struct_of_21_fields_is_found(self):
        fields = "".join(f"int f{i};" for i in range(21))
        self.write("pool/wide.h", f"struct wide {{ {fields} }};")
        found = [line for line in lint.check_structs(self.root) if "pool/wide.h" in line]
        self.assertEqual(["pool/wide.h:1: struct wide has 21 fields, 20 is the limit"], found)

    def test_a_file_that_opens_with_an_include_has_no_plate(self):
        self.write("pool/bare.c", "#include <stdio.h>\n")
        self.write("pool/said.c", "/* The table of tasks, by number and in order. */\n")
        found = list(lint.check_plates(self.root))
        self.assertEqual(1, len(found))
        self.assertIn("pool/bare.c", found[0])

    def test_two_files_of_one_name_are_found(self):
        self.write("pool/lock.c", "")
        self.write("storage/lock.c", "")
        self.assertEqual(["lock.c stands in 2 folders: pool/lock.c, storage/lock.c"],
                         list(lint.check_names(self.root)))

    def test_a_folder_without_comments_or_with_too_many_files_is_found(self):
        for nr in range(31):
            self.write(f"pool/f{nr}.c", "int x;\n" * 20)
        self.assertEqual(2, len(list(lint.check_folders(self.root))))

    def test_comments_are_counted_by_the_line(self):
        self.assertEqual((3, 4), lint.comment_share("/* a\n   b */\nint x; /* c */\n\nint y;\n"))

    def test_a_floor_may_not_know_one_above_it(self):
        self.write("pool/a.c", '#include "storage/b.h"\n')
        self.write("storage/b.h", "")
        self.assertEqual(["pool/a.c:1: pool may not know storage/b.h"],
                         list(lint.check_includes(self.root)))

    def test_a_library_outside_its_home_is_found(self):
        self.write("crawler/a.c", "#include <sqlite3.h>\n")
        self.assertEqual(["crawler/a.c:1: sqlite3.h has no place here"],
                         list(lint.check_libraries(self.root)))

    def sql_in(self, path, text):
        self.write(path, text)
        return [line.split(": ")[0] for line in lint.check_sql(self.root)]

    def test_a_statement_outside_of_storage_is_found(self):
        for text in ('"SELECT url FROM urls"', '"INSERT INTO pages (id)"',
                     '"UPDATE urls "\n"SET state = 0"', '"DELETE FROM lines"',
                     '"PRAGMA user_version"', '"CREATE TABLE t (a)"', '"DROP VIEW results"',
                     '"SELECT " COLUMNS\n" FROM pages"', '"SELECT 1"'):
            with self.subTest(text):
                self.assertEqual(["crawler/a.c:2"],
                                 self.sql_in("crawler/a.c", f"int x;\nf({text});\n"))

    def test_words_that_are_no_statement_are_left_alone(self):
        text = """/* "SELECT a FROM b" would be one. */
                  f("select from the list"); f("a quote: \\""); f("CSELECT_IN");
                  f("updates are SET in the file"); f("try 'crawl query DB \\"SELECT id "
                    "FROM runs\\"'");"""
        self.assertEqual([], self.sql_in("crawler/a.c", text))

    def test_storage_and_tests_may_have_statements(self):
        self.assertEqual([], self.sql_in("storage/sqlite/a.c", 'f("SELECT a FROM b");'))
        self.assertEqual([], self.sql_in("tests/unit/a.c", 'f("SELECT a FROM b");'))

    def test_a_long_function_is_found(self):
        self.write("pool/long.c", "void f(void)\n{\n" + "x();\n" * 90 + "}\n")
        self.assertIn("pool/long.c:2: f has 92 lines, 80 is the limit",
                      list(lint.check_sizes(self.root)))


if __name__ == "__main__":
    unittest.main(verbosity=2)

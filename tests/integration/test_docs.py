#!/usr/bin/python3
"""What the documents and the installed program promise."""
import os
import re
import subprocess

import harness


def text_of(*names):
    with open(os.path.join(harness.ROOT, *names), encoding="utf-8") as f:
        return f.read()


class Docs(harness.CrawlTest):
    def test_the_table_of_options_in_the_readme_is_the_programs(self):
        out, _ = self.crawl("help", "markdown")
        self.assertIn(out.strip(), text_of("README.md"))

    def test_the_page_of_the_configuration_file_names_every_setting(self):
        printed, _ = self.crawl("--print-config")
        names = re.findall(r"^(?:; )?([a-z0-9.-]+) =", printed, re.M)
        self.assertGreater(len(names), 50)
        page, _ = self.crawl("help", "man5")
        page = page.replace("\\-", "-")
        self.assertEqual(re.findall(r"^\\fB([a-z0-9.-]+)\\fR = ", page, re.M)[:len(names)], names)
        _, _, hosts = page.partition(".SH \"SETTINGS OF A HOST\"")
        with open(self.path("hosts.conf"), "w", encoding="utf-8") as f:
            f.write("[host a.test]\nrate = 1\n")
        _, err = self.crawl("--config", self.path("hosts.conf"), "--print-config", expect=2)
        for name in re.search(r"these can: (.*)", err).group(1).split(", "):
            self.assertIn("\\fB%s\\fR = " % name, hosts)

    def test_links_between_documents_lead_somewhere(self):
        checked = 0
        for folder, _, names in os.walk(harness.ROOT):
            if "/build" in folder or "/.git" in folder:
                continue
            for name in names:
                if not name.endswith(".md"):
                    continue
                for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text_of(folder, name)):
                    if "://" in target:
                        continue
                    checked += 1
                    self.assertTrue(os.path.exists(os.path.join(folder, target)),
                                    "%s/%s -> %s" % (folder, name, target))
        self.assertGreater(checked, 4)

    def test_the_tour_names_functions_that_are_there_each_once(self):
        names = re.findall(r"`(\w+)\(\)`", text_of("docs", "architecture.md"))
        self.assertGreater(len(names), 40)
        self.assertEqual(len(names), len(set(names)), sorted(names))
        code = ""
        for room in ("pool", "storage", "crawler"):
            for folder, _, files in os.walk(os.path.join(harness.ROOT, room)):
                code += "".join(text_of(folder, name) for name in files if name.endswith(".c"))
        missing = [name for name in names
                   if not re.search(r"^[a-z][\w \*]*\b%s\(" % name, code, re.MULTILINE)]
        self.assertEqual(missing, [])

    def test_help_version_and_configuration_go_to_standard_output(self):
        out, err = self.crawl("--help")
        self.assertIn("usage: crawl", out)
        self.assertEqual(err, "")
        out, _ = self.crawl("--version")
        self.assertIn("libcurl/", out)
        self.assertIn("SQLite/", out)
        out, _ = self.crawl("--print-config", "--per-host", "3")
        self.assertIn("per-host = 3    ; flag", out)

    def test_an_install_leaves_a_program_that_runs(self):
        build = os.path.dirname(harness.CRAWL)
        subprocess.run(["cmake", "--install", build, "--prefix", self.path("usr")],
                       check=True, stdout=subprocess.DEVNULL)
        out = subprocess.check_output([self.path("usr", "bin", "crawl"), "--version"], text=True)
        self.assertTrue(out.startswith("crawl "))


if __name__ == "__main__":
    harness.main()

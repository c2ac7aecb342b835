#!/usr/bin/python3
"""Holds what docs/architecture.md and the style guide promise.

usage: lint.py CHECK ROOT [BUILD]   (BUILD: for circles and the table)

table      prints what the folders have: files, lines, comments, circles, structs
includes   floors: every arrow points down, nothing beside its own floor
libraries  curl.h only in crawler/fetch, sqlite3.h only in storage/sqlite
sql        no statement in a string outside of storage/; a command that is shown
           to the user ("crawl query ...") may have one
sizes      files: median 350 in each folder; public headers: median 150
           functions: 80 lines at most, median 20, p90 50; and beside tests
           and bench, parameters 5, nesting 3, decisions 15
circles    no two source files call each other, directly or over others; reads
           the objects of the build folder BUILD
structs    20 fields at most; what may have more is named in WIDE with its reason
plates     each file opens with a comment that says what it is for
names      no two files of one name in two folders
markdown   100 columns at most, but for tables, code and addresses
folders    30 files at most; of each folder's lines in .c files 10 % are comments
format     clang-format finds nothing to change
"""
import os
import re
import statistics
import subprocess
import sys

FILE_MEDIAN, HEADER_MEDIAN = 350, 150  # of each folder with FOLDER_FILES or more
FOLDER_FILES = 5
FOLDER_FILES_MAX = 30
FIELDS = 20
PLATE_WORDS = 5
COMMENT_SHARE = 0.10
COLUMNS = 100  # of Markdown

# Structs with more fields than FIELDS, each for its reason.
WIDE = {
    "page": "the message of a worker: what there is to say about one fetch",
    "page_record": "a field for each column of a page's row",
    "config": "a field for each option",
    "fetch_options": "a field for each setting of a worker",
    "pool_options": "a field for each setting of a pool, as its users write them",
}
FUNCTION_LINES, FUNCTION_MEDIAN, FUNCTION_P90 = 80, 20, 50
PARAMETERS, NESTING, DECISIONS = 5, 3, 15

# floor: the floors it may include from
READERS = {"crawler/charset", "crawler/url", "crawler/page", "crawler/html",
           "crawler/content", "crawler/robots", "crawler/sitemap"}
FLOORS = {
    "base": {"base"},
    "pool": {"pool", "pool/channel", "base"},
    "pool/channel": {"pool/channel", "pool", "base"},  # of pool: the limits of a result
    "pool/shared": {"pool/shared", "base"},
    "storage": {"storage", "storage/sink", "storage/sqlite", "base"},
    "storage/sink": {"storage/sink", "storage", "base"},
    "storage/sqlite": {"storage/sqlite", "storage/sink", "storage", "base"},
    "crawler/charset": {"crawler/charset", "base"},
    "crawler/url": {"crawler/url", "base"},
    "crawler/page": {"crawler/page", "crawler/url", "base"},
    "crawler/html": {"crawler/html", "crawler/charset", "crawler/url", "crawler/page", "base"},
    "crawler/content": {"crawler/content", "crawler/html", "crawler/sitemap", "crawler/charset",
                        "crawler/url", "crawler/page", "base"},
    "crawler/robots": {"crawler/robots", "crawler/page", "base"},
    "crawler/sitemap": {"crawler/sitemap", "crawler/charset", "crawler/url", "base"},
    "crawler/sandbox": {"crawler/sandbox", "base"},
    "crawler/names": {"crawler/names", "base"},
    "crawler/fetch": READERS | {"crawler/fetch", "crawler/sandbox", "crawler/politeness",
                                "crawler/names",
                                "pool", "base"},  # of politeness: what a quota says
    "crawler/scope": {"crawler/scope", "crawler/page", "crawler/url", "base"},
    "crawler/politeness": {"crawler/politeness", "base"},
    "crawler/frontier": READERS | {"crawler/frontier", "crawler/scope",
                                   "crawler/politeness", "storage", "base"},
    "crawler/cli": {"crawler/cli", "crawler/page", "crawler/url", "storage", "base"},
    "examples": {"examples", "pool", "pool/shared", "base"},
}
LIBRARY_HOMES = {"ares.h": r"crawler/names/",
                 "curl/curl.h": r"crawler/fetch/|examples/",
                 "sqlite3.h": r"storage/sqlite/"}
SOURCES = ("base", "pool", "storage", "crawler", "examples")


def files(root, folders=SOURCES, ends=(".c", ".h")):
    for folder in folders:
        for path, below, names in os.walk(os.path.join(root, folder)):
            below[:] = [name for name in below if not re.match(r"\.|build|node_modules", name)]
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.relpath(os.path.join(path, name), root)


def floor_of(path):
    for floor in sorted(FLOORS, key=len, reverse=True):
        if path.startswith(floor + "/"):
            return floor
    return "crawler"        # main, crawl, parse: may include everything


def includes(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as source:
        for nr, line in enumerate(source, 1):
            found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
            if found:
                yield nr, found.group(1)


def check_includes(root):
    for path in files(root):
        floor = floor_of(path)
        for nr, name in includes(root, path):
            if not os.path.exists(os.path.join(root, name)):
                if os.path.exists(os.path.join(root, os.path.dirname(path), name)):
                    yield f"{path}:{nr}: write {name} from the root of the tree"
                continue
            if floor == "crawler":
                continue
            target = floor_of(name)
            if target not in FLOORS[floor]:
                yield f"{path}:{nr}: {floor} may not know {name}"
            internal = name.endswith("internal.h")
            if internal and os.path.dirname(name) != os.path.dirname(path):
                yield f"{path}:{nr}: {name} is private to its folder"


def check_libraries(root):
    for path in files(root):
        for nr, name in includes(root, path):
            for library, home in LIBRARY_HOMES.items():
                if name == library and not re.match(home, path):
                    yield f"{path}:{nr}: {library} has no place here"


STATEMENT = re.compile(
    r"\bSELECT\b.*\bFROM\b|\bINSERT\s+(?:OR\s+\w+\s+)?INTO\b|\bREPLACE\s+INTO\b|"
    r"\bUPDATE\b.*\bSET\b|\bDELETE\s+FROM\b|\b(?:CREATE|DROP|ALTER)\s+(?:TEMP\w*\s+)?"
    r"(?:TABLE|VIEW|INDEX|TRIGGER)\b|\bPRAGMA\b|\bSELECT\s+\S", re.S)
STRING = r'"((?:\\.|[^"\\])*)"'


def strings(text):
    """(line, text) of each string, neighbours as the one that they become."""
    text = re.sub(STRING + r"|/\*.*?\*/", lambda found: found.group(0) if found.group(1) is not None
                  else lines_of(found), text, flags=re.S)
    for found in re.finditer(STRING + r"(?:\s*(?:[A-Z_0-9]+\s*)?" + STRING + ")*", text):
        parts = re.findall(STRING, found.group(0))
        yield text.count("\n", 0, found.start()) + 1, "".join(parts)


def check_sql(root):
    for path in files(root, tuple(f for f in SOURCES if f not in ("storage", "examples"))):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read()
        for line, string in strings(text):
            if STATEMENT.search(string) and "crawl query" not in string:
                yield f"{path}:{line}: SQL has no place here: {string[:50]}"


def lines_of(found):
    return "\n" * found.group(0).count("\n")


def bare(text):
    """The code alone: no comment, text, character, directive or attribute."""
    text = re.sub(r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", lines_of, text,
                  flags=re.S)
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lines_of, text, flags=re.M)
    return re.sub(r"__attribute__\(\((?:[^()]|\([^()]*\))*\)\)", lines_of, text)


def functions(lines):
    """(name, line of the brace, head, body) of each function: a brace in column
    one."""
    name, first, start = None, None, None
    for nr, line in enumerate(lines, 1):
        if line.startswith("{") and name:
            start = nr
        elif line.startswith("}") and start:
            yield (name, start, " ".join(lines[first - 1:start - 1]),
                   "\n".join(lines[start - 1:nr]))
            name, start = None, None
        elif not start:
            found = re.match(r"[A-Za-z_][\w\s*]*?\b(\w+)\(", line)
            if found and not line.rstrip().endswith(";"):
                name, first = found.group(1), nr
            elif line.rstrip().endswith(";"):
                name = None


def parameters(name, head):
    depth, nr, text = 0, 1, head[head.index(name + "(") + len(name) + 1:]
    for char in text:
        if char == ")" and depth == 0:
            break
        depth += (char in "([") - (char in ")]")
        nr += char == "," and depth == 0
    return nr


def nesting(body):
    depth = most = 0
    for char in body:
        depth += (char == "{") - (char == "}")
        most = max(most, depth)
    return most - 1


def decisions(body):
    """Ways through it, as McCabe counts them, but a switch is one decision
    however many cases it has: a table is no harder to read when it is longer."""
    return 1 + len(re.findall(r"\b(?:if|for|while|switch)\b|&&|\|\||\?", body))


def public_headers(root):
    """Headers that a file of another floor includes."""
    public = set()
    for path in files(root):
        public.update(name for _, name in includes(root, path)
                      if name.endswith(".h") and floor_of(name) != floor_of(path)
                      and os.path.exists(os.path.join(root, name)))
    return public


def share(values, part):
    return sorted(values)[int(len(values) * part)]


def check_function(name, head, body, own):
    sizes = [("lines", body.count("\n") + 1, FUNCTION_LINES)]
    if own:
        sizes += [("parameters", parameters(name, head), PARAMETERS),
                  ("nested blocks", nesting(body), NESTING),
                  ("decisions", decisions(body), DECISIONS)]
    for what, nr, limit in sizes:
        if nr > limit:
            yield f"{name} has {nr} {what}, {limit} is the limit"


def is_generated(text):
    return "Made by scripts/" in "".join(text.splitlines(True)[:5])


def check_medians(root):
    """A file is cut where its state is cut, so only the medians are held."""
    sources, headers, public = {}, {}, public_headers(root)
    for path in files(root):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read()
        if is_generated(text):
            continue
        kind = sources if path.endswith(".c") else headers if path in public else {}
        kind.setdefault(os.path.dirname(path), []).append(text.count("\n"))
    if len(sources) < 10 or len(headers) < 10:
        yield "too few folders were found: the check is broken"
    for what, found, limit in (("file", sources, FILE_MEDIAN),
                               ("public header", headers, HEADER_MEDIAN)):
        for folder, lines in sorted(found.items()):
            median = statistics.median(lines)
            if len(lines) >= FOLDER_FILES and median > limit:
                yield f"{folder}: the median {what} has {median} lines, {limit} is the limit"


def check_sizes(root):
    function_lines = []
    for path in files(root, SOURCES + ("tests", "bench")):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            text = source.read()
        own = path.split(os.sep)[0] in SOURCES
        for name, start, head, body in functions(bare(text).split("\n")):
            if own:
                function_lines.append(body.count("\n") + 1)
            for finding in check_function(name, head, body, own):
                yield f"{path}:{start}: {finding}"
    yield from check_medians(root)
    if len(function_lines) < 100:
        yield "too few functions were found: the check is broken"
        return
    for part, limit in ((0.5, FUNCTION_MEDIAN), (0.9, FUNCTION_P90)):
        if share(function_lines, part) > limit:
            yield (f"{part:.0%} of all: the function there has {share(function_lines, part)} "
                   f"lines, {limit} is the limit")


def check_format(root):
    names = [os.path.join(root, p) for p in files(root, SOURCES + ("tests", "bench"))]
    for at in range(0, len(names), 50):
        done = subprocess.run(["clang-format", "--dry-run", "-Werror"] + names[at:at + 50],
                              capture_output=True, text=True, check=False)
        for line in done.stderr.splitlines():
            if "error:" in line:
                yield os.path.relpath(line, root)


def globals_of(root, build):
    """({symbol: source that defines it}, {source: symbols that it asks for}); an
    object whose source is gone was left by an earlier build."""
    defined, asked = {}, {}
    for folder, _, names in os.walk(build):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), build)
            if not name.endswith(".c.o") or path.split(os.sep)[0] not in SOURCES:
                continue
            source = re.sub(r"CMakeFiles/[^/]+\.dir/", "", path)[:-len(".o")]
            if not any(os.path.exists(os.path.join(place, source)) for place in (root, build)):
                continue
            out = subprocess.run(["gcc-nm", "-g", os.path.join(build, path)], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
            for line in out.splitlines():
                kind, symbol = line.split()[-2:]
                if kind == "U":
                    asked.setdefault(source, set()).add(symbol)
                elif kind in "TDRBVWC":
                    defined.setdefault(symbol, source)
    return defined, asked


def calls_of(root, build):
    """{source: {other source: [symbols of it that the first one uses]}}"""
    defined, asked = globals_of(root, build)
    calls = {}
    for source, symbols in asked.items():
        for symbol in sorted(symbols):
            other = defined.get(symbol)
            if other and other != source:
                calls.setdefault(source, {}).setdefault(other, []).append(symbol)
    return calls


def reached(calls, start):
    seen, todo = set(), [start]
    while todo:
        for other in calls.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def circles(calls):
    """Sets of sources of which each reaches all others."""
    reach = {source: reached(calls, source) for source in calls}
    found = {frozenset(b for b in reach[a] if a in reach.get(b, ()))
             for a in calls if a in reach[a]}
    return sorted(sorted(circle) for circle in found)


def check_circles(root, build):
    calls = calls_of(root, build)
    if len(calls) < 50:
        yield f"{build}: objects of {len(calls)} files only: build everything first"
    for circle in circles(calls):
        yield f"a circle of {len(circle)} files:"
        for source in circle:
            for other in sorted(set(calls[source]) & set(circle)):
                yield f"    {source} -> {other}: {', '.join(calls[source][other])}"


def declarators(text):
    """How many fields the declarations between two braces make."""
    text = re.sub(r"\([^()]*\)", "", re.sub(r"\(\*(\w+)(?:\[[^]]*\])?\)\s*\([^;]*", r"\1", text))
    text = re.sub(r"\[[^]]*\]", "", text)
    return sum(part.count(",") + 1 for part in text.split(";") if part.strip())


def innermost_out(body):
    """The body without the braces inside: a nested struct with a name of its own
    is one field, what one without a name has counts here."""
    while True:
        found = re.search(r"\b(?:struct|union|enum)\b[\w\s]*\{([^{}]*)\}([^;]*);", body)
        if not found:
            return body
        inside = found.group(1) if not found.group(2).strip() else "int " + found.group(2)
        body = body[:found.start()] + inside + ";" + body[found.end():]


def structs(text):
    """(name, line, number of fields) of each struct with a name of its own."""
    for found in re.finditer(r"\bstruct\s+(\w+)\s*\{", text):
        depth, at = 1, found.end()
        while depth and at < len(text):
            depth += (text[at] == "{") - (text[at] == "}")
            at += 1
        body = innermost_out(text[found.end():at - 1])
        yield found.group(1), text.count("\n", 0, found.start()) + 1, declarators(body)


def all_structs(root):
    for path in files(root):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            for name, line, nr in structs(bare(source.read())):
                yield nr, name, path, line


def check_structs(root):
    seen = set()
    for nr, name, path, line in all_structs(root):
        seen.add(name)
        if nr > FIELDS and name not in WIDE:
            yield f"{path}:{line}: struct {name} has {nr} fields, {FIELDS} is the limit"
    for name in WIDE:
        if name not in seen:
            yield f"struct {name} is named in WIDE and stands nowhere"
    if len(seen) < 50:
        yield "too few structs were found: the check is broken"


def check_plates(root):
    for path in files(root):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            opening = re.match(r"/\*.*?\*/", source.read(), flags=re.S)
        words = re.findall(r"\w+", opening.group(0)) if opening else []
        if len(words) < PLATE_WORDS:
            yield f"{path}: does not open with a comment that says what it is for"


def check_names(root):
    homes = {}
    for path in files(root):
        homes.setdefault(os.path.basename(path), []).append(path)
    for name, paths in sorted(homes.items()):
        if len(paths) > 1:
            yield f"{name} stands in {len(paths)} folders: {', '.join(paths)}"


def check_markdown(root):
    for path in files(root, ("",), (".md",)):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            is_code = False
            for nr, line in enumerate(source.read().split("\n"), 1):
                is_code ^= line.lstrip().startswith("```")
                if len(line) > COLUMNS and not is_code and not re.match(r" *\||.*://", line):
                    yield f"{path}:{nr}: {len(line)} columns, {COLUMNS} is the limit"


def comment_share(text):
    """Lines with a comment among the lines that are not blank."""
    marked = re.sub(r"/\*.*?\*/", lambda found: re.sub(r"[^\n]+", "\0", found.group(0)), text,
                    flags=re.S)
    lines = [line for line in marked.split("\n") if line.strip()]
    return sum("\0" in line for line in lines), len(lines)


def folders(root):
    """{folder: [(path, text)]} of the sources and headers."""
    found = {}
    for path in files(root):
        with open(os.path.join(root, path), encoding="utf-8") as source:
            found.setdefault(os.path.dirname(path), []).append((path, source.read()))
    return found


def share_of(members):
    counts = [comment_share(text) for path, text in members
              if path.endswith(".c") and not is_generated(text)]
    return sum(a for a, _ in counts) / max(1, sum(b for _, b in counts))


def check_folders(root):
    for folder, members in sorted(folders(root).items()):
        if len(members) > FOLDER_FILES_MAX:
            yield f"{folder}: {len(members)} files, {FOLDER_FILES_MAX} is the limit"
        if folder != "examples" and share_of(members) < COMMENT_SHARE:
            yield f"{folder}: {share_of(members):.1%} of the lines of its .c files are " \
                  f"comments, {COMMENT_SHARE:.0%} at least"


def row_of_folder(folder, members):
    sources = [(p, t) for p, t in members if p.endswith(".c") and not is_generated(t)]
    lines = [t.count("\n") for _, t in sources]
    sizes = [body.count("\n") + 1 for _, t in sources
             for _, _, _, body in functions(bare(t).split("\n"))]
    widest = max(((nr, name) for _, t in members for name, _, nr in structs(bare(t))),
                 default=(0, "-"))
    return (f"{folder:<18}{len(members):>6}{int(statistics.median(lines or [0])):>8}"
            f"{max(lines, default=0):>8}{share(sizes or [0], 0.5):>8}{share(sizes or [0], 0.9):>5}"
            f"{share_of(members):>10.0%}   {widest[1]} {widest[0]}")


def check_table(root, build=None):
    """Prints; finds nothing."""
    print(f"{'folder':<18}{'files':>6}{'median':>8}{'longest':>8}{'f 50%':>8}{'90%':>5}"
          f"{'comments':>10}   widest struct")
    for folder, members in sorted(folders(root).items()):
        print(row_of_folder(folder, members))
    sizes = sorted(all_structs(root), reverse=True)[:8]
    print("largest structs: " + ", ".join(f"{name} {nr}" for nr, name, *_ in sizes))
    if build:
        print(f"circles: {len(circles(calls_of(root, build)))}")
    return ()


CHECKS = {"includes": check_includes, "libraries": check_libraries, "sql": check_sql,
          "sizes": check_sizes, "circles": check_circles, "structs": check_structs,
          "plates": check_plates, "names": check_names, "folders": check_folders,
          "table": check_table, "markdown": check_markdown, "format": check_format}


def main():
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    wants_build = sys.argv[1] in ("circles", "table")
    found = list(CHECKS[sys.argv[1]](*sys.argv[2:4 if wants_build else 3]))
    for line in found[:100]:
        print(line)
    sys.exit(f"{len(found)} findings" if found else 0)


if __name__ == "__main__":
    main()

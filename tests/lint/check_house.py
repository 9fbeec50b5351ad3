#!/usr/bin/env python3
"""Proves that the house is built as modules.txt draws it.

Reads every #include of include/ and src/ and a few words of their text, and fails on: an arrow that the table lacks, an arrow
upwards or to a peer, a face that sees another face, a foreign library outside its module, a private header of another module,
SQL or file opening outside their modules, a C++ test that sleeps, a file that grew too long, a new thing at the top level.
Usage: check_house.py [ROOT]; exit 1 and one line for each finding.
"""

import fnmatch
import os
import re
import subprocess
import sys

MAX_LINES = 800
SOURCE_SUFFIXES = (".h", ".cpp")
COUNTED_SUFFIXES = SOURCE_SUFFIXES + (".py", ".sql", ".cmake", ".sh")
FACES = ("oci", "ngc", "helm", "hf", "berth")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
SQL = re.compile(
    r"\b(?:SELECT\s.*\sFROM\s|INSERT\s+(?:OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|(?:CREATE|DROP|ALTER)\s+(?:TABLE|INDEX)\s|PRAGMA\s|BEGIN\s+IMMEDIATE)"
)
OPENS_FILES = re.compile(r"(?<![\w>])::(?:open|openat|creat)\((?!\"/dev/null\")|\bopenat2?\(|\bfopen\(|\bstd::(?:basic_)?[io]?fstream\b")
SQLITE = re.compile(r"\bsqlite3_\w+")
SLEEPS = re.compile(r"\b(?:sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(")


class Table:
    """modules.txt, parsed; problems of the table itself are findings too."""

    def __init__(self, path):
        self.layer, self.allowed, self.foreign = {}, {}, {}
        self.system, self.everywhere, self.top = [], [], []
        self.findings = []
        with open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                words = line.split("#")[0].split()
                if words:
                    self._read(words, f"{os.path.basename(path)}:{number}")
        for module, below in self.allowed.items():
            for other in below:
                if other not in self.layer:
                    self.findings.append(f"modules.txt: {module} names {other}, which is no module")
                elif self.layer[other] >= self.layer[module]:
                    kind = "its peer" if self.layer[other] == self.layer[module] else "above it"
                    self.findings.append(f"modules.txt: {module} may not include {other}, which is {kind}")

    def _read(self, words, where):
        if words[0] == "system":
            self.system.append((words[1], words[2:]))
        elif words[0] == "everywhere":
            self.everywhere += words[1:]
        elif words[0] == "top":
            self.top += words[1:]
        elif len(words) >= 4 and words[1].isdigit():
            module, layer, rest = words[0], int(words[1]), words[2:]
            self.layer[module] = layer
            # Modules are plain words; a foreign pattern has a slash, a dot or is the lone "-".
            self.allowed[module] = [w for w in rest if re.fullmatch(r"[a-z]+", w)]
            self.foreign[module] = [w for w in rest if re.search(r"[/.]", w)]
        else:
            self.findings.append(f"{where}: cannot read this row")

    def owners(self, header):
        return [m for m, patterns in self.foreign.items() if any(fnmatch.fnmatch(header, p) for p in patterns)]


def files_under(root, folders, suffixes):
    for folder in folders:
        for directory, subdirectories, names in os.walk(os.path.join(root, folder)):
            subdirectories[:] = sorted(d for d in subdirectories if d not in ("__pycache__", "node_modules", "corpus"))
            for name in sorted(names):
                if name.endswith(suffixes):
                    yield os.path.relpath(os.path.join(directory, name), root)


def module_of(path):
    """include/berth/<module>/… and src/<module>/… ; src/main.cpp is the module main."""
    parts = path.split(os.sep)
    if parts[0] == "include" and len(parts) >= 4 and parts[1] == "berth":
        return parts[2]
    if parts[0] == "src":
        return parts[1] if len(parts) >= 3 else "main"
    return None


def face_of(parts):
    return parts[1] if len(parts) >= 3 and parts[0] == "api" and parts[1] in FACES else None


def is_system(header):
    """Headers of C++, C and POSIX: no folder, or one of the folders that the kernel and libc own."""
    if "/" not in header:
        return not header.endswith(".hpp")
    return header.split("/")[0] in ("sys", "netinet", "arpa", "linux", "net", "asm")


def check_include(table, root, path, module, quote, header):
    if quote == '"':
        return check_own_include(table, root, path, module, header)
    if any(fnmatch.fnmatch(header, p) for p in table.everywhere):
        return None
    owners = table.owners(header)
    if owners:
        return None if module in owners else f"<{header}> belongs to {' and '.join(owners)} alone"
    for pattern, modules in table.system:
        if fnmatch.fnmatch(header, pattern):
            return None if module in modules else f"<{header}> is for {' and '.join(modules)} alone"
    return None if is_system(header) else f"<{header}> belongs to no module; give it one in modules.txt"


def check_own_include(table, root, path, module, header):
    parts = header.split("/")
    if ".." in parts:
        return f'"{header}" climbs; name it from src/ or include/'
    in_contract = path.startswith("include" + os.sep)
    if parts[0] == "berth":
        target, private = (parts[1] if len(parts) >= 3 else None), False
    elif len(parts) == 1 and os.path.exists(os.path.join(root, os.path.dirname(path), header)):
        target, private = module, True
    else:
        target, private = parts[0], True
    if target not in table.layer:
        return f'"{header}" is in no module of the table'
    if private and in_contract:
        return f'"{header}" is private; a contract header may not include it'
    if private and target != module:
        return f'"{header}" is private to {target}'
    if target != module and target not in table.allowed[module]:
        direction = table.layer[target] - table.layer[module]
        arrow = "a new arrow" if direction < 0 else "an arrow to a peer" if direction == 0 else "an arrow upwards"
        return f'"{header}" is {arrow}: {module} -> {target}'
    if module == "api":
        here, there = face_of(path.split(os.sep)[1:]), face_of(parts)
        if there and here != there and (here or module_is_shared(path)):
            return f'"{header}" lets {here or "what faces share"} see the face {there}'
    return None


def module_is_shared(path):
    """What all faces use (src/api/*.h) must not know one; api's .cpp files may gather their route tables."""
    return path.endswith(".h")


def strip_comments(text):
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), text, flags=re.S)
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*', lambda m: m.group(1) or "", text)


def check_words(path, module, lines):
    for number, line in enumerate(lines, 1):
        where = f"{path}:{number}"
        if module not in ("catalog", None) and SQLITE.search(line):
            yield f"{where}: SQLite outside catalog"
        if module not in ("catalog", None) and any(SQL.search(s) for s in STRING.findall(line)):
            yield f"{where}: SQL outside catalog"
        if module not in ("base", "gen", None) and OPENS_FILES.search(line):
            yield f"{where}: opens a file outside base/fs"
        if module is None and SLEEPS.search(line):
            yield f"{where}: a test that sleeps"


def check_sources(table, root):
    for path in files_under(root, ("include", "src"), SOURCE_SUFFIXES):
        module = module_of(path)
        if module not in table.layer:
            yield f"{path}: no module of the table"
            continue
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = strip_comments(file.read()).split("\n")
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                problem = check_include(table, root, path, module, match.group(1), match.group(2))
                if problem:
                    yield f"{path}:{number}: {problem}"
        yield from check_words(path, module, lines)


def check_tests(root):
    for path in files_under(root, ("tests",), SOURCE_SUFFIXES):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            yield from check_words(path, None, strip_comments(file.read()).split("\n"))


def check_lengths(root):
    for path in files_under(root, ("include", "src", "tests", "schemas", "deploy"), COUNTED_SUFFIXES):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            count = sum(1 for _ in file)
        if count > MAX_LINES:
            yield f"{path}: {count} lines, more than {MAX_LINES}; cut it where a reader would"


def top_entries(root):
    """Tracked and new files as git sees them; every entry where there is no git."""
    if os.path.exists(os.path.join(root, ".git")):
        listing = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                 capture_output=True, check=True).stdout.decode()
        return sorted({name.split("/")[0] for name in listing.split("\0") if name})
    return sorted(os.listdir(root))


def check_top(table, root):
    for name in top_entries(root):
        if name not in table.top:
            yield f"{name}: not one of the top-level entries that HOUSE fixes (tests/lint/modules.txt, row top)"


def check(root, table_path):
    table = Table(table_path)
    findings = list(table.findings)
    for part in (check_sources(table, root), check_tests(root), check_lengths(root), check_top(table, root)):
        findings += part
    return findings


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))
    findings = check(root, os.path.join(here, "modules.txt"))
    for finding in findings:
        print(finding)
    print(f"{len(findings)} finding(s)")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Proves that check_house.py sees what it is for: each bad file in a small house must be found, and the good house must be clean."""

import os
import tempfile
import unittest

import check_house

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "modules.txt")
GOOD = {
    "include/berth/base/error.h": '#pragma once\n#include <string>\n#include <tl/expected.hpp>\n',
    "include/berth/store/blob_store.h": '#pragma once\n#include "berth/base/error.h"\n#include "berth/oci/digest.h"\n',
    "include/berth/oci/digest.h": '#include "berth/base/error.h"\n',
    "src/base/hash.cpp": '#include <openssl/evp.h>\n#include <fcntl.h>\nint f = ::open("x", 0);\n',
    "src/net/tls.cpp": '#include <openssl/ssl.h>\n#include <boost/asio/ip/tcp.hpp>\n#include <sys/socket.h>\nint spare = ::open("/dev/null", 0);\n',
    "src/http/codec.cpp": '#include <boost/beast/http.hpp>\n#include <boost/asio/buffer.hpp>\n#include "berth/net/loop.h"\n',
    "src/catalog/rows.h": '#include <sqlite3.h>\n',
    "src/catalog/rows.cpp": '#include "catalog/rows.h"\nauto q = "SELECT digest FROM tags WHERE name = ?";\n',
    "src/store/local.cpp": '#include "berth/store/blob_store.h"\n#include "local.h"\n// was: sqlite3_open, "SELECT x FROM y"\n',
    "src/store/local.h": '#include <vector>\n#include <sys/stat.h>\n',
    "src/api/routes.h": '#include "berth/http/handler.h"\n#include "berth/service/pull.h"\n',
    "src/api/routes.cpp": '#include "api/oci/routes.h"\n#include "api/routes.h"\n',
    "src/api/oci/routes.h": '#include "api/routes.h"\n',
    "src/main.cpp": '#include "berth/cli/main.h"\n',
    "tests/unit/store/local_test.cpp": '#include "store/local.h"\nint s = sleeping(3);\n',
    "README.md": "x\n",
}
BAD = {
    "upward arrow": ("src/store/bad.cpp", '#include "berth/service/pull.h"\n', "upwards"),
    "peer arrow": ("src/store/bad.cpp", '#include "berth/catalog/catalog.h"\n', "peer"),
    "unlisted arrow downwards": ("src/api/bad.cpp", '#include "berth/catalog/catalog.h"\n', "new arrow"),
    "layer 1 peers": ("include/berth/oci/bad.h", '#include "berth/net/loop.h"\n', "peer"),
    "private header": ("src/service/bad.cpp", '#include "catalog/rows.h"\n', "private to catalog"),
    "private in contract": ("include/berth/catalog/bad.h", '#include "catalog/rows.h"\n', "contract header"),
    "climbing include": ("src/service/bad.cpp", '#include "../catalog/rows.h"\n', "climbs"),
    "asio in http": ("src/http/bad.cpp", "#include <boost/asio/ip/tcp.hpp>\n", "net alone"),
    "beast in api": ("src/api/bad.cpp", "#include <boost/beast/http.hpp>\n", "http alone"),
    "json outside base": ("src/oci/bad.cpp", "#include <nlohmann/json.hpp>\n", "base alone"),
    "yaml outside base": ("src/app/bad.cpp", "#include <yaml-cpp/yaml.h>\n", "base alone"),
    "spdlog outside base": ("src/http/bad.cpp", "#include <spdlog/spdlog.h>\n", "base alone"),
    "tls in base's neighbours": ("src/oci/bad.cpp", "#include <openssl/ssl.h>\n", "base and net"),
    "digest in store": ("src/store/bad.cpp", "#include <openssl/evp.h>\n", "base alone"),
    "sqlite header": ("src/service/bad.cpp", "#include <sqlite3.h>\n", "catalog alone"),
    "CLI11 in app": ("src/app/bad.cpp", "#include <CLI/CLI.hpp>\n", "cli alone"),
    "new library": ("src/service/bad.cpp", "#include <fmt/format.h>\n", "no module"),
    "socket in store": ("src/store/bad.cpp", "#include <sys/socket.h>\n", "base and net"),
    "file opened": ("src/service/bad.cpp", 'int fd = ::open("x", 0);\n', "opens a file"),
    "stream opened": ("src/service/bad.cpp", 'std::ifstream in("x");\n', "opens a file"),
    "SQL in service": ("src/service/bad.cpp", 'auto q = "DELETE FROM tags WHERE name = ?";\n', "SQL outside"),
    "SQLite call": ("src/service/bad.cpp", "sqlite3_step(x);\n", "SQLite outside"),
    "face sees face": ("src/api/ngc/bad.cpp", '#include "api/oci/routes.h"\n', "see the face"),
    "shared header sees a face": ("src/api/bad.h", '#include "api/oci/routes.h"\n', "see the face"),
    "unknown module": ("src/util/bad.cpp", "int x;\n", "no module of the table"),
    "sleeping test": ("tests/unit/bad_test.cpp", "std::this_thread::sleep_for(1s);\n", "sleeps"),
    "usleep": ("tests/support/bad.cpp", "usleep(10);\n", "sleeps"),
    "long file": ("src/oci/bad.cpp", "int x;\n" * 801, "801 lines"),
    "top level": ("scripts/bad.txt", "x\n", "top-level"),
}


def write_house(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


class CheckHouse(unittest.TestCase):
    def findings(self, extra):
        with tempfile.TemporaryDirectory() as root:
            write_house(root, {**GOOD, **extra})
            return check_house.check(root, TABLE)

    def test_good_house_is_clean(self):
        self.assertEqual(self.findings({}), [])

    def test_each_fault_is_found_and_nothing_else(self):
        for name, (path, text, expected) in BAD.items():
            with self.subTest(name):
                findings = self.findings({path: text})
                self.assertTrue(findings, "nothing found")
                for finding in findings:
                    self.assertIn(expected, finding)
                    self.assertTrue(finding.startswith(path.split("/")[0]), finding)

    def test_table_with_an_arrow_upwards_is_refused(self):
        with tempfile.TemporaryDirectory() as root:
            table = os.path.join(root, "modules.txt")
            with open(table, "w", encoding="utf-8") as file:
                file.write("base 0 oci -\noci 1 base net -\nnet 1 base -\n")
            findings = check_house.Table(table).findings
            self.assertEqual(len(findings), 2, findings)
            self.assertIn("above it", findings[0])
            self.assertIn("its peer", findings[1])


if __name__ == "__main__":
    unittest.main()

"""Compares the bindings with the C interface: each must call all its functions and have all its options, and the table in
docs/embedding.md must name them.

    python3 check_same.py
"""
import glob
import os
import re
import unittest

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
NATIVE = {
    "Python": "bindings/python/src/stator/_native.py",
    "Node.js": "bindings/node/src/addon.cpp",
    "Go": "bindings/go/*.go",
    "Java": "bindings/java/src/main/c/stator_jni.c",
    "Rust": "bindings/rust/src/ffi.rs",
}
FACES = {
    "C++": "include/stator/stator.h",
    "C": "include/stator/stator_c.h",
    "Python": "bindings/python/src/stator/*.py",
    "Node.js": "bindings/node/index.*",
    "Go": "bindings/go/*.go",
    "Java": "bindings/java/src/main/java/stator/*.java",
    "Rust": "bindings/rust/src/*.rs",
}
# Only Node.js has a single thread, which must not be blocked.
NOT_CALLED = {(name, "stator_effort") for name in NATIVE if name != "Node.js"}


def text_of(pattern):
    texts = []
    for path in sorted(glob.glob(os.path.join(PROJECT, pattern))):
        if path.endswith("_test.go"):
            continue
        with open(path, encoding="utf-8") as file:
            texts.append(file.read())
    assert texts, pattern
    return "\n".join(texts)


class Bindings(unittest.TestCase):
    def test_each_calls_every_function(self):
        functions = re.findall(r"STATOR_API [^;(]*?(\w+)\(", text_of(FACES["C"]))
        self.assertGreater(len(functions), 15)
        for language, sources in NATIVE.items():
            text = text_of(sources)
            for function in functions:
                with self.subTest(f"{language}: {function}"):
                    self.assertEqual((language, function) not in NOT_CALLED, re.search(rf"\b{function}\b", text) is not None)

    def test_each_has_every_option(self):
        options = re.findall(r'^ \*   "(\w+)"', text_of(FACES["C"]), re.M)
        self.assertGreater(len(options), 8)
        for language in NATIVE:
            text = text_of(FACES[language])
            for option in options:
                with self.subTest(f"{language}: {option}"):
                    self.assertRegex(text, rf"\b{option}\b")

    def test_the_table_names_what_they_have(self):
        rows = [line.split("|")[1:-1] for line in text_of("docs/embedding.md").split("\n") if line.startswith("|")]
        (head,) = [number for number, row in enumerate(rows) if [cell.strip() for cell in row[1:]] == list(FACES)]
        looked_at = 0
        for row in rows[head + 2:]:
            if len(row) != len(FACES) + 1:
                break
            for language, cell in zip(FACES, row[1:]):
                text = text_of(FACES[language])
                for name in re.findall(r"`([^`]+)`", cell):
                    with self.subTest(f"{language}: {name}"):
                        self.assertRegex(text, rf"\b{re.findall(r'[A-Za-z_0-9]+', name)[-1]}\b")
                    looked_at += 1
        self.assertGreater(looked_at, 60)


if __name__ == "__main__":
    unittest.main()

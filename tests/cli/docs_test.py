"""Checks README.md and docs/ against the commands: the program accepts every command line on these pages, and the pages describe every
command.

    STATOR_BIN=… python3 docs_test.py

A command line is checked if it is in backticks or in a block and begins with `stator` or `bin/`. Its command and each of its
options must exist. What the commands print is checked by tour_test.py on docs/tour.md.
"""
import os
import re
import subprocess
import unittest

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
STATOR = os.environ["STATOR_BIN"]
PAGES = ["README.md", *sorted(os.path.join("docs", name) for name in os.listdir(os.path.join(PROJECT, "docs"))
                              if name.endswith(".md"))]
OPTION = re.compile(r"--[a-z][a-z0-9-]*|(?<![\w-])-[a-zA-Z](?=[, ]|$)")


def help_of(path):
    done = subprocess.run([STATOR, *path, "--help", "--models", os.path.join(PROJECT, "models")], capture_output=True,
                          text=True, check=True, env={**os.environ, "NO_COLOR": "1"})
    return done.stdout


def subcommands(text):
    """The names listed under "Commands:" or a similar heading."""
    found = []
    inside = False
    for line in text.splitlines():
        if re.match(r"^(Commands|[A-Z][\w ,]*commands?):", line):
            inside = True
        elif inside and line and not line.startswith(" "):
            inside = False
        elif inside:
            names = re.match(r"^  ([\w/-]+(?:, ?[\w/-]+)*)(?: |$)", line)
            if names:
                found += [name.strip() for name in names.group(1).split(",")]
    return found


class Tree:
    def __init__(self):
        self.options = {}
        self.read(())

    def read(self, path):
        text = help_of(path)
        self.options[path] = set(OPTION.findall(text.split("\nExample")[0]))
        for name in subcommands(text):
            self.read((*path, name))

    def read_hidden(self, name):
        """Adds a command that no list shows, such as man."""
        if re.match(r"^[a-z][a-z-]*$", name) and subprocess.run([STATOR, name, "--help"], capture_output=True).returncode == 0:
            self.read((name,))

    def path_of(self, words):
        path = ()
        for word in words:
            if (*path, word) not in self.options:
                break
            path = (*path, word)
        return path


def command_lines(page):
    """Yields (line number, words) for every command line of a page."""
    with open(os.path.join(PROJECT, page), encoding="utf-8") as file:
        lines = file.read().split("\n")
    inside = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            inside = not inside
            continue
        texts = [re.sub(r"^\$ ", "", line)] if inside else re.findall(r"`([^`]+)`", line)
        for text in texts:
            # Text after a shell operator is another command; placeholders are no words.
            for part in re.split(r"\s[|;&>]+\s?|\$\(|\)", text):
                words = part.strip().split()
                if words and words[0] == "stator":
                    yield number, words[1:]
                elif words and re.match(r"^(\./)?bin/(db|ddb|rds)/", words[0]):
                    yield number, words[0].split("bin/")[1].split("/") + words[1:]


class Docs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = Tree()

    def test_command_lines_are_ones_that_the_program_takes(self):
        looked_at = 0
        for page in PAGES:
            if page.endswith("format.md"):
                continue  # first lines of files, not commands
            for number, words in command_lines(page):
                words = [word for word in words if word != "prod"]
                if not words or words[0] in ("COMMAND", "…", "help"):
                    continue
                with self.subTest(f"{page}:{number}: stator {' '.join(words)}"):
                    path = self.tree.path_of(words)
                    if not path:
                        self.tree.read_hidden(words[0])
                        path = self.tree.path_of(words)
                    self.assertTrue(path or words[0].startswith("-"), "there is no such command")
                    known = self.tree.options[path] | self.tree.options[()]
                    if path[:2] == ("ddb", "patterns") and words[2:3] != ["check"]:
                        continue  # patterns of a model that the page itself makes
                    for option in OPTION.findall(" ".join(word.split("=")[0] for word in words if word.startswith("-"))):
                        self.assertIn(option, known)
                looked_at += 1
        self.assertGreater(looked_at, 100)

    def test_every_command_is_told_of(self):
        text = ""
        for page in PAGES:
            with open(os.path.join(PROJECT, page), encoding="utf-8") as file:
                text += file.read()
        for path in self.tree.options:
            if path and path[:2] != ("ddb", "patterns") and len(self.tree.options[path]) > 0:
                with self.subTest(" ".join(path)):
                    self.assertRegex(text, r"(?<![\w-])" + re.escape(path[-1]) + r"(?![\w-])")

    def test_every_option_is_told_of(self):
        text = ""
        for page in PAGES:
            with open(os.path.join(PROJECT, page), encoding="utf-8") as file:
                text += file.read()
        named = set(OPTION.findall(text))
        for path, options in self.tree.options.items():
            if path[:2] == ("ddb", "patterns"):
                continue  # patterns' options come from the models
            for option in options - {"--help", "--version"}:
                if option.startswith("--"):
                    with self.subTest(" ".join(path) + " " + option):
                        self.assertIn(option, named)

    def test_every_page_says_first_what_it_is_for_and_is_found_from_the_first_one(self):
        with open(os.path.join(PROJECT, "README.md"), encoding="utf-8") as file:
            readme = file.read()
        for page in [*PAGES, "SECURITY.md", "bench/README.md", "packaging/README.md"]:
            with self.subTest(page), open(os.path.join(PROJECT, page), encoding="utf-8") as file:
                lines = file.read().split("\n")
                self.assertRegex(lines[0], "^# ")
                self.assertEqual(lines[1], "")
                self.assertRegex(lines[2], r"^[A-Z`]")
                if page not in ("README.md", "SECURITY.md"):
                    self.assertIn(page.removesuffix("/README.md"), readme)

    def test_the_page_on_the_architecture_names_every_room_folder_of_tests_and_page(self):
        with open(os.path.join(PROJECT, "docs", "architecture.md"), encoding="utf-8") as file:
            text = file.read()
        for folder, ending in (("src", "/"), ("tests", "/"), ("docs", ".md")):
            for name in sorted(os.listdir(os.path.join(PROJECT, folder))):
                path = os.path.join(PROJECT, folder, name)
                # tests/ mirrors src/: the page need not name folders of the same names.
                is_mirror = folder == "tests" and os.path.isdir(os.path.join(PROJECT, "src", name))
                if ending == "/" and (is_mirror or name.startswith(("_", ".")) or not os.path.isdir(path)):
                    continue
                if ending != "/" and (not name.endswith(ending) or name == "architecture.md"):
                    continue
                with self.subTest(path):
                    self.assertRegex(text, r"(?<![\w/-])" + re.escape(name) + ("/" if ending == "/" else ""))

    def test_files_that_pages_name_are_there(self):
        looked_at = 0
        for page in ("CONTRIBUTING.md", "bench/README.md", "docs/architecture.md", "docs/porting.md", "packaging/README.md"):
            with open(os.path.join(PROJECT, page), encoding="utf-8") as file:
                named = re.findall(r"`((?:\w+/)+[\w.-]+\.(?:cpp|h|py|sh|md|cmake|json))`", file.read())
            folders = ("", os.path.dirname(page), "src", "src/api", "tests")
            for name in named:
                if name.startswith("build/"):
                    continue  # created by a build
                with self.subTest(f"{page}: {name}"):
                    self.assertTrue(any(os.path.exists(os.path.join(PROJECT, folder, name)) for folder in folders))
                looked_at += 1
        self.assertGreater(looked_at, 60)

    def test_numbers_out_of_range_are_told_the_range(self):
        looked_at = 0
        for path in self.tree.options:
            if path[:2] == ("ddb", "patterns"):
                continue  # options of patterns have their models' own ranges
            for option in re.findall(r"(?m)^  (?:-\w,)?(--[\w-]+) (?:N|SECONDS|UINT\S*|\[SECONDS\])\b", help_of(path)):
                for value in ("99999999999999999999", "-1", "x"):
                    with self.subTest(" ".join(path) + f" {option} {value}"):
                        done = subprocess.run([STATOR, *path, f"{option}={value}"], capture_output=True, text=True,
                                              stdin=subprocess.DEVNULL, timeout=20)
                        self.assertEqual(done.returncode, 2, done.stderr)
                        self.assertRegex(done.stderr, rf"^stator: {option}: Value {value} not in range \d\S* to \d")
                        looked_at += 1
        self.assertGreater(looked_at, 60)


if __name__ == "__main__":
    unittest.main()

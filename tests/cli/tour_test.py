"""Runs the commands in the documentation exactly as printed.

Every block that begins with ```console holds commands ("$ …", continued by "> …") and their output, standard output and error
together. A line "…" stands for any lines. Each page runs in an empty directory, with the project's models.

    STATOR_BIN=… python3 tour_test.py PAGE…
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def commands(page):
    """Returns (line number, command, expected output) for each command of a page."""
    found = []
    inside = False
    with open(page, encoding="utf-8") as file:
        lines = file.read().split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            inside = line == "```console" and not inside
        elif inside and line.startswith("$ "):
            found.append([number, line[2:], []])
        elif inside and line.startswith("> ") and found and not found[-1][2]:
            found[-1][1] += "\n" + line[2:]
        elif inside:
            found[-1][2].append(line)
    return found


def pattern(lines):
    """The expression that the output must match."""
    return re.compile("".join("(?:.*\n)*?" if line == "…" else re.escape(line) + "\n" for line in lines) + r"\Z")


def run(command, directory):
    environment = {
        "PATH": os.path.join(directory, ".bin") + ":" + os.environ["PATH"], "HOME": directory, "LC_ALL": "C.UTF-8",
        "STATOR_MODELS": os.path.join(PROJECT, "models"), "NO_COLOR": "1", "TZ": "UTC",
        "TMPDIR": os.environ.get("TMPDIR", "/tmp"), "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(["bash", "-c", command], cwd=directory, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60).stdout


class Documentation(unittest.TestCase):
    pages = []

    def test_every_command_prints_what_the_page_says(self):
        for page in self.pages:
            found = commands(page)
            self.assertGreater(len(found), 0, page)
            with tempfile.TemporaryDirectory() as directory:
                os.mkdir(os.path.join(directory, ".bin"))
                os.symlink(os.environ["STATOR_BIN"], os.path.join(directory, ".bin", "stator"))
                for number, command, expected in found:
                    printed = run(command, directory)
                    with self.subTest(f"{os.path.basename(page)}:{number}: {command}"):
                        if not pattern(expected).match(printed):
                            self.assertEqual("\n".join(expected) + "\n", printed)


if __name__ == "__main__":
    Documentation.pages = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])

"""Tests the toolkit's output in a real terminal: tmux of several widths, without colour, a dumb terminal, and pipes.

    STATOR_BIN=… python3 terminal_test.py
"""
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from simulated_server import SimulatedServer  # noqa: E402

PROJECT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
STATOR = os.environ["STATOR_BIN"]
ESCAPE = "\x1b"


class Terminal:
    """A separate tmux server, with one window of that size."""

    def __init__(self, directory, columns, lines=40, **environment):
        self.base = ["tmux", "-S", os.path.join(directory, f"tmux.{time.monotonic_ns()}"), "-f", "/dev/null"]
        variables = {"PATH": os.environ["PATH"], "HOME": directory, "LC_ALL": "C.UTF-8", "PS1": "$ ", "TERM": "screen",
                     "XDG_STATE_HOME": os.path.join(directory, "state"), "AWS_EC2_METADATA_DISABLED": "true",
                     "STATOR_MODELS": os.path.join(PROJECT, "models"), "STATOR_DATA": os.path.join(directory, "data"),
                     "STATOR_PAGER": "cat", **environment}
        settings = [f"{name}={value}" for name, value in variables.items()]
        subprocess.run([*self.base, "new-session", "-d", "-x", str(columns), "-y", str(lines), "env", "-i", *settings,
                        "bash", "--norc", "--noprofile"], check=True, cwd=directory,
                       env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": directory, "TERM": "screen"})
        self.wait_for(r"\$ $")

    def type(self, keys):
        subprocess.run([*self.base, "send-keys", "-l", keys], check=True)

    def press(self, key):
        subprocess.run([*self.base, "send-keys", key], check=True)

    def screen(self, colours=False):
        return subprocess.run([*self.base, "capture-pane", "-p", *(["-e"] if colours else [])], check=True,
                              capture_output=True, text=True).stdout

    def wait_for(self, pattern, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.screen()
            if re.search(pattern, text.rstrip() + " " if pattern.endswith("$") else text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} does not come up:\n{self.screen()}")

    def start(self, line):
        """Clears the screen of earlier output, then types a line and Enter; the line itself is cleared when it starts."""
        self.type(r"printf '\e[H\e[2J'")  # clear does nothing if TERM is dumb
        self.press("Enter")
        self.wait_for(r"\A[^\n]*\$ $")
        self.type("clear; " + line)
        self.press("Enter")

    def run(self, *words, colours=False):
        """Returns the screen after a command, without the line of the command."""
        self.start(shlex.join([STATOR, *words]) + "; echo \"[done $?]\"")
        self.wait_for(r"\[done \d+\]")
        return self.screen(colours)

    def close(self):
        subprocess.run([*self.base, "kill-server"], check=False, stderr=subprocess.DEVNULL)


class InATerminal(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        for words in (["ddb", "schema-load", "--model", "shop"], ["ddb", "seed", "--model", "shop"]):
            subprocess.run([STATOR, *words, "--data", self.path("data"), "--models", os.path.join(PROJECT, "models")],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def path(self, name):
        return os.path.join(self.directory, name)

    def terminal(self, columns, **more):
        terminal = Terminal(self.directory, columns, **more)
        self.addCleanup(terminal.close)
        return terminal

    def test_tables_fit_the_width(self):
        for columns in (60, 80, 200):
            with self.subTest(columns=columns):
                terminal = self.terminal(columns, lines=30)
                lines = terminal.run("scan", "shop").splitlines()
                rows = lines[:next(i for i, line in enumerate(lines) if line.startswith("9 items"))]
                # A heading and one line for each item; the terminal wraps none.
                self.assertEqual(len(rows), 10, "\n".join(lines))
                self.assertRegex(rows[0], r"^pk +sk ")
                self.assertEqual(all(len(row) <= columns for row in rows), True)
                self.assertEqual("icon" in rows[0], columns == 200, rows[0])
                terminal.close()

    def raw(self, *words):
        """Returns the bytes that a command writes to a terminal, as text, and its status."""
        master, slave = pty.openpty()
        process = subprocess.Popen([STATOR, *words, "--data", self.path("data"), "--no-pager"], stdin=slave, stdout=slave, stderr=slave,
                                   env={"HOME": self.directory, "LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PATH": os.environ["PATH"]})
        os.close(slave)
        text = b""
        try:
            while piece := os.read(master, 65536):
                text += piece
        except OSError:  # the other end is closed
            pass
        os.close(master)
        return text.replace(b"\r\n", b"\n").replace(b"\r\n", b"\n").decode(), process.wait()

    def test_items_have_no_say_over_it(self):
        name = "a\u009b31m\u202e\x7f\x1b[2J"
        subprocess.run([STATOR, "put", "shop", json.dumps({"pk": name, "sk": "x", name: name}), "--data", self.path("data")], check=True)
        key = json.dumps({"pk": name, "sk": "x"})
        shown = r"a\u009B31m\u202E\u007F"
        for words in (["get", "shop", "--key", key], ["get", "shop", "--key", key, "--output", "table"],
                      ["get", "shop", "--key", key, "--output", "csv"], ["get", "shop", "--key", key, "--output", "jsonl"],
                      ["get", "shop", "--key", key, "--output", "python"], ["query", "shop", name], ["scan", "shop", "--ddb-json"],
                      ["api", "scan", '{"TableName": "shop"}'], ["ddb", "tail", "shop", "--from", "start", "--no-follow"],
                      ["get", "shop", name, "none"], ["describe", name]):
            with self.subTest(words=words):
                text, _ = self.raw(*words)
                self.assertIn("a", text)
                self.assertEqual([c for c in text if (c < " " and c != "\n") or "\x7f" <= c < "\xa0" or "\u202a" <= c <= "\u202e"], [], repr(text))
        text, status = self.raw("get", "shop", "--key", key)
        self.assertIn(shown, text)
        self.assertEqual((json.loads(text[:text.index("\n}") + 2])[name], status), (name, 0), "the JSON is the same")

    def test_help_is_wrapped(self):
        for columns in (60, 80, 200):
            with self.subTest(columns=columns):
                terminal = self.terminal(columns, lines=90)
                text = terminal.run("query", "--help")
                self.assertIn("--begins-with", text)
                lines = text.splitlines()
                # A line that the terminal wraps is full, and its rest starts at the margin.
                for line, following in zip(lines, lines[1:]):
                    broken = len(line) == columns and following[:1].islower()
                    self.assertFalse(broken, f"{line}\n{following}")
                terminal.close()

    def test_colours_only_where_they_are_wanted(self):
        rows = [({}, [], True), ({"NO_COLOR": "1"}, [], False), ({"TERM": "dumb"}, [], False), ({}, ["--no-color"], False)]
        for environment, options, coloured in rows:
            with self.subTest(environment=environment, options=options):
                terminal = self.terminal(80, **environment)
                text = terminal.run("scan", "shop", *options, colours=True)
                heading = next(line for line in text.splitlines() if "pk" in line and "sk" in line and "clear" not in line)
                self.assertEqual(ESCAPE in heading, coloured, repr(heading))
                terminal.close()

    def serve_slowly(self):
        """Starts a server whose simulator can delay replies, so that a command's progress is visible on any machine."""
        server = self.enterContext(SimulatedServer(["--in-memory"]))
        for words in (["ddb", "schema-load", "--model", "shop"], ["ddb", "seed", "--model", "shop"]):
            subprocess.run([STATOR, *words, "--endpoint-url", server.url, "--models", os.path.join(PROJECT, "models")],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return server

    def hold(self, server, *operations):
        server.simulate([{"when": {"operation": list(operations)}, "then": {"latency_ms": 700, "page_items": 50}}]
                        if operations else [])

    def test_progress_leaves_the_line(self):
        server = self.serve_slowly()
        with open(self.path("items.jsonl"), "w", encoding="utf-8") as file:
            for number in range(3000):
                file.write("not json\n" if number == 2900 else '{"pk":"p%d","sk":"s","filler":"%s"}\n' % (number, "x" * 80))
        for columns in (60, 200):
            with self.subTest(columns=columns):
                terminal = self.terminal(columns)
                self.hold(server, "BatchWriteItem")
                terminal.start(f"{STATOR} import shop items.jsonl --skip-bad --restart --endpoint-url {server.url}; "
                               "echo '[done' $?]")
                terminal.wait_for(r"\d+/\d+ \d+%")
                self.hold(server)
                terminal.wait_for(r"\[done 0\]")
                lines = [line for line in terminal.screen().splitlines() if line and not line.startswith("$ ")]
                said = "".join(lines)
                self.assertNotIn("#", said)
                self.assertRegex(said, r"^items\.jsonl:2901: .*imported 2999 items into table shop, 1 bad item left out\[done 0\]")
                terminal.close()

    def test_ctrl_c_says_what_was_done(self):
        server = self.serve_slowly()
        terminal = self.terminal(100)
        many = self.path("many.jsonl")
        with open(many, "w", encoding="utf-8") as file:
            for number in range(3000):
                file.write('{"pk":"p%d","sk":"s","filler":"%s"}\n' % (number, "x" * 200))
        for words, said in ((f"import shop {many}", "imported"), ("copy shop ./other/shop", "copied"),
                            ("export shop out.jsonl", "exported"), ("export shop out.csv.gz", "exported")):
            with self.subTest(words=words):
                self.hold(server, "BatchWriteItem", "Scan")
                terminal.start(f"{STATOR} {words} --endpoint-url {server.url}; echo '[done' $?]")
                terminal.wait_for(r"\d+/\d+ \d+%")
                terminal.press("C-c")
                terminal.wait_for(r"\[done \d+\]")
                text = terminal.screen().replace("\n", "")
                self.assertRegex(
                    text, rf"stator: interrupted: {said} \d+ items \(the same command goes on where this one ended\)")
                self.assertIn("[done 130]", text)
            if said == "imported":
                self.hold(server)
                subprocess.run([STATOR, "import", "shop", many, "-q", "--endpoint-url", server.url], check=True)

    def test_ctrl_c_ends_a_long_list(self):
        server = self.serve_slowly()
        terminal = self.terminal(80)
        self.hold(server, "Scan")
        terminal.start(f"{STATOR} count shop --endpoint-url {server.url} --where pk=a; echo '[done' $?]")
        terminal.wait_for(r"\[done 0\]")
        many = self.path("many.jsonl")
        with open(many, "w", encoding="utf-8") as file:
            for number in range(2000):
                file.write('{"pk":"p%d","sk":"s"}\n' % number)
        self.hold(server)
        subprocess.run([STATOR, "import", "shop", many, "-q", "--endpoint-url", server.url], check=True)
        self.hold(server, "Scan")
        for words, said in (("count shop", r"\d+ counted, \d+ read"), ("scan shop --output jsonl", r"\d+ items")):
            with self.subTest(words=words):
                terminal.start(f"{STATOR} {words} --endpoint-url {server.url}; echo '[done' $?]")
                terminal.wait_for(r"\d+/\d+ \d+%" if words == "count shop" else r'(?m)^{"pk":"p')
                terminal.press("C-c")
                terminal.wait_for(r"\[done 130\]")
                text = terminal.screen()
                self.assertRegex(text, rf"stator: interrupted: {said}\n")
                self.assertNotIn("[#", text)

    def test_ctrl_c_ends_an_import_that_waits_for_lines(self):
        terminal = self.terminal(80)
        terminal.start(f"{STATOR} import shop --skip-bad; echo '[done' $?]")
        # An error message about a line shows that the command reads its input.
        terminal.wait_for(r"(?s)^(?!.*clear;)")
        terminal.type("no item")
        terminal.press("Enter")
        terminal.wait_for("standard input:1: ")
        terminal.press("C-c")
        terminal.wait_for(r"\[done \d+\]")
        self.assertRegex(terminal.screen(), r"stator: interrupted: imported 0 items\n\[done 130\]")

    def test_keys_of_an_editor_are_its_own(self):
        terminal = self.terminal(80, EDITOR=self.script(
            "trap 'sed -i s/Hand/Good/ \"$1\"; exit 0' INT", "echo editing", "while :; do sleep 0.1; done"))
        terminal.start(f"{STATOR} edit shop PRODUCT#grinder PRODUCT; echo '[done' $?]")
        terminal.wait_for("(?m)^editing")
        terminal.press("C-c")
        terminal.wait_for(r"\[done \d+\]")
        self.assertRegex(terminal.screen(), r"1 attribute set, 0 removed, 2 capacity units\n\[done 0\]")

    def test_keys_of_a_pager_are_its_own(self):
        enough = self.path("enough")
        terminal = self.terminal(80, lines=9, STATOR_PAGER=self.script(
            "trap 'echo stays' INT", "cat", "echo end of text", f"until [ -e {enough} ]; do sleep 0.1; done", "echo left"))
        terminal.start(f"{STATOR} scan shop; echo '[done' $?]")
        terminal.wait_for("(?m)^end of text")
        terminal.press("C-c")
        terminal.wait_for(r"(?m)^(\^C)?stays")
        terminal.press("C-c")
        terminal.wait_for(r"stays\s+(\^C)?stays")
        with open(enough, "w", encoding="utf-8"):
            pass
        terminal.wait_for(r"\[done \d+\]")
        self.assertRegex(terminal.screen(), r"left\n9 items, 2 capacity units\n\[done 0\]")

    def test_only_long_text_goes_through_a_pager(self):
        rows = [(40, "get shop CUSTOMER#ann PROFILE", False), (40, "scan shop", False), (9, "scan shop", True),
                (9, "get shop CUSTOMER#ann PROFILE", True), (9, "scan shop --limit 3", False),
                (9, "scan shop --no-pager", False)]
        for lines, words, paged in rows:
            with self.subTest(lines=lines, words=words):
                terminal = self.terminal(200, lines=lines, STATOR_PAGER="cat > pages; echo paged")
                text = terminal.run(*words.split())
                self.assertEqual("paged" in text, paged, text)
                terminal.close()

    def import_many(self):
        many = self.path("many.jsonl")
        with open(many, "w", encoding="utf-8") as file:
            for number in range(3000):
                file.write('{"pk":"p%04d","sk":"s","filler":"%s"}\n' % (number, "x" * 80))
        subprocess.run([STATOR, "import", "shop", many, "-q", "--data", self.path("data")], check=True)

    def test_a_pager_that_cannot_be_run_or_fails_hides_nothing(self):
        self.import_many()
        terminal = self.terminal(80, lines=12)
        for setting in ("STATOR_PAGER=nosuchpager", "STATOR_PAGER=false", "STATOR_PAGER='exit 3'",
                        "-u STATOR_PAGER PATH=/nowhere"):
            for words in ("scan shop", "scan shop --output jsonl"):
                with self.subTest(setting=setting, words=words):
                    terminal.start(f"script -qec \"env {setting} {STATOR} {words} 2> cost\" /dev/null > seen; "
                                   "echo \"[done $? $(grep -c 'p[0-9][0-9][0-9][0-9]' seen) $(tail -n 1 cost)]\"")
                    text = terminal.wait_for(r"\[done \d+ .*\]")
                    self.assertRegex(text, r"\[done 0 3000 3009 items, ")

    def test_who_ends_a_pager_early_has_seen_enough(self):
        self.import_many()
        terminal = self.terminal(80, lines=12, STATOR_PAGER="head -n 1")
        self.assertIn("[done 0]", terminal.run("scan", "shop", "--output", "jsonl", "-q"))

    def test_less_shows_every_character(self):
        if shutil.which("less") is None:
            self.skipTest("less is not installed")
        terminal = self.terminal(60, lines=9, STATOR_PAGER="less", LC_ALL="C", LESS="-RX")
        terminal.start(f"{STATOR} scan shop; echo '[done' $?]")
        text = terminal.wait_for(r"(?m)^:")
        self.assertIn("…", text)
        self.assertNotIn("<E2>", text)
        terminal.press("q")
        terminal.wait_for(r"\[done 0\]")

    def script(self, *lines):
        path = self.path("program.sh")
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        return "sh " + path

    def test_pipes(self):
        def piped(command):
            return subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=self.directory, env={
                "PATH": os.environ["PATH"], "STATOR_DATA": self.path("data"), "TERM": "xterm", "HOME": self.directory})
        lines = piped(f"{STATOR} scan shop | cat").stdout.splitlines()
        self.assertEqual(len(lines), 9)
        self.assertTrue(all(line.startswith('{"pk":') for line in lines))
        self.assertNotIn(ESCAPE, piped(f"{STATOR} scan shop --output table | cat").stdout)
        left = piped(f"{STATOR} scan shop -q | true; echo ${{PIPESTATUS[0]}}")
        self.assertIn(left.stdout, ("141\n", "0\n"))
        self.assertEqual(left.stderr, "")
        progress = piped(f"{STATOR} export shop out.csv")
        self.assertEqual(progress.stderr, "exported 9 items of table shop, 2 capacity units\n")


if __name__ == "__main__":
    if shutil.which("tmux") is None:
        print("tmux is not installed", file=sys.stderr)
        sys.exit(77)
    unittest.main()

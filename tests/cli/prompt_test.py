"""Tests `stator ddb sql` and `stator ddb tail` on a terminal: completion, history, Ctrl-C, widths, colours."""

import fcntl
import os
import pty
import re
import select
import stat
import struct
import subprocess
import tempfile
import termios
import time
import unittest

BINARY = os.environ["STATOR_BIN"]
TAB, UP, INTERRUPT, END, STOP = "\t", "\x1b[A", "\x03", "\x04", "\x1a"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-Za-z]?|\x07")
LONG = "a rather long message that no narrow terminal can show on one line beside two other columns"


class Terminal:
    """A command on a pseudo-terminal."""

    def __init__(self, arguments, columns, environment, program=BINARY):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen([program, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.raw = ""

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, text, timeout_s=20):
        """Returns the output up to and including that text, and removes it from the buffer."""
        until = time.monotonic() + timeout_s
        while True:
            seen = ESCAPES.sub("", self.raw).replace("\r", "")
            if text in seen:
                taken = seen[:seen.index(text) + len(text)]
                self.raw = seen[len(taken):]
                return taken
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise AssertionError("%r does not come; there is %r" % (text, seen))
            try:
                self.raw += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError("it ended before %r; there is %r" % (text, seen)) from None

    def wait_for_prompt(self, prompt="sql> "):
        """Waits until the line can be edited, a moment after the prompt was written: the terminal itself would echo what is
        typed in between."""
        seen = self.wait_for(prompt)
        until = time.monotonic() + 20
        while termios.tcgetattr(self.master)[3] & termios.ICANON and time.monotonic() < until:
            time.sleep(0.005)
        return seen

    def run(self, statement):
        """The output of a statement, without the typed line."""
        self.type(statement + "\r")
        self.wait_for(statement[-12:] + "\n")
        return self.wait_for_prompt()

    def end(self):
        try:
            return self.process.wait(20)
        finally:
            os.close(self.master)


class PromptTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = folder.name
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.home, "TERM": "xterm", "STATOR_DATA": os.path.join(self.home, "data"),
                            "XDG_STATE_HOME": os.path.join(self.home, "state")}
        models = os.path.join(self.home, "models", "notes")
        os.makedirs(models)
        with open(os.path.join(models, "table.json"), "w", encoding="utf-8") as out:
            out.write('{"TableName": "long-notes", "AttributeDefinitions": [{"AttributeName": "who", "AttributeType": "S"}],'
                      '"KeySchema": [{"AttributeName": "who", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",'
                      '"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}}')
        self.stator("ddb", "schema-load", "--models", os.path.join(self.home, "models"))
        for who in ("ann", "ben"):
            self.stator("ddb", "sql", f"INSERT INTO \"long-notes\" VALUE {{'who': '{who}', 'secretive': '{LONG}', 'n': 1}}")

    def stator(self, *arguments):
        return subprocess.run([BINARY, *arguments], env=self.environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def prompt(self, columns=80):
        terminal = Terminal(["ddb", "sql"], columns, self.environment)
        self.addCleanup(terminal.process.kill)
        terminal.wait_for_prompt()
        return terminal

    def leave(self, terminal):
        terminal.type(END)
        self.assertEqual(terminal.end(), 0)

    def test_tables_fit_the_terminal(self):
        for columns in (60, 80, 200):
            terminal = self.prompt(columns)
            lines = terminal.run('SELECT who, secretive, n FROM "long-notes";').splitlines()
            self.assertEqual((len(lines), lines[-2].split(",")[0]), (5, "2 items"), lines)
            for line in lines:
                self.assertLessEqual(len(line), columns)
            self.assertEqual(any("…" in line for line in lines), columns < 100, lines)
            self.leave(terminal)

    def test_others_use_the_directory_while_nothing_is_asked_of_it(self):
        terminal = self.prompt()
        for statement in ('SELECT * FROM "long-notes";', "UPDATE \"long-notes\" SET n = 2 WHERE who = 'ann';"):
            terminal.run(statement)
            self.stator("put", "long-notes", '{"who": "cid", "n": 3}')
            self.assertIn("3 items", terminal.run('SELECT who FROM "long-notes";'))
        self.leave(terminal)

    def test_a_tail_shows_what_others_write(self):
        tail = subprocess.Popen([BINARY, "ddb", "tail", "long-notes", "--limit", "2", "--output", "jsonl"], env=self.environment,
                                stdout=subprocess.PIPE, text=True)
        self.addCleanup(tail.kill)
        time.sleep(1)
        for who in ("dan", "eve"):
            self.stator("put", "long-notes", '{"who": "%s"}' % who)
            self.assertIn('"%s"' % who, tail.stdout.readline())
        self.assertEqual(tail.wait(20), 0)
        tail.stdout.close()

    def test_completion(self):
        terminal = self.prompt()
        # A quoted name is completed with its quote; attributes are completed once they were shown.
        terminal.type('SELECT * FROM "long-n' + TAB)
        terminal.wait_for('"long-notes"')
        terminal.type(";\r")
        terminal.wait_for("2 items")
        terminal.wait_for_prompt()
        terminal.type("SELECT secre" + TAB)
        terminal.wait_for("SELECT secretive ")
        terminal.type('FROM "long-notes" WHERE wh' + TAB)
        terminal.wait_for("who ")
        terminal.type("= 'ann';\r")
        terminal.wait_for("1 item,")
        terminal.wait_for_prompt()
        self.leave(terminal)

    def test_interrupts_leave_the_statement_that_is_typed(self):
        terminal = self.prompt()
        terminal.type("SELECT nonsense")
        terminal.wait_for("SELECT nonsense")
        terminal.type(INTERRUPT)
        terminal.wait_for_prompt()
        terminal.type("SELECT nonsense\r")
        terminal.wait_for_prompt("...> ")
        terminal.type("still nonsense")
        terminal.wait_for("still nonsense")
        terminal.type(INTERRUPT)
        terminal.wait_for_prompt()
        self.assertIn("2 items", terminal.run('SELECT who FROM "long-notes";'))
        self.leave(terminal)

    def test_no_interrupt_is_lost(self):
        # Sends Ctrl-C while the echo of a character is written, just before the prompt waits for the next one.
        terminal = self.prompt()
        for number in range(200):
            word = f"nonsense{number}"
            terminal.type(word)
            terminal.wait_for(word)
            terminal.type(INTERRUPT)
            terminal.wait_for("^C")
            terminal.wait_for_prompt()
        self.assertIn("2 items", terminal.run('SELECT who FROM "long-notes";'))
        self.leave(terminal)

    def test_characters_of_every_script_in_every_locale(self):
        for locale in ({}, {"LC_ALL": "C"}, {"LC_ALL": "C.UTF-8"}, {"LC_ALL": "no_SUCH.locale"}):
            self.environment.update(locale)
            terminal = self.prompt()
            terminal.run("INSERT INTO \"long-notes\" VALUE {'who': 'Zoë', 'greeting': '你好 🙂'};")
            self.assertIn("你好 🙂", terminal.run("SELECT greeting FROM \"long-notes\" WHERE who = 'Zoë';"))
            terminal.run("DELETE FROM \"long-notes\" WHERE who = 'Zoë';")
            self.leave(terminal)

    def test_a_line_survives_a_resize_and_a_stop(self):
        # Started from a shell: a shell's job can be stopped, a command that leads its own terminal session cannot.
        terminal = Terminal(["--norc", "--noprofile", "-i"], 80, {**self.environment, "PS1": "shell> "}, program="/bin/bash")
        self.addCleanup(terminal.process.kill)
        terminal.wait_for("shell> ")
        terminal.type(f"{BINARY} ddb sql\r")
        terminal.wait_for_prompt()
        terminal.type("SELECT who FROM ")
        terminal.wait_for("SELECT who FROM ")
        for columns in (120, 70):
            fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
            terminal.type(STOP)
            terminal.wait_for("Stopped")
            terminal.wait_for("shell> ")
            terminal.type("fg\r")
            terminal.wait_for("SELECT who FROM ")
        terminal.type('"long-notes";\r')
        terminal.wait_for("2 items")
        terminal.wait_for_prompt()
        terminal.type(END)
        terminal.wait_for("shell> ")
        terminal.type("exit $?\r")
        self.assertEqual(terminal.end(), 0)

    def test_history_is_kept_for_its_owner(self):
        terminal = self.prompt()
        terminal.run("SELECT n FROM \"long-notes\" WHERE who = 'ben';")
        terminal.process.kill()
        terminal.end()
        file = os.path.join(self.home, "state", "stator", "sql_history")
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        terminal = self.prompt()
        terminal.type(UP)
        terminal.wait_for("WHERE who = 'ben';")
        terminal.type("\r")
        terminal.wait_for("1 item,")
        terminal.wait_for_prompt()
        self.leave(terminal)

    def test_tail_shows_changes_in_colours_until_interrupted(self):
        server = subprocess.Popen([BINARY, "serve", "--port", "0"], env=self.environment, stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.assertIn("http://", server.stdout.readline())
        for columns in (60, 200):
            terminal = Terminal(["ddb", "tail", "long-notes", "--from", "start"], columns, self.environment)
            self.addCleanup(terminal.process.kill)
            terminal.wait_for('{"who":"ann"}')
            terminal.wait_for('{"who":"ben"}')
            self.stator("ddb", "sql", f"UPDATE \"long-notes\" SET n = {columns} WHERE who = 'ann'")
            terminal.wait_for("MODIFY")
            terminal.wait_for(f"+ n: {columns}")
            terminal.type(INTERRUPT)
            terminal.wait_for("changes shown")
            self.assertEqual(terminal.end(), 130)
            self.stator("ddb", "sql", "UPDATE \"long-notes\" SET n = 1 WHERE who = 'ann'")
        coloured = Terminal(["ddb", "tail", "long-notes", "--from", "start", "--no-follow"], 80, self.environment)
        self.assertEqual(coloured.process.wait(20), 0)
        text = os.read(coloured.master, 1 << 20).decode()
        self.assertIn("\x1b[31m  - n: 1\x1b[0m", text)
        self.assertIn("\x1b[32m  + n: 60\x1b[0m", text)
        coloured.end()


if __name__ == "__main__":
    unittest.main()

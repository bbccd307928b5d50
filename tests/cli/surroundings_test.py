"""Tests the commands in adverse surroundings: closed or full standard output, devices and links instead of files,
directories that cannot be read or written, an account without a home, two commands working on the same data, servers of
another kind. Each command fails with one line that says why, or works; none loses, mixes up or replaces data that it was not
asked to."""

import functools
import gzip
import http.server
import json
import os
import pathlib
import resource
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from simulated_server import SimulatedServer  # noqa: E402

STATOR = os.environ["STATOR_BIN"]
MODELS = str(pathlib.Path(__file__).resolve().parents[2] / "models")
FULL = "cannot write the output: No space left on device"


class Surroundings(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "AWS_EC2_METADATA_DISABLED": "true", "STATOR_MODELS": MODELS}

    def stator(self, *words, code=0, **more):
        done = subprocess.run([STATOR, *words], capture_output="stdout" not in more, text=True, cwd=self.folder,
                              env=self.environment, stdin=more.pop("stdin", subprocess.DEVNULL), timeout=60, **more)
        self.assertEqual(done.returncode, code, (words, done.stdout, done.stderr))
        return done

    def shell(self, line, code=0):
        done = subprocess.run(["bash", "-c", line.replace("stator ", STATOR + " ")], capture_output=True, text=True,
                              cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, timeout=60)
        self.assertEqual(done.returncode, code, (line, done.stdout, done.stderr))
        return done

    def make_shop(self, *words):
        self.stator("ddb", "schema-load", "--model", "shop", "--output", "json", *words)
        self.stator("ddb", "seed", "--model", "shop", *words)


class Scripts(Surroundings):
    """The scripts in bin/, run directly and sourced by another script."""

    BIN = pathlib.Path(__file__).resolve().parents[2] / "bin"

    def setUp(self):
        super().setUp()
        self.environment["STATOR_BIN"] = STATOR

    def test_every_one_is_a_command(self):
        scripts = [path for path in self.BIN.rglob("*") if path.is_file() and path.name != "stator"]
        self.assertGreater(len(scripts), 25)
        for script in scripts:
            for run in ([str(script)], ["sh", str(script)], ["bash", str(script)]):
                done = subprocess.run([*run, "--help"], capture_output=True, text=True, cwd=self.folder, env=self.environment, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (0, ""), run)
                self.assertIn("Usage: stator ", done.stdout)

    def test_a_script_that_reads_them_goes_on(self):
        setup = self.folder / "setup"
        setup.write_text(f'bin_path="{self.BIN}"\nset -e\nsource "$bin_path/db/drop"\nsource "$bin_path/ddb/list-tables"\n'
                         'source "$bin_path/db/session" || echo "status $?"\necho end\n', encoding="utf-8")
        done = subprocess.run(["bash", str(setup)], capture_output=True, text=True, cwd=self.folder, env=self.environment, timeout=60)
        self.assertEqual(done.stdout, "== db-drop\nthere was no database cruddur\nstatus 1\nend\n", done.stderr)
        # The sourced commands get the arguments of the script.
        done = subprocess.run(["bash", str(setup), "prod"], capture_output=True, text=True, cwd=self.folder, env=self.environment, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("PROD_CONNECTION_URL", done.stderr)


class StandardStreams(Surroundings):
    def test_closed_ones_are_not_taken_by_files_of_the_database(self):
        self.make_shop()
        for closed in (">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"):
            with self.subTest(closed=closed):
                self.shell("""stator put shop '{"pk": "CLOSED", "sk": "%s"}' %s""" % (closed, closed))
                # update prints the item, if it can.
                prints = not closed.startswith("<&- >") and not closed.startswith(">")
                self.shell("stator update shop CLOSED '%s' --set n=1 %s" % (closed, closed), code=0 if prints else 1)
                self.stator("check", ".stator")
                self.assertIn('"n":1', self.stator("get", "shop", "CLOSED", closed, "--output", "jsonl").stdout)
        self.assertEqual(self.shell("stator scan shop >&-", code=1).stderr,
                         "stator: cannot write the output: Bad file descriptor\n")
        self.assertEqual(self.shell("stator import shop <&-", code=1).stderr,
                         "stator: cannot read standard input: Bad file descriptor\n")

    def test_full_output_is_one_line_and_status_1(self):
        self.make_shop()
        for words in (["get", "shop", "PRODUCT#cup", "PRODUCT"], ["query", "shop", "CUSTOMER#ann"], ["scan", "shop"],
                      ["scan", "shop", "--output", "csv", "--segments", "4"], ["count", "shop"], ["tables"], ["describe", "shop"],
                      ["export", "shop"], ["export", "shop", "--format", "csv"], ["ddb", "scan", "shop"],
                      ["ddb", "sql", 'SELECT * FROM "shop"'], ["ddb", "list-tables"], ["ddb", "patterns"],
                      ["ddb", "patterns", "customer", "--customer", "ann"], ["ddb", "tail", "shop", "--from", "start", "--no-follow"],
                      ["delete", "shop", "CUSTOMER#ann", "PROFILE", "--dry-run"], ["--help"], ["--version"], ["man"],
                      ["completion", "bash"]):
            with self.subTest(words=words), open("/dev/full", "w", encoding="utf-8") as full:
                done = self.stator(*words, code=1, stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.stderr, f"stator: {FULL}\n")

    def test_full_or_closed_standard_error_changes_nothing_else(self):
        self.make_shop()
        for error in ("2>/dev/full", "2>&-"):
            with self.subTest(error=error):
                self.assertEqual(self.shell("stator count shop " + error).stdout, "9\n")
                self.shell("stator get shop none none " + error, code=1)
                self.shell("stator get shop " + error, code=2)
                self.shell("stator export shop out.jsonl " + error)
        # Both streams end in a pipe whose reader is closed.
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        os.close(reader)
        self.stator("scan", "shop", code=141, stdout=writer, stderr=writer)
        self.stator("get", "shop", "none", "none", code=1, stdout=writer, stderr=writer)

    def test_standard_input_that_cannot_be_read_is_no_empty_one(self):
        self.make_shop()
        for words in (["import", "shop"], ["put", "shop"], ["ddb", "sql"], ["init", "mine", "--from", "-"]):
            with self.subTest(words=words):
                directory = os.open(self.folder, os.O_RDONLY)
                self.addCleanup(os.close, directory)
                done = self.stator(*words, code=1, stdin=directory)
                self.assertRegex(done.stderr, r"^stator: .*cannot read standard input: Is a directory\n$")

    def test_output_that_is_not_always_ready_is_waited_for(self):
        self.make_shop()
        with open(self.folder / "many.jsonl", "w", encoding="utf-8") as file:
            for number in range(3000):
                file.write('{"pk":"p%d","sk":"s","filler":"%s"}\n' % (number, "x" * 100))
        self.stator("import", "shop", "many.jsonl")
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        command = subprocess.Popen([STATOR, "scan", "shop", "-q"], stdout=writer, stderr=subprocess.PIPE, cwd=self.folder,
                                   env=self.environment, text=True)
        os.close(writer)
        time.sleep(0.2)
        with open(reader, encoding="utf-8") as out:
            lines = out.read().splitlines()
        self.assertEqual((command.communicate()[1], len(lines)), ("", 3009))


class Files(Surroundings):
    def test_an_export_to_a_device_or_link_leaves_it_what_it_is(self):
        self.make_shop()
        (self.folder / "nothing").symlink_to("/dev/null")
        self.stator("export", "shop", "nothing")
        self.assertTrue((self.folder / "nothing").is_symlink())
        (self.folder / "real.jsonl").write_text("old")
        (self.folder / "real.jsonl").chmod(0o600)
        (self.folder / "link.jsonl").symlink_to("real.jsonl")
        self.stator("export", "shop", "link.jsonl")
        self.assertTrue((self.folder / "link.jsonl").is_symlink())
        self.assertEqual(len((self.folder / "real.jsonl").read_text().splitlines()), 9)
        self.assertEqual(stat.S_IMODE((self.folder / "real.jsonl").stat().st_mode), 0o600)
        os.mkfifo(self.folder / "pipe")
        done = self.shell("cat pipe | wc -l & stator export shop pipe --quiet; wait")
        self.assertEqual(done.stdout.strip(), "9")
        self.assertEqual(self.shell("stator export shop /dev/stdout --format csv --quiet | wc -l").stdout.strip(), "10")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir() if "part" in path.name), [])

    def test_what_cannot_be_written_or_read_is_named_with_the_reason(self):
        self.make_shop()
        (self.folder / "folder").mkdir()
        rows = [
            (["export", "shop", "folder"], "cannot write folder: Is a directory"),
            (["export", "shop", "none/out.jsonl"], "cannot write none/out.jsonl.part: No such file or directory"),
            (["export", "shop", "/dev/full"], "cannot write /dev/full: No space left on device"),
            (["export", "shop", "/dev/full", "--format", "csv"], "cannot write /dev/full: No space left on device"),
            (["import", "shop", "none.jsonl"], "cannot read none.jsonl: No such file or directory"),
            (["import", "shop", "none.jsonl", "--endpoint-url", "https://dynamodb.eu-west-3.amazonaws.com"],
             "cannot read none.jsonl: No such file or directory"),
            (["put", "shop", "@folder"], "cannot read folder: Is a directory"),
            (["put", "shop", "@none"], "cannot read none: No such file or directory"),
            (["ddb", "sql", "--file", "folder"], "cannot read folder: Is a directory"),
            (["init", "mine", "--from", "folder"], "cannot read folder: Is a directory"),
            (["ddb", "patterns", "check", "--junit", "none/x.xml"], "cannot write none/x.xml: No such file or directory"),
        ]
        for words, said in rows:
            with self.subTest(words=words):
                self.assertEqual(self.stator(*words, code=1).stderr, f"stator: {said}\n")

    def test_a_disk_that_is_full_before_the_end_of_an_export(self):
        server = self.enterContext(SimulatedServer(["--in-memory"]))
        self.make_shop("--endpoint-url", server.url)
        for name in ("out.jsonl", "out.csv", "out.jsonl.gz", "out.csv.gz"):
            whole = self.folder / ("whole-" + name)
            self.stator("export", "shop", str(whole), "--segments", "1", "--endpoint-url", server.url)
            size = whole.stat().st_size
            for limit in (0, 1, size // 2, size - 1):
                with self.subTest(name=name, limit=limit, size=size):
                    def no_more():
                        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
                    done = self.stator("export", "shop", name, "--segments", "1", "--endpoint-url", server.url, code=1, preexec_fn=no_more)
                    hint = " (the same command goes on where this one ended)"
                    self.assertRegex(done.stderr.replace(hint, ""), r"^stator: cannot write [^\n]+: File too large\n$")
                    self.assertEqual((self.folder / (name + ".part")).exists(), hint in done.stderr, done.stderr)
                    self.assertFalse((self.folder / name).exists())
                    self.assertFalse((self.folder / (name + ".part.csv")).exists())
            # With enough room the same command completes the export.
            self.stator("export", "shop", name, "--segments", "1", "--endpoint-url", server.url)
            opened = gzip.open if name.endswith(".gz") else open
            with opened(self.folder / name, "rb") as made, opened(whole, "rb") as wanted:
                self.assertEqual(made.read(), wanted.read())

    def test_output_that_outgrows_what_is_buffered_says_why_it_fails(self):
        self.stator("create", "many", "id", "n:N")
        items = "".join('{"id":"i","n":%d,"t":"%s"}\n' % (n, os.urandom(500).hex()) for n in range(2000))
        (self.folder / "many.jsonl").write_text(items)
        self.stator("import", "many", "many.jsonl")
        for name in ("out.jsonl", "out.csv", "out.jsonl.gz"):
            for limit in (20_000, 500_000):
                with self.subTest(name=name, limit=limit):
                    no_more = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (limit, limit))
                    done = self.stator("export", "many", name, "--restart", code=1, preexec_fn=no_more)
                    self.assertRegex(done.stderr, rf"^stator: cannot write {name}.part: File too large(?: \(the same [^\n]+\))?\n$")
        for words in ([], ["--format", "csv"]):
            self.assertEqual(self.stator("export", "many", "/dev/full", *words, code=1).stderr,
                             "stator: cannot write /dev/full: No space left on device\n")
        with open(self.folder / "scanned", "wb") as out:
            done = self.stator("scan", "many", code=1, stdout=out, stderr=subprocess.PIPE, preexec_fn=no_more)
        self.assertEqual(done.stderr, "stator: cannot write the output: File too large\n")
        # Programs that the command starts get the signal's default action.
        self.environment["EDITOR"] = "grep SigIgn /proc/self/status >&2; false"
        done = self.stator("edit", "many", "i", "1", code=1)
        self.assertRegex(done.stderr, r"SigIgn:\s*0+\n")

    def test_temporary_files_are_made_where_the_environment_says(self):
        self.make_shop()
        self.environment["TMPDIR"] = str(self.folder / "none")
        for words in (["export", "shop", "--format", "csv"], ["export", "shop", "out.csv"]):
            self.assertEqual(self.stator(*words, code=1).stderr,
                             f"stator: cannot write a temporary file in {self.folder}/none: No such file or directory\n")
        self.assertEqual(self.stator("edit", "shop", "PRODUCT#cup", "PRODUCT", code=1).stderr,
                         f"stator: cannot make a file in {self.folder}/none: No such file or directory\n")

    def test_a_copy_names_a_table_in_a_place(self):
        self.make_shop()
        rows = [
            ("http://localhost:8000", '"http://localhost:8000" names no table; give http://localhost:8000/TABLE'),
            ("https://dynamodb.eu-west-3.amazonaws.com",
             '"https://dynamodb.eu-west-3.amazonaws.com" names no table; give https://dynamodb.eu-west-3.amazonaws.com/TABLE'),
            ("http://localhost:8000/", '"http://localhost:8000/" names no table'),
            ("arn:aws:dynamodb:us-east-1:000000000000:table/shop",
             '"arn:aws:dynamodb:us-east-1:000000000000:table/shop": give TABLE, prod:TABLE, http://HOST:PORT/TABLE or DIR/TABLE'),
            ("", '"" names no table'),
        ]
        before = sorted(self.folder.iterdir())
        for place, said in rows:
            for words in (["copy", "shop", place], ["copy", place, "shop"], ["diff", "shop", place]):
                with self.subTest(words=words):
                    done = self.stator(*words, code=2)
                    if place:
                        self.assertEqual(done.stderr, f"stator: {said}\n")
        self.assertEqual(sorted(self.folder.iterdir()), before)


class Transfers(Surroundings):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(SimulatedServer(["--in-memory"]))
        self.environment["AWS_ENDPOINT_URL"] = self.server.url
        self.make_shop()

    def test_notes_lie_in_an_absolute_place(self):
        self.stator("export", "shop", "shop.jsonl")
        self.environment["XDG_STATE_HOME"] = "state"
        self.assertRegex(self.stator("import", "shop", "shop.jsonl").stderr, r"^imported \d+ items into table shop\n$")
        self.assertFalse((self.folder / "state").exists())
        self.assertTrue((self.folder / ".local/state/stator").exists())

    def test_without_a_place_for_notes_they_work_and_say_so(self):
        self.environment["HOME"] = "/dev/null"
        (self.folder / "items.jsonl").write_text('{"pk":"a","sk":"b"}\n')
        rows = [(["import", "shop", "items.jsonl"], "imported 1 item into table shop"),
                (["copy", "shop", "twin"], "verified: 10 items")]
        for words, said in rows:
            with self.subTest(words=words):
                err = self.stator(*words).stderr
                self.assertRegex(err, r"^stator: cannot write /dev/null/\.local/\S+\.lock: Not a directory: "
                                      rf"should this {words[0]} be ended, the same command starts over\n")
                self.assertIn(said, err)
        # Without HOME, other commands work as well.
        del self.environment["HOME"]
        self.stator("get", "shop", "a", "b")
        self.stator("ddb", "sql", 'SELECT * FROM "shop"')

    def test_one_command_at_a_time_is_at_a_transfer(self):
        with open(self.folder / "items.jsonl", "w", encoding="utf-8") as file:
            for number in range(200):
                file.write('{"pk":"p%d","sk":"s"}\n' % number)
        for operation, words in (("Scan", ["export", "shop", "out.jsonl"]), ("BatchWriteItem", ["import", "shop", "items.jsonl"]),
                                 ("Scan", ["copy", "shop", "twin"])):
            with self.subTest(words=words):
                self.server.simulate([{"when": {"operation": operation}, "then": {"latency_ms": 1500, "page_items": 5}}])
                first = subprocess.Popen([STATOR, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                         cwd=self.folder, env=self.environment)
                self.server.wait_for_requests(1, first)
                second = self.stator(*words, code=1)
                self.assertRegex(second.stderr, r"(?m)^stator: another command is running the same transfer \(\S+\)$")
                self.server.simulate()
                self.assertEqual(first.communicate(timeout=60)[1].count("stator:"), 0)
                self.assertEqual(first.returncode, 0)
        self.assertEqual(len((self.folder / "out.jsonl").read_text().splitlines()), 9)
        self.assertEqual(list((self.folder / ".local/state/stator").iterdir()), [], "nothing is left of a transfer that is done")


class OneDirectory(Surroundings):
    def test_an_open_editor_keeps_nobody_out(self):
        self.make_shop()
        self.stator("put", "shop", '{"pk": "A", "sk": "B", "n": 1}')
        editor = self.folder / "editor"
        editor.write_text("#!/bin/sh\n%s put shop '{\"pk\": \"C\", \"sk\": \"D\"}' 2>&1 && sed -i 's/1/2/' \"$1\"\n" % STATOR)
        editor.chmod(0o700)
        self.environment["EDITOR"] = str(editor)
        self.stator("edit", "shop", "A", "B")
        self.assertIn('"n":2', self.stator("get", "shop", "A", "B", "--output", "jsonl").stdout)
        self.stator("get", "shop", "C", "D")

    def test_who_holds_it_and_what_to_do_is_said(self):
        self.make_shop()
        with subprocess.Popen([STATOR, "import", "shop", "--format", "jsonl"], cwd=self.folder, env=self.environment,
                              stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as holder:
            time.sleep(1)
            line = self.stator("get", "shop", "A", "B", code=1).stderr.splitlines()[-1]
            holder.stdin.close()
        self.assertIn("process %d (stator import" % holder.pid, line)
        self.assertIn("stator serve", line)


class OtherServers(Surroundings):
    def test_an_array_that_an_error_ends_is_closed(self):
        server = self.enterContext(SimulatedServer(["--in-memory"]))
        self.make_shop("--endpoint-url", server.url)
        fails = [{"when": {"operation": ["Scan", "Query", "ExecuteStatement"]}, "then": {"page_items": 2}},
                 {"when": {"operation": ["Scan", "Query"], "key_prefix": {"pk": "CUSTOMER"}}, "then": {"error": "AccessDeniedException"}}]
        for words, count in ((["scan", "shop"], 2), (["scan", "shop", "--ddb-json"], 2), (["ddb", "scan", "shop"], 2),
                             (["query", "shop", "open", "--index", "orders-by-status"], 2)):
            for output in ("json", "jsonl", "csv"):
                with self.subTest(words=words, output=output):
                    server.simulate(fails)
                    done = self.stator(*words, "--output", output, "--endpoint-url", server.url, code=1)
                    self.assertIn("AccessDeniedException", done.stderr)
                    if output == "json":
                        self.assertEqual(len(json.loads(done.stdout)), count)
                    else:
                        self.assertEqual(len(done.stdout.splitlines()), count + (output == "csv"))
        statements = "SELECT * FROM shop WHERE pk = 'CUSTOMER#ann'; SELECT * FROM nowhere"
        server.simulate()
        done = self.stator("ddb", "sql", statements, "--output", "json", "--endpoint-url", server.url, code=1)
        self.assertEqual(len(json.loads(done.stdout)), 4)
        done = self.stator("ddb", "sql", "SELECT * FROM nowhere", "--output", "json", "--endpoint-url", server.url, code=1)
        self.assertEqual(done.stdout, "")

    def test_replies_that_are_empty_or_cut_are_told_with_the_address(self):
        class Cut(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b"" if self.path.startswith("/empty") else b'{"TableNames":["a"'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cut)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for path, why in (("", "not a complete JSON object"), ("/empty", "empty")):
            url = f"http://127.0.0.1:{server.server_port}{path}"
            with self.subTest(why=why):
                line = self.stator("tables", "--endpoint-url", url, code=1).stderr
                self.assertEqual(len(line.splitlines()), 1, line)
                self.assertIn(f"what answers at {url} is ", line)
                self.assertTrue(line.endswith(f": its reply is {why}\n"), line)

    def test_a_cache_that_would_lend_rights_says_nothing_else(self):
        self.environment.update(AWS_ACCESS_KEY_ID="A", AWS_SECRET_ACCESS_KEY="s", AWS_REGION="eu-west-3")
        line = self.stator("cache", "--to", "aws", "--host", "0.0.0.0", "--port", "0", code=2).stderr
        self.assertEqual(len(line.splitlines()), 1, line)
        self.assertIn("--credentials", line)

    def test_what_is_not_dynamodb_is_told(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(301 if self.path.startswith("/moved") else 200)
                self.send_header("Location", "https://elsewhere.example/")
                self.send_header("Content-Length", "15")
                self.end_headers()
                self.wfile.write(b"<html>Hi</html>")

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        for words, operation in ((["tables"], "ListTables"), (["get", "shop", "a"], "DescribeTable"),
                                 (["ddb", "scan", "shop"], "Scan"), (["copy", "shop", "twin"], "DescribeTable")):
            with self.subTest(words=words):
                self.assertEqual(
                    self.stator(*words, "--endpoint-url", url, code=1).stderr,
                    f"An error occurred (ServiceUnavailable) when calling the {operation} operation: "
                    f"what answers at {url} is not DynamoDB's API: its reply is not a JSON object\n")
                self.assertEqual(
                    self.stator(*words, "--endpoint-url", url + "/moved", code=1).stderr,
                    f"An error occurred (UnknownError) when calling the {operation} operation: "
                    f"HTTP status 301 from {url}/moved, which sends on to https://elsewhere.example/\n")


if __name__ == "__main__":
    unittest.main()

"""Kills (SIGKILL) or interrupts (SIGINT) every format of export and import, and a copy, in the middle, and runs them again.
The database's simulator delays a command until the signal was sent, so that the result does not depend on the machine's
speed."""

import csv
import gzip
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from dynamodb import Client  # noqa: E402
from simulated_server import SimulatedServer  # noqa: E402

STATOR = os.environ["STATOR_BIN"]
ITEMS = 1200
# Delays pages of 20 items, and batches, by 300 ms.
SLOW = [{"when": {"operation": "Scan"}, "then": {"latency_ms": 300, "page_items": 20}},
        {"when": {"operation": "BatchWriteItem"}, "then": {"latency_ms": 300}}]
TABLE = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST"}


def item_of(number):
    item = {"pk": {"S": "customer-%d" % (number % 97)}, "n": {"N": str(number)}, "text": {"S": "line\n\"%d\", ü" % number}}
    # Columns that only some items have; the last ones come late.
    item["only%d" % (number // 300)] = {"SS": ["a", "b%d" % number]}
    if number % 5 == 0:
        item["text"] = {"N": "%d.5" % number}
    return item


class Resumed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SimulatedServer(["--in-memory"])
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        with Client(cls.server.url) as client:
            client.call("CreateTable", TableName="shop", **TABLE)
            for start in range(0, ITEMS, 25):
                client.call("BatchWriteItem", RequestItems={
                    "shop": [{"PutRequest": {"Item": item_of(number)}} for number in range(start, start + 25)]})

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "XDG_STATE_HOME": str(self.folder / "state"), "AWS_EC2_METADATA_DISABLED": "true"}

    def start(self, *arguments):
        return subprocess.Popen([STATOR, "--endpoint-url", self.server.url, *arguments], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment)

    def run_whole(self, *arguments):
        done = subprocess.run([STATOR, "--endpoint-url", self.server.url, *arguments], capture_output=True, text=True,
                              env=self.environment, timeout=300)
        self.assertEqual(done.returncode, 0, (arguments, done.stderr))
        return done

    def state_files(self):
        return [path for path in self.folder.rglob("*")
                if path.name.endswith(".part.state") or (path.suffix == ".json" and "state" in path.parts)]

    def noted_items(self):
        """The number of items that the state files of interrupted commands record as done."""
        found = 0
        for path in self.state_files():
            try:
                found += sum(segment["items"] for segment in json.loads(path.read_text())["segments"])
            except (OSError, ValueError):
                pass  # being replaced at the moment
        return found

    def ended(self, number, *arguments):
        """Runs a command until some of its work is recorded, then sends the signal; returns what it printed."""
        before = self.noted_items()
        self.server.simulate(SLOW)
        command = self.start(*arguments)
        try:
            end = time.monotonic() + 300
            while self.noted_items() <= before:
                self.assertIsNone(command.poll(), "it must be held up")
                self.assertLess(time.monotonic(), end)
                time.sleep(0.01)
            self.assertIsNone(command.poll(), "it must be held up")
            command.send_signal(number)
            _, err = command.communicate(timeout=300)
        finally:
            command.kill()
            command.wait()
            self.server.simulate()
        self.assertEqual(command.returncode, -signal.SIGKILL if number == signal.SIGKILL else 130, err)
        done = self.noted_items()
        self.assertTrue(0 < done < ITEMS, done)
        for path in self.state_files():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600, f"{path} has keys of items in it")
        return err

    def resumed(self, *arguments):
        """Kills the command, interrupts it, and lets it finish."""
        self.ended(signal.SIGKILL, *arguments)
        after_kill = self.noted_items()
        said = self.ended(signal.SIGINT, *arguments)
        self.assertRegex(said, r"^stator: interrupted: \w+ \d+ items \(the same command goes on where this one ended\)\n$")
        self.assertGreaterEqual(self.noted_items(), after_kill)
        err = self.run_whole(*arguments).stderr
        earlier = re.search(r"(\d+) items.*, (\d+) of them earlier", err)
        self.assertIsNotNone(earlier, err)
        self.assertEqual(int(earlier.group(1)), ITEMS)
        self.assertGreaterEqual(int(earlier.group(2)), after_kill)
        self.assertEqual(self.noted_items(), 0, "nothing is left of it")

    def make_table(self, name, **more):
        with Client(self.server.url) as client:
            client.call("CreateTable", TableName=name, **TABLE, **more)
        self.addCleanup(self.run_whole, "ddb", "drop", name)

    def make_anew(self, name):
        self.run_whole("ddb", "drop", name)
        with Client(self.server.url) as client:
            client.call("CreateTable", TableName=name, **TABLE)

    def assert_same_as_shop(self, table):
        out = self.run_whole("diff", "shop", table).stdout
        self.assertEqual(out, "")

    def test_exports_of_every_format(self):
        for name, options in (("plain.jsonl", []), ("wire.jsonl", ["--format", "ddb-json"]), ("table.csv", []),
                              ("plain.jsonl.gz", []), ("table.csv.gz", []), ("items.ion", []), ("items.ion.gz", [])):
            with self.subTest(name):
                path = str(self.folder / name)
                self.resumed("export", "shop", path, *options)
                self.assertEqual([each.name for each in self.folder.glob(name + "*")], [name], "no draft is left")
                raw = pathlib.Path(path).read_bytes()
                text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
                rows = list(csv.reader(text.splitlines(True))) if "csv" in name else text.splitlines()
                self.assertEqual(len(rows), ITEMS + ("csv" in name))
                table = "again-" + re.sub(r"\W", "-", name)
                self.make_table(table)
                self.run_whole("import", table, path, *options)
                self.assert_same_as_shop(table)

    def test_imports_of_every_format(self):
        for name, options in (("plain.jsonl", []), ("wire.jsonl", ["--format", "ddb-json"]), ("table.csv", []),
                              ("plain.jsonl.gz", []), ("table.csv.gz", []), ("items.ion", []), ("items.ion.gz", [])):
            with self.subTest(name):
                path = str(self.folder / name)
                self.run_whole("export", "shop", path, *options)
                table = "in-" + re.sub(r"\W", "-", name)
                self.make_table(table)
                # One batch at a time, so that there are many steps between which it can be interrupted.
                self.resumed("import", table, path, "--jobs", "1", *options)
                self.assert_same_as_shop(table)

    def test_imports_of_documents(self):
        with Client(self.server.url) as client:
            whole = client.call("Scan", TableName="shop")
        self.assertEqual(len(whole["Items"]), ITEMS)
        put = {"table": [{"PutRequest": {"Item": item}} for item in whole["Items"]]}
        for name, text in (("list.json", json.dumps(whole["Items"], indent=2)), ("one-line.json", json.dumps(whole)),
                           ("several-lines.json", json.dumps(whole, indent=4)), ("requests.json.gz", json.dumps(put))):
            with self.subTest(name):
                path = self.folder / name
                table = "of-" + re.sub(r"\W", "-", name)
                text = text.replace('"table"', f'"{table}"')
                path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
                self.make_table(table)
                self.resumed("import", table, str(path), "--jobs", "1")
                self.assert_same_as_shop(table)

    def test_a_copy(self):
        self.resumed("copy", "shop", "copied")
        self.addCleanup(self.run_whole, "ddb", "drop", "copied")
        self.assert_same_as_shop("copied")

    def export_shop(self):
        path = str(self.folder / "shop.jsonl")
        self.run_whole("export", "shop", path)
        return path

    def assert_begins_anew(self, said, table, fault, what):
        self.assertRegex(said, rf"(?m)^table {table}( \(.*\))? {fault} when this {what} was ended: starting over$")
        self.assertNotIn("earlier", said)

    def test_an_import_into_a_table_made_anew(self):
        command = ["import", "anew", self.export_shop(), "--jobs", "1"]
        self.make_table("anew")
        self.ended(signal.SIGINT, *command)
        self.make_anew("anew")
        self.assert_begins_anew(self.run_whole(*command).stderr, "anew", "is not the same as", "import")
        self.assert_same_as_shop("anew")

    def test_an_import_into_a_table_that_went_back(self):
        command = ["import", "back", self.export_shop(), "--jobs", "1"]
        self.make_table("back")
        self.run_whole("put", "back", json.dumps({"pk": "customer-0", "n": 0, "text": "an older one"}))
        self.run_whole("snapshot", "save", "before")
        self.ended(signal.SIGINT, *command)
        self.run_whole("snapshot", "restore", "before")
        self.assert_begins_anew(self.run_whole(*command).stderr, "back", "no longer has what was last written to it", "import")
        self.assert_same_as_shop("back")

    def test_an_export_of_a_table_made_anew(self):
        source = self.export_shop()
        for name in ("out.jsonl", "out.csv"):
            with self.subTest(name):
                self.make_table("source" + name)
                self.run_whole("import", "source" + name, source)
                command = ["export", "source" + name, str(self.folder / name)]
                self.ended(signal.SIGINT, *command)
                self.make_anew("source" + name)
                self.run_whole("put", "source" + name, '{"pk": "one", "n": 1}')
                said = self.run_whole(*command).stderr
                self.assert_begins_anew(said, "source" + name, "is not the same as", "export")
                self.assertIn("exported 1 item of table", said)
                text = (self.folder / name).read_text()
                self.assertEqual(text, '{"pk":"one","n":1}\n' if name == "out.jsonl" else "pk:S,n:N\none,1\n")

    def test_an_export_of_a_table_that_went_back(self):
        self.make_table("emptied")
        self.run_whole("snapshot", "save", "empty")
        self.run_whole("import", "emptied", self.export_shop())
        command = ["export", "emptied", str(self.folder / "out.jsonl")]
        self.ended(signal.SIGINT, *command)
        self.run_whole("snapshot", "restore", "empty")
        said = self.run_whole(*command).stderr
        self.assert_begins_anew(said, "emptied", "no longer has what was last read from it", "export")
        self.assertEqual((self.folder / "out.jsonl").read_text(), "")

    def test_a_copy_into_a_table_that_was_dropped(self):
        self.ended(signal.SIGINT, "copy", "shop", "copied")
        self.run_whole("ddb", "drop", "copied")
        said = self.run_whole("copy", "shop", "copied").stderr
        self.addCleanup(self.run_whole, "ddb", "drop", "copied")
        self.assert_begins_anew(said, "copied", "is not the same as", "copy")
        self.assertIn("verified: 1200 items", said)

    def test_a_followed_copy_into_a_table_that_was_dropped(self):
        self.make_table("streamed", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        self.run_whole("import", "streamed", self.export_shop())
        command = ["copy", "streamed", "followed", "--follow"]
        self.server.simulate([{"when": {"operation": "GetRecords"}, "then": {"latency_ms": 0}}])
        following = self.start(*command)
        self.server.wait_for_requests(2, following)
        following.send_signal(signal.SIGINT)
        following.communicate(timeout=300)
        self.run_whole("ddb", "drop", "followed")
        said = self.run_whole(*command, "--until-caught-up").stderr
        self.addCleanup(self.run_whole, "ddb", "drop", "followed")
        self.assert_begins_anew(said, "followed", "is not the same as", "copy")
        self.assert_same_as_shop("followed")

    def test_restart_begins_anew(self):
        path = str(self.folder / "table.csv")
        self.ended(signal.SIGKILL, "export", "shop", path)
        err = self.run_whole("export", "shop", path, "--restart").stderr
        self.assertRegex(err, r"^exported 1200 items of table shop, [\d.]+ capacity units\n$")


if __name__ == "__main__":
    unittest.main()

"""Tests Ctrl-C (SIGINT, and SIGTERM) in every command that may take long: one line says what was done, and the status is
130. The signal is sent when the database's simulator has counted a request of the command, and replies are delayed, so that
the result does not depend on the machine's speed."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from dynamodb import Client  # noqa: E402
from simulated_server import SimulatedServer  # noqa: E402

STATOR = os.environ["STATOR_BIN"]
MODELS = str(pathlib.Path(__file__).resolve().parents[2] / "models")
ITEMS = 400
HELD_MS = 400
PATIENCE_S = 120


class Interrupted(unittest.TestCase):
    SERVE = ["--in-memory"]

    def setUp(self):
        self.server = self.enterContext(SimulatedServer(self.SERVE))
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LC_ALL": "C.UTF-8",
                            "XDG_STATE_HOME": str(self.folder / "state"), "AWS_EC2_METADATA_DISABLED": "true",
                            "STATOR_MODELS": MODELS}

    def hold(self, operation, held_ms=HELD_MS):
        self.server.simulate([{"when": {"operation": operation}, "then": {"latency_ms": held_ms, "page_items": 5}}])

    def start(self, *words):
        return subprocess.Popen([STATOR, "--endpoint-url", self.server.url, *words], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)

    def end(self, command, number=signal.SIGINT):
        command.send_signal(number)
        out, err = command.communicate(timeout=PATIENCE_S)
        self.assertEqual(command.returncode, 130, err)
        return out, err

    def interrupt(self, operation, words, number=signal.SIGINT, requests=2, held_ms=HELD_MS):
        """Interrupts the command in the middle of its requests of that operation; returns what it printed."""
        self.hold(operation, held_ms)
        command = self.start(*words)
        self.server.wait_for_requests(requests, command)
        return self.end(command, number)


class InTheMiddle(Interrupted):
    def setUp(self):
        super().setUp()
        with Client(self.server.url) as client:
            client.call("CreateTable", TableName="many", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"},
                                              {"AttributeName": "sk", "AttributeType": "N"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
            for start in range(0, ITEMS, 25):
                client.call("BatchWriteItem", RequestItems={"many": [
                    {"PutRequest": {"Item": {"pk": {"S": "p"}, "sk": {"N": str(number)}, "n": {"N": str(number)}}}}
                    for number in range(start, start + 25)]})
        lines = "".join('{"pk":"q","sk":%d}\n' % number for number in range(ITEMS))
        (self.folder / "items.jsonl").write_text(lines)

    def test_reading(self):
        rows = [
            ("Scan", ["scan", "many"], r"interrupted: (\d+) items"),
            ("Query", ["query", "many", "p"], r"interrupted: (\d+) items"),
            ("Query", ["query", "many", "p", "--where", "n>=3"], r"interrupted: (\d+) items of (\d+) read"),
            ("Scan", ["ddb", "scan", "many"], r"interrupted: (\d+) items"),
            ("Scan", ["export", "many"], r"interrupted: exported (\d+) items"),
        ]
        for operation, words, said in rows:
            with self.subTest(words=words):
                out, err = self.interrupt(operation, words)
                self.assertRegex(err, rf"^stator: {said}\n$")
                told = int(err.split("interrupted: ")[1].removeprefix("exported ").split()[0])
                self.assertEqual(len(out.splitlines()), told, "what it says is what it printed")
                self.assertTrue(0 < told < ITEMS, told)

    def test_what_was_printed_is_whole(self):
        out, _ = self.interrupt("Scan", ["scan", "many", "--output", "json"])
        self.assertGreater(len(json.loads(out)), 0)
        out, _ = self.interrupt("Scan", ["scan", "many", "--output", "csv"])
        self.assertEqual(out.splitlines()[0], "pk,sk,n")

    def test_segments(self):
        _, err = self.interrupt("Scan", ["scan", "many", "--segments", "4"])
        self.assertRegex(err, r"^stator: interrupted: \d+ items( of \d+ read)?\n$")

    def test_counting(self):
        out, err = self.interrupt("Scan", ["count", "many"])
        self.assertEqual(out, "")
        self.assertRegex(err, r"^stator: interrupted: \d+ counted, \d+ read\n$")

    def test_sigterm_is_the_same(self):
        _, err = self.interrupt("Scan", ["scan", "many"], signal.SIGTERM)
        self.assertRegex(err, r"^stator: interrupted: \d+ items\n$")

    def test_a_second_one_ends_at_once(self):
        self.server.simulate([{"when": {"operation": "Scan"}, "then": {"latency_ms": 20000}}])
        command = self.start("scan", "many")
        self.server.wait_for_requests(1, command)
        command.send_signal(signal.SIGINT)
        end = time.monotonic() + PATIENCE_S / 2
        # The first signal may come before the command has installed its handler.
        while command.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
            command.send_signal(signal.SIGINT)
        command.communicate(timeout=PATIENCE_S)
        self.assertEqual(command.returncode, -signal.SIGINT)
        self.server.kill()

    def test_comparing(self):
        self.start("copy", "many", "same", "--no-verify").communicate(timeout=PATIENCE_S)
        out, err = self.interrupt("Scan", ["diff", "many", "same"], requests=6)
        self.assertEqual(out, "")
        self.assertRegex(err, r"^stator: interrupted: \d+ items read; whether the tables are equal is not known\n$")

    def test_importing(self):
        _, err = self.interrupt("BatchWriteItem", ["import", "many", str(self.folder / "items.jsonl"), "--jobs", "1"])
        self.assertRegex(err, r"^stator: interrupted: imported \d+ items \(the same command goes on where this one ended\)\n$")

    def test_what_the_database_refused_is_told_before_it_is_passed_over(self):
        # The command notes its progress after each hundred lines, or several hundred: the last of these is bad, too.
        count, bad = 600, [5, 100, 200, 300, 400, 500, 600]
        lines = ['{"pk":"%s","sk":%d}' % ("" if line in bad else "q", line) for line in range(1, count + 1)]
        (self.folder / "items.jsonl").write_text("\n".join(lines))
        words = ["import", "many", str(self.folder / "items.jsonl"), "--jobs", "1", "--skip-bad"]
        # A batch with a bad item is sent again item by item: 300 lines are 112 requests.
        _, err = self.interrupt("BatchWriteItem", words, requests=120, held_ms=30)
        self.server.simulate()
        command = self.start(*words)
        _, again = command.communicate(timeout=PATIENCE_S)
        self.assertEqual(command.returncode, 0, again)
        for line in bad:
            self.assertEqual((err + again).count(f"items.jsonl:{line}: "), 1, err + again)
        self.assertNotIn("starting over", again)
        self.assertRegex(again, r"imported 593 items into table many, \d+ of them earlier")

    def test_copying(self):
        _, err = self.interrupt("Scan", ["copy", "many", "there"], requests=6)
        self.assertRegex(err, r"^created table there \(.*\)\n"
                              r"stator: interrupted: copied \d+ items \(the same command goes on where this one ended\)\n$")

    def test_following(self):
        self.hold("GetRecords")
        command = self.start("copy", "many", "there", "--follow", "--no-verify")
        self.server.wait_for_requests(2, command)
        command.send_signal(signal.SIGINT)
        _, err = command.communicate(timeout=PATIENCE_S)
        self.assertRegex(err, r"\nended: \d+ changes? applied, ")
        # A follower that has caught up ends with success.
        self.assertEqual(command.returncode, 0 if "nothing behind" in err.splitlines()[-1] else 130, err)

    def test_tailing(self):
        command = self.start("ddb", "tail", "many", "--from", "start", "--output", "jsonl")
        shown = json.loads(command.stdout.readline())
        self.assertEqual(shown["eventName"], "INSERT")
        command.send_signal(signal.SIGINT)
        # communicate() would miss lines that readline() has read ahead.
        out, err = command.stdout.read(), command.stderr.read()
        self.assertEqual(command.wait(PATIENCE_S), 130, err)
        self.assertRegex(err, r"^stator: interrupted: \d+ changes? shown\n$")
        self.assertEqual(int(err.split()[2]), 1 + len(out.splitlines()))

    def test_tailing_where_nothing_happens(self):
        self.server.simulate([{"when": {"operation": "GetRecords"}, "then": {"latency_ms": 0}}])
        command = self.start("ddb", "tail", "many", "--output", "json")
        self.server.wait_for_requests(2, command)
        out, err = self.end(command)
        self.assertEqual(err, "stator: interrupted: 0 changes shown\n")
        self.assertEqual(json.loads(out), [])

    def test_seeding(self):
        run = self.start("ddb", "schema-load", "--model", "cruddur-messages")
        run.communicate(timeout=PATIENCE_S)
        # After its second request the command no longer checks for signals.
        _, err = self.interrupt("BatchWriteItem", ["ddb", "seed", "--model", "cruddur-messages"], requests=1, held_ms=2000)
        self.assertRegex(
            err, r"^stator: interrupted: \d+ messages? written; doing it again changes nothing and writes the others\n$")
        self.server.simulate()
        again = self.start("ddb", "seed", "--model", "cruddur-messages")
        out, err = again.communicate(timeout=PATIENCE_S)
        self.assertEqual((again.returncode, err), (0, ""))
        self.assertIn("seeded cruddur-messages: 58 items", out)


class WhileTheDatabaseWorks(Interrupted):
    # Tables stay CREATING for an hour.
    SERVE = ["--in-memory", "--transition-delay", "3600000"]

    def test_creating_a_table(self):
        self.server.simulate([{"when": {"operation": "DescribeTable"}, "then": {"latency_ms": 0}}])
        command = self.start("ddb", "schema-load", "--model", "shop")
        self.server.wait_for_requests(2, command)
        _, err = self.end(command)
        self.assertEqual(err, "stator: interrupted: the creation of table shop goes on in the database\n")
        with Client(self.server.url) as client:
            self.assertEqual(client.call("DescribeTable", TableName="shop")["Table"]["TableStatus"], "CREATING")

    def test_creating_a_table_with_a_time_to_live(self):
        self.server.simulate([{"when": {"operation": "DescribeTable"}, "then": {"latency_ms": 0}}])
        command = self.start("create", "log", "pk", "--ttl", "expires")
        self.server.wait_for_requests(2, command)
        _, err = self.end(command)
        self.assertRegex(err, r"^stator: interrupted: the creation of table log goes on in the database, which then lacks its time to "
                              r"live: stator api UpdateTimeToLive '\{.*\}' sets it once it is active\n$")
        request = json.loads(err.split("'")[1])
        self.assertEqual(request["TimeToLiveSpecification"], {"AttributeName": "expires", "Enabled": True})


if __name__ == "__main__":
    unittest.main()

"""Tests commands with `--cache`: what is read from a cache, and that it is never older than what was written through one. A
rule of the database's simulator that only counts shows how many requests reached the database."""

import json
import os
import pathlib
import shutil
import socket
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
READS = ["GetItem", "Query", "Scan"]
HIT = ", 0 capacity units\n"


class Redis:
    """A redis-server on a free port; `url` is its address."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        for _ in range(20):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            self.process = subprocess.Popen(
                ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", self.folder.name],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.url = "redis://127.0.0.1:%d" % port
            end = time.monotonic() + 60
            while self.process.poll() is None and time.monotonic() < end:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    return self
                except OSError:
                    time.sleep(0.01)
            self.process.kill()
            self.process.wait()
        raise AssertionError("redis-server does not start")

    def stop(self):
        self.process.kill()
        self.process.wait()

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()


class Commands(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(SimulatedServer(["--in-memory"]))
        self.home = self.enterContext(tempfile.TemporaryDirectory())
        self.cache = []
        self.run_stator("ddb", "schema-load", "--model", "shop")
        self.run_stator("ddb", "seed", "--model", "shop")

    def run_stator(self, *arguments, status=0, **environment):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STATOR_"))}
        done = subprocess.run([STATOR, "--endpoint-url", self.server.url, "--models", MODELS, *self.cache, *arguments],
                              capture_output=True, text=True, timeout=120, env={**kept, "HOME": self.home, **environment})
        self.assertEqual(done.returncode, status, (arguments, done.stdout, done.stderr))
        return done

    def count_reads(self):
        self.server.simulate([{"when": {"operation": READS}, "then": {"latency_ms": 0}}])

    def reads(self):
        """The number of reads that reached the database since count_reads()."""
        return self.server.requests()

    def get(self, *more):
        return self.run_stator("get", "shop", "PRODUCT#cup", "PRODUCT", "--output", "jsonl", *more)


class CommandsWithoutCache(Commands):
    def test_each_command_asks_the_database(self):
        self.count_reads()
        for _ in range(2):
            self.assertNotIn(HIT, self.get().stderr)
        self.assertEqual(self.reads(), 2)

    def test_memory_is_for_one_command_alone(self):
        self.cache = ["--cache", "memory"]
        self.count_reads()
        before = [self.get() for _ in range(2)]
        self.assertEqual(self.reads(), 2)
        self.run_stator("update", "shop", "PRODUCT#cup", "PRODUCT", "--set", "price=1")
        after = self.get()
        self.assertEqual(before[0].stdout, before[1].stdout)
        self.assertEqual(json.loads(after.stdout)["price"], 1)

    def test_wrong_values_are_refused_in_one_line(self):
        rows = [
            (["--cache", "nowhere"], "--cache takes memory or the URL of a Redis"),
            (["--cache", "http://127.0.0.1:1"], "--cache takes memory or the URL of a Redis"),
            (["--cache", "redis://"], "--cache takes memory or the URL of a Redis"),
            (["--cache", "memory", "--cache-ttl", "soon"], "--cache-ttl soon"),
            (["--cache", "memory", "--cache-ttl", "shop/PutItem=5"], "--cache-ttl shop/PutItem=5"),
            (["--cache-ttl", "5"], "--cache-ttl is for --cache"),
        ]
        for options, words in rows:
            told = self.run_stator(*options, "get", "shop", "PRODUCT#cup", "PRODUCT", status=2)
            self.assertIn(words, told.stderr)
            self.assertEqual(len(told.stderr.splitlines()), 1, told.stderr)


@unittest.skipIf(shutil.which("redis-server") is None, "redis-server is not installed")
class CommandsThatShareACache(Commands):
    def setUp(self):
        super().setUp()
        self.redis = self.enterContext(Redis())
        self.cache = ["--cache", self.redis.url]
        self.count_reads()

    def test_the_second_command_is_answered_from_the_cache(self):
        rows = [
            ["get", "shop", "PRODUCT#cup", "PRODUCT", "--output", "jsonl"],
            ["query", "shop", "CUSTOMER#ann", "--begins-with", "ORDER#", "--output", "jsonl"],
            ["query", "shop", "open", "--index", "orders-by-status", "--output", "jsonl"],
            ["scan", "shop", "--output", "jsonl"],
        ]
        for line in rows:
            first = self.run_stator(*line)
            self.assertNotIn(HIT, first.stderr, line)
            asked = self.reads()
            second = self.run_stator(*line)
            self.assertTrue(second.stderr.endswith(HIT), (line, second.stderr))
            self.assertEqual(second.stdout, first.stdout, line)
            self.assertEqual(self.reads(), asked, line)
        self.assertEqual(self.reads(), len(rows))

    def test_what_is_not_there_is_remembered_too(self):
        for _ in range(2):
            self.run_stator("get", "shop", "PRODUCT#none", "PRODUCT", status=1)
        self.assertEqual(self.reads(), 1)

    def test_a_write_through_the_cache_is_seen_by_the_next_command(self):
        def stock():
            return json.loads(self.get().stdout)["stock"]

        def in_query():
            return [json.loads(line).get("stock")
                    for line in self.run_stator("query", "shop", "PRODUCT#cup", "--output", "jsonl").stdout.splitlines()]

        self.assertEqual(in_query(), [stock()])
        for number in range(5):
            self.run_stator("update", "shop", "PRODUCT#cup", "PRODUCT", "--set", "stock=%d" % number)
            self.assertEqual(stock(), number)
            self.assertEqual(in_query(), [number])
        self.run_stator("put", "shop", '{"pk": "PRODUCT#cup", "sk": "PRODUCT", "stock": 77}')
        self.assertEqual(stock(), 77)
        self.assertEqual(in_query(), [77])
        # For a second after a write eventually consistent reads are not kept.
        end = time.monotonic() + 60
        while True:
            asked = self.reads()
            self.assertEqual(stock(), 77)
            if self.reads() == asked:
                break
            self.assertLess(time.monotonic(), end, "it is never kept again")
        self.run_stator("delete", "shop", "PRODUCT#cup", "PRODUCT")
        self.run_stator("get", "shop", "PRODUCT#cup", "PRODUCT", status=1)
        self.assertEqual(in_query(), [])

    def test_an_import_through_the_cache_is_seen_too(self):
        self.get()
        line = '{"pk": "PRODUCT#cup", "sk": "PRODUCT", "stock": 5}\n'
        path = pathlib.Path(self.home) / "items.jsonl"
        path.write_text(line)
        self.run_stator("import", "shop", str(path))
        self.assertEqual(json.loads(self.get().stdout)["stock"], 5)

    def test_a_write_past_the_cache_is_seen_with_consistent_reads_and_when_the_entry_ends(self):
        before = self.get().stdout
        with Client(self.server.url) as client:
            client.call("PutItem", TableName="shop",
                        Item={"pk": {"S": "PRODUCT#cup"}, "sk": {"S": "PRODUCT"}, "stock": {"N": "123"}})
        self.assertEqual(self.get().stdout, before)
        self.assertEqual(json.loads(self.get("--consistent").stdout)["stock"], 123)
        self.assertEqual(json.loads(self.get().stdout)["stock"], 123, "a consistent read refreshes")

    def test_edit_works_on_the_item_as_it_is(self):
        self.get()
        with Client(self.server.url) as client:
            client.call("PutItem", TableName="shop",
                        Item={"pk": {"S": "PRODUCT#cup"}, "sk": {"S": "PRODUCT"}, "title": {"S": "past the cache"}})
        self.run_stator("edit", "shop", "PRODUCT#cup", "PRODUCT", EDITOR="sed -i s/past/through/")
        self.assertEqual(json.loads(self.get().stdout)["title"], "through the cache")

    def test_the_time_to_live_is_the_command_lines_or_the_patterns_own(self):
        for _ in range(2):
            self.get("--cache-ttl", "GetItem=0")
        self.assertEqual(self.reads(), 2)
        for _ in range(2):
            self.get("--cache-ttl", "3600")
        self.assertEqual(self.reads(), 3)

    def test_the_environment_says_where(self):
        self.cache = []
        for _ in range(2):
            self.run_stator("get", "shop", "PRODUCT#cup", "PRODUCT", STATOR_CACHE=self.redis.url)
        self.assertEqual(self.reads(), 1)

    def test_patterns_are_answered_from_it(self):
        line = ["ddb", "patterns", "orders-of-customer", "--customer", "ann"]
        first = self.run_stator(*line)
        asked = self.reads()
        self.assertEqual(self.run_stator(*line).stdout, first.stdout)
        self.assertEqual(self.reads(), asked)

    def test_copies_and_differences_are_of_the_tables_themselves(self):
        self.run_stator("scan", "shop")
        self.get()
        with Client(self.server.url) as client:
            client.call("PutItem", TableName="shop",
                        Item={"pk": {"S": "PRODUCT#cup"}, "sk": {"S": "PRODUCT"}, "stock": {"N": "123"}})
        self.run_stator("copy", "shop", self.home + "/other/shop")
        self.assertIn("9 equal", self.run_stator("diff", "shop", self.home + "/other/shop").stderr)

    def test_without_redis_nothing_fails(self):
        self.get()
        self.redis.stop()
        for number in range(2):
            self.run_stator("update", "shop", "PRODUCT#cup", "PRODUCT", "--set", "stock=%d" % number)
            self.assertEqual(json.loads(self.get().stdout)["stock"], number)


if __name__ == "__main__":
    unittest.main()

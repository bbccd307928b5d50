"""Tests `stator cache` and `--simulate` as processes: over HTTP, from the command line, with an upstream that comes and
goes."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from dynamodb import HEADERS, Client  # noqa: E402
import prometheus_text  # noqa: E402
from stator_server import StatorServer  # noqa: E402

STATOR = os.environ["STATOR_BIN"]
TABLE = {"TableName": "users", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}


def run(*arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run([STATOR, *arguments], capture_output=True, text=True, timeout=60, env=environment)


def connect(url, timeout_s=30):
    parts = urllib.parse.urlsplit(url)
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)


def ask(connection, operation, body, key="local"):
    """Returns the status, how the cache answered, and the reply."""
    headers = dict(HEADERS, **{"X-Amz-Target": "DynamoDB_20120810." + operation})
    headers["Authorization"] = headers["Authorization"].replace("Credential=local", "Credential=" + key)
    connection.request("POST", "/", json.dumps(body), headers)
    reply = connection.getresponse()
    text = reply.read()
    return reply.status, reply.getheader("X-Stator-Cache"), json.loads(text)


def ask_once(url, operation, body):
    connection = connect(url)
    try:
        return ask(connection, operation, body)
    finally:
        connection.close()


def get(name, **more):
    return {"TableName": "users", "Key": {"id": {"S": name}}, **more}


class Cache(unittest.TestCase):
    def setUp(self):
        self.upstream = self.enterContext(StatorServer(["--in-memory"]))
        with Client(self.upstream.url) as client:
            client.call("CreateTable", **TABLE)

    def cache(self, *arguments):
        return self.enterContext(StatorServer(["--to", self.upstream.url, *arguments], command="cache"))

    def test_a_program_needs_but_the_address(self):
        cache = self.cache()
        connection = self.enterContext(contextlib.closing(connect(cache.url)))
        put = {"TableName": "users", "Item": {"id": {"S": "a"}, "n": {"N": "1.0"}}}
        self.assertEqual(ask(connection, "PutItem", put), (200, "pass", {}))
        item = {"Item": {"id": {"S": "a"}, "n": {"N": "1"}}}
        self.assertEqual(ask(connection, "GetItem", get("a")), (200, "hit", item))
        self.assertEqual(ask(connection, "GetItem", get("a", ConsistentRead=True)), (200, "pass", item))
        self.assertEqual(ask(connection, "Scan", {"TableName": "users"})[1], "miss")
        self.assertEqual(ask(connection, "GetItem", get("a"), key="other")[1], "miss")
        status, how, error = ask(connection, "GetItem", {"TableName": "nowhere", "Key": {"id": {"S": "a"}}})
        self.assertEqual((status, how), (400, "pass"))
        self.assertTrue(error["__type"].endswith("#ResourceNotFoundException"))

    def test_a_file_says_when_it_answers(self):
        with tempfile.TemporaryDirectory() as folder:
            ready = os.path.join(folder, "ready.json")
            cache = self.cache("--ready-file", ready)
            told = json.loads(pathlib.Path(ready).read_text())
            self.assertEqual((told["url"], told["pid"]), (cache.url, cache.process.pid))
            self.assertEqual(cache.stop(), 0)
            self.assertFalse(os.path.exists(ready))
            nowhere = os.path.join(folder, "none", "ready.json")
            refused = run("cache", "--port", "0", "--to", self.upstream.url, "--ready-file", nowhere)
            self.assertEqual((refused.returncode, refused.stderr),
                             (1, "stator: cannot write %s: No such file or directory\n" % nowhere))

    def test_it_ends_where_the_directory_behind_it_is_gone(self):
        with tempfile.TemporaryDirectory() as folder:
            data = os.path.join(folder, "data")
            with StatorServer(["--data", data]) as made:
                made.stop()
            cache = StatorServer(["--to", data], command="cache").__enter__()
            self.addCleanup(cache.kill)
            os.rename(data, data + "-old")
            self.assertEqual(cache.process.wait(timeout=60), 1)

    def test_statistics_are_told(self):
        cache = self.cache("--trust-callers")
        connection = self.enterContext(contextlib.closing(connect(cache.url)))
        for _ in range(4):
            ask(connection, "GetItem", get("a"))
        told = run("cache", "stats", "--endpoint-url", cache.url, "--output", "json")
        self.assertEqual(told.returncode, 0, told.stderr)
        table = json.loads(told.stdout)["tables"][0]
        self.assertEqual(table["GetItem"], {"hit": 3, "miss": 1, "stale": 0, "pass": 0, "ttl_ms": 300000})
        lines = run("cache", "stats", "--endpoint-url", cache.url).stdout.splitlines()
        self.assertRegex(lines[-1], r"^users +GetItem +3 +1 +0 +0 +75 %$")
        connection.request("GET", "/metrics")
        metrics = prometheus_text.parse(connection.getresponse().read().decode())
        reads = metrics["stator_cache_reads_total"]
        self.assertEqual((reads[("operation", "GetItem"), ("result", "hit")],
                          reads[("operation", "GetItem"), ("result", "miss")]), (3, 1))
        self.assertEqual(metrics["stator_requests_total"][("operation", "GetItem"), ("code", "200")], 4)
        self.assertEqual(metrics["stator_cache_entries"][()], json.loads(told.stdout)["entries"])
        connection.request("POST", "/_stator/cache/clear")
        self.assertEqual(json.loads(connection.getresponse().read())["entries"], 0)
        self.assertEqual(ask(connection, "GetItem", get("a"))[1], "miss")

    def test_prod_is_aws(self):
        for place in ("aws", "prod"):
            told = subprocess.run([STATOR, "cache", "--port", "0", "--to", place, "--host", "0.0.0.0"], capture_output=True,
                                  text=True, timeout=60, env={"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
                                                              "AWS_REGION": "eu-west-3"})
            self.assertEqual((told.returncode, "a cache in front of AWS" in told.stderr), (2, True), told.stderr)

    def test_a_cache_before_itself_is_refused(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        for place in ("http://127.0.0.1:" + port, "HTTP://LOCALHOST:" + port):
            told = run("cache", "--port", port, "--to", place)
            self.assertEqual((told.returncode, "the address of the cache itself" in told.stderr), (2, True), told.stderr)

    def test_a_scheme_in_capitals_is_one(self):
        cache = self.enterContext(StatorServer(["--to", self.upstream.url.replace("http", "HTTP")], command="cache"))
        self.assertEqual(ask_once(cache.url, "GetItem", get("a"))[0], 200)

    def test_what_is_said_of_the_upstream_is_in_the_log(self):
        cutting = self.enterContext(socket.create_server(("127.0.0.1", 0)))

        def cut():
            with contextlib.suppress(OSError):
                while True:
                    cutting.accept()[0].close()

        threading.Thread(target=cut, daemon=True).start()
        address = "http://127.0.0.1:%d" % cutting.getsockname()[1]
        for level, said in (("info", True), ("error", False)):
            with self.subTest(level), unittest.mock.patch.dict(os.environ, {"AWS_MAX_ATTEMPTS": "2"}):
                with StatorServer(["--to", address, "--log-format", "json", "--log-level", level], command="cache") as cache:
                    self.assertEqual(ask_once(cache.url, "GetItem", get("a"))[0], 503)
                lines = [json.loads(line) for line in cache.lines]
                self.assertEqual(any("trying again" in line["message"] for line in lines), said, cache.lines)
        cutting.shutdown(socket.SHUT_RDWR)

    def test_wrong_command_lines_are_refused(self):
        rows = [
            (("cache",), 2, "--to"),
            (("cache", "--to", ""), 2, "--to"),
            (("cache", "--to", "localhost:18003"), 2, "begins with http://, as http://localhost:18003"),
            (("cache", "--to", "/nowhere/data"), 2, "there is no directory /nowhere/data"),
            (("cache", "--to", "ftp://127.0.0.1"), 2, "must begin with http:// or https://"),
            (("cache", "--to", self.upstream.url, "--read-only"), 2, "cache takes no --read-only"),
            (("cache", "--to", self.upstream.url, "--data", "x"), 2, "cache takes no --data"),
            (("cache", "--to", self.upstream.url, "--settle", "nan"), 2, "Value nan not in range 0 to 3600"),
            (("cache", "--to", self.upstream.url, "--stale-if-error", "-1"), 2, "not in range 0 to 2592000"),
            (("cache", "--to", self.upstream.url, "--simulate", "/"), 1, "cannot read /: it is a directory"),
            (("cache", "--to", self.upstream.url, "--ttl", "users/PutItem=5"), 2, "users/PutItem"),
            (("cache", "--to", self.upstream.url, "--memory", "0"), 2, "--memory"),
            (("cache", "--to", self.upstream.url, "--host", ""), 2, "--host"),
            (("cache", "--to", self.upstream.url, "--simulate", "/nowhere/rules"), 1, "/nowhere/rules"),
            (("cache", "stats", "--endpoint-url", self.upstream.url), 1, "is not a stator cache"),
        ]
        for arguments, status, word in rows:
            told = run(*arguments)
            self.assertEqual(told.returncode, status, arguments)
            self.assertIn(word, told.stderr)
            self.assertEqual(len(told.stderr.splitlines()), 1, told.stderr)

    def test_stale_entries_answer_while_the_upstream_is_gone(self):
        cache = self.cache("--ttl", "0.2", "--stale-if-error", "60")
        connection = self.enterContext(contextlib.closing(connect(cache.url)))
        ask(connection, "GetItem", get("a"))
        self.upstream.stop()
        time.sleep(0.3)
        self.assertEqual(ask(connection, "GetItem", get("a")), (200, "stale", {}))
        self.assertEqual(ask(connection, "GetItem", get("b"))[0], 503)


class Simulation(unittest.TestCase):
    def serve(self, rules, *arguments):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        file = pathlib.Path(self.folder.name) / "rules.json"
        file.write_text(json.dumps({"rules": rules}))
        server = StatorServer(["--in-memory", "--simulate", str(file), *arguments])
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        return server

    def test_slow_replies_hold_no_thread(self):
        server = self.serve([{"when": {"operation": "ListTables"}, "then": {"latency_ms": 2000}}], "--threads", "1")
        with concurrent.futures.ThreadPoolExecutor(200) as pool:
            began = time.monotonic()
            slow = [pool.submit(lambda: ask_once(server.url, "ListTables", {})[0]) for _ in range(200)]
            time.sleep(0.1)
            quick_began = time.monotonic()
            self.assertEqual(ask_once(server.url, "DescribeLimits", {})[0], 200)
            quick = time.monotonic() - quick_began
            self.assertEqual([each.result() for each in slow], [200] * 200)
            taken = time.monotonic() - began
        self.assertGreaterEqual(taken, 2)
        # One after the other they would take minutes.
        self.assertLess(taken, 60)
        self.assertLess(quick, 30)

    def test_connections_are_cut(self):
        server = self.serve([{"when": {"operation": "ListTables", "first": 1}, "then": {"cut": "after"}}])
        connection = self.enterContext(contextlib.closing(connect(server.url)))
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
            ask(connection, "ListTables", {})
        connection.close()
        self.assertEqual(ask(connection, "ListTables", {})[0], 200)

    def test_rules_can_be_set_while_it_runs(self):
        server = self.serve([])
        connection = self.enterContext(contextlib.closing(connect(server.url)))

        def post(rules):
            connection.request("POST", "/_stator/simulate", json.dumps(rules))
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())

        self.assertEqual(post({"seed": 3, "rules": [{"name": "x", "then": {"error": "InternalServerError"}}]}),
                         (200, {"seed": 3, "rules": [{"name": "x", "requests": 0, "acted": 0}]}))
        self.assertEqual(ask(connection, "ListTables", {})[0], 500)
        status, error = post({"rules": [{"then": {"cut": "now"}}]})
        self.assertEqual(status, 400)
        self.assertIn("rules[0].then.cut", error["message"])
        connection.request("GET", "/_stator/simulate")
        self.assertEqual(json.loads(connection.getresponse().read())["rules"][0]["acted"], 1)
        connection.request("GET", "/metrics")
        metrics = prometheus_text.parse(connection.getresponse().read().decode())
        self.assertEqual(metrics["stator_simulate_acted_total"], {(("rule", "x"),): 1})
        self.assertEqual(post({})[1]["rules"], [])
        self.assertEqual(ask(connection, "ListTables", {})[0], 200)


if __name__ == "__main__":
    unittest.main()

"""Transfers whole tables, and kills (SIGKILL) and repeats each command: import, export, copy, and copy --follow under a
write load. Prints a line of figures for each step.

    STATOR_BIN=… python3 transfer_test.py [ITEMS]
"""
import contextlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ITEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 60000
STATOR = os.environ["STATOR_BIN"]
TABLE = {
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST"}
STREAM = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


# Delays pages and batches while a command must be killed, so that it is still at work when the signal comes, however fast
# the machine.
SLOW = {"rules": [{"when": {"operation": "Scan"}, "then": {"latency_ms": 50, "page_items": 1000}},
                  {"when": {"operation": "BatchWriteItem"}, "then": {"latency_ms": 5}}]}


class Server:
    """A `stator serve` on a free port."""

    def __init__(self, directory, port=0):
        rules = directory + ".rules.json"
        with open(rules, "w", encoding="utf-8") as file:
            file.write("{}")
        self.process = subprocess.Popen(
            [STATOR, "serve", "--data", directory, "--port", str(port), "--simulate", rules],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            found = re.search(r"http://[0-9.]+:(\d+)", line)
            if found:
                break
        self.port = int(found.group(1))
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def simulate(self, rules):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", "/_stator/simulate", json.dumps(rules))
            reply = connection.getresponse()
            if reply.status != 200:
                raise RuntimeError(f"/_stator/simulate: {reply.status} {reply.read()[:300]}")

    @contextlib.contextmanager
    def slow(self):
        self.simulate(SLOW)
        yield
        self.simulate({})

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, operation, **request):
        try:
            return self.send(operation, request)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            # The server closes connections that were idle for a minute.
            self.connection.close()
            return self.send(operation, request)

    def send(self, operation, request):
        self.connection.request("POST", "/", json.dumps(request), {
            "X-Amz-Date": "20260101T000000Z",
            "X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, "
                             "SignedHeaders=host, Signature=0"})
        reply = self.connection.getresponse()
        body = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{operation}: {reply.status} {body[:300]}")
        return json.loads(body)


def item_of(number):
    return {"pk": f"customer-{number % 5003}", "sk": number, "total": number / 4, "status": "open",
            "note": "lorem ipsum dolor sit amet " * (number % 4), "tags": {"$SS": ["a", f"t{number % 7}"]}}


class Load:
    """Writers that put, update and delete items until they are stopped."""

    def __init__(self, port, table, threads=2):
        self.stopping = False
        self.writes = 0
        self.faults = []
        self.threads = [threading.Thread(target=self.run, args=(port, table, seed)) for seed in range(threads)]
        for thread in self.threads:
            thread.start()

    def run(self, port, table, seed):
        try:
            client, choose = Client(port), random.Random(seed)
            while not self.stopping:
                number = choose.randrange(ITEMS + ITEMS // 10)
                key = {"pk": {"S": f"customer-{number % 5003}"}, "sk": {"N": str(number)}}
                kind = choose.randrange(4)
                if kind == 0:
                    client.call("PutItem", TableName=table, Item={**key, "put": {"N": str(choose.randrange(10**9))}})
                elif kind == 1:
                    client.call("DeleteItem", TableName=table, Key=key)
                else:
                    client.call("UpdateItem", TableName=table, Key=key, UpdateExpression="ADD n :one",
                                ExpressionAttributeValues={":one": {"N": "1"}})
                self.writes += 1
        except Exception as fault:  # raised by stop()
            self.faults.append(fault)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise self.faults[0]


class Transfers(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.directory.name, "LC_ALL": "C.UTF-8",
                            "XDG_STATE_HOME": self.path("state"), "AWS_EC2_METADATA_DISABLED": "true",
                            "TMPDIR": os.environ.get("TMPDIR", "/tmp")}
        self.source = Server(self.path("source"))
        self.addCleanup(self.source.stop)
        self.client = Client(self.source.port)
        self.client.call("CreateTable", TableName="shop", **TABLE, **STREAM)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def start(self, *arguments):
        return subprocess.Popen([STATOR, *arguments, "--endpoint-url", self.source.url], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment)

    def run_whole(self, *arguments):
        began = time.monotonic()
        process = self.start(*arguments)
        out, err = process.communicate(timeout=1800)
        self.assertEqual(process.returncode, 0, err)
        return out, err, time.monotonic() - began

    def killed(self, ready, *arguments, by=signal.SIGKILL, delay=0.0):
        """Runs a command until `ready()` and `delay` seconds more, then kills it. Returns how long it ran, and what it
        printed."""
        began = time.monotonic()
        process = self.start(*arguments)
        while not ready() and process.poll() is None:
            time.sleep(0.002)
        time.sleep(delay)
        process.send_signal(by)
        _, err = process.communicate()
        self.assertIn(process.returncode, [-by] if by == signal.SIGKILL else [0, 130], err)
        return time.monotonic() - began, err

    def states(self, kind):
        """The number of items that the state files of transfers of this kind record as done."""
        found = 0
        for directory, _, files in os.walk(self.directory.name):
            for name in files:
                if (name.startswith(kind + "-") and name.endswith(".json")) or \
                        (kind == "export" and name.endswith(".part.state")):
                    try:
                        with open(os.path.join(directory, name), encoding="utf-8") as file:
                            found += sum(segment["items"] for segment in json.load(file)["segments"])
                    except (OSError, ValueError):
                        pass
        return found

    def tell(self, what, seconds, items=ITEMS):
        print(f"{what:28} {items:9,} items {seconds:7.1f} s {items / seconds:9,.0f}/s", flush=True)

    def resumed(self, kind, *arguments):
        with self.source.slow():
            first, _ = self.killed(lambda: self.states(kind) > 0, *arguments)
        done = self.states(kind)
        self.assertGreater(done, 0)
        _, err, second = self.run_whole(*arguments)
        earlier = re.search(r", (\d+) of them earlier", err)
        self.assertIsNotNone(earlier, err)
        self.assertGreater(int(earlier.group(1)), 0)
        self.assertIn(f" {ITEMS} items", err)
        self.tell(f"{kind}, killed and resumed", first + second)

    def assert_same(self, one, other):
        out, err, _ = self.run_whole("diff", one, other)
        self.assertEqual(out, "")
        return int(re.match(r"(\d+) equal, 0 changed", err).group(1))

    def test_each_command_goes_on_after_kill_9_and_tables_are_equal(self):
        with open(self.path("shop.jsonl"), "w", encoding="utf-8") as file:
            for number in range(ITEMS):
                file.write(json.dumps(item_of(number)) + "\n")
        self.resumed("import", "import", "shop", self.path("shop.jsonl"))
        out, _, _ = self.run_whole("count", "shop")
        self.assertEqual(int(out), ITEMS)

        self.resumed("export", "export", "shop", self.path("out.jsonl"))
        with open(self.path("out.jsonl"), encoding="utf-8") as file:
            keys = [(item["pk"], item["sk"]) for item in map(json.loads, file)]
        self.assertEqual(len(keys), ITEMS)
        self.assertEqual(len(set(keys)), ITEMS, "an item appears twice in the export")
        self.client.call("CreateTable", TableName="again", **TABLE)
        _, _, seconds = self.run_whole("import", "again", self.path("out.jsonl"))
        self.tell("import", seconds)
        self.assertEqual(self.assert_same("shop", "again"), ITEMS)

        destination = Server(self.path("destination"))
        self.addCleanup(destination.stop)
        there = destination.url + "/shop"
        self.resumed("copy", "copy", "shop", there)
        self.assertEqual(self.assert_same("shop", there), ITEMS)
        Client(destination.port).call("DeleteTable", TableName="shop")

        follow = ["copy", "shop", there, "--follow"]
        load = Load(self.source.port, "shop")
        began = time.monotonic()
        try:
            with self.source.slow():
                self.killed(lambda: self.states("copy") > 0, *follow)
            done = self.states("copy")
            # Until the copy is complete and changes are applied.
            self.killed(self.is_following, *follow, delay=0.2)
            self.assertGreater(self.states("copy"), done)
            written = load.writes
            _, err = self.killed(lambda: load.writes > written + 2000, *follow, by=signal.SIGINT)
            self.assertRegex(err, r"ended: \d+ changes? applied, .*\(the same command goes on")
        finally:
            load.stop()
        destination = self.restart_while_followed(destination, follow)
        _, err, _ = self.run_whole(*follow, "--until-caught-up")
        seconds = time.monotonic() - began
        self.assertRegex(err, r"followed to the end: \d+ changes? applied, nothing behind")
        self.assertRegex(err, r"verified: \d+ items, checksum")
        items = self.assert_same("shop", there)
        self.assertNotEqual(items, ITEMS)
        self.tell("copy --follow, killed thrice", seconds, items)
        print(f"{'':28} {load.writes:9,} writes meanwhile", flush=True)

    def restart_while_followed(self, destination, follow):
        """The destination's server stops and comes back; the copy waits for it, and loses nothing."""
        following = self.start(*follow)
        while "caught up" not in following.stderr.readline():
            pass
        destination.stop()
        for number in range(50):
            self.client.call("PutItem", TableName="shop", Item={"pk": {"S": "restarted"}, "sk": {"N": str(number)}})
        self.assertIn("waiting: An error occurred (ServiceUnavailable)", following.stderr.readline())
        destination = Server(self.path("destination"), destination.port)
        self.addCleanup(destination.stop)
        there = Client(destination.port)
        end = time.monotonic() + 60
        while "Item" not in there.call("GetItem", TableName="shop", Key={"pk": {"S": "restarted"}, "sk": {"N": "49"}}):
            self.assertLess(time.monotonic(), end, "the copy does not go on")
            time.sleep(0.1)
        following.send_signal(signal.SIGINT)
        _, err = following.communicate()
        self.assertEqual(following.returncode, 0, err)
        return destination

    def is_following(self):
        """Whether changes of the stream were applied."""
        directory = os.path.join(self.path("state"), "stator")
        for name in os.listdir(directory):
            if name.endswith(".json"):
                with open(os.path.join(directory, name), encoding="utf-8") as file:
                    follow = json.load(file).get("follow")
                if follow and any(shard["after"] for shard in follow["shards"].values()):
                    return True
        return False


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], warnings="ignore")

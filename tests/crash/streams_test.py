"""kill -9 while items of a table with a stream are written: items, index and log agree in every record, a consumer that
continues across the kills reads each change once and in order, and every acknowledged write is among them.
STATOR_CRASH_ROUNDS is the number of kills."""

import http.client
import os
import random
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402
from stream_consumer import StreamConsumer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "3"))
SEED = int(os.environ.get("STATOR_CRASH_SEED", "20231121"))
WRITERS = 4
ITEMS = 12
SERVE = ["--stream-shard-lifetime", "1"]


def add(key):
    """An update that increments an item, which is in the index, too."""
    return {"TableName": "counted", "Key": {"pk": {"S": key}}, "UpdateExpression": "SET g = :g ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}, ":g": {"S": "all"}}}


class Writer(threading.Thread):
    """Increments items, alone and in transactions of two, until the server dies."""

    def __init__(self, url, seed):
        super().__init__(daemon=True)
        self.url, self.chance = url, random.Random(seed)
        self.acknowledged = {}
        self.sent = 0
        self.failure = None

    def run(self):
        try:
            with Client(self.url) as client:
                while True:
                    keys = self.chance.sample(["item-%d" % number for number in range(ITEMS)], 2)
                    self.sent += 1
                    if self.chance.random() < 0.5:
                        client.call("TransactWriteItems", TransactItems=[{"Update": add(key)} for key in keys])
                    else:
                        keys = keys[:1]
                        client.call("UpdateItem", **add(keys[0]))
                    for key in keys:
                        self.acknowledged[key] = self.acknowledged.get(key, 0) + 1
        except (OSError, http.client.HTTPException):
            pass
        except Exception as error:  # reported by the test, whatever it is
            self.failure = error


class StreamsCrashTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = os.path.join(folder.name, "data")
        self.items = {}  # the table as rebuilt from the stream
        self.acknowledged = {}
        self.records = 0

    def take(self, record):
        """Each record must match the state that the earlier ones left, so none is missing, repeated or out of order."""
        change = record["dynamodb"]
        key = change["Keys"]["pk"]["S"]
        self.assertEqual(self.items.get(key), change.get("OldImage"), record)
        self.items[key] = change["NewImage"]
        self.records += 1

    def write_until_killed(self, chance):
        with StatorServer(["--data", self.data, *SERVE]) as server:
            writers = [Writer(server.url, chance.random()) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            # A consumer reads while they write, and stops when the server dies.
            with Client(server.url) as client:
                until = time.monotonic() + chance.uniform(0.05, 0.6)
                while time.monotonic() < until or any(writer.sent < 3 for writer in writers):
                    self.consumer.call = client.call
                    self.consumer.poll()
            server.kill()
            for writer in writers:
                writer.join()
        for writer in writers:
            if writer.failure is not None:
                raise writer.failure
            for key, count in writer.acknowledged.items():
                self.acknowledged[key] = self.acknowledged.get(key, 0) + count

    def check(self, client):
        self.consumer.call = client.call
        while self.consumer.poll() > 0:
            pass
        found = client.pages("Scan", TableName="counted")
        self.assertEqual({item["pk"]["S"]: item for item in found}, self.items)
        indexed = client.pages("Query", TableName="counted", IndexName="by-g", KeyConditionExpression="g = :g",
                               ExpressionAttributeValues={":g": {"S": "all"}})
        self.assertEqual(sorted(indexed, key=str), sorted(found, key=str))
        counted = {item["pk"]["S"]: int(item["n"]["N"]) for item in found}
        self.assertEqual(sum(counted.values()), self.records, "as many records as changes")
        for key, count in self.acknowledged.items():
            self.assertGreaterEqual(counted.get(key, 0), count, "an acknowledged write is lost")

    def test_items_index_and_log_agree_after_kill_9(self):
        chance = random.Random(SEED)
        with StatorServer(["--data", self.data, *SERVE]) as server, Client(server.url) as client:
            made = client.call(
                "CreateTable", TableName="counted", BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                GlobalSecondaryIndexes=[{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                         "Projection": {"ProjectionType": "ALL"}}],
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
            self.consumer = StreamConsumer(client.call, made["TableDescription"]["LatestStreamArn"], self.take)
        for _ in range(ROUNDS):
            self.write_until_killed(chance)
            with StatorServer(["--data", self.data, *SERVE]) as server, Client(server.url) as client:
                self.check(client)
                server.kill()
        self.assertGreater(self.records, 0)
        with StatorServer(["--data", self.data, *SERVE]) as server, Client(server.url) as client:
            self.check(client)
        print("%d records over %d kills, %d shards" % (self.records, 2 * ROUNDS, len(self.consumer.shards)))


if __name__ == "__main__":
    unittest.main()

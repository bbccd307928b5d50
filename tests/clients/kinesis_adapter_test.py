"""The Java world's consumer: Amazon's DynamoDB Streams Kinesis Adapter under the Kinesis Client Library 3, its leases in a table of the same
server, beside concurrent writers: every change of 20 000, each item's in order, none twice, none missing, over shards that close.

Ends with 77 (CTest: skipped) and one line where Maven is missing or cannot fetch the packages."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import compiled_client

sys.path.insert(0, os.path.join(compiled_client.FOLDER, "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

WRITERS = 4
ROUNDS = 45       # by each writer: a transaction of an update of every item,
ITEMS = 100
SINGLE = 11       # and single updates
CHANGES = WRITERS * ROUNDS * (ITEMS + SINGLE) + 20
PAUSE_S = 0.4     # so that shards close while the library follows
SECONDS = 240
SHARDS_AT_A_TIME = 4


def add(key):
    return {"TableName": "counted", "Key": {"pk": {"S": "item-%d" % key}}, "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}}


def write(url, number, failures):
    try:
        with Client(url) as client:
            for turn in range(ROUNDS):
                client.call("TransactWriteItems", TransactItems=[{"Update": add(key)} for key in range(ITEMS)])
                for at in range(SINGLE):
                    client.call("UpdateItem", **add((at * 7 + turn + number) % ITEMS))
                time.sleep(PAUSE_S)
            for at in range(5):
                client.call("UpdateItem", **add(at))
    except Exception as error:  # the test must hear of it
        failures.append(error)


class KinesisAdapterTest(unittest.TestCase):
    def test_every_change_is_read_once_and_in_its_items_order(self):
        with StatorServer(["--in-memory", "--stream-shard-lifetime", "5"]) as server, tempfile.TemporaryFile("w+") as said:
            with Client(server.url) as client:
                arn = client.call(
                    "CreateTable", TableName="counted", BillingMode="PAY_PER_REQUEST",
                    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                    StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]["LatestStreamArn"]
            consumer = subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=said, text=True, env={
                "PATH": os.environ["PATH"], "STATOR_URL": server.url, "STREAM_ARN": arn, "EXPECTED": str(CHANGES), "SECONDS": str(SECONDS),
                "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"})
            self.addCleanup(consumer.kill)
            failures = []
            writers = [threading.Thread(target=write, args=(server.url, number, failures)) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            records, _ = consumer.communicate(timeout=SECONDS + 60)
            for writer in writers:
                writer.join()
            said.seek(0)
            log = said.read()
        self.assertEqual(failures, [])
        self.assertEqual(consumer.returncode, 0, log[-4000:])
        self.check(records.splitlines())
        self.assertIn("ended shardId-", log, "no shard closed: the test would prove less than it says")

    def check(self, records):
        counts, events, shards = {}, set(), set()
        for record in records:
            shard, event, kind, item, before, after = record.split()
            self.assertEqual((int(before), int(after)), (counts.get(item, 0), counts.get(item, 0) + 1), record)
            self.assertEqual(kind, "INSERT" if before == "0" else "MODIFY")
            counts[item] = int(after)
            events.add(event)
            shards.add(shard)
        self.assertEqual((len(records), len(events)), (CHANGES, CHANGES))
        self.assertGreater(len(shards), SHARDS_AT_A_TIME)
        print("%d records, %d shards" % (len(records), len(shards)))


if __name__ == "__main__":
    compiled_client.need("mvn")
    with tempfile.TemporaryDirectory() as scratch:
        target = os.environ.get("STATOR_CLIENT_BUILD", scratch)
        os.makedirs(target, exist_ok=True)
        COMMAND = compiled_client.build_java("java-streams", "stator.Consumer", target)
        unittest.main()

"""kill -9 during an import of a table with an index, again and again: it continues where it was, no item is lost and none is counted twice.

STATOR_CRASH_ROUNDS is the number of kills (5), STATOR_CRASH_SEED the seed.
"""

import gzip
import os
import random
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "5"))
SEED = int(os.environ.get("STATOR_CRASH_SEED", "1"))
OBJECTS = 6
# Enough items for the import to last through all the kills.
ITEMS = OBJECTS * (2_000 + 2_000 * ROUNDS)
TABLE = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "N"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
         "GlobalSecondaryIndexes": [{"IndexName": "byG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}]}


class KilledImports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        data = os.path.join(folder.name, "buckets", "bucket", "data")
        os.makedirs(data)
        for number in range(OBJECTS):
            with gzip.open(os.path.join(data, "%d.json.gz" % number), "wt", compresslevel=1) as file:
                for item in range(ITEMS // OBJECTS):
                    file.write('{"Item":{"pk":{"S":"%d-%d"},"g":{"N":"%d"},"v":{"S":"%s"}}}\n' % (number, item, item % 97, "x" * 150))
                if number == OBJECTS // 2:
                    file.write('{"Item":{"g":{"N":"1"}}}\n')
        self.arguments = ["--data", os.path.join(folder.name, "data"), "--buckets", os.path.join(folder.name, "buckets")]

    def test_they_go_on_and_count_nothing_twice(self):
        choose = random.Random(SEED)
        arn = None
        processed = 0
        kills = 0
        while True:
            with StatorServer(self.arguments) as server, Client(server.url) as client:
                if arn is None:
                    arn = client.call("ImportTable", ClientToken="token", S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": "data/"}, InputFormat="DYNAMODB_JSON",
                                      InputCompressionType="GZIP",
                                      TableCreationParameters={"TableName": "tab", **TABLE})["ImportTableDescription"]["ImportArn"]
                found = client.call("DescribeImport", ImportArn=arn)["ImportTableDescription"]
                self.assertGreaterEqual(found["ProcessedItemCount"], processed)
                processed = found["ProcessedItemCount"]
                if found["ImportStatus"] == "IN_PROGRESS" and kills < ROUNDS:
                    time.sleep(choose.random() * 0.1)
                    server.kill()
                    kills += 1
                    continue
                deadline = time.monotonic() + 300
                while found["ImportStatus"] == "IN_PROGRESS" and time.monotonic() < deadline:
                    time.sleep(0.05)
                    found = client.call("DescribeImport", ImportArn=arn)["ImportTableDescription"]
                self.assertGreater(kills, 0)
                # One item lacks its key.
                self.assertEqual((found["ImportStatus"], found.get("FailureCode")), ("FAILED", "ItemValidationError"), found)
                self.assertEqual((found["ProcessedItemCount"], found["ImportedItemCount"], found["ErrorCount"]), (ITEMS + 1, ITEMS, 1))
                table = client.call("DescribeTable", TableName="tab")["Table"]
                self.assertEqual((table["TableStatus"], table["ItemCount"], table["GlobalSecondaryIndexes"][0]["ItemCount"]), ("ACTIVE", ITEMS, ITEMS))
                self.assertEqual(len(client.pages("Scan", TableName="tab", ProjectionExpression="pk")), ITEMS)
                self.assertEqual(len(client.pages("Scan", TableName="tab", IndexName="byG", ProjectionExpression="pk")), ITEMS)
                return


if __name__ == "__main__":
    unittest.main()

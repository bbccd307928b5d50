"""Tests a consumer in Python, which uses boto3's ordinary calls, while others write: it reads each of 20 000 changes exactly
once, each item's in order, across shards that close; and it sees the service's deletions of expired items."""

import os
import sys
import threading
import time
import unittest

import boto3
from botocore.config import Config

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402
from stream_consumer import StreamConsumer  # noqa: E402

WRITERS = 4
TRANSACTIONS = 45  # of 100 updates, by each writer
UPDATES = 500  # single updates, by each writer
ITEMS = 100
CHANGES = WRITERS * (TRANSACTIONS * ITEMS + UPDATES)


class Boto3StreamsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = StatorServer(["--in-memory", "--credentials", "local:local", "--stream-shard-lifetime", "2"]).__enter__()
        cls.options = dict(endpoint_url=cls.server.url, region_name="us-east-1", aws_access_key_id="local",
                           aws_secret_access_key="local", config=Config(retries={"max_attempts": 1}))
        cls.client = boto3.client("dynamodb", **cls.options)
        cls.streams = boto3.client("dynamodbstreams", **cls.options)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def call(self, operation, **request):
        methods = {"DescribeStream": self.streams.describe_stream, "GetShardIterator": self.streams.get_shard_iterator,
                   "GetRecords": self.streams.get_records}
        return methods[operation](**request)

    def create(self, name):
        made = self.client.create_table(
            TableName=name, AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        self.addCleanup(self.client.delete_table, TableName=name)
        return made["TableDescription"]["LatestStreamArn"]

    def write(self, number, failures):
        try:
            client = boto3.session.Session().client("dynamodb", **self.options)

            def add(key):
                return {"TableName": "counted", "Key": {"pk": {"S": "item-%d" % key}}, "UpdateExpression": "ADD n :one",
                        "ExpressionAttributeValues": {":one": {"N": "1"}}}

            for _ in range(TRANSACTIONS):
                client.transact_write_items(TransactItems=[{"Update": add(key)} for key in range(ITEMS)])
            for at in range(UPDATES):
                client.update_item(**add((at * 7 + number) % ITEMS))
        except Exception as error:  # reported by the test
            failures.append(error)

    def test_every_change_is_read_once_and_in_its_items_order(self):
        arn = self.create("counted")
        self.assertIn(arn, [stream["StreamArn"] for stream in self.streams.list_streams(TableName="counted")["Streams"]])
        failures = []
        writers = [threading.Thread(target=self.write, args=(number, failures)) for number in range(WRITERS)]
        consumer = StreamConsumer(self.call, arn)
        for writer in writers:
            writer.start()
        while any(writer.is_alive() for writer in writers):
            consumer.poll()
        while consumer.poll() > 0:
            pass
        self.assertEqual(failures, [])
        self.assertEqual(len(consumer.records), CHANGES)
        self.assertEqual(len({record["eventID"] for record in consumer.records}), CHANGES)
        counts = {}
        for record in consumer.records:
            change = record["dynamodb"]
            key = change["Keys"]["pk"]["S"]
            counts[key] = counts.get(key, 0) + 1
            self.assertEqual(int(change["NewImage"]["n"]["N"]), counts[key], record)
            self.assertEqual(record["eventName"], "INSERT" if counts[key] == 1 else "MODIFY")
        self.assertGreater(len(consumer.ended), 0, "no shard closed: the test would prove less than it says")
        print("%d records, %d shards" % (len(consumer.records), len(consumer.shards)))

    def test_the_services_removals_say_so(self):
        arn = self.create("expiring")
        self.client.update_time_to_live(TableName="expiring", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
        self.client.put_item(TableName="expiring", Item={"pk": {"S": "a"}, "ttl": {"N": str(int(time.time()) - 10)}})
        consumer = StreamConsumer(self.call, arn)
        deadline = time.monotonic() + 60
        while len(consumer.records) < 2 and time.monotonic() < deadline:
            consumer.poll()
            time.sleep(0.05)
        put, removal = consumer.records
        self.assertNotIn("userIdentity", put)
        self.assertEqual(removal["eventName"], "REMOVE")
        self.assertEqual(removal["userIdentity"], {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"})
        self.assertEqual(removal["dynamodb"]["OldImage"]["pk"], {"S": "a"})
        self.assertNotIn("NewImage", removal["dynamodb"])


if __name__ == "__main__":
    unittest.main()

"""Tests boto3's retries against a server that, by seed, throttles, fails, cuts connections and leaves members of batches
unprocessed: in the end everything is done once, and the SDK counts the same attempts as the simulator."""

import json
import os
import sys
import tempfile
import unittest
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402


class RetriesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        rules = os.path.join(cls.folder.name, "rules.json")
        with open(rules, "w", encoding="utf-8") as file:
            file.write("{}")
        cls.server = StatorServer(["--in-memory", "--simulate", rules]).__enter__()
        cls.client = boto3.client("dynamodb", **cls.options(12))

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.__exit__(None, None, None)
        cls.folder.cleanup()

    @classmethod
    def options(cls, attempts, mode="legacy"):
        """The first wait of `legacy`, boto3's default, is 50 ms. Only `standard` retries RequestLimitExceeded."""
        return dict(endpoint_url=cls.server.url, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local",
                    config=Config(retries={"mode": mode, "total_max_attempts": attempts}))

    def setUp(self):
        self.rules()
        self.client.create_table(TableName="things", BillingMode="PAY_PER_REQUEST",
                                 AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                                 KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])

    def tearDown(self):
        self.rules()
        self.client.delete_table(TableName="things")

    def rules(self, *rules):
        body = json.dumps({"seed": 7, "rules": rules}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.server.url + "/_stator/simulate", body, method="POST")) as reply:
            return json.load(reply)

    def acted(self):
        with urllib.request.urlopen(self.server.url + "/_stator/simulate") as reply:
            return sum(rule["acted"] for rule in json.load(reply)["rules"])

    def all_keys(self):
        pages = self.client.get_paginator("scan").paginate(TableName="things", ConsistentRead=True)
        return sorted(item["pk"]["S"] for page in pages for item in page["Items"])

    def test_what_is_throttled_or_fails_is_sent_again_until_it_is_done(self):
        for then in ({"throttle": "ProvisionedThroughputExceeded"}, {"throttle": "KeyRangeThroughputExceeded"},
                     {"error": "InternalServerError"}, {"error": "ServiceUnavailable"},
                     {"error": {"type": "InternalServerError", "after_effect": True}}, {"cut": "before"}, {"cut": "after"}):
            with self.subTest(then=then):
                self.rules({"when": {"operation": "PutItem", "probability": 0.2}, "then": then})
                retries = 0
                for i in range(20):
                    retries += self.client.put_item(TableName="things", Item={"pk": {"S": "%02d" % i}})["ResponseMetadata"]["RetryAttempts"]
                self.assertGreater(retries, 0)
                self.assertEqual(retries, self.acted())
                self.rules()
                self.assertEqual(self.all_keys(), ["%02d" % i for i in range(20)])
                for i in range(20):
                    self.client.delete_item(TableName="things", Key={"pk": {"S": "%02d" % i}})

    def test_the_standard_mode_knows_account_limits(self):
        self.rules({"when": {"operation": "PutItem", "first": 1}, "then": {"throttle": "AccountLimitExceeded"}})
        client = boto3.client("dynamodb", **self.options(3, "standard"))
        self.addCleanup(client.close)
        reply = client.put_item(TableName="things", Item={"pk": {"S": "a"}})
        self.assertEqual(reply["ResponseMetadata"]["RetryAttempts"], 1)

    def test_members_that_a_batch_leaves_are_sent_again(self):
        self.rules({"when": {"operation": "BatchWriteItem"}, "then": {"unprocessed": 0.4}})
        resource = boto3.resource("dynamodb", **self.options(12))
        self.addCleanup(resource.meta.client.close)
        table = resource.Table("things")
        with table.batch_writer() as batch:
            for i in range(200):
                batch.put_item({"pk": "%03d" % i})
        self.assertGreater(self.acted(), 8)
        self.rules()
        self.assertEqual(self.all_keys(), ["%03d" % i for i in range(200)])

    def test_keys_that_a_batch_leaves_can_be_read_again(self):
        for i in range(50):
            self.client.put_item(TableName="things", Item={"pk": {"S": "%02d" % i}})
        self.rules({"when": {"operation": "BatchGetItem"}, "then": {"unprocessed": 0.5}})
        request = {"things": {"Keys": [{"pk": {"S": "%02d" % i}} for i in range(50)], "ProjectionExpression": "pk"}}
        found, rounds = [], 0
        while request:
            reply = self.client.batch_get_item(RequestItems=request)
            found += [item["pk"]["S"] for item in reply["Responses"].get("things", [])]
            request = reply["UnprocessedKeys"]
            rounds += 1
        self.assertGreater(rounds, 2)
        self.assertEqual(sorted(found), ["%02d" % i for i in range(50)])

    def test_a_transaction_whose_reply_was_lost_is_done_once(self):
        self.rules({"when": {"operation": "TransactWriteItems", "first": 2}, "then": {"cut": "after"}})
        reply = self.client.transact_write_items(TransactItems=[{"Update": {
            "TableName": "things", "Key": {"pk": {"S": "counter"}}, "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}}}])
        self.assertEqual(reply["ResponseMetadata"]["RetryAttempts"], 2)
        self.assertEqual(self.client.get_item(TableName="things", Key={"pk": {"S": "counter"}})["Item"]["n"], {"N": "1"})

    def test_short_pages_lose_nothing(self):
        for i in range(23):
            self.client.put_item(TableName="things", Item={"pk": {"S": "%02d" % i}})
        self.rules({"when": {"operation": "Scan"}, "then": {"page_items": 4}})
        self.assertEqual(self.all_keys(), ["%02d" % i for i in range(23)])
        self.assertEqual(self.acted(), 6)

    def test_attempts_end(self):
        self.rules({"then": {"throttle": "ProvisionedThroughputExceeded"}})
        client = boto3.client("dynamodb", **self.options(3))
        with self.assertRaises(ClientError) as raised:
            client.put_item(TableName="things", Item={"pk": {"S": "a"}})
        client.close()
        self.assertEqual(raised.exception.response["Error"]["Code"], "ProvisionedThroughputExceededException")
        self.assertEqual(self.acted(), 3)

    def test_a_clock_that_is_off_is_told(self):
        self.rules({"then": {"clock_skew_s": 1200}})
        with self.assertRaises(ClientError) as raised:
            self.client.list_tables()
        self.assertEqual(raised.exception.response["Error"]["Code"], "InvalidSignatureException")
        self.assertIn("Signature expired", str(raised.exception))


if __name__ == "__main__":
    unittest.main()

"""Tests boto3's client and resource against a server in memory that verifies signatures: create, put, update, query, scan,
batch, delete, errors, paging."""

import os
import sys
import unittest
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402


class Boto3Test(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = StatorServer(["--in-memory", "--credentials", "local:local"]).__enter__()
        options = dict(endpoint_url=cls.server.url, region_name="us-east-1", aws_access_key_id="local",
                       aws_secret_access_key="local", config=Config(retries={"max_attempts": 1}))
        cls.client = boto3.client("dynamodb", **options)
        cls.resource = boto3.resource("dynamodb", **options)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)

    def setUp(self):
        self.table = self.resource.create_table(
            TableName="things",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
                                  {"AttributeName": "color", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            GlobalSecondaryIndexes=[{"IndexName": "by-color", "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}],
                                     "Projection": {"ProjectionType": "ALL"}}],
            BillingMode="PAY_PER_REQUEST")
        self.table.wait_until_exists()

    def tearDown(self):
        self.table.delete()
        self.table.wait_until_not_exists()

    def test_every_type_comes_back_as_it_went(self):
        item = {"pk": "a", "sk": Decimal("1.5"), "text": "né 😀", "blob": Binary(b"\x00\x01\xff"), "yes": True, "no": False,
                "nothing": None, "list": [1, "two", {"three": Decimal("3e30")}], "map": {"deep": {"er": []}},
                "strings": {"x", "y"}, "numbers": {Decimal(1), Decimal("-0.5")}, "blobs": {Binary(b"a"), Binary(b"b")}}
        self.table.put_item(Item=item)
        self.assertEqual(self.table.get_item(Key={"pk": "a", "sk": Decimal("1.5")})["Item"], item)

    def test_update_query_and_scan(self):
        with self.table.batch_writer() as batch:
            for number in range(60):
                batch.put_item(Item={"pk": "p%d" % (number % 2), "sk": number, "color": "red" if number % 3 else "blue"})
        updated = self.table.update_item(
            Key={"pk": "p0", "sk": 4}, UpdateExpression="SET #c = :c, hits = if_not_exists(hits, :zero) + :one",
            ConditionExpression=Attr("color").eq("red"), ExpressionAttributeNames={"#c": "color"},
            ExpressionAttributeValues={":c": "green", ":zero": 0, ":one": 1}, ReturnValues="ALL_NEW")
        self.assertEqual(updated["Attributes"], {"pk": "p0", "sk": 4, "color": "green", "hits": 1})
        found = self.table.query(KeyConditionExpression=Key("pk").eq("p0") & Key("sk").between(10, 20),
                                 ScanIndexForward=False, ReturnConsumedCapacity="TOTAL")
        self.assertEqual([int(item["sk"]) for item in found["Items"]], [20, 18, 16, 14, 12, 10])
        self.assertEqual(found["ConsumedCapacity"]["CapacityUnits"], 0.5)
        self.assertEqual(self.table.query(IndexName="by-color", KeyConditionExpression=Key("color").eq("blue"))["Count"], 20)
        paginator = self.client.get_paginator("scan")
        pages = list(paginator.paginate(TableName="things", PaginationConfig={"PageSize": 7}))
        self.assertEqual(sum(page["Count"] for page in pages), 60)
        self.assertGreater(len(pages), 8)
        segments = [self.client.scan(TableName="things", Segment=s, TotalSegments=4)["Items"] for s in range(4)]
        self.assertEqual(sum(len(items) for items in segments), 60)

    def test_faults_are_the_services_own(self):
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException) as raised:
            self.table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("pk").exists())
        self.assertEqual(raised.exception.response["Error"]["Message"], "The conditional request failed")
        with self.assertRaises(self.client.exceptions.ResourceNotFoundException):
            self.client.describe_table(TableName="missing")
        with self.assertRaises(ClientError) as raised:
            self.client.get_item(TableName="things", Key={"pk": {"S": "a"}})
        self.assertEqual(raised.exception.response["Error"]["Code"], "ValidationException")
        self.assertEqual(len(raised.exception.response["ResponseMetadata"]["RequestId"]), 52)

    def test_transactions(self):
        self.client.transact_write_items(TransactItems=[
            {"Put": {"TableName": "things", "Item": {"pk": {"S": "t"}, "sk": {"N": "1"}}}},
            {"Put": {"TableName": "things", "Item": {"pk": {"S": "t"}, "sk": {"N": "2"}}}}])
        with self.assertRaises(self.client.exceptions.TransactionCanceledException) as raised:
            self.client.transact_write_items(TransactItems=[
                {"Delete": {"TableName": "things", "Key": {"pk": {"S": "t"}, "sk": {"N": "1"}}}},
                {"ConditionCheck": {"TableName": "things", "Key": {"pk": {"S": "t"}, "sk": {"N": "2"}},
                                    "ConditionExpression": "attribute_not_exists(pk)"}}])
        reasons = [reason["Code"] for reason in raised.exception.response["CancellationReasons"]]
        self.assertEqual(reasons, ["None", "ConditionalCheckFailed"])
        self.assertEqual(self.table.query(KeyConditionExpression=Key("pk").eq("t"))["Count"], 2)

    def statement(self, text, *parameters, **more):
        """Runs a statement through the resource, which converts between Python's values and DynamoDB's."""
        return self.resource.meta.client.execute_statement(Statement=text, **({"Parameters": list(parameters)} if parameters else {}), **more)

    def test_statements(self):
        item = {"pk": "a", "sk": Decimal("1.5"), "blob": Binary(b"\x00\xff"), "list": [1, "two", {"three": Decimal("3e30")}],
                "strings": {"x", "y"}, "nothing": None, "yes": True}
        self.assertEqual(self.statement(
            "INSERT INTO things VALUE {'pk': ?, 'sk': ?, 'blob': ?, 'list': ?, 'strings': ?, 'nothing': ?, 'yes': ?}", *item.values())["Items"], [])
        self.assertEqual(self.statement("SELECT * FROM things WHERE pk = ? AND sk = ?", "a", Decimal("1.5"))["Items"], [item])
        with self.assertRaises(self.client.exceptions.DuplicateItemException):
            self.statement("INSERT INTO things VALUE {'pk': 'a', 'sk': 1.5}")
        updated = self.statement("UPDATE things SET hits = ? SET color = 'red' REMOVE \"list\"[0] WHERE pk = 'a' AND sk = 1.5 RETURNING MODIFIED NEW *", 7)
        self.assertEqual(updated["Items"], [{"hits": Decimal(7), "color": "red", "list": ["two"]}])
        self.assertEqual(self.statement("SELECT pk, \"list\"[0] FROM things.\"by-color\" WHERE color = 'red'")["Items"], [{"pk": "a", "list[0]": "two"}])
        with self.assertRaises(self.client.exceptions.ConditionalCheckFailedException):
            self.statement("DELETE FROM things WHERE pk = 'a' AND sk = 1.5 AND hits = 8")
        with self.assertRaises(ClientError) as raised:
            self.statement("SELECT * FROM things WHERE")
        self.assertEqual(raised.exception.response["Error"], {
            "Code": "ValidationException", "Message": "Statement wasn't well formed, can't be processed: Unexpected term"})

    def test_statements_in_pages_batches_and_transactions(self):
        for start in range(0, 50, 25):
            replies = self.resource.meta.client.batch_execute_statement(Statements=[
                {"Statement": "INSERT INTO things VALUE {'pk': 'p', 'sk': ?}", "Parameters": [number]} for number in range(start, start + 25)])
            self.assertEqual(replies["Responses"], [{"TableName": "things"}] * 25)
        found, request = [], {"Limit": 7}
        while True:
            page = self.statement("SELECT sk FROM things WHERE pk = 'p' ORDER BY sk DESC", **request)
            found += [int(item["sk"]) for item in page["Items"]]
            if "NextToken" not in page:
                break
            request["NextToken"] = page["NextToken"]
        self.assertEqual(found, list(reversed(range(50))))
        replies = self.client.batch_execute_statement(Statements=[
            {"Statement": "SELECT * FROM things WHERE pk = 'p' AND sk = 3"}, {"Statement": "SELECT * FROM things WHERE pk = 'p'"}])["Responses"]
        self.assertEqual(replies[0]["Item"]["sk"], {"N": "3"})
        self.assertEqual(replies[1]["Error"]["Code"], "ValidationError")
        transaction = [{"Statement": "UPDATE things SET n = 1 WHERE pk = 'p' AND sk = 1"},
                       {"Statement": "EXISTS(SELECT * FROM things WHERE pk = 'p' AND sk = 2 AND n = 1)"}]
        with self.assertRaises(self.client.exceptions.TransactionCanceledException) as raised:
            self.client.execute_transaction(TransactStatements=transaction)
        reasons = [reason["Code"] for reason in raised.exception.response["CancellationReasons"]]
        self.assertEqual(reasons, ["None", "ConditionalCheckFailed"])
        self.client.execute_transaction(TransactStatements=transaction[:1], ClientRequestToken="once")
        self.client.execute_transaction(TransactStatements=transaction[:1], ClientRequestToken="once")
        self.assertEqual(self.statement("SELECT n FROM things WHERE pk = 'p' AND sk = 1")["Items"], [{"n": 1}])


if __name__ == "__main__":
    unittest.main()

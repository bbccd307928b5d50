"""Tests vector indexes and searches through boto3, whose parser must understand the replies. Skipped if boto3 does not know
them yet."""

import os
import random
import sys
import time
import unittest
from decimal import Decimal

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402

INDEX = {"IndexName": "byMeaning", "VectorAttribute": {"AttributeName": "meaning"}, "Dimensions": 4, "DistanceFunction": "EUCLIDEAN",
         "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["title"]},
         "SearchSchema": [{"AttributeName": "shelf", "SearchSchemaElementType": "HASH"},
                          {"AttributeName": "language", "SearchSchemaElementType": "INLINE_FILTER"}]}


def vector(numbers):
    return [{"N": str(number)} for number in numbers]


@unittest.skipUnless("search_vectors" in dir(boto3.client("dynamodb", region_name="us-east-1")),
                     f"boto3 {boto3.__version__} does not know SearchVectors")
class Boto3VectorsTest(unittest.TestCase):
    def setUp(self):
        self.server = StatorServer(["--in-memory", "--credentials", "local:local", "--vector-index-phase", "50"]).__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.client = boto3.client("dynamodb", endpoint_url=self.server.url, region_name="us-east-1", aws_access_key_id="local",
                                   aws_secret_access_key="local", config=Config(retries={"max_attempts": 1}))

    def create(self, **more):
        self.client.create_table(TableName="books", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                                 AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in more.pop("names")], **more)
        self.client.get_waiter("table_exists").wait(TableName="books", WaiterConfig={"Delay": 1})

    def put(self, key, shelf, language, numbers):
        self.client.put_item(TableName="books", Item={"pk": {"S": key}, "shelf": {"S": shelf}, "language": {"S": language},
                                                      "title": {"S": "Book " + key}, "meaning": {"L": vector(numbers)}})

    def search(self, numbers, condition, values, **more):
        if "#l" in condition:
            more["ExpressionAttributeNames"] = {"#l": "language"}
        return self.client.search_vectors(TableName="books", IndexName="byMeaning", SearchVector=vector(numbers), TopK=3,
                                          SearchConditionExpression=condition,
                                          ExpressionAttributeValues={name: {"S": value} for name, value in values.items()}, **more)

    def test_searches_find_the_nearest_of_a_partition(self):
        self.create(names=["pk", "shelf", "language"], VectorIndexes=[INDEX])
        numbers = random.Random(1)
        books = {str(i): ("A" if i % 2 else "B", "de" if i % 3 else "en", [Decimal(numbers.randint(-99, 99)) / 10 for _ in range(4)])
                 for i in range(100)}
        for key, book in books.items():
            self.put(key, *book)
        aim = [Decimal(0)] * 4
        reply = self.search(aim, "shelf = :s AND #l = :l", {":s": "A", ":l": "de"}, ReturnConsumedCapacity="INDEXES")
        near = sorted((key for key, (shelf, language, _) in books.items() if (shelf, language) == ("A", "de")),
                      key=lambda key: sum(number * number for number in books[key][2]))[:3]
        self.assertEqual([result["Item"]["pk"]["S"] for result in reply["SearchResults"]], near)
        self.assertEqual(set(reply["SearchResults"][0]["Item"]), {"pk", "shelf", "language", "title"})
        self.assertGreaterEqual(reply["ConsumedCapacity"]["VectorSearchRequestBytes"], 1024)

    def test_an_index_is_added_and_removed(self):
        self.create(names=["pk"])
        self.put("1", "A", "de", [1, 2, 3, 4])
        schema = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "shelf", "language")]
        self.client.update_table(TableName="books", AttributeDefinitions=schema, VectorIndexUpdates=[{"Create": INDEX}])
        with self.assertRaises(ClientError):
            self.put("2", "A", "de", [1, 2])
        deadline = time.monotonic() + 60
        while self.index()["IndexStatus"] != "ACTIVE" and time.monotonic() < deadline:
            time.sleep(0.05)
        found = self.search([1, 2, 3, 4], "shelf = :s", {":s": "A"})["SearchResults"]
        self.assertEqual([(result["Item"]["title"], result["Score"]) for result in found], [({"S": "Book 1"}, 0)])
        self.client.update_table(TableName="books", VectorIndexUpdates=[{"Delete": {"IndexName": "byMeaning"}}])
        while self.index() and time.monotonic() < deadline:
            time.sleep(0.05)
        with self.assertRaises(ClientError):
            self.search([1, 2, 3, 4], "shelf = :s", {":s": "A"})

    def index(self):
        indexes = self.client.describe_table(TableName="books")["Table"].get("VectorIndexes", [])
        return indexes[0] if indexes else None


if __name__ == "__main__":
    unittest.main()

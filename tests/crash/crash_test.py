"""kill -9 in a loop during a write load: every acknowledged item must be there after the restart.

Each round starts the server on the same directory, writes from several threads over raw HTTP, kills the process at a random
moment, starts it again and reads every acknowledged item back, the index entries and the table's count as well.
Transactions with a ClientRequestToken that were under way, or were acknowledged, are sent again: each must have happened once.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "6"))
WRITERS = 4


class Connection:
    def __init__(self, url):
        parts = urllib.parse.urlparse(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def call(self, operation, request):
        self.connection.request("POST", "/", json.dumps(request), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810." + operation,
            "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230101/us-east-1/dynamodb/aws4_request, "
                             "SignedHeaders=host, Signature=0", "X-Amz-Date": "20230101T000000Z"})
        response = self.connection.getresponse()
        body = json.loads(response.read())
        if response.status != 200:
            raise AssertionError("%s: %s" % (operation, body))
        return body


def write_until_dead(url, writer, round_number, acknowledged, seed):
    """Puts items with an index, now and then a transaction of two; notes each key once its reply has come."""
    chance = random.Random(seed)
    connection = Connection(url)
    number = 0
    try:
        while True:
            number += 1
            keys = ["%d-%d-%d" % (round_number, writer, number)]
            item = {"pk": {"S": keys[0]}, "g": {"S": "g%d" % (number % 7)}, "data": {"S": "x" * chance.randrange(2000)}}
            if number % 10 == 0:
                other = dict(item, pk={"S": keys[0] + "-t"})
                keys.append(keys[0] + "-t")
                connection.call("TransactWriteItems", {"TransactItems": [
                    {"Put": {"TableName": "load", "Item": item}}, {"Put": {"TableName": "load", "Item": other}}]})
            else:
                connection.call("PutItem", {"TableName": "load", "Item": item})
            acknowledged.extend(keys)
    except (OSError, http.client.HTTPException, ValueError):
        return


def counting(token, counter):
    """A transaction that would be noticed if it happened twice, in two tables' items and under one token."""
    update = {"TableName": "counters", "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return {"ClientRequestToken": token, "TransactItems": [{"Update": dict(update, Key={"pk": {"S": "all"}})},
                                                           {"Update": dict(update, Key={"pk": {"S": counter}})}]}


def count_until_dead(url, writer, sent):
    """Sends transactions under tokens of their own; notes each before it is sent."""
    connection = Connection(url)
    try:
        while True:
            request = counting(str(uuid.uuid4()), "writer-%d" % writer)
            sent.append(request)
            connection.call("TransactWriteItems", request)
    except (OSError, http.client.HTTPException, ValueError):
        return


class CrashTest(unittest.TestCase):
    def check_all(self, url, acknowledged):
        connection = Connection(url)
        found = {}
        start = None
        while True:
            request = {"TableName": "load"}
            if start:
                request["ExclusiveStartKey"] = start
            page = connection.call("Scan", request)
            found.update((item["pk"]["S"], item["g"]["S"]) for item in page["Items"])
            start = page.get("LastEvaluatedKey")
            if not start:
                break
        lost = [key for key in acknowledged if key not in found]
        self.assertEqual(lost, [], "acknowledged items are gone")
        halves = [key for key in found if key.endswith("-t") and key[:-2] not in found]
        self.assertEqual(halves, [], "half a transaction is there")
        description = connection.call("DescribeTable", {"TableName": "load"})["Table"]
        self.assertEqual(description["ItemCount"], len(found))
        self.assertEqual(description["GlobalSecondaryIndexes"][0]["ItemCount"], len(found))
        indexed = 0
        for group in range(7):
            start = None
            while True:
                request = {"TableName": "load", "IndexName": "by-g", "Select": "COUNT", "KeyConditionExpression": "g = :g",
                           "ExpressionAttributeValues": {":g": {"S": "g%d" % group}}}
                if start:
                    request["ExclusiveStartKey"] = start
                page = connection.call("Query", request)
                indexed += page["Count"]
                start = page.get("LastEvaluatedKey")
                if not start:
                    break
        self.assertEqual(indexed, len(found), "index and table differ")

    def test_every_acknowledged_write_survives_kill_9(self):
        chance = random.Random(20230320)
        acknowledged = []
        with tempfile.TemporaryDirectory() as directory:
            data = os.path.join(directory, "data")
            for round_number in range(ROUNDS):
                with StatorServer(["--data", data]) as server:
                    if round_number == 0:
                        Connection(server.url).call("CreateTable", {
                            "TableName": "load", "BillingMode": "PAY_PER_REQUEST",
                            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
                            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                            "GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                                        "Projection": {"ProjectionType": "KEYS_ONLY"}}]})
                    else:
                        self.check_all(server.url, acknowledged)
                    lists = [[] for _ in range(WRITERS)]
                    writers = [threading.Thread(target=write_until_dead, args=(server.url, w, round_number, lists[w], round_number * 31 + w))
                               for w in range(WRITERS)]
                    for writer in writers:
                        writer.start()
                    time.sleep(chance.uniform(0.2, 1.2))
                    server.kill()
                    for writer in writers:
                        writer.join()
                    for each in lists:
                        self.assertGreater(len(each), 0, "a writer wrote nothing: the test would prove nothing")
                        acknowledged.extend(each)
            with StatorServer(["--data", data]) as server:
                self.check_all(server.url, acknowledged)
        print("%d acknowledged items over %d kills, all there" % (len(acknowledged), ROUNDS))

    def counter(self, connection, name):
        item = connection.call("GetItem", {"TableName": "counters", "Key": {"pk": {"S": name}}}).get("Item", {"n": {"N": "0"}})
        return int(item["n"]["N"])

    def test_a_transaction_that_is_sent_again_after_kill_9_happens_once(self):
        chance = random.Random(20231120)
        sent = []
        with tempfile.TemporaryDirectory() as directory:
            data = os.path.join(directory, "data")
            for round_number in range(max(2, ROUNDS // 2)):
                with StatorServer(["--data", data]) as server:
                    if round_number == 0:
                        Connection(server.url).call("CreateTable", {
                            "TableName": "counters", "BillingMode": "PAY_PER_REQUEST",
                            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
                    lists = [[] for _ in range(WRITERS)]
                    writers = [threading.Thread(target=count_until_dead, args=(server.url, w, lists[w])) for w in range(WRITERS)]
                    for writer in writers:
                        writer.start()
                    time.sleep(chance.uniform(0.2, 0.8))
                    server.kill()
                    for writer in writers:
                        writer.join()
                    for each in lists:
                        self.assertGreater(len(each), 1, "a writer wrote nothing: the test would prove nothing")
                        sent.extend(each)
                with StatorServer(["--data", data]) as server:
                    connection = Connection(server.url)
                    for each in lists:
                        for request in each[-50:]:  # the last one was perhaps not acknowledged
                            connection.call("TransactWriteItems", request)
                    self.assertEqual(self.counter(connection, "all"), len(sent))
                    other = dict(sent[-1], TransactItems=sent[-1]["TransactItems"][:1])
                    with self.assertRaisesRegex(AssertionError, "IdempotentParameterMismatchException"):
                        connection.call("TransactWriteItems", other)
                    server.kill()
            with StatorServer(["--data", data]) as server:
                connection = Connection(server.url)
                self.assertEqual(self.counter(connection, "all"), len(sent))
                self.assertEqual(sum(self.counter(connection, "writer-%d" % w) for w in range(WRITERS)), len(sent))
        print("%d transactions, each once" % len(sent))

    def test_a_held_directory_is_refused_in_one_line(self):
        with tempfile.TemporaryDirectory() as directory:
            with StatorServer(["--data", directory]) as server:
                second = subprocess.run([server.binary, "serve", "--port", "0", "--data", directory], capture_output=True,
                                        text=True, timeout=30)
                self.assertNotEqual(second.returncode, 0)
                self.assertEqual(len(second.stderr.strip().splitlines()), 1, second.stderr)
                self.assertIn(directory, second.stderr)


if __name__ == "__main__":
    unittest.main(warnings="ignore")  # sockets of killed servers are left to the collector

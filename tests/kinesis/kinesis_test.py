"""Tests changes of tables with a Kinesis destination, delivered by `stator serve --kinesis-endpoint` to kinesalite (npm) and
to an endpoint that fails at random. If kinesalite is missing, its tests say so and are skipped."""

import base64
import datetime
import http.client
import http.server
import json
import os
import pathlib
import random
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import unittest.mock

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
STREAM = "changes"
ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/" + STREAM
TABLE = {"TableName": "things", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}


def until(done, what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = done()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("in %d seconds not: %s" % (seconds, what))


def count_up(client, key):
    """Changes the item once more; the item has the number of its changes."""
    client.call("UpdateItem", TableName="things", Key={"pk": {"S": key}}, UpdateExpression="ADD n :one",
                ExpressionAttributeValues={":one": {"N": "1"}})


def destination(client):
    return client.call("DescribeKinesisStreamingDestination", TableName="things")["KinesisDataStreamDestinations"][0]


def enable(client, **configuration):
    more = {"EnableKinesisStreamingConfiguration": configuration} if configuration else {}
    client.call("EnableKinesisStreamingDestination", TableName="things", StreamArn=ARN, **more)
    until(lambda: destination(client)["DestinationStatus"] == "ACTIVE", "the destination ACTIVE")


def without_repeats(numbers):
    """Removes repeated deliveries: a change may arrive again, with those after it; first arrivals must be in the order of
    the changes."""
    first = []
    for number in numbers:
        if number not in first:
            first.append(number)
    return first


class Endpoint:
    """A Kinesis endpoint with one stream, in this process. `fail(number of the request, records)` returns the failure: None,
    an HTTP status, or the positions of the records that fail. Its clock is `ahead_s` seconds ahead. `tls`: the files of its
    certificate and key, if it uses TLS."""

    def __init__(self, fail=lambda number, records: None, tls=None):
        self.fail, self.requests, self.records, self.lock, self.ahead_s = fail, 0, [], threading.Lock(), 0
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, reply = endpoint.answer(self.headers, body)
                text = json.dumps(reply).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + endpoint.ahead_s)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = self.url.replace("http:", "https:")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, headers, body):
        operation = headers["X-Amz-Target"].rpartition(".")[2]
        authorization = headers["Authorization"]
        if "/us-east-1/kinesis/aws4_request" not in authorization or not authorization.startswith("AWS4-HMAC-SHA256 "):
            return 400, {"__type": "IncompleteSignatureException", "message": authorization}
        signed = datetime.datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs(signed.timestamp() - self.ahead_s - time.time()) > 300:
            return 400, {"__type": "InvalidSignatureException", "message": "Signature expired"}
        if body["StreamName"] != STREAM:
            return 400, {"__type": "ResourceNotFoundException", "message": "no such stream"}
        if operation == "DescribeStream":
            return 200, {"StreamDescription": {"StreamName": STREAM, "StreamStatus": "ACTIVE", "Shards": []}}
        with self.lock:
            self.requests += 1
            wrong = self.fail(self.requests, body["Records"])
            if isinstance(wrong, int):
                return wrong, {"__type": "ServiceUnavailable" if wrong >= 500 else "ValidationException", "message": "as wished"}
            results = []
            for at, record in enumerate(body["Records"]):
                if wrong and at in wrong:
                    results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "as wished"})
                else:
                    self.records.append((record["PartitionKey"], json.loads(base64.b64decode(record["Data"]))))
                    results.append({"SequenceNumber": str(len(self.records)), "ShardId": "shardId-000000000000"})
            return 200, {"FailedRecordCount": len(wrong or ()), "Records": results}

    def numbers(self):
        """The numbers of each item's changes, in the order in which they arrived."""
        with self.lock:
            items = {}
            for _, record in self.records:
                image = record["dynamodb"].get("NewImage")
                if image:
                    items.setdefault(image["pk"]["S"], []).append(int(image["n"]["N"]))
            return items

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class DeliveryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def endpoint(self, *arguments, **options):
        endpoint = Endpoint(*arguments, **options)
        self.addCleanup(endpoint.close)
        return endpoint

    def test_the_certificates_of_the_profile_are_trusted(self):
        with StatorServer(["--data", self.folder.name, "--tls-self-signed"]):
            pass
        tls = [os.path.join(self.folder.name, "tls", name) for name in ("cert.pem", "key.pem")]
        endpoint = self.endpoint(tls=tls)
        config = pathlib.Path(self.folder.name, "config")
        config.write_text("[default]\nca_bundle = %s\n" % tls[0])
        variables = unittest.mock.patch.dict(os.environ, {"AWS_CONFIG_FILE": str(config), "AWS_CA_BUNDLE": ""})
        with variables, StatorServer(["--in-memory", "--kinesis-endpoint", endpoint.url]) as server, Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            enable(client)
            count_up(client, "a")
            until(lambda: endpoint.records, "a record")

    def test_changes_arrive_as_the_service_sends_them(self):
        endpoint = self.endpoint()
        with StatorServer(["--in-memory", "--kinesis-endpoint", endpoint.url]) as server, Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            client.call("PutItem", TableName="things", Item={"pk": {"S": "before"}})
            enable(client)
            before_ms = time.time() * 1000 - 1000
            client.call("PutItem", TableName="things", Item={"pk": {"S": "a"}, "n": {"N": "1"}})
            client.call("PutItem", TableName="things", Item={"pk": {"S": "a"}, "n": {"N": "1"}})  # changes nothing
            count_up(client, "a")
            client.call("DeleteItem", TableName="things", Key={"pk": {"S": "a"}})
            until(lambda: len(endpoint.records) >= 3, "three records")
            time.sleep(0.3)
            self.assertEqual(len(endpoint.records), 3)
            self.assertEqual(len({key for key, _ in endpoint.records}), 1)
            records = [record for _, record in endpoint.records]
            self.assertEqual([record["eventName"] for record in records], ["INSERT", "MODIFY", "REMOVE"])
            self.assertEqual(len({record["eventID"] for record in records}), 3)
            for record in records:
                self.assertEqual((record["awsRegion"], record["tableName"], record["recordFormat"], record["eventSource"],
                                  record["userIdentity"]),
                                 ("us-east-1", "things", "application/json", "aws:dynamodb", None))
                self.assertEqual(record["dynamodb"]["Keys"], {"pk": {"S": "a"}})
                self.assertTrue(before_ms < record["dynamodb"]["ApproximateCreationDateTime"] < time.time() * 1000 + 1000)
                self.assertNotIn("ApproximateCreationDateTimePrecision", record["dynamodb"])
            self.assertEqual(records[1]["dynamodb"]["OldImage"], {"pk": {"S": "a"}, "n": {"N": "1"}})
            self.assertEqual(records[1]["dynamodb"]["NewImage"], {"pk": {"S": "a"}, "n": {"N": "2"}})
            self.assertNotIn("NewImage", records[2]["dynamodb"])

            client.call("UpdateKinesisStreamingDestination", TableName="things", StreamArn=ARN,
                        UpdateKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"})
            count_up(client, "b")
            count_up(client, "b")
            until(lambda: len(endpoint.records) >= 5, "two more")
            times = [record["dynamodb"]["ApproximateCreationDateTime"] for _, record in endpoint.records[3:]]
            self.assertEqual(endpoint.records[-1][1]["dynamodb"]["ApproximateCreationDateTimePrecision"], "MICROSECOND")
            self.assertTrue(before_ms * 1000 < times[0] < times[1] < (time.time() + 1) * 1e6, times)

            client.call("DisableKinesisStreamingDestination", TableName="things", StreamArn=ARN)
            count_up(client, "b")
            time.sleep(0.3)
            self.assertEqual(len(endpoint.records), 5)

    def test_an_endpoint_whose_clock_is_another_is_asked_by_its_own(self):
        endpoint = self.endpoint()
        endpoint.ahead_s = -3600
        with StatorServer(["--in-memory", "--kinesis-endpoint", endpoint.url]) as server, Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            enable(client)
            count_up(client, "a")
            until(lambda: endpoint.records, "a record")
        self.assertEqual(len([line for line in server.lines if "this machine's clock is" in line]), 1, server.lines)

    def test_a_stream_that_is_not_there_cannot_be_enabled(self):
        endpoint = self.endpoint()
        with StatorServer(["--in-memory", "--kinesis-endpoint", endpoint.url]) as server, Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            client.call("EnableKinesisStreamingDestination", TableName="things", StreamArn=ARN + "2")
            until(lambda: destination(client)["DestinationStatus"] == "ENABLE_FAILED", "ENABLE_FAILED")
            self.assertEqual(destination(client)["DestinationStatusDescription"],
                             "User does not have a permission to use kinesis stream")
            enable(client)

    def test_changes_of_an_item_keep_their_order_whatever_fails(self):
        chance = random.Random(20261126)

        def fail(number, records):
            draw = chance.random()
            if draw < 0.1:
                return 503
            return {at for at in range(len(records)) if chance.random() < 0.3}

        endpoint = self.endpoint(fail)
        items, changes = 20, 15
        with StatorServer(["--in-memory", "--kinesis-endpoint", endpoint.url]) as server, Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            enable(client)
            for _ in range(changes):
                for item in range(items):
                    count_up(client, "item-%d" % item)
            until(lambda: sum(len(set(numbers)) for numbers in endpoint.numbers().values()) == items * changes, "all changes", 120)
        for item, numbers in endpoint.numbers().items():
            self.assertEqual(without_repeats(numbers), list(range(1, changes + 1)), item)

    def test_a_change_that_the_stream_does_not_take_holds_up_no_other(self):
        def fail(number, records):
            return 400 if any("unwanted" in base64.b64decode(record["Data"]).decode() for record in records) else None

        endpoint = self.endpoint(fail)
        with StatorServer(["--in-memory", "--stream-shards", "1", "--kinesis-endpoint", endpoint.url]) as server, \
                Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            enable(client)
            client.call("TransactWriteItems", TransactItems=[
                {"Put": {"TableName": "things", "Item": {"pk": {"S": key}, "n": {"N": "1"}}}} for key in ("a", "unwanted", "b", "c")])
            until(lambda: set(endpoint.numbers()) == {"a", "b", "c"}, "the others")

    def test_a_killed_server_goes_on_where_it_was(self):
        down = threading.Event()
        endpoint = self.endpoint(lambda number, records: 503 if down.is_set() else None)
        options = ["--data", os.path.join(self.folder.name, "data"), "--kinesis-endpoint", endpoint.url]
        written = 0
        for round_ in range(4):
            with StatorServer(options) as server, Client(server.url) as client:
                if round_ == 0:
                    client.call("CreateTable", **TABLE)
                    enable(client)
                self.assertEqual(destination(client)["DestinationStatus"], "ACTIVE")
                for _ in range(20):
                    written += 1
                    for item in range(3):
                        count_up(client, "item-%d" % item)
                    if written % 7 == 0:
                        down.clear() if down.is_set() else down.set()
                server.kill()
        down.clear()
        with StatorServer(options):
            until(lambda: all(len(set(endpoint.numbers().get("item-%d" % item, []))) == written for item in range(3)), "all changes")
            records = len(endpoint.records)
            time.sleep(0.5)
            self.assertEqual(len(endpoint.records), records, "what has arrived is not sent again")
        for item, numbers in endpoint.numbers().items():
            self.assertEqual(without_repeats(numbers), list(range(1, written + 1)), item)
        checked = subprocess.run([os.environ["STATOR_BIN"], "check", options[1]], capture_output=True, text=True, timeout=60)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


@unittest.skipUnless(shutil.which("node") and (HERE / "node_modules" / "kinesalite").is_dir(), "kinesalite is not installed here")
class KinesaliteTest(unittest.TestCase):
    def setUp(self):
        program = ("const server = require('kinesalite')({createStreamMs: 0, deleteStreamMs: 0}); "
                   "server.listen(0, '127.0.0.1', () => console.log(server.address().port))")
        self.kinesalite = subprocess.Popen(["node", "-e", program], cwd=HERE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.kinesalite.wait)
        self.addCleanup(self.kinesalite.kill)
        self.addCleanup(self.kinesalite.stdout.close)
        self.port = int(self.kinesalite.stdout.readline())

    def call(self, operation, **request):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/", json.dumps(request), {
            "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Kinesis_20131202." + operation, "X-Amz-Date": "20230101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20230101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0"})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        self.assertEqual(reply.status, 200, text)
        return json.loads(text) if text else {}

    def records(self):
        records = []
        for shard in self.call("DescribeStream", StreamName=STREAM)["StreamDescription"]["Shards"]:
            iterator = self.call("GetShardIterator", StreamName=STREAM, ShardId=shard["ShardId"],
                                 ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
            while True:
                page = self.call("GetRecords", ShardIterator=iterator)
                if not page["Records"]:
                    break
                records += [json.loads(base64.b64decode(record["Data"])) for record in page["Records"]]
                iterator = page["NextShardIterator"]
        return records

    def test_what_is_written_can_be_read_from_the_stream(self):
        self.call("CreateStream", StreamName=STREAM, ShardCount=3)
        until(lambda: self.call("DescribeStream", StreamName=STREAM)["StreamDescription"]["StreamStatus"] == "ACTIVE", "the stream")
        items, changes = 40, 10
        with StatorServer(["--in-memory", "--kinesis-endpoint", "http://127.0.0.1:%d" % self.port]) as server, \
                Client(server.url) as client:
            client.call("CreateTable", **TABLE)
            enable(client)
            for _ in range(changes):
                for item in range(items):
                    count_up(client, "item-%d" % item)
            until(lambda: len(self.records()) >= items * changes, "all records", 120)
        by_item = {}
        for record in self.records():
            image = record["dynamodb"]["NewImage"]
            by_item.setdefault(image["pk"]["S"], []).append(int(image["n"]["N"]))
        self.assertEqual(by_item, {"item-%d" % item: list(range(1, changes + 1)) for item in range(items)})


if __name__ == "__main__":
    unittest.main()

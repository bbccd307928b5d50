"""Tests buckets of an S3 service (--s3-endpoint): exports to moto's S3, imports from it, backups of a data directory. botocore verifies
every signature on the way."""

import base64
import datetime
import gzip
import http.client
import http.server
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

KEYS = {"access": "AKIDEXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}
REGION = "eu-central-1"
OWNER = "111122223333"
TABLE = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
         "BillingMode": "PAY_PER_REQUEST"}


def moto():
    """The program moto_server from a virtual environment below the build; None if that cannot be installed."""
    folder = os.environ.get("STATOR_MOTO_ENVIRONMENT")
    if not folder:
        return None
    program = os.path.join(folder, "bin", "moto_server")
    if not os.path.exists(program):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run([sys.executable, "-m", "venv", folder], **quiet).returncode == 0:
            subprocess.run([os.path.join(folder, "bin", "pip"), "install", "-q", "moto[s3,server]==5.2.5"], **quiet)
    return program if os.path.exists(program) else None


class Verifying(http.server.BaseHTTPRequestHandler):
    """Forwards requests to the service after botocore has computed the same signature."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def fault(self, body):
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        given = self.headers.get("Authorization", "")
        if not given.startswith("AWS4-HMAC-SHA256 "):
            return "no signature"
        parts = dict(part.strip().split("=", 1) for part in given.split(" ", 1)[1].split(","))
        if parts["Credential"].split("/")[2:] != [REGION, "s3", "aws4_request"]:
            return "scope " + parts["Credential"]
        names = parts["SignedHeaders"].split(";")
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(names):
            return "signed headers " + parts["SignedHeaders"]
        request = AWSRequest(self.command, "http://" + self.headers["Host"] + self.path, data=body,
                             headers={name: self.headers[name] for name in names if name != "host"})
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        auth = S3SigV4Auth(Credentials(KEYS["access"], KEYS["secret"]), "s3", REGION)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        return None if auth.signature(text, request) == parts["Signature"] else "signature of " + self.path

    def date_time_string(self, timestamp=None):
        return super().date_time_string((timestamp or time.time()) + self.server.ahead_s)

    def refuse(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = self.server
        server.seen.append(self.command + " " + self.path)
        server.owners.add(self.headers.get("x-amz-expected-bucket-owner"))
        encryption = tuple(self.headers.get("x-amz-server-side-encryption" + rest) for rest in ("", "-aws-kms-key-id"))
        server.encryptions.append((self.command + " " + self.path, encryption))
        if server.ahead_s:
            signed = datetime.datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
            if abs(signed.timestamp() - server.ahead_s - time.time()) > 300:
                server.skewed += 1
                return self.refuse(403, b"<Error><Code>RequestTimeTooSkewed</Code><Message>too large</Message></Error>")
        fault = self.fault(body)
        if fault:
            server.faults.append(fault)
        elif self.headers.get("x-amz-expected-bucket-owner", OWNER) != OWNER:
            return self.refuse(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif server.fail_next:
            server.fail_next -= 1
            return self.refuse(503, b"")
        connection = http.client.HTTPConnection("127.0.0.1", server.moto_port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length")}
        connection.request(self.command, self.path, body, headers)
        reply = connection.getresponse()
        content = reply.read()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer


class S3Test(unittest.TestCase):
    def setUp(self):
        try:
            import botocore.auth  # noqa: F401
        except ImportError:
            self.skipTest("there is no botocore here")
        program = moto()
        if program is None:
            self.skipTest("moto cannot be had here")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        service = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(service.wait)
        self.addCleanup(service.terminate)
        self.moto_port = port
        deadline = time.monotonic() + 300
        while True:
            try:
                self.direct("PUT", "/bucket", headers={"x-amz-date": "20260101T000000Z"})
                break
            except OSError:
                self.assertLess(time.monotonic(), deadline, "moto does not answer")
                time.sleep(0.1)
        self.proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Verifying)
        self.proxy.moto_port, self.proxy.seen, self.proxy.owners, self.proxy.faults, self.proxy.fail_next = port, [], set(), [], 0
        self.proxy.ahead_s, self.proxy.skewed, self.proxy.encryptions = 0, 0, []
        thread = threading.Thread(target=self.proxy.serve_forever, daemon=True)
        thread.start()
        self.addCleanup(self.proxy.server_close)
        self.addCleanup(self.proxy.shutdown)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.arguments = ["--data", os.path.join(folder.name, "data"), "--s3-endpoint", "http://127.0.0.1:%d" % self.proxy.server_address[1]]
        for name, value in (("AWS_ACCESS_KEY_ID", KEYS["access"]), ("AWS_SECRET_ACCESS_KEY", KEYS["secret"]), ("AWS_REGION", REGION)):
            os.environ[name] = value

    def direct(self, method, path, body=b"", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.moto_port, timeout=60)
        # moto accepts this as signed, without verifying it.
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=%s/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0" % KEYS["access"]}
        connection.request(method, path, body, {**signed, **(headers or {})})
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return content

    def wait(self, client, operation, member, **arn):
        deadline = time.monotonic() + 120
        while True:
            found = client.call(operation, **arn)[member]
            if "IN_PROGRESS" not in found.values() or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def test_tables_go_to_a_service_and_come_back(self):
        random.seed(1)
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", **TABLE)
            client.call("UpdateContinuousBackups", TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
            for number in range(60):
                client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": {"B": base64.b64encode(random.randbytes(290000)).decode()}})
            before = {item["pk"]["S"]: item for item in client.pages("Scan", TableName="tab")}
            arn = client.call("DescribeTable", TableName="tab")["Table"]["TableArn"]
            self.proxy.fail_next = 2  # these requests are retried
            begun = client.call("ExportTableToPointInTime", TableArn=arn, S3Bucket="bucket", S3Prefix="a b+c/ü")["ExportDescription"]
            export = self.wait(client, "DescribeExport", "ExportDescription", ExportArn=begun["ExportArn"])
            self.assertEqual(export["ExportStatus"], "COMPLETED", export)
            self.assertTrue(any("uploads" in seen for seen in self.proxy.seen), "the data is large enough for parts")
            folder = urllib.parse.quote(os.path.dirname(export["ExportManifest"]))
            files = self.direct("GET", "/bucket/" + folder + "/manifest-files.json").decode()
            found = {}
            for line in files.splitlines():
                data = self.direct("GET", "/bucket/" + urllib.parse.quote(json.loads(line)["dataFileS3Key"]))
                for item in gzip.decompress(data).decode().split("\n")[:-1]:
                    item = json.loads(item)["Item"]
                    found[item["pk"]["S"]] = item
            self.assertEqual(found, before)
            client.call("DeleteTable", TableName="tab")
            begun = client.call("ImportTable", ClientToken=str(uuid.uuid4()), S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": os.path.dirname(export["ExportManifest"]) + "/data/"},
                                InputFormat="DYNAMODB_JSON", InputCompressionType="GZIP",
                                TableCreationParameters={"TableName": "tab", **TABLE})["ImportTableDescription"]
            done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=begun["ImportArn"])
            self.assertEqual(done["ImportStatus"], "COMPLETED", done)
            self.assertEqual({item["pk"]["S"]: item for item in client.pages("Scan", TableName="tab")}, before)
            begun = client.call("ImportTable", ClientToken=str(uuid.uuid4()), S3BucketSource={"S3Bucket": "nowhere"}, InputFormat="CSV",
                                TableCreationParameters={"TableName": "other", **TABLE})["ImportTableDescription"]
            done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=begun["ImportArn"])
            self.assertEqual((done["ImportStatus"], done["FailureCode"]), ("FAILED", "S3NoSuchBucket"), done)
            self.assertIn("The specified bucket does not exist", done["FailureMessage"])
        self.assertEqual(self.proxy.faults, [])

    def test_a_bucket_must_be_the_named_owners(self):
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", **TABLE)
            client.call("UpdateContinuousBackups", TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
            client.call("PutItem", TableName="tab", Item={"pk": {"S": "a"}})
            arn = client.call("DescribeTable", TableName="tab")["Table"]["TableArn"]

            def export(**owner):
                self.proxy.owners.clear()
                begun = client.call("ExportTableToPointInTime", TableArn=arn, S3Bucket="bucket", **owner)["ExportDescription"]
                return self.wait(client, "DescribeExport", "ExportDescription", ExportArn=begun["ExportArn"])

            self.assertEqual(export()["ExportStatus"], "COMPLETED")
            self.assertEqual(self.proxy.owners, {None})
            done = export(S3BucketOwner=OWNER)
            self.assertEqual(done["ExportStatus"], "COMPLETED", done)
            self.assertEqual(self.proxy.owners, {OWNER})
            refused = export(S3BucketOwner="999988887777")
            self.assertEqual((refused["ExportStatus"], refused["FailureCode"]), ("FAILED", "S3AccessDenied"), refused)
            source = {"S3Bucket": "bucket", "S3KeyPrefix": os.path.dirname(done["ExportManifest"]) + "/data/"}
            for owner, status in (({"S3BucketOwner": "999988887777"}, "FAILED"), ({}, "COMPLETED")):
                begun = client.call("ImportTable", ClientToken=str(uuid.uuid4()), S3BucketSource={**source, **owner}, InputFormat="DYNAMODB_JSON",
                                    InputCompressionType="GZIP", TableCreationParameters={"TableName": "other-" + status, **TABLE})["ImportTableDescription"]
                done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=begun["ImportArn"])
                self.assertEqual(done["ImportStatus"], status, done)
        self.assertEqual(self.proxy.faults, [])

    def test_objects_are_encrypted_as_was_asked_for(self):
        key = "arn:aws:kms:eu-central-1:111122223333:key/1234"
        asked = [({}, (None, None)), ({"S3SseAlgorithm": "AES256"}, ("AES256", None)), ({"S3SseAlgorithm": "KMS"}, ("aws:kms", None)),
                 ({"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": key}, ("aws:kms", key))]

        def check(expected):
            creating = {request: sent for request, sent in self.proxy.encryptions
                        if request.startswith("PUT") and "partNumber=" not in request or "uploads=" in request}
            self.assertGreater(len(creating), 1)
            self.assertEqual(set(creating.values()), {expected}, creating)
            self.assertEqual({sent for request, sent in self.proxy.encryptions if request not in creating}, {(None, None)}, "others must not say it")
            self.proxy.encryptions.clear()

        random.seed(3)
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", **TABLE)
            client.call("UpdateContinuousBackups", TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
            for number in range(40):
                client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": {"B": base64.b64encode(random.randbytes(290000)).decode()}})
            arn = client.call("DescribeTable", TableName="tab")["Table"]["TableArn"]
            for members, expected in asked:
                begun = client.call("ExportTableToPointInTime", TableArn=arn, S3Bucket="bucket", **members)["ExportDescription"]
                done = self.wait(client, "DescribeExport", "ExportDescription", ExportArn=begun["ExportArn"])
                self.assertEqual(done["ExportStatus"], "COMPLETED", done)
                self.assertEqual((done["S3SseAlgorithm"], done.get("S3SseKmsKeyId")), (members.get("S3SseAlgorithm", "AES256"), members.get("S3SseKmsKeyId")))
                self.assertTrue(any("uploads=" in request for request, _ in self.proxy.encryptions), "the data is large enough for parts")
                check(expected)
            self.direct("PUT", "/bucket/in/1", b'{"Item":{"pk":{"N":"1"}}}\n')
            for members, expected in asked:
                begun = client.call("StartBulkPutItems", TableName="tab", InputS3Configuration={"S3Bucket": "bucket", "S3KeyPrefix": "in/", "InputFormat": "DYNAMODB_JSON"},
                                    OutputS3Configuration={"S3Bucket": "bucket", "OutputType": ["ERROR"], **members})["BulkOperationDescription"]
                done = self.wait(client, "DescribeBulkOperation", "BulkOperationDescription", BulkOperationArn=begun["BulkOperationArn"])
                self.assertEqual(done["BulkOperationStatus"], "COMPLETED_WITH_ERRORS", done)
                check(expected)
        self.assertEqual(self.proxy.faults, [])

    def test_a_service_whose_clock_is_another_is_asked_by_its_own(self):
        self.proxy.ahead_s = 3600
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", **TABLE)
            client.call("UpdateContinuousBackups", TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
            arn = client.call("DescribeTable", TableName="tab")["Table"]["TableArn"]
            for _ in range(2):
                begun = client.call("ExportTableToPointInTime", TableArn=arn, S3Bucket="bucket")["ExportDescription"]
                done = self.wait(client, "DescribeExport", "ExportDescription", ExportArn=begun["ExportArn"])
                self.assertEqual(done["ExportStatus"], "COMPLETED", done)
            self.assertEqual(self.proxy.skewed, 1, "what was found out is kept")
        told = [line for line in server.lines if "clock" in line]
        self.assertEqual(len(told), 1, server.lines)
        # A Date has whole seconds, and the reply takes a while.
        apart = r"this machine's clock is 3(600|59\d) s behind that of http://127.0.0.1"
        self.assertRegex(told[0], apart)
        done = subprocess.run([os.environ["STATOR_BIN"], "backup", "s3://bucket/none", "--list", *self.arguments[2:]], capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "^stator: " + apart)
        self.assertEqual(self.proxy.faults, [])

    def test_more_objects_than_a_page_lists_are_imported(self):
        for number in range(1005):
            self.direct("PUT", "/bucket/many/%04d%%20%%26%%3C" % number, b'{"Item":{"pk":{"S":"%d"}}}' % number)
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            begun = client.call("ImportTable", ClientToken=str(uuid.uuid4()), S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": "many/"}, InputFormat="DYNAMODB_JSON",
                                TableCreationParameters={"TableName": "tab", **TABLE})["ImportTableDescription"]
            done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=begun["ImportArn"])
            self.assertEqual((done["ImportStatus"], done["ImportedItemCount"]), ("COMPLETED", 1005), done)
        self.assertEqual(self.proxy.faults, [])

    def test_a_data_directory_is_backed_up_and_restored(self):
        random.seed(2)
        data, endpoint = self.arguments[1], self.arguments[2:]
        restored = data + "-restored"

        def stator(*words, status=0):
            done = subprocess.run([os.environ["STATOR_BIN"], *words, *endpoint], capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, status, done.stderr)
            return done.stdout if status == 0 else done.stderr

        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", **TABLE)
            for number in range(60):
                client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": {"B": base64.b64encode(random.randbytes(290000)).decode()}})
            before = sorted(client.pages("Scan", TableName="tab"), key=lambda item: item["pk"]["S"])
            first = stator("backup", "s3://bucket/all backups/shop", "--data", data).strip()
            self.assertTrue(any("uploads" in seen for seen in self.proxy.seen), "the data is large enough for parts")
            client.call("DeleteItem", TableName="tab", Key={"pk": {"S": "k7"}})
            self.proxy.seen.clear()
            stator("backup", "s3://bucket/all backups/shop", "--data", data)
            self.assertFalse(any("uploads" in seen for seen in self.proxy.seen), "what is there is not copied again")
        self.assertEqual(len(json.loads(stator("backup", "s3://bucket/all backups/shop", "--list", "--output", "json"))), 2)
        stator("restore", "s3://bucket/all backups/shop", first, "--data", restored)
        with StatorServer(["--data", restored]) as server, Client(server.url) as client:
            self.assertEqual(sorted(client.pages("Scan", TableName="tab"), key=lambda item: item["pk"]["S"]), before)
        fault = stator("backup", "s3://nowhere", "--data", data, status=1)
        self.assertIn("s3://nowhere: The specified bucket does not exist", fault)
        self.assertEqual(fault.count("\n"), 1)
        self.assertEqual(self.proxy.faults, [])


if __name__ == "__main__":
    unittest.main()

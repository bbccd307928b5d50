"""Reads an export of a served table with independent code: Python's json, gzip and hashlib."""

import base64
import gzip
import hashlib
import json
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

VALUES = [{"S": "é \"quoted\"\n\u2028 \U0001f600"}, {"N": "-1.5"}, {"B": "AAEC"}, {"BOOL": True}, {"NULL": True}, {"SS": ["a", "b"]},
          {"NS": ["1", "2"]}, {"BS": ["AA==", "AQ=="]}, {"L": [{"S": ""}, {"M": {}}]}, {"M": {"x y": {"N": "12345678901234567890123456789012345678"}}}]


def md5_of(content):
    return base64.b64encode(hashlib.md5(content).digest()).decode()


class ExportsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bucket = os.path.join(folder.name, "buckets", "bucket")
        os.makedirs(self.bucket)
        self.data = os.path.join(folder.name, "data")

    def read(self, key):
        with open(os.path.join(self.bucket, key), "rb") as file:
            return file.read()

    def export(self, client, **request):
        arn = client.call("DescribeTable", TableName="tab")["Table"]["TableArn"]
        export = client.call("ExportTableToPointInTime", TableArn=arn, S3Bucket="bucket", **request)["ExportDescription"]
        deadline = time.monotonic() + 60
        while export["ExportStatus"] == "IN_PROGRESS" and time.monotonic() < deadline:
            time.sleep(0.02)
            export = client.call("DescribeExport", ExportArn=export["ExportArn"])["ExportDescription"]
        self.assertEqual(export["ExportStatus"], "COMPLETED", export)
        return export

    def items(self, export):
        summary_text = self.read(export["ExportManifest"])
        summary = json.loads(summary_text)
        folder = os.path.dirname(export["ExportManifest"])
        self.assertEqual(self.read(folder + "/manifest-summary.md5").decode(), md5_of(summary_text))
        files = self.read(summary["manifestFilesS3Key"])
        self.assertEqual(self.read(folder + "/manifest-files.md5").decode(), md5_of(files))
        self.assertEqual({name: summary[name] for name in ("exportArn", "tableArn", "s3Bucket", "itemCount", "outputFormat", "exportType")},
                         {"exportArn": export["ExportArn"], "tableArn": export["TableArn"], "s3Bucket": "bucket",
                          "itemCount": export["ItemCount"], "outputFormat": "DYNAMODB_JSON", "exportType": "FULL_EXPORT"})
        found = []
        for line in files.decode().splitlines():
            file = json.loads(line)
            content = self.read(file["dataFileS3Key"])
            self.assertEqual(md5_of(content), file["md5Checksum"])
            self.assertEqual(hashlib.md5(content).hexdigest() + "-1", file["etag"])
            lines = gzip.decompress(content).decode().splitlines(keepends=True)
            # U+2028 and similar characters do not end lines in these files.
            lines = "".join(lines).split("\n")[:-1]
            self.assertEqual(len(lines), file["itemCount"])
            found += [json.loads(one)["Item"] for one in lines]
        return found

    def test_files_hold_the_table_as_it_was(self):
        with StatorServer(["--data", self.data, "--buckets", os.path.dirname(self.bucket)]) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}], KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
            client.call("UpdateContinuousBackups", TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
            for number in range(200):
                client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": VALUES[number % len(VALUES)]})
            then = client.pages("Scan", TableName="tab")
            time.sleep(0.01)
            at = time.time()
            time.sleep(0.01)
            for number in range(0, 250, 2):
                client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": {"S": "later"}})
            now = client.pages("Scan", TableName="tab")

            def by_key(items):
                return sorted(items, key=lambda item: item["pk"]["S"])

            self.assertEqual(by_key(self.items(self.export(client))), by_key(now))
            self.assertEqual(by_key(self.items(self.export(client, ExportTime=at, S3Prefix="some/where"))), by_key(then))
        self.assertEqual(os.listdir(os.path.join(self.data, "backups")), [])


if __name__ == "__main__":
    unittest.main()

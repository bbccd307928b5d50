"""Exports tables to buckets and imports them again, over HTTP: exports in both formats (Ion is read by amazon.ion), dropped
tables imported again in every compression, increments replayed, and an import that is killed."""

import decimal
import glob
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import CallError, Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

VALUES = [{"S": "é \"quoted\"\n\u2028 \U0001f600"}, {"N": "-1.5"}, {"B": "AAEC"}, {"BOOL": True}, {"NULL": True}, {"SS": ["a", "b"]},
          {"NS": ["1", "2"]}, {"BS": ["AA==", "AQ=="]}, {"L": [{"S": ""}, {"M": {}}]}, {"M": {"x y": {"N": "12345678901234567890123456789012345678"}}},
          {"N": "2000"}, {"N": "0.00000000000001"}, {"M": {"null": {"S": "'"}, "$1": {"L": []}}}]
KEYS = {"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST"}


def ion_library():
    """The Python of a virtual environment below the build with amazon.ion, or None if that cannot be installed."""
    folder = os.environ.get("STATOR_ION_ENVIRONMENT")
    if not folder:
        return None
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        made = subprocess.run([sys.executable, "-m", "venv", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if made.returncode != 0:
            return None
    known = [python, "-c", "import amazon.ion.simpleion"]
    if subprocess.run(known, stderr=subprocess.DEVNULL).returncode != 0:
        subprocess.run([python, "-m", "pip", "install", "-q", "amazon.ion"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return python if subprocess.run(known, stderr=subprocess.DEVNULL).returncode == 0 else None


# Reads Ion from standard input with Amazon's library, and writes each value as DynamoDB JSON.
READ_ION = """
import base64, decimal, json, sys
import amazon.ion.simpleion as ion
from amazon.ion.core import IonType

def of(value):
    kind = value.ion_type
    annotations = [a.text for a in value.ion_annotations]
    if kind == IonType.LIST:
        if annotations:
            return {annotations[0][len('$dynamodb_'):]: [next(iter(of(m).values())) for m in value]}
        return {'L': [of(m) for m in value]}
    if kind == IonType.STRUCT: return {'M': {k: of(v) for k, v in value.items()}}
    if kind == IonType.STRING: return {'S': str(value)}
    if kind == IonType.DECIMAL: return {'N': format(decimal.Decimal(value), 'f')}
    if kind == IonType.BLOB: return {'B': base64.b64encode(value).decode()}
    if kind == IonType.BOOL: return {'BOOL': bool(value)}
    if kind == IonType.NULL: return {'NULL': True}
    raise SystemExit('unexpected ' + str(kind))

for value in ion.loads(sys.stdin.buffer.read(), single_value=False):
    print(json.dumps(of(value)['M']))
"""


def by_key(items):
    def plain(value):
        """Compares numbers by value, and sets without order."""
        if "N" in value:
            return {"N": str(decimal.Decimal(value["N"]).normalize())}
        if "NS" in value:
            return {"NS": sorted(str(decimal.Decimal(member).normalize()) for member in value["NS"])}
        if "M" in value:
            return {"M": {name: plain(member) for name, member in value["M"].items()}}
        if "L" in value:
            return {"L": [plain(member) for member in value["L"]]}
        for kind in ("SS", "BS"):
            if kind in value:
                return {kind: sorted(value[kind])}
        return value

    return sorted(({name: plain(value) for name, value in item.items()} for item in items), key=lambda item: item["pk"]["S"])


class ImportsTest(unittest.TestCase):
    def setUp(self):
        decimal.getcontext().prec = 60
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.bucket = os.path.join(folder.name, "buckets", "bucket")
        os.makedirs(self.bucket)
        self.data = os.path.join(folder.name, "data")
        self.arguments = ["--data", self.data, "--buckets", os.path.dirname(self.bucket)]

    def write(self, key, content):
        path = os.path.join(self.bucket, key)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def wait(self, client, operation, member, **arn):
        deadline = time.monotonic() + 120
        while True:
            found = client.call(operation, **arn)[member]
            if "IN_PROGRESS" not in found.values() or time.monotonic() > deadline:
                return found
            time.sleep(0.02)

    def export(self, client, **request):
        arn = client.call("DescribeTable", TableName="tab")["Table"]["TableArn"]
        begun = client.call("ExportTableToPointInTime", TableArn=arn, S3Bucket="bucket", **request)["ExportDescription"]
        export = self.wait(client, "DescribeExport", "ExportDescription", ExportArn=begun["ExportArn"])
        self.assertEqual(export["ExportStatus"], "COMPLETED", export)
        self.assertEqual(export["ExportFormat"], request.get("ExportFormat", "DYNAMODB_JSON"))
        return export

    def start_import(self, client, prefix, format, compression, table="tab", **more):
        return client.call("ImportTable", ClientToken=str(uuid.uuid4()), S3BucketSource={"S3Bucket": "bucket", "S3KeyPrefix": prefix}, InputFormat=format,
                           InputCompressionType=compression, TableCreationParameters={"TableName": table, **KEYS}, **more)["ImportTableDescription"]

    def imported(self, client):
        """The number of items in the table: the import reports no counts before its end."""
        try:
            return client.call("DescribeTable", TableName="tab")["Table"]["ItemCount"]
        except CallError:
            return 0  # the table does not exist yet

    def text_of(self, export):
        """The content of all files of an export, in the order of the manifest."""
        with open(os.path.join(self.bucket, os.path.dirname(export["ExportManifest"]), "manifest-files.json")) as files:
            keys = [json.loads(line)["dataFileS3Key"] for line in files]
        text = b""
        for key in keys:
            with gzip.open(os.path.join(self.bucket, key)) as file:
                text += file.read()
        return text

    def ion_values(self, text):
        python = ion_library()
        if python is None:
            self.skipTest("amazon.ion cannot be had here")
        read = subprocess.run([python, "-c", READ_ION], input=text, stdout=subprocess.PIPE, check=True)
        return [json.loads(line) for line in read.stdout.decode().splitlines()]

    def begin(self, client):
        client.call("CreateTable", TableName="tab", **KEYS)
        client.call("UpdateContinuousBackups", TableName="tab", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        for number in range(100):
            client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": VALUES[number % len(VALUES)], "#n": {"N": str(number * 100)}})

    def test_what_was_exported_is_imported_in_every_format_and_compression(self):
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            self.begin(client)
            expected = by_key(client.pages("Scan", TableName="tab"))
            exports = {format: self.export(client, ExportFormat=format) for format in ("DYNAMODB_JSON", "ION")}
            client.call("DeleteTable", TableName="tab")
            for format, export in exports.items():
                text = self.text_of(export)
                data = os.path.dirname(export["ExportManifest"]) + "/data/"
                prefixes = {"GZIP": data, "NONE": "none-%s/" % format}
                self.write(prefixes["NONE"] + "all", text)
                if shutil.which("zstd"):
                    prefixes["ZSTD"] = "zstd-%s/" % format
                    packed = subprocess.run(["zstd", "-q", "-c"], input=text, stdout=subprocess.PIPE, check=True).stdout
                    self.write(prefixes["ZSTD"] + "all", packed)
                for compression, prefix in prefixes.items():
                    with self.subTest(format=format, compression=compression):
                        begun = self.start_import(client, prefix, format, compression)
                        done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=begun["ImportArn"])
                        self.assertEqual(done["ImportStatus"], "COMPLETED", done)
                        self.assertEqual((done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]), (100, 100, 0))
                        self.assertGreater(done["ProcessedSizeBytes"], 0)
                        self.assertEqual(client.call("DescribeTable", TableName="tab")["Table"]["TableId"], done["TableId"])
                        self.assertEqual(by_key(client.pages("Scan", TableName="tab")), expected)
                        client.call("DeleteTable", TableName="tab")
            # The manifests are no data files, and fail as such.
            root = os.path.dirname(exports["DYNAMODB_JSON"]["ExportManifest"]) + "/"
            begun = self.start_import(client, root, "DYNAMODB_JSON", "GZIP")
            done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=begun["ImportArn"])
            self.assertEqual((done["ImportStatus"], done["FailureCode"]), ("FAILED", "ItemValidationError"))
            self.assertEqual((done["ImportedItemCount"], done["ErrorCount"]), (100, 4))
            self.assertEqual(client.call("DescribeTable", TableName="tab")["Table"]["TableStatus"], "ACTIVE")

    def test_ion_is_what_amazons_library_reads(self):
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            self.begin(client)
            export = self.export(client, ExportFormat="ION")
            text = self.text_of(export)
            for line in text.split(b"\n")[:-1]:
                self.assertTrue(line.startswith(b"$ion_1_0 {Item:{"), line)
            items = [value["Item"]["M"] for value in self.ion_values(text)]
            self.assertEqual(by_key(items), by_key(client.pages("Scan", TableName="tab")))
            self.assertTrue(glob.glob(os.path.join(self.bucket, os.path.dirname(export["ExportManifest"]), "data", "*.ion.gz")))

    def test_increments_replayed_give_the_table(self):
        # The shortest period is a quarter of an hour, so the test moves the clock.
        with StatorServer(self.arguments + ["--clock", "2026-01-01T00:00:00Z"]) as server, Client(server.url) as client:
            def advance(seconds):
                request = urllib.request.Request(server.url + "/_stator/clock/advance", json.dumps({"seconds": seconds}).encode())
                urllib.request.urlopen(request).read()

            self.begin(client)
            advance(60)
            start = 1767225660
            state = {item["pk"]["S"]: item for item in client.pages("Scan", TableName="tab")}
            for number in range(0, 150, 3):
                client.call("PutItem", TableName="tab", Item={"pk": {"S": "k%d" % number}, "v": {"NS": ["0.5", "7"]}})
            for number in range(0, 100, 7):
                client.call("DeleteItem", TableName="tab", Key={"pk": {"S": "k%d" % number}})
            advance(1800)
            period = {"ExportFromTime": start, "ExportToTime": start + 1200}
            for format in ("DYNAMODB_JSON", "ION"):
                export = self.export(client, ExportFormat=format, ExportType="INCREMENTAL_EXPORT", IncrementalExportSpecification=period)
                text = self.text_of(export)
                if format == "ION":
                    records = [value["Record"]["M"] for value in self.ion_values(text)]
                    records = [{name: value["M"] for name, value in record.items()} for record in records]
                else:
                    records = [json.loads(line) for line in text.decode().split("\n")[:-1]]
                replayed = dict(state)
                for record in records:
                    self.assertGreaterEqual(int(decimal.Decimal(record["Metadata"]["WriteTimestampMicros"]["N"])), start * 1000000)
                    key = record["Keys"]["pk"]["S"]
                    if key in replayed:
                        self.assertEqual(by_key([record["OldImage"]]), by_key([replayed[key]]))
                    if "NewImage" in record:
                        replayed[key] = record["NewImage"]
                    else:
                        del replayed[key]
                self.assertEqual(by_key(replayed.values()), by_key(client.pages("Scan", TableName="tab")))

    def stator(self, url, *arguments):
        return subprocess.run([os.environ["STATOR_BIN"], "--endpoint-url", url, "ddb", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env={**os.environ, "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "us-east-1"})

    def test_the_commands_wait_for_what_they_begin(self):
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            self.begin(client)
            expected = by_key(client.pages("Scan", TableName="tab"))
            exported = self.stator(server.url, "export-table", "tab", "--bucket", "bucket", "--prefix", "a", "--format", "ion")
            self.assertEqual(exported.returncode, 0, exported.stderr)
            self.assertIn("exported 100 items of tab in ", exported.stderr)
            self.assertTrue(exported.stdout.startswith("bucket/a/AWSDynamoDB/"), exported.stdout)
            prefix = os.path.dirname(exported.stdout.strip()[len("bucket/"):]) + "/data/"
            imported = self.stator(server.url, "import-table", "again", "--bucket", "bucket", "--prefix", prefix, "--format", "ion",
                                   "--compression", "gzip", "--key", "pk")
            self.assertEqual(imported.returncode, 0, imported.stderr)
            self.assertIn("imported 100 items into again in ", imported.stderr)
            self.assertEqual(by_key(client.pages("Scan", TableName="again")), expected)

            self.write("csv/1", b"1;one\n2;two\nx;three\n")
            imported = self.stator(server.url, "import-table", "numbers", "--output", "json", "--bucket", "bucket", "--prefix", "csv/", "--format", "csv",
                                   "--key", "n:N", "--delimiter", ";", "--header", "n,name")
            self.assertEqual(imported.returncode, 1, imported.stderr)
            self.assertTrue(imported.stderr.startswith(
                "stator: the import FAILED, ItemValidationError, 1 faulty item of 3, 2 items imported: "), imported.stderr)
            self.assertEqual(len(imported.stderr.splitlines()), 1, imported.stderr)
            self.assertEqual(json.loads(imported.stdout)["ImportedItemCount"], 2)
            self.assertEqual(sorted(item["n"]["N"] for item in client.pages("Scan", TableName="numbers")), ["1", "2"])
            for arguments in (["import-table", "x", "--bucket", "bucket"], ["import-table", "x", "--bucket", "bucket", "--key", "a:M"],
                              ["export-table", "nowhere", "--bucket", "bucket"], ["export-table", "tab", "--bucket", "bucket", "--at", "soon"]):
                failed = self.stator(server.url, *arguments)
                self.assertNotEqual(failed.returncode, 0)
                self.assertEqual(len(failed.stderr.splitlines()), 1, failed.stderr)

    def test_a_bulk_put_tells_the_bytes_of_table_and_indexes_and_lets_no_region_be_added(self):
        with StatorServer(["--in-memory"] + self.arguments[2:]) as server, Client(server.url) as client:
            keys = {"KeySchema": KEYS["KeySchema"] + [{"AttributeName": "sk", "KeyType": "RANGE"}], "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "g", "l")]}
            index = {"Projection": {"ProjectionType": "KEYS_ONLY"}}
            client.call("CreateTable", TableName="tab", **keys,
                        GlobalSecondaryIndexes=[{"IndexName": "byG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], **index}],
                        LocalSecondaryIndexes=[{"IndexName": "byL", **index, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
                                                                                           {"AttributeName": "l", "KeyType": "RANGE"}]}],
                        VectorIndexes=[{"IndexName": "byE", "VectorAttribute": {"AttributeName": "e"}, "Dimensions": 2, "DistanceFunction": "COSINE",
                                        "Projection": {"ProjectionType": "KEYS_ONLY"}}])
            item = {"pk": {"S": "1"}, "sk": {"S": "1"}, "g": {"S": "123"}, "x": {"S": "x" * 99}}
            items = [item, {**item, "pk": {"S": "2"}, "l": {"S": "12"}}, {**item, "pk": {"S": "3"}, "e": {"L": [{"N": "1"}, {"N": "0"}]}}]
            self.write("data/1", b"".join(json.dumps({"Item": each}).encode() + b"\n" for each in items))
            started = client.call("StartBulkPutItems", TableName="tab", InputS3Configuration={"S3Bucket": "bucket", "S3KeyPrefix": "data/",
                                                                                             "InputFormat": "DYNAMODB_JSON"},
                                  OutputS3Configuration={"S3Bucket": "bucket", "OutputType": ["ERROR"]})["BulkOperationDescription"]
            arn = started["BulkOperationArn"]
            done = self.wait(client, "DescribeBulkOperation", "BulkOperationDescription", BulkOperationArn=arn)
            self.assertEqual(done["BulkOperationStatus"], "COMPLETED", done)
            plain, with_l, with_e = (3 + 3 + 4 + 100), 3, 9  # of an item; of "l": "12"; of "e": a list of two numbers
            table = 3 * plain + with_l + with_e
            self.assertEqual(done["BulkOperationUsage"], [{
                "TableName": started["BulkOperationUsage"][0]["TableName"], "BulkPutBytes": table + 3 * 10 + 9, "Table": {"BulkPutBytes": table},
                "GlobalSecondaryIndexes": {"byG": {"BulkPutBytes": 3 * 10}}, "LocalSecondaryIndexes": {"byL": {"BulkPutBytes": 9}},
                "VectorIndexes": {"byE": {"BulkPutVectorBytes": 1024}}}])

            # 3000 units at 1024 a second: the operation lasts for a while.
            client.call("CreateTable", TableName="large", **KEYS)
            self.write("large/1", b"".join(json.dumps({"Item": {"pk": {"S": str(n)}, "v": {"S": "x" * 300000}}}).encode() + b"\n" for n in range(10)))
            arn = client.call("StartBulkPutItems", TableName="large", MaxWriteRequestUnits=1024,
                              InputS3Configuration={"S3Bucket": "bucket", "S3KeyPrefix": "large/", "InputFormat": "DYNAMODB_JSON"},
                              OutputS3Configuration={"S3Bucket": "bucket", "OutputType": ["ERROR"]})["BulkOperationDescription"]["BulkOperationArn"]
            adds = {"TableName": "large", "ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}
            with self.assertRaises(CallError) as refused:
                client.call("UpdateTable", **adds)
            self.assertIn("ResourceInUseException", str(refused.exception))
            client.call("CancelBulkOperation", BulkOperationArn=arn)
            deadline = time.monotonic() + 60
            while client.call("DescribeBulkOperation", BulkOperationArn=arn)["BulkOperationDescription"]["BulkOperationStatus"] != "CANCELLED":
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
            client.call("UpdateTable", **adds)

    def test_a_bulk_put_has_read_what_is_in_the_bucket(self):
        with StatorServer(["--in-memory"] + self.arguments[2:]) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", **KEYS)
            lines = b"".join(json.dumps({"Item": {"pk": {"S": str(n)}, "v": {"S": "x" * 1000}}}).encode() + b"\n" for n in range(500))
            packed = gzip.compress(lines)
            self.assertLess(len(packed) * 10, len(lines))
            self.write("gz/1", packed)
            self.write("gz/2", packed)
            self.write("plain/1", lines)
            self.write("plain/2", lines[:3000] + b"garbage\n" + lines)
            self.write("empty/1", b"")
            for prefix, compression, total in (("gz/", "GZIP", 2 * len(packed)), ("plain/", "NONE", 2 * len(lines) + 3008), ("empty/", "NONE", 0)):
                started = client.call("StartBulkPutItems", TableName="tab", OutputS3Configuration={"S3Bucket": "bucket", "OutputType": ["ERROR"]},
                                      InputS3Configuration={"S3Bucket": "bucket", "S3KeyPrefix": prefix, "InputFormat": "DYNAMODB_JSON",
                                                            "InputCompressionType": compression})["BulkOperationDescription"]
                self.assertNotIn("TotalInputBytes", started)
                done = self.wait(client, "DescribeBulkOperation", "BulkOperationDescription", BulkOperationArn=started["BulkOperationArn"])
                self.assertTrue(done["BulkOperationStatus"].startswith("COMPLETED"), done)
                self.assertEqual((done["TotalInputBytes"], done["ProcessedInputBytes"]), (total, total), prefix)

    def test_a_bulk_put_waits_for_the_units_of_its_table(self):
        with StatorServer(["--in-memory", "--enforce-throughput"] + self.arguments[2:]) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="tab", KeySchema=KEYS["KeySchema"], AttributeDefinitions=KEYS["AttributeDefinitions"],
                        ProvisionedThroughput={"ReadCapacityUnits": 100, "WriteCapacityUnits": 200})
            self.write("data/1", b"".join(json.dumps({"Item": {"pk": {"S": str(n)}}}).encode() + b"\n" for n in range(700)))
            arn = client.call("StartBulkPutItems", TableName="tab", OutputS3Configuration={"S3Bucket": "bucket", "OutputType": ["ERROR"]},
                              InputS3Configuration={"S3Bucket": "bucket", "S3KeyPrefix": "data/", "InputFormat": "DYNAMODB_JSON"}
                              )["BulkOperationDescription"]["BulkOperationArn"]
            seen = []
            deadline = time.monotonic() + 120
            while not seen or seen[-1]["BulkOperationStatus"] == "IN_PROGRESS" and time.monotonic() < deadline:
                seen.append(client.call("DescribeBulkOperation", BulkOperationArn=arn)["BulkOperationDescription"])
                time.sleep(0.01)
            done = seen[-1]
            self.assertEqual((done["BulkOperationStatus"], done["ProcessedItemCount"], done["FailedItemCount"]), ("COMPLETED", 700, 0), done)
            self.assertTrue(any(0 < each["ProcessedItemCount"] < 700 for each in seen), "it comes forward with the units that there are")
            self.assertEqual(client.call("DescribeTable", TableName="tab")["Table"]["ItemCount"], 700)

    def test_a_killed_import_goes_on(self):
        count = 40000
        for file in range(4):
            lines = ['{"Item":{"pk":{"S":"%d-%d"},"v":{"S":"%s"}}}\n' % (file, number, "x" * 100) for number in range(count // 4)]
            self.write("data/%d.json.gz" % file, gzip.compress("".join(lines).encode()))
        arn = None
        kills = 0
        while True:
            with StatorServer(self.arguments) as server, Client(server.url) as client:
                if arn is None:
                    arn = self.start_import(client, "data/", "DYNAMODB_JSON", "GZIP")["ImportArn"]
                before = client.call("DescribeImport", ImportArn=arn)["ImportTableDescription"]
                if before["ImportStatus"] == "IN_PROGRESS" and kills < 5:
                    deadline = time.monotonic() + 30
                    items = self.imported(client)
                    while time.monotonic() < deadline:
                        found = client.call("DescribeImport", ImportArn=arn)["ImportTableDescription"]
                        if self.imported(client) > items or found["ImportStatus"] != "IN_PROGRESS":
                            break
                    server.kill()
                    kills += 1
                    continue
                done = self.wait(client, "DescribeImport", "ImportTableDescription", ImportArn=arn)
                self.assertEqual(done["ImportStatus"], "COMPLETED", done)
                self.assertEqual((done["ProcessedItemCount"], done["ImportedItemCount"], done["ErrorCount"]), (count, count, 0))
                self.assertEqual(client.call("DescribeTable", TableName="tab")["Table"]["ItemCount"], count)
                self.assertEqual(len(client.pages("Scan", TableName="tab", ProjectionExpression="pk")), count)
                break
        self.assertGreater(kills, 0)


if __name__ == "__main__":
    unittest.main()

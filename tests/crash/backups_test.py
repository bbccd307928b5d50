"""kill -9 while backups are made, tables are restored from them and to points in time, and tables are exported.

After each start every table that was being restored becomes ACTIVE and has the right items, every listed backup can be restored, every
export completes and has the right items, and nothing else is left in the data directory.
"""

import gzip
import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import CallError, Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "4"))
SEED = os.environ.get("STATOR_CRASH_SEED")
ITEMS = 4000
INDEX = {"IndexName": "byG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}


def item(number, version):
    return {"pk": {"S": "p%d" % (number % 50)}, "sk": {"N": str(number)}, "g": {"S": "g%d" % (number % 7)},
            "v": {"S": version + "x" * (number % 200)}}


def fill(client, table, version, numbers):
    for first in range(0, len(numbers), 25):
        client.call("BatchWriteItem", RequestItems={table: [
            {"PutRequest": {"Item": item(number, version)}} for number in numbers[first:first + 25]]})


def content(client, table, **index):
    """All items, in the order of their keys."""
    return sorted(client.pages("Scan", TableName=table, **index), key=lambda one: (one["pk"]["S"], int(one["sk"]["N"])))


def wait_until_active(client, table):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        described = client.call("DescribeTable", TableName=table)["Table"]
        if described["TableStatus"] == "ACTIVE":
            return described
        time.sleep(0.02)
    raise AssertionError("%s is still CREATING" % table)


class BackupsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = os.path.join(folder.name, "data")
        self.bucket = os.path.join(folder.name, "buckets", "bucket")
        os.makedirs(self.bucket)
        self.arguments = ["--data", self.data, "--buckets", os.path.dirname(self.bucket)]
        self.exports_checked = set()
        seed = int(SEED) if SEED else random.randrange(1 << 30)
        print("seed", seed)
        self.random = random.Random(seed)
        self.wanted = {}  # content of each restored table, by its name
        self.failure = None
        self.restoring = threading.Event()  # set once a restore was acknowledged

    def prepare(self):
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="source", BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=[INDEX],
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
                                              {"AttributeName": "g", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
            client.call("UpdateContinuousBackups", TableName="source", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
            fill(client, "source", "old", list(range(ITEMS)))
            self.old = content(client, "source")
            self.backup = client.call("CreateBackup", TableName="source", BackupName="old")["BackupDetails"]["BackupArn"]
            time.sleep(0.01)
            self.old_time = time.time()
            time.sleep(0.01)
            fill(client, "source", "new", list(range(0, ITEMS, 3)))
            for number in range(1, ITEMS, 9):
                client.call("DeleteItem", TableName="source", Key={name: item(number, "")[name] for name in ("pk", "sk")})
            self.new = content(client, "source")

    def work(self, url, number):
        """Makes backups and restores, one after the other, until the server dies."""
        try:
            with Client(url) as client:
                for step in range(1000):
                    name = "r%d-%d" % (number, step)
                    kind = self.random.randrange(4)
                    try:
                        if kind == 0:
                            client.call("CreateBackup", TableName="source", BackupName=name)
                        elif kind == 3:
                            client.call("ExportTableToPointInTime", TableArn=self.backup.split("/backup/")[0], S3Bucket="bucket")
                        elif kind == 1:
                            self.wanted[name] = self.old
                            client.call("RestoreTableFromBackup", TargetTableName=name, BackupArn=self.backup)
                            self.restoring.set()
                        else:
                            self.wanted[name] = self.old
                            client.call("RestoreTableToPointInTime", TargetTableName=name, SourceTableName="source",
                                        RestoreDateTime=self.old_time)
                    except CallError as error:
                        if error.type != "BackupInUseException":
                            raise
        except (OSError, http.client.HTTPException):
            pass
        except Exception as error:  # reported by the test, whatever it is
            self.failure = error

    def read(self, key):
        with open(os.path.join(self.bucket, key), "rb") as file:
            return file.read()

    def check_export(self, client, arn):
        deadline = time.monotonic() + 120
        while True:
            export = client.call("DescribeExport", ExportArn=arn)["ExportDescription"]
            if export["ExportStatus"] != "IN_PROGRESS" or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        self.assertEqual(export["ExportStatus"], "COMPLETED", export)
        files = self.read(json.loads(self.read(export["ExportManifest"]))["manifestFilesS3Key"]).decode().splitlines()
        found = [json.loads(line)["Item"] for file in files
                 for line in gzip.decompress(self.read(json.loads(file)["dataFileS3Key"])).decode().splitlines()]
        self.assertEqual(sorted(found, key=lambda one: (one["pk"]["S"], int(one["sk"]["N"]))), self.new)

    def check_exports(self, client):
        exports = client.call("ListExports")["ExportSummaries"]  # the latest 25
        for export in exports:
            if export["ExportArn"] not in self.exports_checked:
                self.check_export(client, export["ExportArn"])
                self.exports_checked.add(export["ExportArn"])

    def check(self, client):
        self.check_exports(client)
        tables = client.call("ListTables")["TableNames"]
        for name in tables:
            if name == "source":
                continue
            described = wait_until_active(client, name)
            found = content(client, name)
            self.assertEqual(found, self.wanted[name], name)
            self.assertEqual(content(client, name, IndexName="byG"), found, name)
            self.assertEqual(described["ItemCount"], len(found))
            self.assertEqual(described["GlobalSecondaryIndexes"][0]["ItemCount"], len(found))
        for name in tables:
            if name != "source":
                client.call("DeleteTable", TableName=name)
        self.assertEqual(content(client, "source"), self.new)
        backups = client.call("ListBackups")["BackupSummaries"]
        for backup in backups:
            if backup["BackupArn"] == self.backup:
                continue
            if self.random.randrange(4) == 0:
                client.call("RestoreTableFromBackup", TargetTableName="again", BackupArn=backup["BackupArn"])
                wait_until_active(client, "again")
                self.assertEqual(content(client, "again"), self.new)
                client.call("DeleteTable", TableName="again")
            client.call("DeleteBackup", BackupArn=backup["BackupArn"])
        self.assertIn(self.backup, [backup["BackupArn"] for backup in backups])
        # The checkpoint of an export or a restore is removed after its end was reported.
        deadline = time.monotonic() + 60
        while len(os.listdir(os.path.join(self.data, "backups"))) > 1 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(os.listdir(os.path.join(self.data, "backups")), [self.backup.rsplit("/", 1)[1]])
        return len(tables) - 1, len(backups) - 1

    def test_killed_anywhere_backups_and_restores_are_whole_or_nothing(self):
        self.prepare()
        restored, made = 0, 0
        for number in range(ROUNDS):
            with StatorServer(self.arguments) as server:
                worker = threading.Thread(target=self.work, args=(server.url, number), daemon=True)
                worker.start()
                # Not before a restore has started, in at least one of the rounds.
                if number == 0:
                    self.restoring.wait(60)
                time.sleep(self.random.uniform(0.01, 0.7))
                server.kill()
                worker.join()
            if self.failure is not None:
                raise self.failure
            with StatorServer(self.arguments) as server, Client(server.url) as client:
                one, other = self.check(client)
                restored += one
                made += other
        print("%d kills, %d tables restored, %d backups made, %d exports" % (ROUNDS, restored, made, len(self.exports_checked)))
        self.assertGreater(restored, 0, "nothing was under way when the server was killed")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
"""Opens data directories of earlier versions: everything in them is right, and stays right after writes and restarts.

The directories and the expected answers: README.md.
"""

import json
import os
import pathlib
import re
import sys
import tarfile
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import answers  # noqa: E402
from content import b64  # noqa: E402
from dynamodb import CallError, Client  # noqa: E402
from model import Table, against_model, hash_names, indexes_of, range_names, wait_until_settled  # noqa: E402
from stator_server import StatorServer  # noqa: E402

OLDEST_EXPIRY_S = 5 * 365 * 24 * 3600  # items that expired longer ago stay, as with the service
ARCHIVES = sorted(HERE.glob("*/*.tar.xz"))


def fresh_item(table, like, number):
    """A new item with the attributes of `like`, so that it is in the same indexes."""
    item = dict(like)
    changing = (range_names(table.schema) or hash_names(table.schema))[0]
    kind = table.types[changing]
    item[changing] = {kind: {"S": "later %d" % number, "N": "987654321.%d" % (number + 1), "B": b64(b"\x00later%d" % number)}[kind]}
    return item


class Golden(unittest.TestCase):
    """One test for each archive; the tests are created below."""

    def check(self, archive):
        expected = json.loads(archive.with_name(archive.name.replace(".tar.xz", ".json")).read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(archive) as tar:
                tar.extractall(folder)
            data = os.path.join(folder, "data")
            with StatorServer(["--data", data]) as server, Client(server.url) as client:
                self.settle(client, expected["expired"])
                tables = self.check_answers(client, expected["tables"])
                self.check_models(client, tables)
                self.change(client, tables)
                self.check_models(client, tables)
                if archive.name.startswith("killed"):
                    server.kill()
            with StatorServer(["--data", data]) as server, Client(server.url) as client:
                wait_until_settled(client)
                self.check_models(client, tables)
                self.empty(client, tables)
            with StatorServer(["--data", data]) as server, Client(server.url) as client:
                self.check_models(client, tables)

    def settle(self, client, expired):
        """Waits until interrupted backfills have ended and expired items are deleted."""
        wait_until_settled(client)
        for item in expired:
            key = {"pk": item["pk"]}
            if time.time() - int(item["ttl"]["N"]) >= OLDEST_EXPIRY_S:
                client.call("DeleteItem", TableName="expiring", Key=key)
            deadline = time.monotonic() + 60
            while client.call("GetItem", TableName="expiring", Key=key) != {}:
                self.assertLess(time.monotonic(), deadline, "an item that had expired is not deleted: %s" % item)
                time.sleep(0.05)

    def check_answers(self, client, expected):
        """Compares the answers with those of the old version; returns the models for the further checks."""
        self.assertEqual(client.call("ListTables")["TableNames"], sorted(expected))
        tables = {}
        for name, wanted in expected.items():
            found = answers.answers_about(client, name)
            self.assertEqual(answers.differences(wanted, found), [], name)
            tables[name] = Table(found["describe"], client.pages("Scan", TableName=name))
        return tables

    def check_models(self, client, tables):
        self.assertEqual([line for table in tables.values() for line in against_model(client, table)], [])

    def change(self, client, tables):
        """Puts, replaces, updates and deletes items in every table, by single writes and by a transaction; creates and
        deletes tables."""
        client.call("CreateTable", TableName="later", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
        tables["later"] = Table(client.call("DescribeTable", TableName="later")["Table"])
        client.call("PutItem", TableName="later", Item={"pk": {"S": "x"}})
        tables["later"].put({"pk": {"S": "x"}})
        for name, table in tables.items():
            items = [item for _, item in sorted(table.items.items()) if table.may_be_written(item)][:6]
            if len(items) < 6:
                continue
            added = [fresh_item(table, items[0], 0), dict(items[1], golden={"S": "replaced"}), fresh_item(table, items[4], 1),
                     dict(items[5], golden={"L": [{"N": "1"}]})]
            client.call("PutItem", TableName=name, Item=added[0])
            replaced = client.call("PutItem", TableName=name, Item=added[1], ReturnValues="ALL_OLD")
            self.assertEqual(replaced["Attributes"], items[1])
            client.call("TransactWriteItems", TransactItems=[
                {"Put": {"TableName": name, "Item": added[2], "ConditionExpression": "attribute_not_exists(pk)"}},
                {"Put": {"TableName": name, "Item": added[3], "ConditionExpression": "attribute_exists(pk)"}},
                {"Delete": {"TableName": name, "Key": table.key(items[2])}}])
            table.delete(items[2])
            updated = client.call("UpdateItem", TableName=name, Key=table.key(items[3]), ReturnValues="ALL_NEW",
                                  UpdateExpression="ADD golden :one", ExpressionAttributeValues={":one": {"N": "1"}})["Attributes"]
            self.assertEqual(updated, dict(items[3], golden={"N": "1"}))
            for item in [*added, updated]:
                table.put(item)
        if "settings" in tables:
            self.change_settings(client, tables)

    def change_settings(self, client, tables):
        with self.assertRaisesRegex(CallError, "protected against deletion"):
            client.call("DeleteTable", TableName="settings")
        client.call("UpdateTable", TableName="settings", DeletionProtectionEnabled=False)
        for name in ("settings", "key-S"):
            client.call("DeleteTable", TableName=name)
            del tables[name]
        request = {name: tables["created-again"].description[name] for name in ("TableName", "KeySchema", "AttributeDefinitions")}
        client.call("DeleteTable", TableName="created-again")
        client.call("CreateTable", BillingMode="PAY_PER_REQUEST", **dict(request, AttributeDefinitions=[
            each for each in request["AttributeDefinitions"] if each["AttributeName"] == "pk"]))
        tables["created-again"] = Table(client.call("DescribeTable", TableName="created-again")["Table"])

    def empty(self, client, tables):
        """Deletes every item: if the counters agreed with the stored items, they end at zero."""
        for name, table in tables.items():
            if len(table.items) > 2000:
                continue
            for item in list(table.items.values()):
                client.call("DeleteItem", TableName=name, Key=table.key(item))
                table.delete(item)
            description = client.call("DescribeTable", TableName=name)["Table"]
            self.assertEqual((description["ItemCount"], description["TableSizeBytes"]), (0, 0), name)
            for index in indexes_of(description):
                self.assertEqual((index["ItemCount"], index["IndexSizeBytes"]), (0, 0), name)


def add_test(archive):
    name = re.sub(r"\W", "_", "test_%s_%s" % (archive.parent.name, archive.name.replace(".tar.xz", "")))
    setattr(Golden, name, lambda self: self.check(archive))


for each_archive in ARCHIVES:
    add_test(each_archive)


class Archives(unittest.TestCase):
    def test_are_there(self):
        self.assertGreaterEqual(len(ARCHIVES), 3)


if __name__ == "__main__":
    unittest.main()

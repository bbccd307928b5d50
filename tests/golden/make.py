#!/usr/bin/python3
"""Makes the golden directories of one version: make.py BINARY FOLDER (README.md says when).

Writes into FOLDER, for each way to stop (clean, killed, backfill), NAME.tar.xz with the data directory and NAME.json with the
expected answers, after comparing everything with an independent model.
"""

import copy
import json
import os
import shutil
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import answers  # noqa: E402
import content  # noqa: E402
from dynamodb import Client  # noqa: E402
from model import Table, against_model, canonical, wait_until_settled  # noqa: E402
from stator_server import StatorServer  # noqa: E402

BACKFILL_ITEMS = 4500


def put_all(client, table_name, items):
    for item in items:
        client.call("PutItem", TableName=table_name, Item=item)


def first_run(client):
    """Creates tables with their first items; deletes a table, recreates one, drops an index."""
    for request in content.TABLES:
        client.call("CreateTable", **request)
    for request in content.TABLES:
        put_all(client, request["TableName"], content.items(request["TableName"]))
    client.call("UpdateTimeToLive", TableName="expiring", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})
    client.call("UpdateTable", TableName="index-dropped",
                GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-group"}}])
    client.call("DeleteTable", TableName="deleted")
    client.call("DeleteTable", TableName="created-again")
    client.call("CreateTable", **table_request("created-again"))
    put_all(client, "created-again", content.items("created-again")[:5])


def table_request(name):
    return next(request for request in content.TABLES if request["TableName"] == name)


def second_run(client):
    """Changes what the first run left. Expiring items come last, so that none has expired when this server stops."""
    for request in content.TABLES:
        name = request["TableName"]
        if name == "deleted":
            continue
        table = Table(request)
        put, deleted = content.changes(name)
        put_all(client, name, put)
        for item in deleted:
            client.call("DeleteItem", TableName=name, Key=table.key(item))
    arn = client.call("DescribeTable", TableName="on-demand")["Table"]["TableArn"]
    client.call("UntagResource", ResourceArn=arn, TagKeys=["gone"])
    client.call("UpdateTable", TableName="settings", ProvisionedThroughput={"ReadCapacityUnits": 9, "WriteCapacityUnits": 2})
    client.call("UpdateTable", TableName="index-added", AttributeDefinitions=[{"AttributeName": "n", "AttributeType": "N"},
                                                                               {"AttributeName": "group", "AttributeType": "S"}],
                GlobalSecondaryIndexUpdates=[{"Create": content.index("second", [("group", "HASH"), ("n", "RANGE")], "ALL")}])


def put_what_expires(client):
    expired = [{"pk": {"S": "expired %d" % at}, "group": {"S": "group 1"}, "ttl": {"N": str(int(time.time()) + 2)}} for at in range(10)]
    put_all(client, "expiring", expired)
    return expired


def expected_tables():
    """Models of all tables after the two runs."""
    tables = {}
    for request in content.TABLES:
        name = request["TableName"]
        if name == "deleted":
            continue
        request = copy.deepcopy(request)
        first = content.items(name)
        if name == "created-again":
            first = first[:5]
        if name == "index-dropped":
            del request["GlobalSecondaryIndexes"]
        if name == "index-added":
            request["AttributeDefinitions"].append({"AttributeName": "n", "AttributeType": "N"})
            request["GlobalSecondaryIndexes"].append(content.index("second", [("group", "HASH"), ("n", "RANGE")], "ALL"))
        table = Table(request, first)
        put, deleted = content.changes(name)
        for item in put:
            table.put(item)
        for item in deleted:
            table.delete(item)
        tables[name] = table
    return tables


def make_clean(binary, data):
    with StatorServer(["--data", data], binary) as server, Client(server.url) as client:
        first_run(client)
    with StatorServer(["--data", data], binary) as server, Client(server.url) as client:
        second_run(client)
        wait_until_settled(client)
        expired = put_what_expires(client)
    return expected_tables(), expired


def make_killed(binary, data):
    """Leaves the second run in the log only, and three tables whose status is changing."""
    with StatorServer(["--data", data], binary) as server, Client(server.url) as client:
        first_run(client)
        for name in ("on-its-way-out", "getting-an-index"):
            client.call("CreateTable", **content.table(name, "S"))
            put_all(client, name, content.items("index-added"))
    with StatorServer(["--data", data, "--transition-delay", "1500"], binary) as server, Client(server.url) as client:
        second_run(client)
        wait_until_settled(client)
        expired = put_what_expires(client)
        client.call("DeleteTable", TableName="on-its-way-out")
        client.call("CreateTable", **content.table("on-its-way-in", "S"))
        client.call("UpdateTable", TableName="getting-an-index", AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
                    GlobalSecondaryIndexUpdates=[{"Create": content.GROUP_INDEX}])
        server.kill()
    tables = expected_tables()
    tables["on-its-way-in"] = Table(content.table("on-its-way-in", "S"))
    tables["getting-an-index"] = Table(content.table("getting-an-index", "S", content.GROUP_TYPE, GlobalSecondaryIndexes=[content.GROUP_INDEX]),
                                       content.items("index-added"))
    return tables, expired


def backfill_item(at):
    """Every tenth item cannot be in the index: it has no `group`, or one that cannot be a key."""
    item = {"pk": {"N": str(at)}}
    odd = [{}, {"group": {"N": "1"}}, {"group": {"S": ""}}]
    return dict(item, **(odd[at // 10 % 3] if at % 10 == 0 else {"group": {"S": "g%d" % (at % 5)}}))


def make_backfill(binary, data):
    """Kills the server while an index of a larger table is filled, with some chunks done and some not."""
    index = content.index("by-group", [("group", "HASH")], "KEYS_ONLY")
    items = [backfill_item(at) for at in range(BACKFILL_ITEMS)]
    with StatorServer(["--data", data], binary) as server, Client(server.url) as client:
        client.call("CreateTable", **content.table("large", "N"))
        for at in range(0, BACKFILL_ITEMS, 25):
            client.call("BatchWriteItem", RequestItems={"large": [{"PutRequest": {"Item": item}} for item in items[at:at + 25]]})
    with StatorServer(["--data", data, "--sync"], binary) as server, Client(server.url) as client:
        client.call("UpdateTable", TableName="large", AttributeDefinitions=[{"AttributeName": "group", "AttributeType": "S"}],
                    GlobalSecondaryIndexUpdates=[{"Create": index}])
        while True:
            indexed = client.call("DescribeTable", TableName="large")["Table"]["GlobalSecondaryIndexes"][0]
            if indexed["ItemCount"] > 0:
                break
        server.kill()
    if indexed["IndexStatus"] != "CREATING":
        raise AssertionError("the backfill ended before the kill; try again")
    table = Table(content.table("large", "N", content.GROUP_TYPE, GlobalSecondaryIndexes=[index]), items)
    return {"large": table}, []


def wait_until_gone(client, expired):
    deadline = time.monotonic() + 60
    while any(client.call("GetItem", TableName="expiring", Key={"pk": item["pk"]}) != {} for item in expired):
        if time.monotonic() > deadline:
            raise AssertionError("what has expired stays")
        time.sleep(0.1)


def capture(binary, data, tables, expired):
    """The answers of the version itself, from a copy, after the model has agreed with them."""
    with StatorServer(["--data", data], binary) as server, Client(server.url) as client:
        wait_until_settled(client)
        if expired:
            time.sleep(max(0.0, int(expired[-1]["ttl"]["N"]) + 1 - time.time()))
            wait_until_gone(client, expired)
        found = client.call("ListTables")["TableNames"]
        if found != sorted(tables):
            raise AssertionError("tables: %s" % found)
        wrong = [line for table in tables.values() for line in against_model(client, table)]
        if wrong:
            raise AssertionError("\n".join(wrong))
        return {"expired": expired, "tables": {name: answers.answers_about(client, name) for name in found}}


def pack(data, archive):
    def plain(entry):
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        return entry

    with tarfile.open(archive, "w:xz", preset=9) as tar:
        tar.add(data, "data", filter=plain)


def write_json(expected, path):
    """Writes each item on its own line, so that differences can be read."""
    with open(path, "w", encoding="utf-8") as out:
        out.write("{\"expired\": %s,\n\"tables\": {" % json.dumps(expected["expired"]))
        for number, (name, table) in enumerate(expected["tables"].items()):
            out.write("%s\n%s: {" % ("," if number else "", json.dumps(name)))
            out.write(",".join("\n  %s: %s" % (json.dumps(member), lines(value)) for member, value in table.items()))
            out.write("}")
        out.write("\n}}\n")


def lines(value):
    """JSON with each item of a list of items on its own line."""
    if isinstance(value, dict) and "items" in value:
        rest = {name: each for name, each in value.items() if name != "items"}
        return json.dumps(rest)[:-1] + ", \"items\": [\n    " + ",\n    ".join(map(canonical, value["items"])) + "]}"
    if isinstance(value, dict) and value and all(isinstance(each, dict) and "scan" in each for each in value.values()):
        return "{" + ",".join("\n  %s: {%s}" % (json.dumps(name), ", ".join("%s: %s" % (json.dumps(member), lines(part))
                                                                           for member, part in each.items()))
                              for name, each in value.items()) + "}"
    return json.dumps(value)


def main():
    binary, folder = sys.argv[1:]
    os.makedirs(folder)
    for name, make in (("clean", make_clean), ("killed", make_killed), ("backfill", make_backfill)):
        with tempfile.TemporaryDirectory() as scratch:
            data = os.path.join(scratch, "data")
            tables, expired = make(binary, data)
            pack(data, os.path.join(folder, name + ".tar.xz"))
            opened = os.path.join(scratch, "copy")
            shutil.copytree(data, opened)
            write_json(capture(binary, opened, tables, expired), os.path.join(folder, name + ".json"))


if __name__ == "__main__":
    main()

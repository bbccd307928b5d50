"""The expected content of a table and its indexes, in a few lines of Python that share nothing with the server."""

import base64
import json
import time

from dynamodb import CallError


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def hash_names(schema):
    return [part["AttributeName"] for part in schema if part["KeyType"] == "HASH"]


def range_names(schema):
    return [part["AttributeName"] for part in schema if part["KeyType"] == "RANGE"]


def names(schema):
    return hash_names(schema) + range_names(schema)


def indexes_of(description):
    """The indexes of a CreateTable request or a table description."""
    return description.get("LocalSecondaryIndexes", []) + description.get("GlobalSecondaryIndexes", [])


class Table:
    """A table's description and its items by key."""

    def __init__(self, description, items=()):
        self.description = description
        self.schema = description["KeySchema"]
        self.types = {each["AttributeName"]: each["AttributeType"] for each in description["AttributeDefinitions"]}
        self.items = {}
        for item in items:
            self.put(item)

    def key(self, item):
        return {name: item[name] for name in names(self.schema)}

    def put(self, item):
        self.items[canonical(self.key(item))] = item

    def delete(self, item):
        del self.items[canonical(self.key(item))]

    def _can_be_key(self, item, schema):
        for name in names(schema):
            value = item.get(name, {}).get(self.types[name])
            if value is None:
                return False
            size = len(base64.b64decode(value)) if self.types[name] == "B" else len(value.encode())
            if self.types[name] != "N" and not 0 < size <= (2048 if name in hash_names(schema) else 1024):
                return False
        return True

    def may_be_written(self, item):
        """False if an attribute of the item is no valid index key: such an item can only be older than the index."""
        return all(self._can_be_key(item, [part]) for index in indexes_of(self.description) for part in index["KeySchema"]
                   if part["AttributeName"] in item)

    def entries(self, index):
        """The entries that the index must hold, in no order."""
        found = [item for item in self.items.values() if self._can_be_key(item, index["KeySchema"])]
        projection = index["Projection"]
        if projection["ProjectionType"] == "ALL":
            return found
        kept = set(names(self.schema) + names(index["KeySchema"]) + projection.get("NonKeyAttributes", []))
        return [{name: value for name, value in item.items() if name in kept} for item in found]


def wait_until_settled(client, deadline_s=60):
    """Waits until every table and index is ACTIVE or gone: an interrupted backfill resumes when the server starts."""
    deadline = time.monotonic() + deadline_s
    for name in client.call("ListTables")["TableNames"]:
        while True:
            try:
                description = client.call("DescribeTable", TableName=name)["Table"]
            except CallError as error:
                if error.type != "ResourceNotFoundException":
                    raise
                break  # it was being deleted
            states = [description["TableStatus"]] + [each.get("IndexStatus", "ACTIVE") for each in indexes_of(description)]
            if set(states) == {"ACTIVE"}:
                break
            if time.monotonic() > deadline:
                raise AssertionError("%s is still %s" % (name, states))
            time.sleep(0.01)


def against_model(client, table):
    """Returns the differences between the server and a model.Table: contents of table and indexes, single reads, counts."""
    name = table.description["TableName"]
    found = []

    def same(what, actual, wanted):
        if sorted(map(canonical, actual)) != sorted(map(canonical, wanted)):
            found.append("%s %s: %d items, expected %d, or others" % (name, what, len(actual), len(wanted)))

    wanted = list(table.items.values())
    same("scan", client.pages("Scan", TableName=name), wanted)
    for item in wanted[:500]:
        key = {attribute: item[attribute] for attribute in names(table.schema)}
        if client.call("GetItem", TableName=name, Key=key, ConsistentRead=True).get("Item") != item:
            found.append("%s: GetItem of %.200s" % (name, key))
    description = client.call("DescribeTable", TableName=name)["Table"]
    if description["ItemCount"] != len(wanted):
        found.append("%s: ItemCount %d, expected %d" % (name, description["ItemCount"], len(wanted)))
    for index in indexes_of(table.description):
        entries = table.entries(index)
        same(index["IndexName"], client.pages("Scan", TableName=name, IndexName=index["IndexName"]), entries)
        counted = next(each for each in indexes_of(description) if each["IndexName"] == index["IndexName"])
        if counted["ItemCount"] != len(entries):
            found.append("%s %s: ItemCount %d, expected %d" % (name, index["IndexName"], counted["ItemCount"], len(entries)))
    return found

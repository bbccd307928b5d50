"""Collects all answers of a server about its tables, in a form that is small, stable and readable as JSON."""

import hashlib
import re

from model import canonical, hash_names, indexes_of, range_names

LISTED = 100  # up to so many items are listed; more become a count and a digest
SHOWN = 100  # longer texts become a length and a digest


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def abbreviated(value):
    """The value with its long texts replaced by their length and digest."""
    if isinstance(value, str) and len(value) > SHOWN:
        return "%d characters, sha256 %s" % (len(value), digest(value))
    if isinstance(value, list):
        return [abbreviated(each) for each in value]
    if isinstance(value, dict):
        return {name: abbreviated(each) for name, each in value.items()}
    return value


def summary(items, listed=LISTED):
    """A summary of the items, independent of their order; lists up to `listed` of them."""
    lines = sorted(items, key=canonical)
    result = {"count": len(lines), "digest": digest("\n".join(map(canonical, lines)))}
    if len(lines) <= listed:
        result["items"] = [abbreviated(item) for item in lines]
    return result


def query(client, table_name, index_name, values):
    """All items of one partition, in order; `values` by the names of the hash attributes."""
    request = {"TableName": table_name, "KeyConditionExpression": " AND ".join("#%d = :%d" % (at, at) for at in range(len(values))),
               "ExpressionAttributeNames": {"#%d" % at: name for at, name in enumerate(values)},
               "ExpressionAttributeValues": {":%d" % at: value for at, value in enumerate(values.values())}}
    if index_name:
        request["IndexName"] = index_name
    return client.pages("Query", **request)


def in_order(client, table_name, index_name, schema, items):
    """For every partition: [hash values, sort keys in the order of a query]."""
    partitions = {canonical([item[name] for name in hash_names(schema)]): item for item in items}
    result = []
    for _, item in sorted(partitions.items()):
        values = {name: item[name] for name in hash_names(schema)}
        found = query(client, table_name, index_name, values)
        result.append([abbreviated(list(values.values())),
                       [abbreviated([each[name] for name in range_names(schema)]) for each in found]])
    return result


def answers_about(client, name):
    description = client.call("DescribeTable", TableName=name)["Table"]
    schema = description["KeySchema"]
    items = client.pages("Scan", TableName=name)
    result = {
        "describe": description,
        "ttl": client.call("DescribeTimeToLive", TableName=name)["TimeToLiveDescription"],
        "tags": sorted(client.call("ListTagsOfResource", ResourceArn=description["TableArn"])["Tags"], key=canonical),
        "scan": summary(items),
        "indexes": {},
    }
    if len(items) <= LISTED:
        result["order"] = in_order(client, name, None, schema, items)
    for index in indexes_of(description):
        entries = client.pages("Scan", TableName=name, IndexName=index["IndexName"])
        answer = {"scan": summary(entries, listed=0)}  # the model shows which entries differ
        if len(entries) <= LISTED and range_names(index["KeySchema"]):
            answer["order"] = in_order(client, name, index["IndexName"], index["KeySchema"], entries)
        result["indexes"][index["IndexName"]] = answer
    return result


# Lists in a table's description that have no order, and the members by which they are sorted.
UNORDERED = {"AttributeDefinitions": "AttributeName", "LocalSecondaryIndexes": "IndexName", "GlobalSecondaryIndexes": "IndexName"}


def is_key_behind(alias, key):
    """Whether `key` is the key that later versions show instead of the alias."""
    before, is_alias, _ = alias.partition("alias/")
    return bool(is_alias) and re.fullmatch(re.escape(before) + "key/[0-9a-f-]{36}", key) is not None


def differences(expected, actual, at=""):
    """Returns what `actual` lacks of `expected`; additional members (of later versions) are ignored."""
    name = UNORDERED.get(at.rpartition("/")[2])
    if name and isinstance(actual, list):
        expected, actual = (sorted(each, key=lambda one: one[name]) for each in (expected, actual))
    if isinstance(expected, dict) and isinstance(actual, dict):
        found = []
        for name, value in expected.items():
            if name not in actual:
                found.append("%s/%s is missing" % (at, name))
            else:
                found.extend(differences(value, actual[name], "%s/%s" % (at, name)))
        return found
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [line for position, pair in enumerate(zip(expected, actual))
                for line in differences(*pair, at="%s/%d" % (at, position))]
    if at.endswith("/KMSMasterKeyArn") and is_key_behind(expected, actual):
        return []
    if at.endswith("/NumberOfDecreasesToday") and actual == 0:  # the decreases of the day on which it was made
        return []
    return [] if expected == actual else ["%s: expected %.300s, found %.300s" % (at, expected, actual)]

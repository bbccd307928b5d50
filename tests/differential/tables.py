"""The tables that every generated sequence starts with."""

PREFIX = "diff-"


def _definitions(**types):
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


def _keys(*names):
    return [{"AttributeName": name, "KeyType": role} for name, role in zip(names, ("HASH", "RANGE"))]


def _index(name, keys, projection, *attributes):
    shape = {"ProjectionType": projection}
    if attributes:
        shape["NonKeyAttributes"] = list(attributes)
    return {"IndexName": name, "KeySchema": _keys(*keys), "Projection": shape}


TABLES = {
    "diff-hash": {
        "AttributeDefinitions": _definitions(pk="S"), "KeySchema": _keys("pk"), "BillingMode": "PAY_PER_REQUEST"},
    "diff-number": {
        "AttributeDefinitions": _definitions(pk="S", n="N"), "KeySchema": _keys("pk", "n"),
        "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}},
    "diff-binary": {
        "AttributeDefinitions": _definitions(pk="B", sk="B"), "KeySchema": _keys("pk", "sk"),
        "BillingMode": "PAY_PER_REQUEST"},
    "diff-indexed": {
        "AttributeDefinitions": _definitions(pk="S", sk="S", l="N", g="S", h="N"), "KeySchema": _keys("pk", "sk"),
        "LocalSecondaryIndexes": [
            _index("local", ("pk", "l"), "KEYS_ONLY"), _index("localall", ("pk", "g"), "ALL")],
        "GlobalSecondaryIndexes": [
            _index("all", ("g",), "ALL"), _index("some", ("g", "h"), "INCLUDE", "a"),
            _index("turned", ("sk", "pk"), "KEYS_ONLY")],
        "BillingMode": "PAY_PER_REQUEST"},
}
for _name, _table in TABLES.items():
    _table["TableName"] = _name


def kinds(table):
    """The type of each defined attribute, by name."""
    return {one["AttributeName"]: one["AttributeType"] for one in TABLES[table]["AttributeDefinitions"]}


def key_names(table, index=None):
    """Partition key and sort key (if any) of a table or of one of its indexes."""
    shape = TABLES[table]
    if index is not None:
        shape = next(one for one in indexes(table) if one["IndexName"] == index)
    return [one["AttributeName"] for one in shape["KeySchema"]]


def indexes(table):
    return TABLES[table].get("LocalSecondaryIndexes", []) + TABLES[table].get("GlobalSecondaryIndexes", [])


def is_global(table, index):
    return any(one["IndexName"] == index for one in TABLES[table].get("GlobalSecondaryIndexes", []))

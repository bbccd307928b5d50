"""Generates attribute values, keys and items. Pools are small, so that requests meet each other's items."""

import base64

import tables

ATTRIBUTES = ["a", "b", "c", "d", "m", "e"]
STRINGS = ["", "x", "y", "xy", "xyz", "Z", "é", "日本", "\U0001f600", "10", "9", " "]
NUMBERS = ["0", "-0", "1", "2", "-1", "10", "1.5", "01.50", "1e2", "-3.25E-2", "123456789012345678901234567890",
           "12345678901234567890123456789012345678", "9.9e125", "1e-130", "0.1"]
BYTES = [b"", b"x", b"xy", b"\x00", b"\xff\x01", b"abc"]
# All of these must be refused.
BAD_VALUES = [
    {}, {"S": "x", "N": "1"}, {"N": "abc"}, {"N": ""}, {"N": "1e126"}, {"N": "1e-131"},
    {"N": "123456789012345678901234567890123456789"}, {"SS": []}, {"NS": []}, {"BS": []}, {"SS": ["a", "a"]},
    {"NS": ["1", "1.0"]}, {"BS": ["eA==", "eA=="]}, {"NS": ["1", "x"]}, {"NULL": False}, {"B": "not base 64"}, {"B": "eA"},
    {"X": "x"}, {"S": 1}, {"N": 1}, {"B": 1}, {"BOOL": "true"}, {"L": {}}, {"M": []}, {"L": [{}]}, {"M": {"a": {"N": "z"}}},
    {"SS": "a"}, {"SS": [1]}, {"NULL": "x"}, {"S": None}, None, "x", 1, [], True]


def encoded(data):
    return base64.b64encode(data).decode()


def scalar(rng, kind=None, key=False):
    """A value of one of the three key types; `key` leaves out empty values, which keys cannot have."""
    kind = kind or rng.choice("SNB")
    if kind == "S":
        return {"S": rng.choice(STRINGS[1:] if key else STRINGS)}
    if kind == "N":
        return {"N": rng.choice(NUMBERS)}
    return {"B": encoded(rng.choice(BYTES[1:] if key else BYTES))}


def value(rng, depth=2):
    kind = rng.choice(["S", "S", "N", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"] + (["L", "M", "M"] if depth else []))
    if kind in "SNB":
        return scalar(rng, kind)
    if kind == "BOOL":
        return {"BOOL": rng.random() < 0.5}
    if kind == "NULL":
        return {"NULL": True}
    if kind == "SS":
        return {"SS": rng.sample(STRINGS, rng.randint(1, 3))}
    if kind == "NS":
        return {"NS": rng.sample(["1", "2", "-1", "10", "1.5"], rng.randint(1, 3))}
    if kind == "BS":
        return {"BS": [encoded(one) for one in rng.sample(BYTES, rng.randint(1, 2))]}
    if kind == "L":
        return {"L": [value(rng, depth - 1) for _ in range(rng.randint(0, 3))]}
    return {"M": {name: value(rng, depth - 1) for name in rng.sample(ATTRIBUTES, rng.randint(0, 3))}}


def key(rng, table):
    kinds = tables.kinds(table)
    return {name: key_part(rng, table, name, kinds[name]) for name in tables.key_names(table)}


def key_part(rng, table, name, kind):
    # Few partitions with many items in each, so that queries have an order to check.
    if name == tables.key_names(table)[0]:
        return {"S": rng.choice(["p", "q"])} if kind == "S" else {"B": rng.choice(["cA==", "cQ=="])}
    return scalar(rng, kind, key=True)


def item(rng, table):
    made = key(rng, table)
    for name, kind in tables.kinds(table).items():
        if name not in made and rng.random() < 0.7:
            made[name] = scalar(rng, kind, key=True)
    for name in rng.sample(ATTRIBUTES, rng.randint(0, 4)):
        made[name] = value(rng)
    return made

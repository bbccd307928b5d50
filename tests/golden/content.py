"""The content of the golden directories: tables of every key type, indexes of every projection, items of every kind.

`TABLES` has the CreateTable requests. `items` returns the items that are put first, `changes` what a second run of the server changes.
"""

import base64
import itertools

FAR_FUTURE = 4102444800  # 2100, in seconds


def b64(data):
    return base64.b64encode(data).decode()


# Values in ascending order for each key type, some of them hard to encode.
KEYS = {
    "S": ["\x00", "\x00\x01", "\x01", "\x01\x00", " ", "A", "a", "a\x00", "aa", "ab", "z", "~", "é", "日本語", "\U0001f600"],
    "N": ["-" + "9" * 38 + "0" * 88, "-1" + "0" * 125, "-100", "-99.9", "-10", "-1.5", "-1", "-0.5", "-0." + "0" * 129 + "1", "0",
          "0." + "0" * 129 + "1", "0.05", "0.5", "1", "1.5", "9", "10", "11", "99.9", "100",
          "12345678901234567890123456789012345678", "1" + "0" * 125, "9" * 38 + "0" * 88],
    "B": [b64(data) for data in (b"\x00", b"\x00\x00", b"\x00\xff", b"\x01", b"\x01\x01", b"\x02", b"a", b"ab", b"\x7f", b"\x80",
                                 b"\xff", b"\xff\x00", b"\xff\xff")],
}


def table(name, key_types, extra_types=None, **members):
    """A CreateTable request: `key_types` is "S", or "SN" for a string partition key and a number sort key."""
    definitions = dict(zip(("pk", "sk"), key_types))
    definitions.update(extra_types or {})
    schema = [("pk", "HASH"), ("sk", "RANGE")][:len(key_types)]
    request = {"TableName": name, "KeySchema": key_schema(*schema),
               "AttributeDefinitions": [{"AttributeName": each, "AttributeType": kind} for each, kind in definitions.items()]}
    if "ProvisionedThroughput" not in members:
        request["BillingMode"] = "PAY_PER_REQUEST"
    request.update(members)
    return request


def key_schema(*parts):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in parts]


def index(name, parts, projection, *included):
    result = {"IndexName": name, "KeySchema": key_schema(*parts), "Projection": {"ProjectionType": projection}}
    if included:
        result["Projection"]["NonKeyAttributes"] = list(included)
    return result


UNITS = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3}
GROUP_INDEX = index("by-group", [("group", "HASH")], "ALL")
GROUP_TYPE = {"group": "S"}

TABLES = [
    *(table("key-" + key_type, key_type) for key_type in KEYS),
    *(table("key-%s-%s" % pair, "".join(pair)) for pair in itertools.product(KEYS, KEYS)),
    table("values", "SS"),
    table("indexed", "SS", {"ls": "S", "ln": "N", "lb": "B", "g": "S", "gn": "N", "h": "B"},
          LocalSecondaryIndexes=[
              index("local-all", [("pk", "HASH"), ("ls", "RANGE")], "ALL"),
              index("local-keys", [("pk", "HASH"), ("ln", "RANGE")], "KEYS_ONLY"),
              index("local-some", [("pk", "HASH"), ("lb", "RANGE")], "INCLUDE", "a", "weird.name")],
          GlobalSecondaryIndexes=[
              index("global-all", [("g", "HASH"), ("gn", "RANGE")], "ALL"),
              index("global-keys", [("h", "HASH")], "KEYS_ONLY"),
              index("global-some", [("gn", "HASH"), ("pk", "RANGE")], "INCLUDE", "a", "b"),
              index("global-many", [("g", "HASH"), ("ls", "HASH"), ("ln", "RANGE"), ("lb", "RANGE")], "ALL")]),
    table("settings", "S", GROUP_TYPE, ProvisionedThroughput=UNITS, DeletionProtectionEnabled=True,
          TableClass="STANDARD_INFREQUENT_ACCESS", SSESpecification={"Enabled": True, "SSEType": "KMS"},
          Tags=[{"Key": "team", "Value": "golden"}, {"Key": "empty", "Value": ""}, {"Key": "Grüße", "Value": "a b"}],
          GlobalSecondaryIndexes=[dict(GROUP_INDEX, ProvisionedThroughput=UNITS)]),
    table("on-demand", "S", Tags=[{"Key": "gone", "Value": "x"}, {"Key": "kept", "Value": "y"}],
          OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
          StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}),
    table("expiring", "S", GROUP_TYPE, GlobalSecondaryIndexes=[GROUP_INDEX]),
    table("index-added", "S", GROUP_TYPE, GlobalSecondaryIndexes=[index("first", [("group", "HASH")], "KEYS_ONLY")]),
    table("index-dropped", "S", GROUP_TYPE, GlobalSecondaryIndexes=[GROUP_INDEX]),
    table("deleted", "S", GROUP_TYPE, GlobalSecondaryIndexes=[GROUP_INDEX]),
    table("created-again", "S", GROUP_TYPE, GlobalSecondaryIndexes=[GROUP_INDEX]),
]

DEEP = {"S": "the bottom"}
for level in range(31):
    DEEP = {"M": {"k": DEEP}} if level % 2 else {"L": [DEEP, {"NULL": True}]}

VALUES = {
    "strings": {"e": {"S": ""}, "u": {"S": "\U0001f600 é \" \\ / \x00\x01\x1f\x7f\n"}},
    "names": {"": {"S": "empty name"}, "weird.name": {"N": "1"}, "a b\"c": {"BOOL": True}, "ключ": {"NULL": True}},
    "numbers": {"n%d" % at: {"N": number} for at, number in enumerate(KEYS["N"])},
    "binaries": {"e": {"B": ""}, "all": {"B": b64(bytes(range(256)))}},
    "booleans": {"t": {"BOOL": True}, "f": {"BOOL": False}, "z": {"NULL": True}},
    "sets": {"ss": {"SS": ["b", "a", "", "é"]}, "ns": {"NS": ["3", "-1", "0.5", "9" * 38]}, "bs": {"BS": [b64(b"\x00"), b64(b"x")]}},
    "empty": {"l": {"L": []}, "m": {"M": {}}},
    "mixed": {"l": {"L": [{"N": "1"}, {"S": "1"}, {"L": []}, {"M": {"x": {"BS": [b64(b"q")]}}}]}},
    "deep": {"d": DEEP},
    "large": {"x": {"S": "large " * 68260}},  # 409 560 bytes; at most 409 600 are allowed
    "many": {"a%d" % at: {"N": str(at)} for at in range(300)},
}
# The model must equal what the service returns, and top-level names cannot be empty.
del VALUES["names"][""]


def items(name):
    """The items that are put first into a table of TABLES."""
    if name.startswith("key-"):
        types = name.split("-")[1:]
        if len(types) == 1:
            return [{"pk": {types[0]: value}, "at": {"N": str(at)}} for at, value in enumerate(KEYS[types[0]])]
        # Every sort key in one partition, and every partition with one sort key.
        one = KEYS[types[0]][2]
        pairs = [(one, value) for value in KEYS[types[1]]] + [(value, KEYS[types[1]][3]) for value in KEYS[types[0]] if value != one]
        return [{"pk": {types[0]: pk}, "sk": {types[1]: sk}} for pk, sk in pairs]
    if name == "values":
        return [dict({"pk": {"S": "p"}, "sk": {"S": sort}}, **attributes) for sort, attributes in VALUES.items()]
    if name == "indexed":
        return [indexed(at) for at in range(60)]
    count = 1500 if name in ("deleted", "created-again", "index-dropped") else 20
    found = [{"pk": {"S": "item %d" % at}, "group": {"S": "group %d" % (at % 3)}, "n": {"N": str(at)}} for at in range(count)]
    if name == "expiring":
        for at, item in enumerate(found[:12]):
            item["ttl"] = [{"N": str(FAR_FUTURE + at)}, {"S": "1700000000"}, {"N": "0"}, {"N": "1"}, {"N": "-5"}, {"N": "1.5"}][at % 6]
    return found


def indexed(at):
    """An item for "indexed": the bits of `at` select which index attributes it has."""
    item = {"pk": {"S": "p%d" % (at % 3)}, "sk": {"S": "%02d" % at}, "a": {"S": "a" * (at % 7)}, "b": {"N": str(at)},
            "c": {"L": [{"N": str(at)}]}, "weird.name": {"BOOL": at % 2 == 0}}
    optional = {"ls": {"S": "ls%d" % (at % 5)}, "ln": {"N": KEYS["N"][at % 23]}, "lb": {"B": KEYS["B"][at % 13]},
                "g": {"S": "g%d" % (at % 2)}, "gn": {"N": str(at % 4 - 2)}, "h": {"B": KEYS["B"][at % 4]}}
    for bit, (name, value) in enumerate(optional.items()):
        if at % 4 == 0 or at >> bit & 1:
            item[name] = value
    return item


def changes(name):
    """The later changes of the items that `items` returns: (items to put, items to delete)."""
    first = items(name)
    if name == "indexed":
        replaced = [dict(indexed(at + 21), pk=first[at]["pk"], sk=first[at]["sk"]) for at in range(0, 30, 2)]
        return replaced + [indexed(at) for at in range(60, 75)], first[31:50:3]
    if name == "values":
        return [dict(first[0], e={"S": "now there is something"}), dict(first[9], x={"S": "LARGE " * 68260})], [first[6]]
    if name in ("deleted", "created-again", "index-dropped"):
        return [], []
    return [dict(first[0], changed={"BOOL": True})], [first[1]]

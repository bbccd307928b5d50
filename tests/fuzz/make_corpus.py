#!/usr/bin/env python3
"""Writes the seed corpora of the fuzz targets, tests/fuzz/corpus/TARGET/*: the same files each time. Run it after a change of the
rows of tests/api/generated/requests.json or of the lists below. Inputs that a fuzzer found are added by hand as found-*, and are
not changed."""

import hashlib
import hmac
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).resolve().parent
GENERATED = HERE.parent / "api" / "generated" / "requests.json"


def write(target, name, content):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def api_calls():
    rows = json.loads(GENERATED.read_text())
    for operation, requests in rows.items():
        if operation in ("refused members", "refused operations"):
            continue
        for number, request in enumerate(requests):
            write("api_call", f"{operation}-{number}", f"{operation}\n{json.dumps(request, separators=(',', ':'))}")
    key = '{"pk":{"S":"a"},"sk":{"S":"1"}}'
    write("api_call", "PutItem-twice", f'PutItem\n{{"TableName":"probe","Item":{key},"Item":null}}')
    write("api_call", "GetItem-twice", f'GetItem\n{{"TableName":"probe","Key":null,"Key":{key}}}')
    write("api_call", "BatchGetItem-twice",
          f'BatchGetItem\n{{"RequestItems":{{"probe":{{"Keys":[{key}],"Keys":null}}}}}}')
    write("api_call", "not-json", "Scan\n{")
    write("api_call", "half-a-character", "CreateTable\n" + json.dumps({"TableName": "é" * 300}, ensure_ascii=False))
    write("api_call", "ExecuteStatement", 'ExecuteStatement\n{"Statement":"SELECT * FROM probe","Parameters":[{"S":"a"}]}')


def c_calls():
    """Target, region, body; every body is also read as options and as rules."""
    arn = '{"TableName":"arn:aws:dynamodb:eu-west-1:000000000000:table/things"}'
    table = json.dumps({"TableName": "things", "BillingMode": "PAY_PER_REQUEST",
                        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
    for name, target, region, body in (
            ("create", "CreateTable", "", table), ("list", "DynamoDB_20120810.ListTables", "us-east-1", "{}"),
            ("streams", "DynamoDBStreams_20120810.ListStreams", "", "{}"),
            ("wrong-service", "DynamoDBStreams_20120810.ListTables", "", "{}"), ("prefix", "DynamoDB_20120810.", "", "{}"),
            ("region", "DescribeTable", "eu-west-1", arn), ("nothing", "", "", ""), ("unknown", "MakeCoffee", "", "[]"),
            ("options", "GetItem", "", '{"directory":"./data","sync":true,"clock_ms":1767225600000,"transition_delay_ms":5,'
                                       '"stream_shards":4,"buckets":"./b"}'),
            ("wrong-options", "GetItem", "", '{"stream_shards":1e9,"directory":"a\\u0000b","colour":null}'),
            ("delay", "GetItem", "", '{"transition_delay_ms":-1}'),
            ("rules", "Scan", "us-east-1",
             '{"seed":42,"rules":[{"name":"hot","when":{"table":"t","operation":["Query","Scan"],"key_prefix":{"pk":"u"},"probability":0.2,'
             '"first":3,"from_s":1,"until_s":9},"then":{"throttle":"KeyRangeThroughputExceeded","latency_ms":{"p50":8,"p99":90},'
             '"page_items":10}},{"then":{"cut":"after"}},{"then":{"error":{"type":"X","message":"m","status":500,"after_effect":true},'
             '"unprocessed":0.5}}]}'),
            ("wrong-rules", "Scan", "", '{"rules":[{"wh\\nen":{}}]}')):
        write("c_call", name, f"{target}\n{region}\n{body}")


STATEMENTS = {
    "select": 'SELECT * FROM "t"."i" WHERE a = \'it\'\'s\' AND (b.c[0] >= -1.5e-3 OR NOT begins_with(d, ?)) ORDER BY b DESC;',
    "projection": "select a, b.c, d[0], \"e.f\" from t -- all",
    "tests": "SELECT * FROM t WHERE a IN (1, 2) AND b NOT IN ['x'] AND c BETWEEN ? AND ? AND d IS NOT MISSING AND e IS DOUBLE PRECISION",
    "insert": "INSERT INTO t VALUE {'a': 1, 'b': [1, 'x', NULL], 'c': {'d': TRUE}, 'e': <<1, 2>>, 'f': ?}",
    "update": "UPDATE t SET a = 1 SET b = b + 2, l = list_append(l, [1]) REMOVE c[0] SET s = set_add(s, <<'x'>>) "
              "WHERE k = 1 AND attribute_exists(a) = true RETURNING MODIFIED NEW *",
    "from-first": "FROM t WHERE k = ? SET a = if_not_exists(a, 0)",
    "delete": "DELETE FROM t WHERE k = 1 RETURNING ALL OLD *",
    "exists": "EXISTS(SELECT * FROM t WHERE k = 1 AND size(a) > 3)",
    "comment": "SELECT/**/* FROM t /* b */ WHERE a = '--' -- c\nAND b = '/*'",
    "alias": "SELECT a AS x FROM t AS u, v JOIN w ON 1 = 1 LIMIT 5",
    "deep": "SELECT * FROM t WHERE " + "(" * 150 + "a = [[[[{'b': <<1>>}]]]]" + ")" * 150,
}


RUNNABLE = {
    "scan": (0, ["SELECT pk, m.list[0] FROM probe WHERE n >= ? OR contains(ss, 'x')"]),
    "query": (0, ["SELECT * FROM probe WHERE pk = 'a' AND sk BETWEEN '2' AND '3' AND n <> 2"]),
    "queries": (0, ["SELECT * FROM probe WHERE pk IN ['b', 'a', 'c'] AND sk > '1' ORDER BY pk DESC, sk DESC"]),
    "ranges": (0, ["SELECT * FROM probe WHERE pk = 'a' AND (sk = '1' OR sk > '3') OR pk = 'b' AND NOT sk = '2'"]),
    "get": (0, ["SELECT * FROM probe WHERE pk = ? AND sk = ?"]),
    "index": (0, ["SELECT * FROM probe.\"byG\" WHERE g = 'g' AND t IS NOT MISSING"]),
    "local-index": (0, ["SELECT l FROM \"probe\".\"byL\" WHERE pk = 'a' AND l < 3 ORDER BY l DESC"]),
    "insert": (0, ["INSERT INTO probe VALUE {'pk': 'new', 'sk': ?, 'v': [1, <<1, 2>>, {'x': NULL}]}"]),
    "update": (0, ["UPDATE probe SET n = n + 1 SET li = list_append(li, [?]) REMOVE m.list[0] WHERE pk = 'a' AND sk = '1' AND n = 1 "
                   "RETURNING ALL NEW *"]),
    "delete": (0, ["DELETE FROM streamed WHERE pk = 'a' AND v = 2 RETURNING ALL OLD *"]),
    "batch-reads": (1, ["SELECT * FROM probe WHERE pk = 'a' AND sk = '1'", "SELECT v FROM streamed WHERE pk = 'a'", "SELECT"]),
    "batch-writes": (1, ["UPDATE probe SET ss = set_add(ss, ?) WHERE pk = 'a' AND sk = '2'", "DELETE FROM probe WHERE pk = 'b' AND sk = '1'"]),
    "transaction": (2, ["EXISTS(SELECT * FROM probe WHERE pk = 'a' AND sk = '1' AND n = 1)",
                        "INSERT INTO streamed VALUE {'pk': 'b'}"]),
    "transaction-reads": (2, ["SELECT * FROM probe WHERE pk = 'a' AND sk = '1'", "SELECT * FROM streamed WHERE pk = 'zzz'"]),
}


def statements():
    for name, text in STATEMENTS.items():
        write("partiql", name, text)
    for name, (operation, texts) in RUNNABLE.items():
        write("statement", name, bytes([operation]) + b"\0".join(text.encode() for text in texts))


HEADS = {
    "post": "POST / HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
            "Content-Type: application/x-amz-json-1.0\r\nContent-Length: 2\r\n\r\n{}",
    "get": "GET /?a=b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    "old": "GET / HTTP/1.0\r\n\r\n",
    "chunked": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "both-lengths": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n",
    "two-lengths": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "folded": "POST / HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
    "bare-lf": "POST / HTTP/1.1\nHost: x\n\n",
    "expect": "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
    "preflight": "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost:3000\r\n"
                 "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-amz-target\r\n\r\n",
    "no-host": "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "two-hosts": "POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "many-fields": "GET / HTTP/1.1\r\nHost: x\r\n" + "".join(f"X-{i}: {i}\r\n" for i in range(60)) + "\r\n",
    "long-length": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
    "version": "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
    "coding": "POST / HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nAccept-Encoding: gzip;q=0.5, *\r\n\r\n",
}


def heads():
    for name, head in HEADS.items():
        write("request_head", name, head)


CHUNKED = {
    "one": "5\r\nhello\r\n0\r\n\r\n",
    "two": "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nPOST /",
    "extension": "3;name=value\r\nabc\r\n0\r\n\r\n",
    "trailer": "0\r\nX-Sum: 1\r\n\r\n",
    "upper": "0000F\r\n012345678901234\r\n0\r\n\r\n",
    "no-size": "\r\nabc",
    "too-long": "FFFFFFFFFFFFFFFF1\r\n",
    "too-much": "1001\r\n" + "x" * 4097 + "\r\n0\r\n\r\n",
    "bare-lf": "1\na\n0\n\n",
    "cut": "5\r\nhel",
    "quoted": '1;a="b\r\nc"\r\nx\r\n0\r\n\r\n',
}


def chunked():
    for name, body in CHUNKED.items():
        for piece in (0, 6):
            write("chunked", f"{name}-{piece + 1}", bytes([piece]) + body.encode())


SCOPE = "AKIDEXAMPLE/20261125/us-east-1/dynamodb/aws4_request"
SIGNATURE = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
AUTHORIZATIONS = {
    "signed": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date;x-amz-target, Signature={SIGNATURE}",
    "no-spaces": f"AWS4-HMAC-SHA256 Credential={SCOPE},SignedHeaders=host;x-amz-date,Signature={SIGNATURE}",
    "no-signature": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host",
    "twice": f"AWS4-HMAC-SHA256 Credential={SCOPE}, Credential={SCOPE}, SignedHeaders=host, Signature={SIGNATURE}",
    "short-scope": f"AWS4-HMAC-SHA256 Credential=AKID/20261125, SignedHeaders=host, Signature={SIGNATURE}",
    "empty-parts": "AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
    "basic": "Basic dXNlcjpwYXNz",
    "algorithm-only": "AWS4-HMAC-SHA256",
    "empty": "",
    "equals": "AWS4-HMAC-SHA256 ===,=,,",
    "semicolons": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=;;host;;, Signature={SIGNATURE}",
}


def signature(secret, scope, stamp, canonical):
    """Signature Version 4 of a canonical request."""
    digest = lambda key, text: hmac.new(key, text.encode(), hashlib.sha256).digest()
    key = ("AWS4" + secret).encode()
    for part in scope.split("/")[1:]:
        key = digest(key, part)
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    return digest(key, "\n".join(["AWS4-HMAC-SHA256", stamp, scope.split("/", 1)[1], hashed])).hex()


def right_signatures():
    """Requests that are signed with the keys of authorization.cpp, so that mutations start from accepted ones."""
    stamp, body = "20261125T120000Z", "{}"
    hashed = hashlib.sha256(body.encode()).hexdigest()
    for name, key, secret, token in (("right", "AKIDEXAMPLE", "secret", ""), ("right-token", "ASIAEXAMPLE", "other", "token")):
        scope = f"{key}/20261125/us-east-1/dynamodb/aws4_request"
        fields = {"host": "localhost", "x-amz-date": stamp}
        if token:
            fields["x-amz-security-token"] = token
        fields["x-amz-target"] = "DynamoDB_20120810.ListTables"
        names = ";".join(fields)
        lines = "".join(f"{field}:{value}\n" for field, value in fields.items())
        made = signature(secret, scope, stamp, f"POST\n/\n\n{lines}\n{names}\n{hashed}")
        head = "".join(f"{field}: {value}\r\n" for field, value in fields.items())
        write("authorization", name, f"POST / HTTP/1.1\r\n{head}Authorization: AWS4-HMAC-SHA256 Credential={scope}, "
                                     f"SignedHeaders={names}, Signature={made}\r\nContent-Length: 2\r\n\r\n{body}")
    scope = "AKIDEXAMPLE/20261125/us-east-1/dynamodb/aws4_request"
    query = (f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope.replace('/', '%2F')}&X-Amz-Date={stamp}"
             "&X-Amz-Expires=60&X-Amz-SignedHeaders=host")
    made = signature("secret", scope, stamp, f"POST\n/\n{query}\nhost:localhost\n\nhost\n{hashed}")
    write("authorization", "right-presigned",
          f"POST /?{query}&X-Amz-Signature={made} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{body}")


def authorizations():
    for name, value in AUTHORIZATIONS.items():
        write("authorization", name,
              "POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Date: 20261125T120000Z\r\n"
              f"X-Amz-Target: DynamoDB_20120810.ListTables\r\nAuthorization: {value}\r\nContent-Length: 2\r\n\r\n{{}}")
    query = (f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={SCOPE.replace('/', '%2F')}&X-Amz-Date=20261125T120000Z"
             f"&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature={SIGNATURE}")
    write("authorization", "presigned", f"POST /?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n{{}}")
    write("authorization", "presigned-half", "POST /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=%zz HTTP/1.1\r\nHost: x\r\n\r\n")
    write("authorization", "unsigned", "POST / HTTP/1.1\r\nHost: localhost\r\n\r\n{}")
    write("authorization", "both", f"POST /?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATIONS['signed']}\r\n\r\n")


NAMES = {"#n": "n", "#t": "t", "#l": "li", "#s": "ss"}
VALUES = {":one": {"N": "1"}, ":a": {"S": "a"}, ":long": {"S": "a" * 300 + "b"}, ":list": {"L": [{"S": "x"}]},
          ":set": {"SS": ["x"]}, ":map": {"M": {"in": {"N": "1"}}}, ":type": {"S": "S"}, ":bytes": {"B": "AAEC"}}
EXPRESSIONS = [
    ("condition", "#n = :one"), ("condition", "attribute_exists(#n) AND NOT attribute_not_exists(m.in)"),
    ("condition", "#n BETWEEN :one AND :one OR #n IN (:one, :one)"), ("condition", "contains(#t, :a)"),
    ("condition", "contains(u, :long) OR contains(t, :long)"), ("condition", "size(#l) > :one"),
    ("condition", "begins_with(#t, :a) AND (((#n <> :one)))"), ("condition", "attribute_type(pk, :type)"),
    ("condition", "contains(#s, :a) OR contains(#l, :a)"), ("condition", "li[0] = :one AND m.li[0] <> :a"),
    ("condition", "m = :map OR ss = :set OR b >= :bytes"), ("condition", " OR ".join(["contains(t, :long)"] * 30)),
    ("filter", "NOT " * 20 + "#n = :one"), ("filter", "(" * 40 + "#n = :one" + ")" * 40), ("filter", "#n = "),
    ("filter", "select = :one"), ("filter", "a" * 300 + " = :one"), ("filter", "#n = :undefined"),
    ("update", "SET #n = :one"), ("update", "SET #n = #n + :one, t = if_not_exists(zz, :a) REMOVE li[0] ADD c :one DELETE ss :set"),
    ("update", "SET li = list_append(li, :list), m.in = :one"), ("update", "SET li[3] = :a, li[100] = :a"),
    ("update", "REMOVE m.li[0], li[1], none"), ("update", "ADD ns :one"), ("update", "ADD zz :set"),
    ("update", "SET a = b"), ("update", "SET m.in = :a, m = :map"), ("update", "SET #n = #n - :one - :one"),
    ("update", ", ".join(["SET a0 = :list"] + [f"a{i} = list_append(li, li)" for i in range(1, 20)])),
    ("projection", "#n, m.in, li[0], li[1], zz"), ("projection", "m, m.in"), ("projection", ", ".join(f"li[{i}]" for i in range(80))),
    ("key", "pk = :a AND sk BETWEEN :a AND :a"), ("key", "pk = :a AND begins_with(sk, :a)"), ("key", "pk = :a OR sk = :a"),
    ("key", "sk > :a"), ("key", "pk = :a AND sk < :one"),
]


def expressions():
    for number, (kind, text) in enumerate(EXPRESSIONS):
        used = {"names": {k: v for k, v in NAMES.items() if k in text}, "values": {k: v for k, v in VALUES.items() if k in text}}
        used = {k: v for k, v in used.items() if v}
        write("expression", f"{number:02}-{kind}", f"{kind}\n{text}\n{json.dumps(used, separators=(',', ':'))}")


ITEMS = {
    "all": {"pk": {"S": "a"}, "n": {"N": "1"}, "b": {"B": "AAEC"}, "ss": {"SS": ["x", "y"]}, "ns": {"NS": ["1", "2.5"]},
            "bs": {"BS": ["AA==", "AQ=="]}, "m": {"M": {"in": {"N": "1"}}}, "l": {"L": [{"S": "e"}, {"NULL": True}]}, "yes": {"BOOL": True}},
    "empty": {},
    "many": {f"a{i}": {"N": str(i)} for i in range(40)},
    "deep": {"d": {"L": [{"L": [{"M": {"x": {"L": []}}}]}]}},
    "wide": {"é語😀": {"S": "é語😀\u0001\"\\"}},
    "numbers": {"n": {"NS": ["1", "-0.5", "1e100", "123456789012345678901234567890"]}},
}


def items():
    for name, item in ITEMS.items():
        text = json.dumps(item, separators=(",", ":"), ensure_ascii=False)
        write("stored_item", name, f"{next(iter(item), 'pk')}\n{text}")
        write("stored_item", f"{name}-cut", f"pk\n{text[:len(text) * 2 // 3]}")
    for name, text in {"not-object": "[1]", "no-value": '{"a"}', "open": '{"a":{"S":"', "nested": '{"a":' * 60,
                       "two-types": '{"a":{"S":"x","N":"1"}}', "escape": '{"a\\"b":{"S":"\\u00zz"}}', "nothing": ""}.items():
        write("stored_item", name, f"a\n{text}")


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def record(payload, kind=1):
    """A record of RocksDB's log: masked checksum, length, type, payload."""
    crc = crc32c(bytes([kind]) + payload)
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    return struct.pack("<IHB", masked, len(payload), kind) + payload


def logs():
    sound = [record(bytes([65 + i]) * 20) for i in range(4)]
    whole = b"".join(sound)
    broken = bytearray(whole)
    broken[30] ^= 1
    long_length = bytearray(whole)
    long_length[5] = 0xFF
    block = record(b"x" * (32 * 1024 - 7 - 10))
    for name, content in {
        "empty": b"", "sound": whole, "torn": whole[:-5], "flipped": bytes(broken), "long-length": bytes(long_length),
        "zeroes": whole + bytes(100), "only-zeroes": bytes(64), "short": whole[:3], "two-blocks": block + bytes(10) + whole,
        "pieces": record(b"a" * 10, 2) + record(b"b" * 10, 3) + record(b"c" * 10, 4), "type-9": record(b"a", 9),
        "garbage": bytes((i * 7919) % 251 for i in range(500)),
    }.items():
        write("write_ahead_log", name, content)


def varint(value):
    """Seven bits a byte, lowest first, the top bit set on all but the last."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def log_part(text):
    return varint(len(text)) + (varint(len(text)) + text if text else b"")


def log_records():
    keys, image = b'{"pk":{"S":"a"}}', b'{"pk":{"S":"a"},"n":{"N":"1"}}'
    time = varint(1_795_608_000_000)
    sound = b"\0\1\0" + time + log_part(keys) + log_part(image) + log_part(image)
    for name, content in {
        "modify": sound, "insert": b"\0\0\2" + time + log_part(keys) + log_part(image) + log_part(b""),
        "remove": b"\0\2\1" + time + log_part(keys) + log_part(b"") + log_part(image), "cut": sound[:-9],
        "keys-only": b"\0\0\0" + time + log_part(keys) + b"\0\0", "no-keys": b"\0\0\0" + time + b"\0" + log_part(image) + b"\0",
        "other-kind": b"\0\3\0" + sound[3:], "other-origin": b"\0\0\4" + sound[3:], "later-version": b"\1" + sound[1:],
        "longest-length": sound[:3] + time + b"\xff" * 9 + b"\1" + keys, "no-end": b"\0\0\0" + b"\xff" * 12, "empty": b"",
        "large": b"\0\0\0" + time + log_part(keys) + log_part(b'{"s":{"S":"' + b"x" * 3000 + b'"}}') + b"\0",
    }.items():
        write("log_record", name, content)


for make in (api_calls, c_calls, statements, heads, chunked, authorizations, right_signatures, expressions, items, log_records, logs):
    make()

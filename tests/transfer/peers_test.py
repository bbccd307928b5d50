"""Tests copy, copy --follow, diff and edit with other implementations of DynamoDB at either end: those that ./dev peers has
installed.

    STATOR_BIN=… python3 peers_test.py [--install]

Missing ones are skipped or, with --install, installed first; without any the test ends with 77.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "differential"))
import peers  # noqa: E402: beside the differential tests

STATOR = os.environ["STATOR_BIN"]
EVERY_TYPE = [
    {"pk": "a", "sk": "1", "n": 12345678901234567890, "s": "", "text": "a,b\n\"c\" ü", "a:b": "colon", "x": 1.5},
    {"pk": "b", "sk": "2", "b": {"$B": "AP8="}, "ss": {"$SS": ["y, z", "x"]}, "ns": {"$NS": [10, 2.5, 1000]},
     "bs": {"$BS": ["AA==", "/w=="]}, "x": "1"},
    {"pk": "c", "sk": "0", "yes": True, "no": False, "none": None, "list": [1, "a", {"k": []}],
     "map": {"z": 1, "k": {"$M": {"$B": "x"}}}, "m": {}},
]
MANY = [{"pk": f"p{number % 17}", "sk": str(number), "n": number, "filler": "x" * 700} for number in range(3000)]
TABLE = {
    "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "BillingMode": "PAY_PER_REQUEST",
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}}


class Server:
    def __init__(self, command):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen([str(word) for word in command(str(port))], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                self.call("ListTables")
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        raise RuntimeError("the peer does not answer")

    def call(self, operation, **request):
        http = urllib.request.Request(self.url, json.dumps(request).encode(), {
            "X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, "
                             "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64})
        with urllib.request.urlopen(http, timeout=30) as reply:
            return json.loads(reply.read() or b"{}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class WithPeers(unittest.TestCase):
    peer = None  # set by main
    streams = True

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.environment = {**os.environ, "HOME": folder.name, "XDG_STATE_HOME": str(self.folder / "state"),
                            "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1",
                            "STATOR_DATA": str(self.folder / "own"), "LC_ALL": "C.UTF-8"}
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
            self.environment.pop(name, None)
        self.server = Server(self.peer)
        self.addCleanup(self.server.stop)
        self.there = self.server.url + "/shop"

    def stator(self, *words, code=0, stdin=None, **environment):
        done = subprocess.run([STATOR, *words], input=stdin, capture_output=True, text=True, timeout=300,
                              env={**self.environment, **environment})
        self.assertEqual(done.returncode, code, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout, done.stderr

    def fill(self, url):
        if url is None:
            (self.folder / "models" / "shop").mkdir(parents=True)
            (self.folder / "models" / "shop" / "table.json").write_text(json.dumps({"TableName": "shop", **TABLE}))
            self.stator("ddb", "schema-load", "--models", str(self.folder / "models"))
        else:
            self.server.call("CreateTable", TableName="shop", **TABLE)
        lines = "\n".join(map(json.dumps, EVERY_TYPE + MANY))
        self.stator("import", "shop", *(["--endpoint-url", url] if url else []), stdin=lines)

    def assert_same(self, one, other, items):
        out, err = self.stator("diff", one, other)
        self.assertEqual(out, "")
        self.assertRegex(err, rf"^{items} equal, 0 changed")

    def test_copy_there_and_back_and_diff(self):
        self.fill(None)
        _, err = self.stator("copy", "shop", self.there)
        self.assertIn("verified: 3003 items", err)
        self.assert_same("shop", self.there, 3003)
        _, err = self.stator("copy", self.there, str(self.folder / "back") + "/shop")
        self.assertIn("verified: 3003 items", err)
        self.assert_same("shop", str(self.folder / "back") + "/shop", 3003)
        self.stator("delete", "shop", "p1", "1")
        self.stator("update", "shop", "p2", "2", "--set", "n=-1")
        out, _ = self.stator("diff", "shop", self.there, code=1)
        self.assertEqual(sorted(out.splitlines()), ['+ {"pk":"p1","sk":"1"}', '~ {"pk":"p2","sk":"2"}: n'])

    def test_edit(self):
        self.server.call("CreateTable", TableName="shop", **TABLE)
        self.stator("import", "shop", "--endpoint-url", self.server.url, stdin="\n".join(map(json.dumps, EVERY_TYPE)))
        editor = self.folder / "editor"
        editor.write_text("#!/bin/sh\nsed -i 's/\"sk\"/\"edited\": {\"by\": [7]}, \"sk\"/' \"$1\"\n")
        editor.chmod(0o755)
        for item in EVERY_TYPE:
            self.stator("edit", "shop", item["pk"], item["sk"], "--endpoint-url", self.server.url, EDITOR=str(editor),
                        VISUAL="")
            out, _ = self.stator("get", "shop", item["pk"], item["sk"], "--endpoint-url", self.server.url, "--output",
                                 "jsonl")
            found = json.loads(out)
            self.assertEqual(found.pop("edited"), {"by": [7]})
            for value in (found, item):
                for name in ("ss", "ns", "bs"):
                    if name in value:
                        next(iter(value[name].values())).sort()
            self.assertEqual(found, item)

    def follow(self, source, destination, write):
        """Changes items before, during and after the copy; the tables must then be equal."""
        command = [STATOR, "copy", source, destination, "--follow"]
        copying = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        for number in range(200):
            write(number)
        line = ""
        while "caught up" not in line:
            line = copying.stderr.readline()
            self.assertNotEqual(line, "", "the copy ended")
        for number in range(200, 300):
            write(number)
        copying.kill()
        copying.communicate()
        for number in range(300, 400):
            write(number)
        _, err = self.stator(*command[1:], "--until-caught-up")
        self.assertNotIn("starting over", err)
        self.assertRegex(err, r"followed to the end: \d+ changes? applied")
        self.assertRegex(err, r"verified: \d+ items, checksum")
        items = int(re.search(r"verified: (\d+)", err).group(1))
        self.assert_same(source, destination, items)

    def writer(self, peer):
        def write(number):
            key = {"pk": {"S": f"p{number % 17}"}, "sk": {"S": str(number)}}
            if number % 3 == 0:
                peer.call("DeleteItem", TableName="shop", Key=key)
            elif number % 3 == 1:
                peer.call("UpdateItem", TableName="shop", Key=key, UpdateExpression="SET n = :n",
                          ExpressionAttributeValues={":n": {"N": str(-number)}})
            else:
                peer.call("PutItem", TableName="shop", Item={**key, "new": {"BOOL": True}})
                peer.call("PutItem", TableName="shop", Item={**key, "new": {"L": [{"N": str(number)}]}})
        return write

    def test_follow_from_there(self):
        if not self.streams:
            self.server.call("CreateTable", TableName="shop", **TABLE)
            _, err = self.stator("copy", self.there, "shop", "--follow", code=1)
            self.assertIn("table shop has no stream", err)
            return
        self.fill(self.server.url)
        self.follow(self.there, str(self.folder / "away") + "/shop", self.writer(self.server))

    def test_follow_to_there(self):
        own = Server(lambda port: [STATOR, "serve", "--data", str(self.folder / "own"), "--port", port])
        self.addCleanup(own.stop)
        own.call("CreateTable", TableName="shop", **TABLE)
        self.stator("import", "shop", "--endpoint-url", own.url, stdin="\n".join(map(json.dumps, EVERY_TYPE + MANY)))
        self.follow(own.url + "/shop", self.there, self.writer(own))


def main():
    suite = unittest.TestSuite()
    for name, peer in peers.PEERS.items():
        folder = peers.KEPT / name
        try:
            if "--install" in sys.argv[1:]:
                peers.installed(name, peer)
            if not (folder / "installed").exists():
                raise peers.Skipped(f"not installed in {folder}")
        except (peers.Skipped, subprocess.CalledProcessError) as why:
            print(f"{name}: {why}", file=sys.stderr)
            continue
        command = staticmethod(lambda port, of=peer.command, at=str(folder): of(at, port))
        tests = type(name, (WithPeers,), {"peer": command, "streams": name != "dynalite"})
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(tests))
    if suite.countTestCases() == 0:
        sys.exit(77)
    sys.exit(0 if unittest.TextTestRunner(verbosity=2, warnings="ignore").run(suite).wasSuccessful() else 1)


if __name__ == "__main__":
    main()

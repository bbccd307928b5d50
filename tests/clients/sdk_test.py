"""Tests an SDK that must be compiled against a server with --credentials: `sdk_test.py go|rust|java`. Its signatures are
accepted, with and without a session token; a wrong secret and a wrong token get the right error codes. Requests that the simulator
throttles, fails or cuts off are sent again until they succeed, in no more attempts than the SDK is configured for.

Ends with 77 (CTest: skipped) and one line if the tool chain is missing, too old, or cannot fetch its packages."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import compiled_client
from compiled_client import FOLDER, build

sys.path.insert(0, os.path.join(FOLDER, "..", "support"))
from stator_server import StatorServer  # noqa: E402

KEY, SECRET, TOKEN = "AKIDSDK", "sdk/S3CRET+key0123456789", "sdk/T0KEN+0123456789=="
FILE = f"""
[plain]
aws_access_key_id = {KEY}
aws_secret_access_key = {SECRET}
[temporary]
aws_access_key_id = {KEY}TEMP
aws_secret_access_key = {SECRET}
aws_session_token = {TOKEN}
"""


def build_go(target):
    return compiled_client.build_go("go", target)


def build_rust(target):
    # Cargo writes its lock file beside the sources, so build a copy.
    folder = os.path.join(target, "project")
    shutil.copytree(os.path.join(FOLDER, "rust"), folder, dirs_exist_ok=True)
    build("cargo", ["cargo", "build", "--quiet", "--target-dir", target], folder)
    return [os.path.join(target, "debug", "stator-client")]


def build_java(target):
    return compiled_client.build_java("java", "stator.Client", target)


TOOLS = {"go": ("go", build_go), "rust": ("cargo", build_rust), "java": ("mvn", build_java)}


class SdkTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "credentials")
        with open(self.file, "w", encoding="utf-8") as out:
            out.write(FILE)
        os.chmod(self.file, stat.S_IRUSR | stat.S_IWUSR)

    def tearDown(self):
        self.folder.cleanup()

    def test_signatures_are_accepted_and_faults_told(self):
        rows = [("plain", KEY, SECRET, "", "ok"),
                ("temporary", KEY + "TEMP", SECRET, TOKEN, "ok"),
                ("wrong-secret", KEY, SECRET + "x", "", "InvalidSignatureException"),
                ("wrong-token", KEY + "TEMP", SECRET, TOKEN + "x", "UnrecognizedClientException"),
                ("unknown-key", "AKIDNOBODY", SECRET, "", "UnrecognizedClientException")]
        with StatorServer(["--in-memory", "--credentials", self.file]) as server:
            for name, key, secret, token, expected in rows:
                with self.subTest(name):
                    ran = subprocess.run(CLIENT, capture_output=True, text=True, timeout=120, env={
                        "PATH": os.environ["PATH"], "HOME": self.folder.name, "STATOR_URL": server.url, "STATOR_TABLE": name,
                        "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token})
                    self.assertEqual((ran.returncode, ran.stdout.strip()), (0, expected), ran.stdout + ran.stderr)


class RetriesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        rules = os.path.join(self.folder.name, "rules.json")
        with open(rules, "w", encoding="utf-8") as out:
            out.write("{}")
        self.server = StatorServer(["--in-memory", "--simulate", rules]).__enter__()
        self.request("", {"TableName": "things", "BillingMode": "PAY_PER_REQUEST",
                          "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                          "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
                     {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.CreateTable",
                      "X-Amz-Date": "20230320T000000Z",
                      "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
                                       "SignedHeaders=host;x-amz-date, Signature=0"})

    def tearDown(self):
        self.server.__exit__(None, None, None)
        self.folder.cleanup()

    def request(self, path, body, headers={}):
        with urllib.request.urlopen(urllib.request.Request(self.server.url + "/" + path, json.dumps(body).encode(), headers, method="POST")) as reply:
            return json.load(reply)

    def run_client(self, attempts, *rules):
        """Returns what the client prints, how many requests the rules matched, and on how many of these they acted."""
        self.request("_stator/simulate", {"seed": 7, "rules": rules})
        ran = subprocess.run(CLIENT, capture_output=True, text=True, timeout=300, env={
            "PATH": os.environ["PATH"], "HOME": self.folder.name, "STATOR_URL": self.server.url, "STATOR_TABLE": "things",
            "STATOR_ATTEMPTS": str(attempts), "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"})
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        with urllib.request.urlopen(self.server.url + "/_stator/simulate") as reply:
            counts = json.load(reply)["rules"]
        return ran.stdout.strip(), sum(rule["requests"] for rule in counts), sum(rule["acted"] for rule in counts)

    def test_what_is_throttled_or_fails_is_sent_again_until_it_is_done(self):
        for then in ({"throttle": "ProvisionedThroughputExceeded"}, {"throttle": "KeyRangeThroughputExceeded"},
                     {"throttle": "AccountLimitExceeded"}, {"error": "InternalServerError"},
                     {"error": {"type": "InternalServerError", "after_effect": True}}, {"cut": "before"}, {"cut": "after"}):
            with self.subTest(then=then):
                said, requests, acted = self.run_client(12, {"when": {"operation": "PutItem", "probability": 0.2}, "then": then})
                self.assertEqual(said, "ok 20")
                self.assertGreater(acted, 0)
                self.assertEqual(requests, 20 + acted)

    def test_attempts_end(self):
        said, requests, acted = self.run_client(3, {"when": {"operation": "PutItem"}, "then": {"throttle": "ProvisionedThroughputExceeded"}})
        self.assertEqual((said, requests, acted), ("ProvisionedThroughputExceededException", 3, 3))


if __name__ == "__main__":
    language = sys.argv.pop(1)
    tool, builder = TOOLS[language]
    compiled_client.need(tool)
    with tempfile.TemporaryDirectory() as scratch:
        # Keep the build between runs if the build directory is known: Rust's SDK takes minutes.
        target = os.environ.get("STATOR_CLIENT_BUILD", scratch)
        os.makedirs(target, exist_ok=True)
        CLIENT = builder(target)
        unittest.main()

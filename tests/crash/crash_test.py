"""kill -9 during transactions with a ClientRequestToken: if they are sent again, each is executed exactly once.

All other writes under kill -9: kill_test.py.
"""

import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import CallError, Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "3"))
WRITERS = 4


def counting(token, counter):
    """A transaction on two items, with a token; a second execution would show in the items."""
    update = {"TableName": "counters", "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
    return {"ClientRequestToken": token, "TransactItems": [{"Update": dict(update, Key={"pk": {"S": "all"}})},
                                                           {"Update": dict(update, Key={"pk": {"S": counter}})}]}


class Writer(threading.Thread):
    """Sends transactions, each with a new token, until the server dies; records each before it is sent."""

    def __init__(self, url, name):
        super().__init__(daemon=True)
        self.url, self.counter = url, name
        self.sent = []
        self.failure = None

    def run(self):
        try:
            with Client(self.url) as client:
                while True:
                    request = counting(str(uuid.uuid4()), self.counter)
                    self.sent.append(request)
                    client.call("TransactWriteItems", **request)
        except (OSError, http.client.HTTPException):
            pass
        except Exception as error:  # reported by the test, whatever it is
            self.failure = error


def counted(client, name):
    item = client.call("GetItem", TableName="counters", Key={"pk": {"S": name}}).get("Item", {"n": {"N": "0"}})
    return int(item["n"]["N"])


class CrashTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = os.path.join(folder.name, "data")

    def send_until_killed(self, after_s):
        """Runs the writers and kills the server; returns what each writer sent."""
        with StatorServer(["--data", self.data]) as server:
            writers = [Writer(server.url, "writer-%d" % number) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(after_s)
            deadline = time.monotonic() + 30
            while any(len(writer.sent) < 3 for writer in writers) and time.monotonic() < deadline:
                time.sleep(0.01)
            server.kill()
            for writer in writers:
                writer.join()
        for writer in writers:
            if writer.failure is not None:
                raise writer.failure
            self.assertGreater(len(writer.sent), 1, "a writer wrote nothing: the test would prove nothing")
        return [writer.sent for writer in writers]

    def test_a_transaction_that_is_sent_again_after_kill_9_happens_once(self):
        chance = random.Random(20231120)
        with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="counters", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
        sent = 0
        for _ in range(ROUNDS):
            lists = self.send_until_killed(chance.uniform(0.05, 0.8))
            sent += sum(map(len, lists))
            with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
                for each in lists:
                    for request in each[-50:]:  # the last one may not have been acknowledged
                        client.call("TransactWriteItems", **request)
                self.assertEqual(counted(client, "all"), sent)
                last = lists[-1][-1]
                with self.assertRaisesRegex(CallError, "IdempotentParameterMismatchException"):
                    client.call("TransactWriteItems", **dict(last, TransactItems=last["TransactItems"][:1]))
                server.kill()
        with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
            self.assertEqual(counted(client, "all"), sent)
            self.assertEqual(sum(counted(client, "writer-%d" % number) for number in range(WRITERS)), sent)
        print("%d transactions, each once" % sent)

    def test_a_held_directory_is_refused_in_one_line(self):
        with StatorServer(["--data", self.data]) as server:
            second = subprocess.run([server.binary, "serve", "--port", "0", "--data", self.data], capture_output=True,
                                    text=True, timeout=30)
            self.assertNotEqual(second.returncode, 0)
            self.assertEqual(len(second.stderr.strip().splitlines()), 1, second.stderr)
            self.assertIn(self.data, second.stderr)


if __name__ == "__main__":
    unittest.main()

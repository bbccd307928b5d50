"""kill -9 while the database is written to, saved, restored and reset, at random moments, by seed.

After each start the database is in the state after the acknowledged requests, or after the one in progress as well; the same holds for every
snapshot; and a clean stop leaves one store and no draft of a snapshot.

STATOR_CRASH_ROUNDS is the number of kills, STATOR_CRASH_SEED the first seed.
"""

import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "8"))
SEED = int(os.environ.get("STATOR_CRASH_SEED", "20230320"))
KEYS = 12
NAMES = ["one", "two", "start"]
TABLE = {"TableName": "things", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}
# With several such values a snapshot is saved together with the log, and settled later.
LARGE = 350_000


class Unfinished(Exception):
    """The server died before it replied."""


class State:
    """The items by key (None: there is no table), and the items of each snapshot."""

    def __init__(self, items, snapshots):
        self.items, self.snapshots = items, snapshots

    def __eq__(self, other):
        return (self.items, self.snapshots) == (other.items, other.snapshots)

    def __repr__(self):
        return "items %s, snapshots %s" % (self.items, self.snapshots)


def change(client, path, body):
    client.connection.request("POST", "/_stator/" + path, json.dumps(body), {"Content-Type": "application/json"})
    reply = client.connection.getresponse()
    text = reply.read()
    if reply.status != 200:
        raise AssertionError("%s: %d %s" % (path, reply.status, text))


def items_of(client):
    if client.call("ListTables")["TableNames"] == []:
        return None
    return {item["pk"]["S"]: item["v"]["N"] for item in client.pages("Scan", TableName="things", ConsistentRead=True)}


class Caller:
    """Makes requests and tracks the expected state of the database. `pending` is the state after the request in progress."""

    def __init__(self, chance):
        self.chance = chance
        self.state = State(None, {})
        self.pending = None
        self.version = 0
        self.done = {}

    def run(self, url):
        self.failure = None
        try:
            with Client(url) as client:
                while True:
                    self.step(client)
        except Unfinished:
            pass
        except Exception as error:  # reported by the test
            self.failure = error

    def step(self, client):
        state = self.state
        if state.items is None:
            return self.make("create", client, State({}, state.snapshots), lambda: client.call("CreateTable", **TABLE))
        name = self.chance.choice(NAMES)
        kind = self.chance.choice(["put"] * 8 + ["save", "restore", "restore", "reset", "drop"])
        if kind == "put":
            self.version += 1
            item = {"pk": {"S": "k%d" % self.chance.randrange(KEYS)}, "v": {"N": str(self.version)},
                    "data": {"S": "x" * self.chance.choice([10, 10, LARGE])}}
            items = dict(state.items, **{item["pk"]["S"]: str(self.version)})
            self.make(kind, client, State(items, state.snapshots), lambda: client.call("PutItem", TableName="things", Item=item))
        elif kind == "save":
            snapshots = dict(state.snapshots, **{name: state.items})
            self.make(kind, client, State(state.items, snapshots), lambda: change(client, "snapshots/save", {"name": name}))
        elif kind == "restore" and name in state.snapshots:
            after = State(state.snapshots[name], state.snapshots)
            self.make(kind, client, after, lambda: change(client, "snapshots/restore", {"name": name}))
        elif kind == "reset":
            self.make(kind, client, State(state.snapshots.get("start"), state.snapshots), lambda: change(client, "reset", {}))
        elif kind == "drop" and name in state.snapshots:
            snapshots = {each: items for each, items in state.snapshots.items() if each != name}
            self.make(kind, client, State(state.items, snapshots), lambda: change(client, "snapshots/drop", {"name": name}))

    def make(self, kind, client, after, request):
        self.pending = after
        try:
            request()
        except (OSError, http.client.HTTPException) as error:
            raise Unfinished() from error
        self.state, self.pending = after, None
        self.done[kind] = self.done.get(kind, 0) + 1


class RestoresTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = os.path.join(folder.name, "data")

    def found(self):
        """Returns the state after a start; reads the snapshots by restoring them."""
        with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
            items = items_of(client)
            change(client, "snapshots/save", {"name": "found"})
            client.connection.request("GET", "/_stator/snapshots")
            names = [one["name"] for one in json.loads(client.connection.getresponse().read())["snapshots"]]
            snapshots = {}
            for name in names:
                change(client, "snapshots/restore", {"name": name})
                snapshots[name] = items_of(client)
            self.assertEqual(snapshots.pop("found"), items)
            change(client, "snapshots/restore", {"name": "found"})
            change(client, "snapshots/drop", {"name": "found"})
        return State(items, snapshots)

    def check_left(self, snapshots):
        self.assertEqual(sorted(os.listdir(os.path.join(self.data, "snapshots"))), sorted(snapshots))
        left = [name for name in os.listdir(self.data) if name.startswith(("store", "FILES", "STORE"))]
        # One store in use, and no draft of another.
        self.assertEqual(sorted(name.partition(".")[0] for name in left), ["FILES", "STORE", "store"], left)
        self.assertIn("STORE", left)

    def test_killed_anywhere_the_old_state_or_the_new_one_is_there(self):
        caller = Caller(random.Random(SEED))
        for seed in range(SEED, SEED + ROUNDS):
            chance = random.Random("kill %d" % seed)
            with self.subTest(seed=seed):
                with StatorServer(["--data", self.data, *chance.choice([[], [], ["--sync"]])]) as server:
                    thread = threading.Thread(target=caller.run, args=(server.url,))
                    thread.start()
                    time.sleep(chance.uniform(0, 0.6))
                    server.kill()
                    thread.join()
                if caller.failure is not None:
                    raise caller.failure
                found = self.found()
                self.assertIn(found, [caller.state, caller.pending or caller.state])
                caller.state = found
                self.check_left(found.snapshots)
        print("%d kills; done: %s" % (ROUNDS, caller.done))
        self.assertGreater(caller.done.get("restore", 0) + caller.done.get("reset", 0), 0, "nothing was restored")


if __name__ == "__main__":
    unittest.main()

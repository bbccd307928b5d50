"""kill -9 while a vector index is filled with existing items, and while its vectors are loaded into memory (in the long run: while their
graph is built), with concurrent writes.

After each start the index becomes ACTIVE and searches find the right items: each match has its own score, and the matches are the nearest
of all.

STATOR_CRASH_ROUNDS is the number of kills, STATOR_CRASH_SEED the seed.
"""

import http.client
import json
import math
import os
import random
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "6"))
SEED = os.environ.get("STATOR_CRASH_SEED")
GRAPH = ROUNDS >= 50
ITEMS = 60000 if GRAPH else 4000  # a graph is built from 50 000 entries on; about one item in ten is deleted
DIMENSIONS = 6
LOADING = ("load-vectors", "build-vector-graph")
INDEX = {"IndexName": "near", "VectorAttribute": {"AttributeName": "v"}, "Dimensions": DIMENSIONS, "DistanceFunction": "EUCLIDEAN",
         "Projection": {"ProjectionType": "KEYS_ONLY"}}


def wire(key, vector):
    return {"pk": {"S": key}, "v": {"L": [{"N": str(number)} for number in vector]}}


def jobs(url, what=""):
    method = "POST" if what else "GET"
    with urllib.request.urlopen(urllib.request.Request(url + "/_stator/jobs" + what, method=method), timeout=60) as reply:
        return json.load(reply)["jobs"]


class VectorsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.arguments = ["--data", os.path.join(folder.name, "data"), "--vector-index-phase", "0"]
        seed = int(SEED) if SEED else random.randrange(1 << 30)
        print("seed", seed)
        self.random = random.Random(seed)
        self.vectors = {}
        self.pending = None  # (key, vector or None)
        self.failure = None
        self.written = 0

    def vector(self):
        return [self.random.randrange(-50, 51) for _ in range(DIMENSIONS)]

    def prepare(self):
        with StatorServer(self.arguments) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="things", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
            self.vectors = {"k%d" % number: self.vector() for number in range(ITEMS)}
            items = [wire(key, vector) for key, vector in self.vectors.items()]
            for first in range(0, ITEMS, 25):
                client.call("BatchWriteItem", RequestItems={"things": [{"PutRequest": {"Item": item}} for item in items[first:first + 25]]})

    def write(self, url, count=None):
        """Changes items one after the other, until `count` writes were made or the server dies."""
        try:
            with Client(url) as client:
                while count is None or self.written < count:
                    key = "k%d" % self.random.randrange(ITEMS)
                    if self.random.randrange(10) == 0:
                        self.pending = key, None
                        client.call("DeleteItem", TableName="things", Key={"pk": {"S": key}})
                        self.vectors.pop(key, None)
                    else:
                        vector = self.vector()
                        self.pending = key, vector
                        client.call("PutItem", TableName="things", Item=wire(key, vector))
                        self.vectors[key] = vector
                    self.pending = None
                    self.written += 1
        except (OSError, http.client.HTTPException):
            pass
        except Exception as error:  # reported by the test, whatever it is
            self.failure = error

    def settle(self, client):
        """Finds out whether the write in progress at the kill took effect."""
        if self.pending is None:
            return
        key, vector = self.pending
        found = client.call("GetItem", TableName="things", Key={"pk": {"S": key}}).get("Item")
        before = self.vectors.get(key)
        self.assertIn(found, [each and wire(key, each) for each in (before, vector)])
        if found == (vector and wire(key, vector)):
            if vector is None:
                self.vectors.pop(key, None)
            else:
                self.vectors[key] = vector
        self.pending = None

    @staticmethod
    def index(client):
        found = client.call("DescribeTable", TableName="things")["Table"].get("VectorIndexes", [])
        return found[0] if found else None

    def wait_until(self, holds, patience_s=120):
        deadline = time.monotonic() + patience_s
        while not holds():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def search(self, client, query):
        reply = client.call("SearchVectors", TableName="things", IndexName="near", TopK=20,
                            SearchVector=[{"N": str(number)} for number in query])
        return [(match["Item"]["pk"]["S"], match["Score"]) for match in reply["SearchResults"]]

    def check(self, url, client):
        self.settle(client)
        index = self.index(client)
        if index is None:
            return
        self.wait_until(lambda: self.index(client)["IndexStatus"] == "ACTIVE")
        # Without a graph, every vector is compared.
        jobs(url, "/pause")
        for _ in range(10):
            query = self.vector()
            nearest = sorted(math.dist(query, vector) for vector in self.vectors.values())[:20]
            found = self.search(client, query)
            self.assertEqual([round(score, 3) for _, score in found], [round(distance, 3) for distance in nearest])
            for key, score in found:
                self.assertAlmostEqual(score, math.dist(query, self.vectors[key]), 3)
        self.assertEqual(self.index(client)["ItemCount"], len(self.vectors))
        jobs(url, "/resume")

    def begin_backfill(self, url, client, paused):
        if self.index(client) is not None:
            client.call("UpdateTable", TableName="things", VectorIndexUpdates=[{"Delete": {"IndexName": "near"}}])
            self.wait_until(lambda: self.index(client) is None)
        if paused:
            jobs(url, "/pause")
        client.call("UpdateTable", TableName="things", VectorIndexUpdates=[{"Create": INDEX}])
        if paused:
            self.assertEqual(self.index(client)["IndexStatus"], "CREATING")

    def begin_loading(self, url, client):
        if self.index(client) is None:
            self.begin_backfill(url, client, False)
            self.wait_until(lambda: self.index(client)["IndexStatus"] == "ACTIVE")
        self.search(client, self.vector())
        wanted = "build-vector-graph" if GRAPH else "load-vectors"
        self.wait_until(lambda: wanted in [job["name"] for job in jobs(url)])

    def test_killed_anywhere_an_index_is_finished_and_right(self):
        self.prepare()
        for number in range(ROUNDS):
            with StatorServer(self.arguments) as server, Client(server.url) as client:
                # In one of three rounds the backfill cannot have ended, however fast the machine is.
                (lambda: self.begin_loading(server.url, client), lambda: self.begin_backfill(server.url, client, True),
                 lambda: self.begin_backfill(server.url, client, False))[number % 3]()
                writer = threading.Thread(target=self.write, args=(server.url,), daemon=True)
                writer.start()
                time.sleep(self.random.uniform(0, 0.4))
                server.kill()
                writer.join()
            if self.failure is not None:
                raise self.failure
            with StatorServer(self.arguments) as server, Client(server.url) as client:
                self.check(server.url, client)
        print("%d kills, %d writes beside" % (ROUNDS, self.written))

    def test_what_is_in_memory_is_what_was_written_beside(self):
        self.prepare()
        with StatorServer(self.arguments) as server:
            with Client(server.url) as client:
                self.begin_loading(server.url, client)
            self.write(server.url, count=500)
            # Waiting jobs have loaded everything. A graph is built with lower priority than everything else, so it may take
            # minutes on a busy machine.
            self.wait_until(lambda: {job["state"] for job in jobs(server.url) if job["name"] in LOADING} == {"WAITING"}, 1800)
            hits = 0
            with Client(server.url) as client:
                for _ in range(50):
                    query = self.vector()
                    farthest = sorted(math.dist(query, vector) for vector in self.vectors.values())[19]
                    found = self.search(client, query)
                    self.assertEqual(len(found), 20)
                    for key, score in found:
                        self.assertAlmostEqual(score, math.dist(query, self.vectors[key]), 3)
                    hits += sum(score <= farthest + 1e-3 for _, score in found)
            self.assertGreaterEqual(hits, 0.95 * 50 * 20 if GRAPH else 50 * 20)
        if self.failure is not None:
            raise self.failure


if __name__ == "__main__":
    unittest.main()

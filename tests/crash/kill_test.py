"""kill -9 at random moments, by seed: all acknowledged writes are there, and no write is there in part.

Each round starts the server on the same directory; writers change items and indexes, alone, in batches and in transactions, one
client creates and deletes tables and indexes, items expire. Then the process is killed. The next server must answer exactly what
the clients were told, in tables, indexes and counts; of the requests in progress, each atomic part is there completely or not at all.

STATOR_CRASH_ROUNDS is the number of kills, STATOR_CRASH_SEED the first seed.
"""

import http.client
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import CallError, Client  # noqa: E402
from model import Table, against_model, canonical, indexes_of, wait_until_settled  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "5"))
SEED = int(os.environ.get("STATOR_CRASH_SEED", "20230320"))
WRITERS = 3
ITEMS = 60  # of each writer, in each table
EXPIRED = {"N": str(int(time.time()) - 1000)}
NEVER = {"N": "4102444800"}


def index(name, projection, *parts, included=None):
    made = {"IndexName": name, "Projection": {"ProjectionType": projection},
            "KeySchema": [{"AttributeName": part, "KeyType": kind} for part, kind in zip(parts, ("HASH", "RANGE"))]}
    if included:
        made["Projection"]["NonKeyAttributes"] = included
    return made


def table(name, key, others, **members):
    """A CreateTable request; `key` and `others` are types by attribute name."""
    return dict(members, TableName=name, BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": part, "KeyType": kind} for part, kind in zip(key, ("HASH", "RANGE"))],
                AttributeDefinitions=[{"AttributeName": part, "AttributeType": kind} for part, kind in {**key, **others}.items()])


TABLES = [
    table("main", {"pk": "S", "sk": "N"}, {"l": "S", "g": "S", "h": "N"},
          LocalSecondaryIndexes=[index("local", "INCLUDE", "pk", "l", included=["n"])],
          GlobalSecondaryIndexes=[index("by-g", "ALL", "g", "h"), index("by-h", "KEYS_ONLY", "h")]),
    table("other", {"pk": "S"}, {"g": "S"}, GlobalSecondaryIndexes=[index("by-g", "ALL", "g")]),
    table("expiring", {"pk": "S"}, {"g": "S"}, GlobalSecondaryIndexes=[index("by-g", "ALL", "g")]),
]
PASSING = table("passing", {"pk": "S"}, {"g": "S"}, GlobalSecondaryIndexes=[index("by-g", "KEYS_ONLY", "g")])
LATE = index("late", "ALL", "g", "pk")


class Unfinished(Exception):
    """The server died before it replied."""


class Change:
    """The intended new state of an item (None: deleted)."""

    def __init__(self, table_name, key, item):
        self.table_name, self.key, self.item = table_name, key, item


class Worker(threading.Thread):
    """A client that records the acknowledged changes. `pending` has the atomic groups of changes of the request in
    progress."""

    def __init__(self, number, tables):
        super().__init__(daemon=True)
        self.number = number
        self.tables = tables
        self.pending = []
        self.acknowledged = 0
        self.failure = None

    def begin(self, url, chance):
        super().__init__(daemon=True)
        self.url, self.chance = url, chance
        self.start()

    def run(self):
        try:
            with Client(self.url) as client:
                while True:
                    self.work(client)
        except Unfinished:
            pass
        except Exception as error:  # reported by the test, whatever it is
            self.failure = error

    def call(self, client, operation, **request):
        try:
            return client.call(operation, **request)
        except (OSError, http.client.HTTPException) as error:
            raise Unfinished() from error

    def change(self, client, groups, operation, **request):
        """Sends one request that makes these groups of changes."""
        self.pending = groups
        self.call(client, operation, **request)
        for group in groups:
            self.take(group)
        self.pending = []
        self.acknowledged += 1

    def take(self, group):
        for change in group:
            if change.item is None:
                self.tables[change.table_name].items.pop(canonical(change.key), None)
            else:
                self.tables[change.table_name].put(change.item)

    def settle(self, client):
        """After the kill: checks that each group of the request in progress took effect completely or not at all, and
        records which."""
        for group in self.pending:
            found = [client.call("GetItem", TableName=change.table_name, Key=change.key).get("Item") for change in group]
            before = [self.tables[change.table_name].items.get(canonical(change.key)) for change in group]
            after = [change.item for change in group]
            if self.may_have_expired(group, before, found):
                self.take([Change(change.table_name, change.key, None) for change in group])
            elif found == after:
                self.take(group)
            elif found != before:
                raise AssertionError("by half: found %s, was %s, was to be %s" % (found, before, after))
        self.pending = []

    @staticmethod
    def may_have_expired(group, before, found):
        return found == [None] and EXPIRED in [(item or {}).get("ttl") for item in (before[0], group[0].item)]


class Writer(Worker):
    """Writes items that no other client writes."""

    def item(self, table_name):
        name = "w%d" % self.number
        number = self.chance.randrange(ITEMS)
        item = {"pk": {"S": "%s-%d" % (name, number)}}
        if table_name == "main":
            item = {"pk": {"S": "%s-%d" % (name, number % 4)}, "sk": {"N": str(number)}}
        for attribute, value in (("l", {"S": "l%d" % self.chance.randrange(9)}), ("g", {"S": "g%d" % self.chance.randrange(5)}),
                                 ("h", {"N": str(self.chance.randrange(5))}), ("n", {"N": str(self.chance.randrange(100))}),
                                 ("data", {"S": "x" * self.chance.choice([1, 100, 3000, 100000])})):
            if self.chance.random() < 0.6:
                item[attribute] = value
        if table_name == "expiring":
            item["ttl"] = self.chance.choice([EXPIRED, NEVER])
        return item

    def any_table(self):
        return self.chance.choice(["main", "main", "other"])

    def key(self, table_name, item):
        return self.tables[table_name].key(item)

    def put(self, table_name):
        item = self.item(table_name)
        return Change(table_name, self.key(table_name, item), item), {"Put": {"TableName": table_name, "Item": item}}

    def delete(self, table_name):
        key = self.key(table_name, self.item(table_name))
        return Change(table_name, key, None), {"Delete": {"TableName": table_name, "Key": key}}

    def update(self, table_name):
        """Counts, moves the item within one index, and removes it from another."""
        key = self.key(table_name, self.item(table_name))
        now = dict(self.tables[table_name].items.get(canonical(key), key))
        now["n"] = {"N": str(int(now.get("n", {"N": "0"})["N"]) + 3)}
        now["g"] = {"S": "g%d" % self.chance.randrange(5)}
        now.pop("h", None)
        return Change(table_name, key, now), {"Update": {
            "TableName": table_name, "Key": key, "UpdateExpression": "ADD n :n SET g = :g REMOVE h",
            "ExpressionAttributeValues": {":n": {"N": "3"}, ":g": now["g"]}}}

    def any_write(self, table_name):
        return self.chance.choice([self.put, self.put, self.update, self.delete])(table_name)

    def work(self, client):
        self.chance.choice([self.single, self.single, self.batch, self.transaction, self.transaction, self.refused, self.expiring])(client)

    def single(self, client):
        change, request = self.any_write(self.any_table())
        (operation, members), = request.items()
        self.change(client, [[change]], operation + "Item", **members)

    def expiring(self, client):
        change, request = self.put("expiring")
        self.change(client, [[change]], "PutItem", **request["Put"])

    def distinct(self, make, count):
        """Writes to at most `count` different items."""
        made = {}
        for _ in range(count):
            change, request = make(self.any_table())
            made[change.table_name + canonical(change.key)] = change, request
        return list(made.values())

    def batch(self, client):
        writes = self.distinct(lambda name: self.chance.choice([self.put, self.delete])(name), self.chance.randrange(2, 25))
        requests = {}
        for change, request in writes:
            (operation, members), = request.items()
            members = {name: value for name, value in members.items() if name != "TableName"}
            requests.setdefault(change.table_name, []).append({operation + "Request": members})
        self.change(client, [[change] for change, _ in writes], "BatchWriteItem", RequestItems=requests)

    def transaction(self, client):
        writes = self.distinct(self.any_write, self.chance.randrange(2, 12))
        self.change(client, [[change for change, _ in writes]], "TransactWriteItems", TransactItems=[request for _, request in writes])

    def refused(self, client):
        """A transaction with one condition that does not hold must change nothing."""
        writes = self.distinct(self.any_write, 4)
        (_, members), = writes[-1][1].items()
        members["ConditionExpression"] = "attribute_exists(nothing)"
        try:
            self.call(client, "TransactWriteItems", TransactItems=[request for _, request in writes])
        except CallError as error:
            if error.type != "TransactionCanceledException":
                raise
        else:
            raise AssertionError("a condition that cannot hold was taken to hold")


class Builder(Worker):
    """Repeatedly creates a table of one name, fills it, adds an index, and deletes the index and the table.

    `pending_table` is the table's description after the request in progress (None: deleted), or False if there is no such request.
    """

    def __init__(self, number, tables):
        super().__init__(number, tables)
        self.pending_table = False
        self.steps = None

    def run(self):
        self.steps = iter(())
        super().run()

    def work(self, client):
        step = next(self.steps, None)
        if step is None:
            self.steps = self.cycle()
        else:
            step(client)

    def cycle(self):
        """Continues from the state that the last server left."""
        name = PASSING["TableName"]
        if name in self.tables:
            yield self.alter(None, "DeleteTable", TableName=name)
        yield self.alter(PASSING, "CreateTable", **PASSING)
        items = [{"pk": {"S": "item %d" % at}, "g": {"S": "g%d" % (at % 3)}} for at in range(self.chance.randrange(50, 400))]
        for start in range(0, len(items), 25):
            yield self.fill(items[start:start + 25])
        with_late = dict(PASSING, GlobalSecondaryIndexes=PASSING["GlobalSecondaryIndexes"] + [LATE])
        yield self.alter(with_late, "UpdateTable", TableName=name, AttributeDefinitions=PASSING["AttributeDefinitions"],
                         GlobalSecondaryIndexUpdates=[{"Create": LATE}])
        yield wait_until_alive
        yield self.alter(dict(PASSING, GlobalSecondaryIndexes=[LATE]), "UpdateTable", TableName=name,
                         GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-g"}}])

    def fill(self, items):
        def step(client):
            name = PASSING["TableName"]
            groups = [[Change(name, {"pk": item["pk"]}, item)] for item in items]
            self.change(client, groups, "BatchWriteItem", RequestItems={name: [{"PutRequest": {"Item": item}} for item in items]})
        return step

    def alter(self, description, operation, **request):
        def step(client):
            self.pending_table = description
            self.call(client, operation, **request)
            self.take_table(description)
            self.acknowledged += 1
        return step

    def take_table(self, description):
        name = PASSING["TableName"]
        if description is None:
            self.tables.pop(name, None)
        else:
            items = self.tables[name].items.values() if name in self.tables else ()
            self.tables[name] = Table(description, items)
        self.pending_table = False

    def settle(self, client):
        name = PASSING["TableName"]
        if self.pending_table is not False:
            there = name in client.call("ListTables")["TableNames"]
            found = client.call("DescribeTable", TableName=name)["Table"] if there else None
            if index_names(found) == index_names(self.pending_table):
                self.take_table(self.pending_table)
            self.pending_table = False
        super().settle(client)


def index_names(description):
    return None if description is None else sorted(each["IndexName"] for each in indexes_of(description))


def wait_until_alive(client):
    try:
        wait_until_settled(client)
    except (OSError, http.client.HTTPException) as error:
        raise Unfinished() from error


class KillTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = os.path.join(folder.name, "data")
        self.tables = {request["TableName"]: Table(request) for request in TABLES}
        self.workers = [Writer(number, self.tables) for number in range(WRITERS)] + [Builder(WRITERS, self.tables)]

    def create_tables(self):
        with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
            for request in TABLES:
                client.call("CreateTable", **request)
            client.call("UpdateTimeToLive", TableName="expiring", TimeToLiveSpecification={"Enabled": True, "AttributeName": "ttl"})

    def acknowledged(self):
        return sum(worker.acknowledged for worker in self.workers)

    def work_and_kill(self, seed, at_least=1):
        """Runs a server, and kills it some time after it has acknowledged `at_least` or more requests."""
        chance = random.Random(seed)
        enough = self.acknowledged() + max(at_least, chance.randrange(400))
        deadline = time.monotonic() + 10  # --sync may be slow
        with StatorServer(["--data", self.data, *chance.choice([[], [], ["--sync"]])]) as server:
            for worker in self.workers:
                worker.begin(server.url, random.Random("%d %d" % (seed, worker.number)))
            while self.acknowledged() < enough and time.monotonic() < deadline and all(each.is_alive() for each in self.workers):
                time.sleep(chance.uniform(0, 0.01))
            server.kill()
            for worker in self.workers:
                worker.join()
        for worker in self.workers:
            if worker.failure is not None:
                raise worker.failure

    def kill_at_the_start(self, seed):
        """After some of the kills, also kills the server while it recovers and resumes backfills."""
        chance = random.Random("start %d" % seed)
        if chance.random() < 0.7:
            return
        process = subprocess.Popen([os.environ["STATOR_BIN"], "serve", "--port", "0", "--data", self.data],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        process.wait()

    def check(self):
        with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
            wait_until_settled(client)
            for worker in self.workers:
                worker.settle(client)
            self.let_expire(client)
            self.assertEqual(client.call("ListTables")["TableNames"], sorted(self.tables))
            wrong = [line for each in self.tables.values() for line in against_model(client, each)]
            self.assertEqual(wrong, [])

    def let_expire(self, client):
        """Waits until all expired items are deleted."""
        items = self.tables["expiring"].items
        for key in [key for key, item in items.items() if item["ttl"] == EXPIRED]:
            item = items.pop(key)
            deadline = time.monotonic() + 60
            while client.call("GetItem", TableName="expiring", Key={"pk": item["pk"]}) != {}:
                self.assertLess(time.monotonic(), deadline, "what has expired stays")
                time.sleep(0.02)

    def test_what_was_acknowledged_survives_kill_9(self):
        self.create_tables()
        for seed in range(SEED, SEED + ROUNDS):
            with self.subTest(seed=seed):
                self.work_and_kill(seed)
                self.kill_at_the_start(seed)
                self.check()
        for worker in self.workers:
            self.assertGreater(worker.acknowledged, 0, "a client got nothing done")
        print("%d acknowledged requests over %d kills, all there" % (self.acknowledged(), ROUNDS))

    def test_a_lost_write_is_noticed(self):
        """Shows that the check can fail: half of the log is removed after the kill."""
        self.create_tables()
        self.work_and_kill(SEED, at_least=100)
        for log in pathlib.Path(self.data, "store").glob("*.log"):
            os.truncate(log, log.stat().st_size // 2)
        with self.assertRaises((AssertionError, CallError, RuntimeError)):
            self.check()


if __name__ == "__main__":
    unittest.main()

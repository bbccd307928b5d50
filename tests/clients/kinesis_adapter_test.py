"""Tests Amazon's DynamoDB Streams Kinesis Adapter under the Kinesis Client Library 3, with its leases in a table of the same server, while
others write and shards close. An undisturbed worker reads each of 20 000 changes exactly once, each item's in order. Workers that are killed
three times between records and their checkpoint, and replaced, miss no change and keep each item's order; they read again only records without
a checkpoint.

Ends with 77 (CTest: skipped) and one line if Maven is missing or cannot fetch the packages."""

import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import compiled_client

sys.path.insert(0, os.path.join(compiled_client.FOLDER, "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

WRITERS = 4
ITEMS = 100
SINGLE = 11  # in each round a writer sends a transaction that updates every item, and this many single updates
PAUSE_S = 0.4  # so that shards close while the library follows
SECONDS = 1200  # the most that one worker may take
SHARDS_AT_A_TIME = 4
KILLS = 3


def add(key):
    return {"TableName": "counted", "Key": {"pk": {"S": "item-%d" % key}}, "UpdateExpression": "ADD n :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}}}


def write(url, number, rounds, failures):
    try:
        with Client(url) as client:
            for turn in range(rounds):
                client.call("TransactWriteItems", TransactItems=[{"Update": add(key)} for key in range(ITEMS)])
                for at in range(SINGLE):
                    client.call("UpdateItem", **add((at * 7 + turn + number) % ITEMS))
                time.sleep(PAUSE_S)
    except Exception as error:  # reported by the test
        failures.append(error)


class Worker:
    """A process that follows the stream; `lines` has the words of each line printed so far."""

    def __init__(self, url, arn, name, stop_after=None):
        self.log = tempfile.TemporaryFile("w+")
        environment = {"PATH": os.environ["PATH"], "STATOR_URL": url, "STREAM_ARN": arn, "WORKER": name,
                       "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        if stop_after is not None:
            environment["STOP_AFTER"] = str(stop_after)
        self.lines = []
        self.changed = threading.Condition()
        self.process = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=environment)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.split())
                self.changed.notify()
        with self.changed:
            self.lines.append(["end"])
            self.changed.notify()

    def wait(self, done):
        """Waits until `done(lines)`."""
        with self.changed:
            came = self.changed.wait_for(lambda: done(self.lines) or self.lines[-1:] == [["end"]], SECONDS)
            if not (came and done(self.lines)):
                raise AssertionError("the worker ended or stood still\n" + self.said()[-4000:])

    def end(self, kill):
        if self.log.closed:
            return
        if kill:
            self.process.kill()
        else:
            self.process.stdin.close()
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
        self.all_said = self.said()
        self.log.close()

    def said(self):
        if self.log.closed:
            return self.all_said
        self.log.seek(0)
        return self.log.read()

    def of_kind(self, kind):
        return [line[1:] for line in self.lines if line[0] == kind]


class KinesisAdapterTest(unittest.TestCase):
    def setUp(self):
        server = StatorServer(["--in-memory", "--stream-shard-lifetime", "5"])
        self.url = server.__enter__().url
        self.addCleanup(server.__exit__, None, None, None)
        with Client(self.url) as client:
            self.arn = client.call(
                "CreateTable", TableName="counted", BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})["TableDescription"]["LatestStreamArn"]

    def start_writers(self, rounds):
        self.failures = []
        self.changes = WRITERS * rounds * (ITEMS + SINGLE)
        writers = [threading.Thread(target=write, args=(self.url, number, rounds, self.failures)) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
            self.addCleanup(writer.join)

    def start_worker(self, name, stop_after=None):
        worker = Worker(self.url, self.arn, name, stop_after)
        self.addCleanup(worker.end, True)
        return worker

    def test_every_change_is_read_once_and_in_its_items_order(self):
        self.start_writers(rounds=46)
        worker = self.start_worker("worker-1")
        worker.wait(lambda lines: sum(line[0] == "record" for line in lines) >= self.changes)
        time.sleep(3)  # a record that is read twice would come within this time
        worker.end(kill=False)
        counts, events, shards = {}, set(), set()
        records = worker.of_kind("record")
        for record in records:
            shard, _, event, kind, item, before, after = record
            self.assertEqual((int(before), int(after)), (counts.get(item, 0), counts.get(item, 0) + 1), record)
            self.assertEqual(kind, "INSERT" if before == "0" else "MODIFY")
            counts[item] = int(after)
            events.add(event)
            shards.add(shard)
        self.assertEqual(self.failures, [])
        self.assertEqual((len(records), len(events)), (self.changes, self.changes))
        self.assertGreater(len(shards), SHARDS_AT_A_TIME)
        self.assertIn("ended shardId-", worker.said(), "no shard closed: the test would prove less than it says")
        print("%d records, %d shards" % (len(records), len(shards)))

    def test_a_killed_worker_is_followed_by_one_that_goes_on_from_its_checkpoints(self):
        self.start_writers(rounds=23)
        workers, known = [], set()
        for number in range(KILLS + 1):
            last = number == KILLS
            worker = self.start_worker("worker-%d" % number, None if last else self.changes // (2 * KILLS + 2))
            if last:
                worker.wait(lambda lines: len(known | {line[3] for line in lines if line[0] == "record"}) >= self.changes)
            else:
                worker.wait(lambda lines: ["stopped"] in lines)
            worker.end(kill=not last)
            known |= {event for _, _, event, *_ in worker.of_kind("record")}
            workers.append(worker)
        self.assertEqual(self.failures, [])
        self.assertEqual(len(known), self.changes)
        self.check_order([worker.of_kind("record") for worker in workers])
        self.check_checkpoints(workers)

    def check_order(self, runs):
        """A change that is read for the first time must be the next one of its item."""
        counts, seen = {}, set()
        for _, _, event, _, item, before, after in (record for records in runs for record in records):
            if event in seen:
                continue
            seen.add(event)
            self.assertEqual((int(before), int(after)), (counts.get(item, 0), counts.get(item, 0) + 1), item)
            counts[item] = int(after)

    def check_checkpoints(self, workers):
        """A record that is read again must have had no checkpoint before."""
        checkpoints, seen, again = {}, set(), 0
        for worker in workers:
            for shard, sequence, event, *_ in worker.of_kind("record"):
                self.assertGreater(int(sequence), checkpoints.get(shard, 0), "%s came again in spite of its checkpoint" % event)
                again += event in seen
            seen |= {event for _, _, event, *_ in worker.of_kind("record")}
            for shard, sequence in worker.of_kind("checkpoint"):
                checkpoints[shard] = max(int(sequence), checkpoints.get(shard, 0))
        self.assertGreaterEqual(again, KILLS, "nothing came again: the kills missed what they were for")
        print("%d records, %d of them again after %d kills" % (len(seen), again, KILLS))


if __name__ == "__main__":
    compiled_client.need("mvn")
    with tempfile.TemporaryDirectory() as scratch:
        target = os.environ.get("STATOR_CLIENT_BUILD", scratch)
        os.makedirs(target, exist_ok=True)
        COMMAND = compiled_client.build_java("java-streams", "stator.Consumer", target)
        unittest.main()

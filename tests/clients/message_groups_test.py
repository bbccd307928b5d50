"""Tests the consumer of the messages model (examples/message_groups.py) beside 8 concurrent writers, while it is killed
again and again at work. At any moment each person has exactly one entry for each conversation; in the end it is the newest
message's. STATOR_CONSUMER_KILLS is the number of kills."""

import datetime
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import boto3
from botocore.config import Config

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from simulated_server import SimulatedServer  # noqa: E402

KILLS = int(os.environ.get("STATOR_CONSUMER_KILLS", "1"))
SEED = int(os.environ.get("STATOR_CONSUMER_SEED", "20230320"))
WRITERS = 8
PEOPLE = 5
TABLE = "cruddur-messages"
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
# Every person has a conversation with every other one.
CONVERSATIONS = {f"{a}-{b}": (f"person-{a}", f"person-{b}") for a in range(PEOPLE) for b in range(a)}
BEGINNING = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)


def moment(number):
    return (BEGINNING + datetime.timedelta(microseconds=number)).isoformat(timespec="microseconds")


class Background(threading.Thread):
    """Runs `work(client)` repeatedly until it is stopped; keeps an exception for the test."""

    def __init__(self, make_client, work):
        super().__init__(daemon=True)
        self.make_client, self.work = make_client, work
        self.stopping = threading.Event()
        self.rounds = 0
        self.failure = None

    def run(self):
        try:
            client = self.make_client()
            while not self.stopping.is_set():
                self.work(client)
                self.rounds += 1
        except Exception as error:
            self.failure = error

    def stop(self):
        self.stopping.set()
        self.join()
        if self.failure is not None:
            raise self.failure


class MessageGroupsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = os.path.join(folder.name, "state.json")
        # Shards close during the test, so that the state file must follow parents and children.
        self.server = SimulatedServer(["--in-memory", "--stream-shard-lifetime", "3"])
        self.url = self.server.__enter__().url
        self.addCleanup(self.server.__exit__, None, None, None)
        self.environment = {**os.environ, **KEYS, "AWS_ENDPOINT_URL": self.url}
        self.client = self.make_client()
        for command in (["schema-load"], ["seed"]):
            subprocess.run([os.environ["STATOR_BIN"], "ddb", *command, "--model", TABLE, "--models", os.path.join(ROOT, "models")],
                           env=self.environment, cwd=folder.name, check=True, stdout=subprocess.DEVNULL)

    def make_client(self):
        return boto3.session.Session().client("dynamodb", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="local",
                                              aws_secret_access_key="local", config=Config(retries={"max_attempts": 8}))

    def consume(self, *arguments):
        return subprocess.Popen([sys.executable, os.path.join(ROOT, "examples", "message_groups.py"), "--state", self.state,
                                 "--interval", "0.02", *arguments], env=self.environment, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    def consume_to_the_end(self):
        consumer = self.consume("--once")
        said, complaints = consumer.communicate(timeout=120)
        self.assertEqual((consumer.returncode, complaints), (0, ""))
        return said

    def put_entry(self, conversation, person, other, at, text):
        self.client.put_item(TableName=TABLE, Item={
            "pk": {"S": "GRP#" + person}, "sk": {"S": at}, "message_group_uuid": {"S": conversation}, "message": {"S": text},
            "user_uuid": {"S": other}, "user_display_name": {"S": other.title()}, "user_handle": {"S": other}})

    def begin_conversations(self):
        for number, (conversation, (first, second)) in enumerate(CONVERSATIONS.items()):
            self.put_entry(conversation, first, second, moment(number), "hello")
            self.put_entry(conversation, second, first, moment(number), "hello")

    def entries(self, client, person):
        return client.query(TableName=TABLE, KeyConditionExpression="pk = :pk", ConsistentRead=True,
                            ExpressionAttributeValues={":pk": {"S": "GRP#" + person}})["Items"]

    def newest(self, conversation):
        found = self.client.query(TableName=TABLE, KeyConditionExpression="pk = :pk", ConsistentRead=True, ScanIndexForward=False, Limit=1,
                                  ExpressionAttributeValues={":pk": {"S": "MSG#" + conversation}})["Items"]
        return found[0] if found else None

    def writer(self, number):
        """Writes messages, each at a different time; sometimes corrects or deletes the last one."""
        chance = random.Random(SEED + number)
        counter = [1000 + number]

        def work(client):
            counter[0] += WRITERS
            conversation = chance.choice(list(CONVERSATIONS))
            key = {"pk": {"S": "MSG#" + conversation}, "sk": {"S": moment(counter[0])}}
            client.put_item(TableName=TABLE, Item={**key, "message": {"S": f"{number} says {counter[0]}"}})
            what = chance.random()
            if what < 0.1:
                client.update_item(TableName=TABLE, Key=key, UpdateExpression="SET message = :m",
                                   ExpressionAttributeValues={":m": {"S": f"{number} corrects {counter[0]}"}})
            elif what < 0.2:
                client.delete_item(TableName=TABLE, Key=key)
            time.sleep(0.02)

        return Background(self.make_client, work)

    def check_each_has_one_entry(self, client):
        for person in (f"person-{number}" for number in range(PEOPLE)):
            theirs = sorted(entry["message_group_uuid"]["S"] for entry in self.entries(client, person))
            self.assertEqual(theirs, sorted(name for name, people in CONVERSATIONS.items() if person in people), person)
        time.sleep(0.02)

    def check_entries_are_the_newest_messages(self):
        self.check_each_has_one_entry(self.client)
        for person in (f"person-{number}" for number in range(PEOPLE)):
            for entry in self.entries(self.client, person):
                message = self.newest(entry["message_group_uuid"]["S"])
                self.assertEqual((entry["sk"], entry["message"]), (message["sk"], message["message"]), entry)
                self.assertEqual(entry["user_display_name"]["S"], entry["user_uuid"]["S"].title(), "the rest of an entry stays")

    def test_entries_follow_the_newest_message_over_kills(self):
        self.begin_conversations()
        watcher = Background(self.make_client, self.check_each_has_one_entry)
        writers = [self.writer(number) for number in range(WRITERS)]
        for thread in (watcher, *writers):
            thread.start()
        chance = random.Random(SEED)
        moved = 0
        for _ in range(KILLS):
            # Kill the consumer at work: some conversations after the first one that it moved, at a random moment.
            consumer = self.consume()
            for _ in range(chance.randrange(1, 40)):
                moved += 1 if consumer.stdout.readline() else 0
            time.sleep(chance.uniform(0, 0.03))
            self.assertIsNone(consumer.poll(), "it ended by itself")
            consumer.kill()
            consumer.communicate()
        for writer in writers:
            writer.stop()
        said = self.consume_to_the_end()
        watcher.stop()
        self.check_entries_are_the_newest_messages()
        self.assertGreater(moved, KILLS)
        self.assertGreater(watcher.rounds, 0)
        self.assertEqual(self.consume_to_the_end(), "", "nothing is left to do")
        print("%d messages, %d kills, %d looks, %d conversations moved at the end" %
              (sum(writer.rounds for writer in writers), KILLS, watcher.rounds, len(said.splitlines())))

    def test_what_a_page_had_left_when_it_was_killed_is_done_later(self):
        names = [f"group-{number}" for number in range(40)]
        for number, name in enumerate(names):
            self.put_entry(name, "ann", "bob", moment(number), "hello")
        self.assertEqual(self.consume_to_the_end(), "")
        # No later message would repair an entry that is lost here.
        for number, name in enumerate(names):
            self.client.put_item(TableName=TABLE, Item={"pk": {"S": "MSG#" + name}, "sk": {"S": moment(100 + number)}, "message": {"S": name}})
        # So slow that the consumer is in the middle when its first line is read here.
        self.server.simulate([{"when": {"operation": "TransactWriteItems"}, "then": {"latency_ms": 500}}])
        consumer = self.consume("--once")
        self.assertIn(": 1 entries moved\n", consumer.stdout.readline())
        consumer.kill()
        done = 1 + len(consumer.communicate()[0].splitlines())
        self.server.simulate()
        self.assertLess(done, len(names) - 10, "it was not killed in the middle")
        self.consume_to_the_end()
        self.assertEqual([(entry["sk"]["S"], entry["message"]["S"]) for entry in self.entries(self.client, "ann")],
                         [(moment(100 + number), name) for number, name in enumerate(names)])

    def test_a_seeded_conversation_one_with_a_twin_and_a_bad_one(self):
        group = "5ae290ed-55d1-47a0-bc6d-fe2bc2700399"
        self.assertEqual(self.consume_to_the_end(), "", "seeded entries are right already")
        for name in ("x", "y", "bad"):
            self.put_entry(name, "ann", "bob-" + name, moment(ord(name[0])), "hello")
        for conversation, at, text in (("x", moment(500), "x"), ("y", moment(500), "y"), (group, moment(0), "Still there?")):
            self.client.put_item(TableName=TABLE, Item={"pk": {"S": "MSG#" + conversation}, "sk": {"S": at}, "message": {"S": text}})
        self.client.put_item(TableName=TABLE, Item={"pk": {"S": "MSG#bad"}, "sk": {"S": "yesterday"}, "text": {"S": "?"}})
        consumer = self.consume("--once")
        said, complaints = consumer.communicate(timeout=60)
        self.assertEqual(consumer.returncode, 0)
        self.assertEqual(sorted(said.splitlines()), [group + ": 2 entries moved", "x: 1 entries moved", "y: 1 entries moved"])
        self.assertEqual(len(complaints.splitlines()), complaints.count("message_groups: bad left alone"), complaints)
        self.assertIn("bad left alone", complaints)
        found = self.client.query(TableName=TABLE, IndexName="message-group-sk-index", KeyConditionExpression="message_group_uuid = :g",
                                  ExpressionAttributeValues={":g": {"S": group}})["Items"]
        self.assertEqual([(entry["sk"]["S"], entry["message"]["S"]) for entry in found], [(moment(0), "Still there?")] * 2)
        entries = self.entries(self.client, "ann")
        self.assertEqual(sorted(entry["message"]["S"] for entry in entries), ["hello", "x", "y"])
        self.assertEqual([entry["sk"]["S"] for entry in entries], [moment(ord("b")), moment(500), moment(501)], "same moment, two entries")

    def test_a_table_without_a_stream_is_told_in_one_line(self):
        self.client.update_table(TableName=TABLE, StreamSpecification={"StreamEnabled": False})
        self.client.delete_table(TableName=TABLE)
        for table, expected in ((TABLE, "not found"), ("plain", "has no stream")):
            if table == "plain":
                self.client.create_table(TableName="plain", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST",
                                         AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
            consumer = self.consume("--once", "--table", table)
            said, complaints = consumer.communicate(timeout=60)
            self.assertEqual((consumer.returncode, said, len(complaints.splitlines())), (1, "", 1), complaints)
            self.assertIn(expected, complaints)


if __name__ == "__main__":
    unittest.main()

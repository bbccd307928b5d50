#!/usr/bin/env python3
"""Keeps the entries of conversations up to date, from the stream of the messages table (models/cruddur-messages).

A message is the item MSG#<conversation>, <time>. Each of its people has an entry GRP#<person>, <time of the newest message> that shows this
message's text, so that one Query lists a person's conversations in the order of their newest messages. An application writes only the message;
this program moves the entries. It finds them in the index message-group-sk-index.

    examples/message_groups.py --endpoint-url http://localhost:8000
    examples/message_groups.py --once        # ends when everything written so far is done

It does not matter how often a record is read, or in which order: a record only says that a conversation changed. The program reads the new state of
the entries from the table, and moves all of them in one transaction, on the condition that nothing they were derived from has changed. So the
program may be killed at any moment, started twice, or run as an AWS Lambda function on the stream (the handler is `handler`, the environment
variable TABLE names the table).

Its progress is kept in a file (--state). Without one it starts with the oldest change in the stream.
"""

import argparse
import datetime
import json
import os
import random
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

INDEX = "message-group-sk-index"
MESSAGE, ENTRY = "MSG#", "GRP#"
# A transaction has at most 100 actions: a check of the message, and two for each entry.
ENTRIES_A_TRANSACTION = 49
# Two conversations of one person may be written to in the same microsecond; the second entry then gets a time one
# microsecond later.
MOST_MICROSECONDS_LATER = 1000


def conversation_of(record):
    """The conversation that a stream's record is about; None if it is about something else."""
    change = record["dynamodb"]
    key = change["Keys"]["pk"]["S"]
    if key.startswith(MESSAGE):
        return key[len(MESSAGE):]
    if key.startswith(ENTRY):  # a new entry may be older than the newest message
        return change.get("NewImage", {}).get("message_group_uuid", {}).get("S")
    return None


def conversations_of(records):
    """Each conversation in the records, once."""
    return dict.fromkeys(filter(None, map(conversation_of, records)))


def later(text, microseconds):
    moment = datetime.datetime.fromisoformat(text) + datetime.timedelta(microseconds=microseconds)
    return moment.isoformat(timespec="microseconds")


class Entries:
    """The entries of the conversations of one table."""

    def __init__(self, client, table):
        self.client, self.table = client, table

    def update(self, conversation):
        """Moves the entries of a conversation to its newest message; returns how many moved. A conversation without messages
        stays unchanged."""
        taken = set()
        moved = 0
        attempt = 0
        while True:
            message = self._newest_message(conversation)
            behind = [] if message is None else [entry for entry in self._entries(conversation) if not self._shows(entry, message)]
            if not behind:
                return moved
            part = behind[:ENTRIES_A_TRANSACTION]
            if self._move(part, message, taken):
                moved += len(part)
                continue
            # Somebody else wrote meanwhile, or the index is still behind: read again, after a growing pause.
            attempt += 1
            time.sleep(random.uniform(0, min(1.0, 0.01 * 2 ** attempt)))

    def _newest_message(self, conversation):
        found = self.client.query(TableName=self.table, KeyConditionExpression="pk = :pk", Limit=1, ScanIndexForward=False,
                                  ExpressionAttributeValues={":pk": {"S": MESSAGE + conversation}}, ConsistentRead=True)["Items"]
        return found[0] if found else None

    def _entries(self, conversation):
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table, IndexName=INDEX, KeyConditionExpression="message_group_uuid = :group",
            ExpressionAttributeValues={":group": {"S": conversation}})
        return [entry for page in pages for entry in page["Items"] if entry["pk"]["S"].startswith(ENTRY)]

    @staticmethod
    def _shows(entry, message):
        at = message["sk"]["S"]
        return entry["message"] == message["message"] and at <= entry["sk"]["S"] <= later(at, MOST_MICROSECONDS_LATER)

    def _move(self, entries, message, taken):
        """Sends one transaction; returns False if it was refused. `taken` collects keys that entries of other conversations
        use."""
        actions = [{"ConditionCheck": {
            "TableName": self.table, "Key": {"pk": message["pk"], "sk": message["sk"]}, "ConditionExpression": "message = :text",
            "ExpressionAttributeValues": {":text": message["message"]}}}]
        for entry in entries:
            actions += self._actions(entry, message, taken)
        try:
            self.client.transact_write_items(TransactItems=actions)
        except self.client.exceptions.TransactionCanceledException as error:
            for reason in error.response["CancellationReasons"]:
                there = reason.get("Item", {})
                if "pk" in there and there.get("message_group_uuid") != entries[0]["message_group_uuid"]:
                    taken.add((there["pk"]["S"], there["sk"]["S"]))
            return False
        return True

    def _actions(self, entry, message, taken):
        as_read = {"ConditionExpression": "message_group_uuid = :group AND message = :text", "ExpressionAttributeValues": {
            ":group": entry["message_group_uuid"], ":text": entry["message"]}}
        at = message["sk"]["S"]
        while (entry["pk"]["S"], at) in taken:
            at = later(at, 1)
        new = {**entry, "sk": {"S": at}, "message": message["message"]}
        if new["sk"] == entry["sk"]:
            return [{"Put": {"TableName": self.table, "Item": new, **as_read}}]
        return [{"Delete": {"TableName": self.table, "Key": {"pk": entry["pk"], "sk": entry["sk"]}, **as_read}},
                {"Put": {"TableName": self.table, "Item": new, "ConditionExpression": "attribute_not_exists(pk)",
                         "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]


class Stream:
    """Reads a table's stream, parents before their children, and continues where the state file says."""

    def __init__(self, client, arn, state_file):
        self.client, self.arn, self.state_file = client, arn, state_file
        self.last = {}  # shard -> the sequence number of the last record handled
        self.ended = []
        try:
            with open(state_file, encoding="utf-8") as text:
                state = json.load(text)
        except FileNotFoundError:
            return
        if state["stream"] == arn:
            self.last, self.ended = state["last"], state["ended"]

    def _save(self):
        """Writes the state atomically: the program may be killed here, too."""
        new = self.state_file + ".new"
        with open(new, "w", encoding="utf-8") as out:
            json.dump({"stream": self.arn, "last": self.last, "ended": self.ended}, out)
        os.replace(new, self.state_file)

    def _shards(self):
        """Returns shard -> parent."""
        shards, request = {}, {"StreamArn": self.arn}
        while True:
            stream = self.client.describe_stream(**request)["StreamDescription"]
            shards.update((shard["ShardId"], shard.get("ParentShardId")) for shard in stream["Shards"])
            if "LastEvaluatedShardId" not in stream:
                return shards
            request["ExclusiveStartShardId"] = stream["LastEvaluatedShardId"]

    def _iterator(self, shard):
        request = {"StreamArn": self.arn, "ShardId": shard}
        if shard in self.last:
            try:
                return self.client.get_shard_iterator(**request, ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                                                      SequenceNumber=self.last[shard])["ShardIterator"]
            except self.client.exceptions.TrimmedDataAccessException:
                pass  # trimmed after a day: start with the oldest record left
        return self.client.get_shard_iterator(**request, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]

    def read(self, handle):
        """Passes all available records to `handle`, page by page; returns their number."""
        count = 0
        shards = self._shards()
        self.ended = [shard for shard in self.ended if shard in shards]
        self.last = {shard: number for shard, number in self.last.items() if shard in shards}
        for shard, parent in sorted(shards.items()):
            if shard in self.ended or (parent in shards and parent not in self.ended):
                continue
            iterator = self._iterator(shard)
            while iterator is not None:
                page = self.client.get_records(ShardIterator=iterator)
                iterator = page.get("NextShardIterator")
                records = page["Records"]
                if not records and iterator is not None:
                    break
                handle(records)
                # Only records that were handled count as read.
                count += len(records)
                if records:
                    self.last[shard] = records[-1]["dynamodb"]["SequenceNumber"]
                if iterator is None:
                    self.ended.append(shard)
                self._save()
        return count


def handler(event, _context):
    """The handler for AWS Lambda."""
    entries = Entries(boto3.client("dynamodb"), os.environ["TABLE"])
    for conversation in conversations_of(event["Records"]):
        entries.update(conversation)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--table", default="cruddur-messages", help="default: %(default)s")
    options.add_argument("--endpoint-url", default=os.environ.get("AWS_ENDPOINT_URL"), help="default: AWS_ENDPOINT_URL, else AWS itself")
    options.add_argument("--state", default="message_groups.state.json", help="where it notes how far it came (default: %(default)s)")
    options.add_argument("--once", action="store_true", help="end when everything written so far is done")
    options.add_argument("--interval", type=float, default=0.5, help="seconds between looks at a stream with nothing new (default: %(default)s)")
    given = options.parse_args()
    connection = {"endpoint_url": given.endpoint_url, "config": Config(retries={"mode": "standard"})}
    client = boto3.client("dynamodb", **connection)
    arn = client.describe_table(TableName=given.table)["Table"].get("LatestStreamArn")
    if arn is None:
        sys.exit(f"message_groups: table {given.table} has no stream (stator ddb schema-load --update enables it)")
    entries = Entries(client, given.table)
    stream = Stream(boto3.client("dynamodbstreams", **connection), arn, given.state)

    def handle(records):
        for conversation in conversations_of(records):
            try:
                moved = entries.update(conversation)
            except (KeyError, ValueError) as fault:  # one bad message must not stop all others
                print(f"message_groups: {conversation} left alone: its newest message or an entry is not one: {fault!r}", file=sys.stderr)
                continue
            if moved:
                print(f"{conversation}: {moved} entries moved", flush=True)

    while True:
        count = stream.read(handle)
        if count == 0:
            if given.once:
                return
            time.sleep(given.interval)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (BotoCoreError, ClientError, OSError) as error:
        sys.exit(f"message_groups: {error}")

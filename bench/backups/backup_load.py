"""Measures a backup of many items while they are written to: how long it takes, what it costs the writers, and whether it is consistent.

    STATOR_BIN=build/release/bin/stator python3 bench/backups/backup_load.py [ITEMS]

Writers move amounts between items in transactions, so every consistent backup has the same sum. Prints the wall time of the backup, the
slowest write during it and during an equally long time without it, and checks the restored table: sum, items, index entries and counts.
"""

import os
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "support"))
from dynamodb import CallError, Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ITEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
WRITERS = 4
AMOUNT = 1000


def key(number):
    return {"pk": {"S": "account-%d" % number}}


def fill(url, first, last):
    with Client(url) as client:
        for start in range(first, last, 25):
            client.call("BatchWriteItem", RequestItems={"accounts": [
                {"PutRequest": {"Item": {**key(number), "n": {"N": str(AMOUNT)}, "g": {"S": "g%d" % (number % 1000)},
                                         "v": {"S": "x" * 60}}}} for number in range(start, min(start + 25, last))]})


def in_threads(work):
    threads = [threading.Thread(target=work, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    return threads


class Load:
    """Writers that send transactions until they are stopped; `took` has the time and the duration of each."""

    def __init__(self, url):
        self.url, self.stopped, self.took = url, False, [[] for _ in range(WRITERS)]
        self.threads = in_threads(self.write)

    def write(self, number):
        choose = random.Random(number)
        with Client(self.url) as client:
            while not self.stopped:
                one, other = choose.sample(range(ITEMS), 2)
                began = time.perf_counter()
                try:
                    client.call("TransactWriteItems", TransactItems=[
                        {"Update": {"TableName": "accounts", "Key": key(account), "UpdateExpression": "ADD n :v",
                                    "ExpressionAttributeValues": {":v": {"N": amount}}}} for account, amount in ((one, "-1"), (other, "1"))])
                except CallError as error:
                    if error.type not in ("TransactionCanceledException", "TransactionConflictException"):
                        raise
                self.took[number].append((began, time.perf_counter() - began))

    def stop(self):
        self.stopped = True
        for thread in self.threads:
            thread.join()

    def slowest_ms(self, begin, end):
        return 1000 * max((long for took in self.took for began, long in took if began + long >= begin and began <= end), default=0)

    def count(self, begin, end):
        return sum(1 for took in self.took for began, _ in took if begin <= began <= end)


def main():
    with tempfile.TemporaryDirectory() as folder, StatorServer(["--data", os.path.join(folder, "data")], start_timeout_s=60) as server:
        with Client(server.url, timeout_s=600) as client:
            client.call("CreateTable", TableName="accounts", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "g")],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                        GlobalSecondaryIndexes=[{"IndexName": "byG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
                                                 "Projection": {"ProjectionType": "KEYS_ONLY"}}])
        part = -(-ITEMS // WRITERS)
        for thread in in_threads(lambda number: fill(server.url, number * part, min(ITEMS, (number + 1) * part))):
            thread.join()
        # The server would close a connection that is idle for so long.
        with Client(server.url, timeout_s=600) as client:
            load = Load(server.url)
            time.sleep(5)
            began = time.perf_counter()
            arn = client.call("CreateBackup", TableName="accounts", BackupName="load")["BackupDetails"]["BackupArn"]
            ended = time.perf_counter()
            time.sleep(max(5.0, 2 * (ended - began)))
            load.stop()
            took = ended - began
            print("%d items; backup in %.3f s; slowest of %d writes during it %.1f ms; of %d in 5 s before it %.1f ms" % (
                ITEMS, took, load.count(began, ended), load.slowest_ms(began, ended), load.count(began - 5, began),
                load.slowest_ms(began - 5, began)))
            began = time.perf_counter()
            client.call("RestoreTableFromBackup", TargetTableName="again", BackupArn=arn)
            while True:
                table = client.call("DescribeTable", TableName="again")["Table"]
                if table["TableStatus"] == "ACTIVE":
                    break
                time.sleep(0.1)
            print("restored in %.1f s" % (time.perf_counter() - began))
            items = client.pages("Scan", TableName="again", ProjectionExpression="n")
            total = sum(int(item["n"]["N"]) for item in items)
            entries = sum(1 for _ in client.pages("Scan", TableName="again", IndexName="byG", ProjectionExpression="pk"))
            counts = (len(items), total, entries, table["ItemCount"], table["GlobalSecondaryIndexes"][0]["ItemCount"])
            print("items %d, sum %d, index entries %d; counts %d and %d" % counts)
            assert counts == (ITEMS, AMOUNT * ITEMS, ITEMS, ITEMS, ITEMS), "the cut is not consistent"


if __name__ == "__main__":
    main()

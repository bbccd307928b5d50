"""The workloads: the items that are loaded, and the requests that are sent in turn. They are the same for every server and
in every run."""
import itertools
import json
import random

SMALL = 100  # bytes of text in an item of the table `bench`
PARTITIONS = 20
PARTITION_ITEMS = 1000  # of 1 KB each
BATCH = 25
ZIPF = 0.99

ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}


def keys(*names):
    return {"AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"))]}


def small_key(number):
    return {"pk": {"S": f"user#{number:08d}"}}


def small_item(number, letter="x", version=0):
    return {**small_key(number), "n": {"N": str(version)}, "text": {"S": letter * SMALL}}


def row_key(partition, number):
    return {"pk": {"S": f"group#{partition:04d}"}, "sk": {"S": f"2026-11-{number // 40 % 28 + 1:02d}T{number:08d}"}}


def row(partition, number):
    return {**row_key(partition, number), "n": {"N": str(number)}, "user": {"S": f"user#{number % 97}"},
            "message": {"S": "lorem ipsum dolor sit amet, " * 32}, "tags": {"SS": ["a", f"t{number % 7}"]}}


def batches(table, items):
    items = iter(items)
    while chunk := list(itertools.islice(items, BATCH)):
        yield json.dumps({"RequestItems": {table: [{"PutRequest": {"Item": item}} for item in chunk]}})


def load(client, items):
    """Creates and loads the tables: `bench` and `streamed` with small items, `rows` with partitions of items of 1 KB,
    `changing` for inserts."""
    client.create(TableName="bench", **keys("pk"), **ON_DEMAND)
    client.create(TableName="streamed", **keys("pk"), **ON_DEMAND, StreamSpecification={
        "StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    client.create(TableName="rows", **keys("pk", "sk"), **ON_DEMAND)
    for body in batches("bench", map(small_item, range(items))):
        client.send("BatchWriteItem", body)
    pairs = ((partition, number) for partition in range(PARTITIONS) for number in range(PARTITION_ITEMS))
    for body in batches("rows", itertools.starmap(row, pairs)):
        client.send("BatchWriteItem", body)
    # The measured requests must succeed: a server that fails fast would look fast.
    if client.call("GetItem", TableName="bench", Key=small_key(42))["Item"] != small_item(42):
        raise RuntimeError("a wrong item")
    newest = client.call("Query", **newest_twenty(3))
    if newest["Count"] != 20 or newest["Items"][0] != row(3, PARTITION_ITEMS - 1) and "sk" not in newest["Items"][0]:
        raise RuntimeError("a wrong page")


def get(number, table="bench"):
    return "GetItem", {"TableName": table, "Key": small_key(number)}


def put(number, letter, version, table="bench"):
    return "PutItem", {"TableName": table, "Item": small_item(number, letter, version)}


def update(number, version):
    return "UpdateItem", {"TableName": "bench", "Key": small_key(number), "ConditionExpression": "attribute_exists(pk)",
                          "UpdateExpression": "SET n = :n, #t = :t", "ExpressionAttributeNames": {"#t": "text"},
                          "ExpressionAttributeValues": {":n": {"N": str(version)}, ":t": {"S": "u" * SMALL}}}


def of_partition(partition, **more):
    values = {":p": {"S": f"group#{partition:04d}"}, **more.pop("values", {})}
    return {"TableName": "rows", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": values, **more}


def newest_twenty(partition):
    return of_partition(partition, ScanIndexForward=False, Limit=20)


def range_of(partition, number, limit):
    return "Query", of_partition(partition, KeyConditionExpression="pk = :p AND sk >= :s", Limit=limit,
                                 values={":s": row_key(partition, number)["sk"]})


def zipf(choose, items):
    """Numbers below `items`; the k-th most frequent number occurs 1/k^0.99 as often as the first, and is chosen at
    random."""
    few = min(items, 100_000)
    weights = list(itertools.accumulate(1 / rank ** ZIPF for rank in range(1, few + 1)))
    places = choose.sample(range(items), few)
    while True:
        yield places[choose.choices(range(few), cum_weights=weights)[0]]


def ycsb(choose, items, reads, write, count):
    numbers = zipf(choose, items)
    requests = []
    while len(requests) < count:
        number = next(numbers)
        if choose.random() < reads:
            requests.append(get(number))
        else:
            requests += write(number, len(requests))
    return requests


def transaction(choose, items, version):
    one, two, three, four = choose.sample(range(items), 4)
    return "TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "bench", "Item": small_item(one, "t", version)}},
        {"Put": {"TableName": "bench", "Item": small_item(two, "t", version)}},
        {"Update": {"TableName": "bench", "Key": small_key(three), "UpdateExpression": "SET n = :n",
                    "ExpressionAttributeValues": {":n": {"N": str(version)}}}},
        {"ConditionCheck": {"TableName": "bench", "Key": small_key(four), "ConditionExpression": "attribute_exists(pk)"}}]}


def message(choose, version):
    """A write of the messages application: a new message, and the two group entries that show it."""
    partition, groups = choose.randrange(PARTITIONS), choose.sample(range(1000), 2)
    return "TransactWriteItems", {"TransactItems": [
        {"Put": {"TableName": "rows", "Item": row(partition, PARTITION_ITEMS + version)}},
        *({"Put": {"TableName": "bench", "Item": small_item(group, "m", version)}} for group in groups)]}


def journal(choose, _items, count):
    """Nine conversations are opened for each message that is sent."""
    return [message(choose, at) if at % 10 == 9 else
            ("Query", newest_twenty(choose.randrange(PARTITIONS))) for at in range(count)]


def requests_of(name, items):
    """(operation, request) pairs in the order in which they are sent; at their end they start again."""
    choose = random.Random(20261126)
    some = range(4000)
    anyone = lambda: choose.randrange(items)
    partition = lambda: choose.randrange(PARTITIONS)
    make = {
        "GetItem": lambda: [get(anyone()) for _ in some],
        # Each request changes its item: a put of the same item costs less.
        "PutItem": lambda: [put(anyone(), letter, at) for letter in "yz" for at in some],
        "UpdateItem, conditional": lambda: [update(anyone(), at) for at in some],
        "PutItem, with a stream": lambda: [put(anyone(), letter, at, "streamed") for letter in "yz" for at in some],
        "Query of the newest 20": lambda: [("Query", newest_twenty(partition())) for _ in range(PARTITIONS)],
        "Query, full page": lambda: [("Query", of_partition(number)) for number in range(PARTITIONS)],
        "Query, projection": lambda: [("Query", of_partition(number, ProjectionExpression="sk, n"))
                                      for number in range(PARTITIONS)],
        "Query, filter": lambda: [("Query", of_partition(number, FilterExpression="n < :n", values={":n": {"N": "100"}}))
                                  for number in range(PARTITIONS)],
        "Scan in 4 segments": lambda: [("Scan", {"TableName": "rows", "Segment": segment, "TotalSegments": 4})
                                       for segment in range(4)],
        "BatchWriteItem of 25": lambda: [("BatchWriteItem", {"RequestItems": {"bench": [
            {"PutRequest": {"Item": small_item(number, letter, at)}} for number in choose.sample(range(items), BATCH)]}})
            for letter in "yz" for at in range(400)],
        "BatchGetItem of 25": lambda: [("BatchGetItem", {"RequestItems": {"bench": {"Keys": [
            small_key(number) for number in choose.sample(range(items), BATCH)]}}}) for _ in range(400)],
        "TransactWriteItems of 4": lambda: [transaction(choose, items, at) for at in some],
        "YCSB A": lambda: ycsb(choose, items, 0.5, lambda number, at: [update(number, at)], len(some)),
        "YCSB B": lambda: ycsb(choose, items, 0.95, lambda number, at: [update(number, at)], len(some)),
        "YCSB C": lambda: ycsb(choose, items, 1, None, len(some)),
        "YCSB D": lambda: [put(items + at, "d", at) if choose.random() < 0.05 else
                           get(max(0, items + at - 1 - int(choose.expovariate(0.02))) % items) for at in some],
        "YCSB E": lambda: [("PutItem", {"TableName": "rows", "Item": row(partition(), PARTITION_ITEMS + at)})
                           if choose.random() < 0.05 else
                           range_of(partition(), choose.randrange(PARTITION_ITEMS), choose.randint(1, 100)) for at in some],
        "YCSB F": lambda: ycsb(choose, items, 0.5, lambda number, at: [get(number), update(number, at)], len(some)),
        "messages": lambda: journal(choose, items, len(some)),
    }
    return make[name]()


QUICK = ["GetItem", "PutItem", "UpdateItem, conditional", "Query of the newest 20", "BatchWriteItem of 25", "YCSB A"]
FULL = ["GetItem", "PutItem", "UpdateItem, conditional", "PutItem, with a stream", "Query of the newest 20", "Query, full page",
        "Query, projection", "Query, filter", "Scan in 4 segments", "BatchWriteItem of 25", "BatchGetItem of 25",
        "TransactWriteItems of 4", "YCSB A", "YCSB B", "YCSB C", "YCSB D", "YCSB E", "YCSB F", "messages"]
# The workloads for the bare responder, for which all requests are alike.
ONLY_REQUESTS = ["GetItem", "PutItem"]


def test_cycle(client, number):
    """What a typical test does: creates, fills, reads and drops a table."""
    name = f"cycle{number}"
    client.create(TableName=name, **keys("pk", "sk"), **ON_DEMAND)
    for at in range(10):
        client.call("PutItem", TableName=name, Item=row(number % PARTITIONS, at))
    for at in range(5):
        client.call("GetItem", TableName=name, Key=row_key(number % PARTITIONS, at))
    count = client.call("Query", **{**of_partition(number % PARTITIONS), "TableName": name})["Count"]
    if count != 10:
        raise RuntimeError(f"{count} of 10 items")
    client.call("DeleteTable", TableName=name)

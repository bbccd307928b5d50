"""Fifty typical tests of a program on DynamoDB: each creates its table, loads it, reads from it, and drops it.
SUITE_ENDPOINT selects the database: "stator" or "moto" in this process, or a URL."""

import decimal
import os

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key

WHERE = os.environ["SUITE_ENDPOINT"]
KEYS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}
STATUS = ["new", "paid", "shipped"]


@pytest.fixture(scope="session")
def dynamodb():
    if WHERE == "stator":
        import stator
        import stator.boto3
        yield stator.boto3.resource("dynamodb", stator.Database())
    elif WHERE == "moto":
        import moto
        with moto.mock_aws():
            yield boto3.resource("dynamodb", **KEYS)
    else:
        yield boto3.resource("dynamodb", endpoint_url=WHERE, **KEYS)


@pytest.fixture
def table(dynamodb):
    table = dynamodb.create_table(
        TableName="shop", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": type} for name, type in (("customer", "S"), ("number", "N"), ("status", "S"))],
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-status", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [
            {"AttributeName": "status", "KeyType": "HASH"}, {"AttributeName": "number", "KeyType": "RANGE"}]}])
    table.meta.client.get_waiter("table_exists").wait(TableName="shop", WaiterConfig={"Delay": 1})
    with table.batch_writer() as batch:
        for number in range(50):
            batch.put_item({"customer": "ann" if number < 30 else "bob", "number": number, "status": STATUS[number % 3], "tags": {"a", "b"},
                            "lines": [{"sku": "s%d" % number, "price": decimal.Decimal("1.25")}], "text": "x" * 200})
    yield table
    table.delete()
    table.meta.client.get_waiter("table_not_exists").wait(TableName="shop", WaiterConfig={"Delay": 1})


@pytest.mark.parametrize("number", range(10))
def test_an_item_is_read(table, number):
    item = table.get_item(Key={"customer": "ann", "number": number})["Item"]
    assert (item["status"], item["lines"][0]["sku"]) == (STATUS[number % 3], "s%d" % number)


@pytest.mark.parametrize("first", range(10))
def test_a_range_is_queried(table, first):
    found = table.query(KeyConditionExpression=Key("customer").eq("ann") & Key("number").between(first, first + 9), ScanIndexForward=False)
    assert [item["number"] for item in found["Items"]] == list(range(first + 9, first - 1, -1))


@pytest.mark.parametrize("status", STATUS * 3)
def test_an_index_is_queried_and_filtered(table, status):
    found = table.query(IndexName="by-status", KeyConditionExpression=Key("status").eq(status), FilterExpression=Attr("customer").eq("bob"))
    assert found["Count"] in (6, 7) and all(item["status"] == status for item in found["Items"])


@pytest.mark.parametrize("by", range(1, 9))
def test_an_item_is_changed_under_a_condition(table, by):
    changed = table.update_item(Key={"customer": "bob", "number": 30}, UpdateExpression="ADD visits :by SET #s = :s",
                                ConditionExpression="attribute_not_exists(visits)", ExpressionAttributeNames={"#s": "status"},
                                ExpressionAttributeValues={":by": by, ":s": "paid"}, ReturnValues="ALL_NEW")
    assert (changed["Attributes"]["visits"], changed["Attributes"]["status"]) == (by, "paid")
    with pytest.raises(table.meta.client.exceptions.ConditionalCheckFailedException):
        table.put_item(Item={"customer": "bob", "number": 30}, ConditionExpression=Attr("visits").not_exists())


@pytest.mark.parametrize("limit", range(7, 14))
def test_pages_are_walked(table, limit):
    numbers, more = [], {}
    while True:
        page = table.scan(Limit=limit, **more)
        numbers += [item["number"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert sorted(numbers) == list(range(50))


@pytest.mark.parametrize("number", range(6))
def test_a_batch_is_deleted_and_the_rest_is_read(dynamodb, table, number):
    keys = [{"customer": "ann", "number": other} for other in range(number, number + 10)]
    with table.batch_writer() as batch:
        for key in keys[:4]:
            batch.delete_item(Key=key)
    found = dynamodb.batch_get_item(RequestItems={"shop": {"Keys": keys, "ConsistentRead": True}})["Responses"]["shop"]
    assert sorted(item["number"] for item in found) == list(range(number + 4, number + 10))

"""boto3's own clients and resources, answered in process."""

import asyncio
import contextlib
import contextvars
import functools
import time
import types
from decimal import Decimal

import boto3
import pytest
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.awsrequest import AWSPreparedRequest, HeadersDict
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, NoCredentialsError, ParamValidationError, ReadTimeoutError, WaiterError

import stator
import stator.boto3
from stator.pytest_plugin import create_table_request


@pytest.fixture
def client(database):
    return stator.boto3.client("dynamodb", database)


@pytest.fixture
def resource(database):
    return stator.boto3.resource("dynamodb", database)


@pytest.fixture
def table(resource):
    table = resource.create_table(**create_table_request(
        "things", range="sk:N", AttributeDefinitions=[{"AttributeName": "color", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "by-color", "KeySchema": [{"AttributeName": "color", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "ALL"}}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}))
    table.wait_until_exists()
    return table


def fill(table, count=60):
    with table.batch_writer() as batch:
        for number in range(count):
            batch.put_item(Item={"pk": "p%d" % (number % 2), "sk": number, "color": "red" if number % 3 else "blue"})


def test_every_type_comes_back_as_it_went(table):
    item = {"pk": "a", "sk": Decimal("1.5"), "text": "né 😀", "blob": Binary(b"\x00\x01\xff"), "yes": True, "no": False,
            "nothing": None, "list": [1, "two", {"three": Decimal("3e30")}], "map": {"deep": {"er": []}},
            "strings": {"x", "y"}, "numbers": {Decimal(1), Decimal("-0.5")}, "blobs": {Binary(b"a"), Binary(b"b")}}
    table.put_item(Item=item)
    assert table.get_item(Key={"pk": "a", "sk": Decimal("1.5")}, ConsistentRead=True)["Item"] == item


def test_replies_carry_metadata(client):
    reply = client.list_tables()
    assert reply["TableNames"] == []
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert reply["ResponseMetadata"]["RetryAttempts"] == 0
    assert reply["ResponseMetadata"]["RequestId"] != client.list_tables()["ResponseMetadata"]["RequestId"]


def test_updates_conditions_and_projections(table):
    fill(table, 10)
    updated = table.update_item(
        Key={"pk": "p0", "sk": 4}, UpdateExpression="SET #c = :c, hits = if_not_exists(hits, :zero) + :one",
        ConditionExpression=Attr("color").eq("red") & Attr("gone").not_exists(), ExpressionAttributeNames={"#c": "color"},
        ExpressionAttributeValues={":c": "green", ":zero": 0, ":one": 1}, ReturnValues="ALL_NEW")
    assert updated["Attributes"] == {"pk": "p0", "sk": 4, "color": "green", "hits": 1}
    assert table.get_item(Key={"pk": "p0", "sk": 4}, ProjectionExpression="hits")["Item"] == {"hits": 1}
    assert table.delete_item(Key={"pk": "p0", "sk": 4}, ReturnValues="ALL_OLD")["Attributes"]["color"] == "green"
    assert "Item" not in table.get_item(Key={"pk": "p0", "sk": 4})


def test_queries_scans_and_their_conditions(table):
    fill(table)
    found = table.query(KeyConditionExpression=Key("pk").eq("p0") & Key("sk").between(10, 20), ScanIndexForward=False,
                        ReturnConsumedCapacity="TOTAL")
    assert [int(item["sk"]) for item in found["Items"]] == [20, 18, 16, 14, 12, 10]
    assert found["ConsumedCapacity"]["CapacityUnits"] == 0.5
    assert table.query(IndexName="by-color", KeyConditionExpression=Key("color").eq("blue"))["Count"] == 20
    assert table.scan(FilterExpression=Attr("sk").lt(10) & Attr("color").is_in(["blue"]))["Count"] == 4
    assert table.scan(FilterExpression=Attr("color").begins_with("re"), Select="COUNT")["Count"] == 40


def test_paginators(client, table):
    fill(table)
    pages = list(client.get_paginator("scan").paginate(TableName="things", PaginationConfig={"PageSize": 7}))
    assert sum(page["Count"] for page in pages) == 60 and len(pages) > 8
    query = client.get_paginator("query").paginate(
        TableName="things", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p1"}},
        PaginationConfig={"PageSize": 4, "MaxItems": 10})
    assert len(query.build_full_result()["Items"]) == 10
    assert query.search("Items[].sk.N") is not None
    for number in range(5):
        client.create_table(**create_table_request("more-%d" % number))
    names = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}).search("TableNames[]")
    assert list(names) == ["more-0", "more-1", "more-2", "more-3", "more-4", "things"]


def test_parallel_segments_see_every_item_once(client, table):
    fill(table)
    seen = [item["sk"]["N"] for segment in range(4)
            for item in client.scan(TableName="things", Segment=segment, TotalSegments=4)["Items"]]
    assert sorted(map(int, seen)) == list(range(60))


def test_waiters_wait_for_the_state():
    with stator.Database(transition_delay_ms=300) as database:
        client = stator.boto3.client("dynamodb", database)
        client.create_table(**create_table_request("slow"))
        assert client.describe_table(TableName="slow")["Table"]["TableStatus"] == "CREATING"
        client.get_waiter("table_exists").wait(TableName="slow", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
        assert client.describe_table(TableName="slow")["Table"]["TableStatus"] == "ACTIVE"
        with pytest.raises(WaiterError):
            client.get_waiter("table_not_exists").wait(TableName="slow", WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        client.delete_table(TableName="slow")
        client.get_waiter("table_not_exists").wait(TableName="slow", WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def test_errors_have_their_exception_classes(client, table):
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as raised:
        table.put_item(Item={"pk": "a", "sk": 1}, ConditionExpression=Attr("pk").exists())
    assert raised.value.response["Error"]["Message"] == "The conditional request failed"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName="missing")
    with pytest.raises(client.exceptions.ResourceInUseException):
        client.create_table(**create_table_request("things"))
    with pytest.raises(client.exceptions.BackupNotFoundException):
        client.describe_backup(BackupArn="arn:aws:dynamodb:us-east-1:000000000000:table/things/backup/01700000000000-abcdefgh")
    with pytest.raises(ClientError) as raised:
        client.query(TableName="things", KeyConditionExpression="nothing = :x", ExpressionAttributeValues={":x": {"S": ""}})
    assert raised.value.response["Error"]["Code"] == "ValidationException"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    with pytest.raises(ParamValidationError):  # boto3's own checks work as usual
        client.get_item(TableName="things", Key="a")


def test_the_item_that_broke_a_condition_comes_with_the_error(client, table):
    table.put_item(Item={"pk": "a", "sk": 1, "color": "red"})
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as raised:
        client.delete_item(TableName="things", Key={"pk": {"S": "a"}, "sk": {"N": "1"}}, ConditionExpression="color = :c",
                           ExpressionAttributeValues={":c": {"S": "blue"}}, ReturnValuesOnConditionCheckFailure="ALL_OLD")
    assert raised.value.response["Item"]["color"] == {"S": "red"}


def test_batches(client, resource, table):
    fill(table, 30)
    keys = [{"pk": "p%d" % (number % 2), "sk": number} for number in range(30)]
    got = resource.batch_get_item(RequestItems={"things": {"Keys": keys, "ProjectionExpression": "sk"}})
    assert len(got["Responses"]["things"]) == 30 and got["UnprocessedKeys"] == {}
    written = client.batch_write_item(RequestItems={"things": [
        {"DeleteRequest": {"Key": {"pk": {"S": key["pk"]}, "sk": {"N": str(key["sk"])}}}} for key in keys[:25]]})
    assert written["UnprocessedItems"] == {}
    assert table.scan()["Count"] == 5


def test_transactions(client, table):
    def key(number):
        return {"pk": {"S": "t"}, "sk": {"N": str(number)}}

    put = [{"Put": {"TableName": "things", "Item": {**key(number), "n": {"N": "1"}}}} for number in (1, 2)]
    client.transact_write_items(TransactItems=put, ClientRequestToken="once")
    client.transact_write_items(TransactItems=put, ClientRequestToken="once")
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.transact_write_items(TransactItems=put[:1], ClientRequestToken="once")
    with pytest.raises(client.exceptions.TransactionCanceledException) as raised:
        client.transact_write_items(TransactItems=[
            {"Update": {"TableName": "things", "Key": key(1), "UpdateExpression": "ADD n :one",
                        "ExpressionAttributeValues": {":one": {"N": "1"}}}},
            {"ConditionCheck": {"TableName": "things", "Key": key(2), "ConditionExpression": "n > :one",
                                "ExpressionAttributeValues": {":one": {"N": "1"}},
                                "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}])
    reasons = raised.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]
    assert reasons[1]["Item"]["n"] == {"N": "1"}
    got = client.transact_get_items(TransactItems=[{"Get": {"TableName": "things", "Key": key(number)}} for number in (1, 2, 3)])
    assert [response.get("Item", {}).get("n") for response in got["Responses"]] == [{"N": "1"}, {"N": "1"}, None]


def test_partiql(client, table):
    client.execute_statement(Statement="INSERT INTO things VALUE {'pk': ?, 'sk': ?, 'color': 'red'}",
                             Parameters=[{"S": "q"}, {"N": "1"}])
    with pytest.raises(client.exceptions.DuplicateItemException):
        client.execute_statement(Statement="INSERT INTO things VALUE {'pk': 'q', 'sk': 1}")
    client.execute_statement(Statement="UPDATE things SET color = 'green' WHERE pk = 'q' AND sk = 1")
    got = client.execute_statement(Statement="SELECT color FROM things WHERE pk = 'q'")
    assert got["Items"] == [{"color": {"S": "green"}}]
    batch = client.batch_execute_statement(Statements=[
        {"Statement": "SELECT * FROM things WHERE pk = 'q' AND sk = 1"}, {"Statement": "SELECT * FROM missing WHERE pk = 'q'"}])
    assert batch["Responses"][0]["Item"]["color"] == {"S": "green"} and batch["Responses"][1]["Error"]["Code"]
    client.execute_transaction(TransactStatements=[
        {"Statement": "DELETE FROM things WHERE pk = 'q' AND sk = 1"},
        {"Statement": "INSERT INTO things VALUE {'pk': 'r', 'sk': 2}"}])
    assert [item["pk"]["S"] for item in client.scan(TableName="things")["Items"]] == ["r"]


def test_streams(database, client, table):
    streams = stator.boto3.client("dynamodbstreams", database)
    arn = table.latest_stream_arn
    assert [stream["StreamArn"] for stream in streams.list_streams(TableName="things")["Streams"]] == [arn]
    table.put_item(Item={"pk": "a", "sk": 1, "color": "red"})
    table.put_item(Item={"pk": "a", "sk": 1, "color": "blue"})
    table.delete_item(Key={"pk": "a", "sk": 1})
    records = []
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        at = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        records += streams.get_records(ShardIterator=at["ShardIterator"])["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "REMOVE"]
    assert records[1]["dynamodb"]["OldImage"]["color"] == {"S": "red"}
    with pytest.raises(streams.exceptions.ResourceNotFoundException):
        streams.describe_stream(StreamArn=arn + "0")


def test_settings_of_tables(client, table):
    arn = table.table_arn
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "a"}])
    assert client.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    client.untag_resource(ResourceArn=arn, TagKeys=["team"])
    client.update_time_to_live(TableName="things", TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
    described = client.describe_time_to_live(TableName="things")["TimeToLiveDescription"]
    assert described["AttributeName"] == "until"
    client.update_continuous_backups(TableName="things",
                                     PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    backup = client.create_backup(TableName="things", BackupName="first")["BackupDetails"]["BackupArn"]
    assert client.list_backups(TableName="things")["BackupSummaries"][0]["BackupArn"] == backup
    table.update(BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
                 GlobalSecondaryIndexUpdates=[{"Update": {
                     "IndexName": "by-color", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}}])
    table.reload()
    assert table.provisioned_throughput["ReadCapacityUnits"] == 5
    assert client.describe_limits()["TableMaxReadCapacityUnits"] > 0


def test_a_page_of_a_megabyte_and_an_item_of_400_kilobytes(table):
    for number in range(4):
        table.put_item(Item={"pk": "big", "sk": number, "data": "x" * 390_000})
    page = table.scan()
    assert page["Count"] < 4 and "LastEvaluatedKey" in page
    with pytest.raises(ClientError, match="Item size has exceeded the maximum allowed size"):
        table.put_item(Item={"pk": "big", "sk": 9, "data": "x" * 410_000})


def test_a_request_of_more_than_16_megabytes_is_refused_as_by_the_service(client, database):
    client.create_table(**create_table_request("things", range=None))
    with pytest.raises(ClientError) as raised:
        client.put_item(TableName="things", Item={"pk": {"S": "x" * (17 << 20)}})
    assert raised.value.response["Error"]["Code"] == "413"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 413
    with pytest.raises(stator.OperationError) as raised:
        database.call("ListTables", ExclusiveStartTableName="x" * (17 << 20))
    assert (raised.value.type, raised.value.status) == ("RequestEntityTooLargeException", 413)
    assert raised.value.message == "The request body is larger than 16 MB"


def test_a_clients_region_decides_about_arns(database):
    stator.boto3.client("dynamodb", database).create_table(**create_table_request("things"))
    west = stator.boto3.client("dynamodb", database, region_name="eu-west-1")
    assert west.meta.region_name == "eu-west-1"
    assert west.describe_table(TableName="arn:aws:dynamodb:eu-west-1:000000000000:table/things")["Table"]["TableName"] == "things"
    with pytest.raises(ClientError, match="Invalid AWS region"):
        west.describe_table(TableName="arn:aws:dynamodb:eu-north-1:000000000000:table/things")


def test_a_clients_own_config_stays(database):
    client = stator.boto3.client("dynamodb", database, config=Config(retries={"max_attempts": 7}, user_agent_extra="mine"))
    assert client.meta.config.user_agent_extra == "mine"
    assert client.meta.config.retries["total_max_attempts"] == 8
    assert client.list_tables()["TableNames"] == []


def test_two_databases_are_apart(client):
    client.create_table(**create_table_request("things"))
    with stator.Database() as other:
        assert stator.boto3.client("dynamodb", other).list_tables()["TableNames"] == []
    assert client.list_tables()["TableNames"] == ["things"]


def test_clients_and_sessions_that_are_there_already(database, client):
    client.create_table(**create_table_request("things"))
    keys = dict(aws_access_key_id="local", aws_secret_access_key="local", region_name="eu-west-1")
    made = boto3.client("dynamodb", **keys)
    assert stator.boto3.attach(made, database) is made
    assert made.list_tables()["TableNames"] == ["things"]
    table = stator.boto3.attach(boto3.resource("dynamodb", **keys), database).Table("things")
    table.put_item(Item={"pk": "a", "sk": "b"})
    session = stator.boto3.attach(boto3.Session(**keys), database)
    assert session.client("dynamodb").scan(TableName="things")["Count"] == 1
    assert session.client("dynamodbstreams").list_streams()["Streams"] == []
    # The region is the client's.
    with pytest.raises(ClientError, match="Invalid AWS region"):
        made.describe_table(TableName="arn:aws:dynamodb:eu-north-1:000000000000:table/things")


def test_everywhere_answers_clients_made_by_other_code(database):
    keys = dict(aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")
    with stator.boto3.everywhere(database) as answering:
        assert answering is database
        client = boto3.client("dynamodb", **keys)
        client.create_table(**create_table_request("things"))
        boto3.Session(**keys).resource("dynamodb").Table("things").put_item(Item={"pk": "a", "sk": "b"})
        assert client.scan(TableName="things")["Count"] == 1
    with pytest.raises(AssertionError, match="about to be sent"):
        client.list_tables()
    with pytest.raises(AssertionError, match="about to be sent"):
        boto3.client("dynamodb", **keys).list_tables()


def test_everywhere_answers_clients_that_other_code_keeps(database):
    keys = dict(aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")
    before = boto3.Session(**keys).client("dynamodb")
    with stator.boto3.everywhere(database):
        kept = boto3.client("dynamodb", region_name="us-east-1")
        kept.create_table(**create_table_request("things"))
        assert before.list_tables()["TableNames"] == ["things"]
    for client in (before, kept):
        with pytest.raises((AssertionError, NoCredentialsError)):
            client.list_tables()
    with stator.Database() as another, stator.boto3.everywhere(another):
        assert kept.list_tables()["TableNames"] == before.list_tables()["TableNames"] == []
        with stator.boto3.everywhere(database):
            assert kept.list_tables()["TableNames"] == ["things"]
        assert kept.list_tables()["TableNames"] == []


def test_the_last_one_attached_answers_and_nothing_is_done_twice(database):
    keys = dict(aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")
    with stator.Database() as other:
        for each in (database, other):
            each.call("CreateTable", create_table_request("things", range=None))
        session = stator.boto3.attach(boto3.Session(**keys), other)
        with stator.boto3.everywhere(other):
            with stator.boto3.everywhere(database):
                clients = [boto3.client("dynamodb", **keys), stator.boto3.client("dynamodb", database)]
                clients.append(stator.boto3.attach(session.client("dynamodb"), database))
                clients.append(stator.boto3.attach(stator.boto3.client("dynamodb", other), database))
                for number, client in enumerate(clients, 1):
                    client.update_item(TableName="things", Key={"pk": {"S": str(number)}}, UpdateExpression="ADD n :one",
                                       ExpressionAttributeValues={":one": {"N": "1"}})
        items = database.call("Scan", TableName="things")["Items"]
        assert sorted((item["pk"]["S"], item["n"]["N"]) for item in items) == [(str(number), "1") for number in range(1, 5)]
        assert other.call("Scan", TableName="things")["Count"] == 0


@pytest.mark.parametrize("how", ["own", "everywhere"])
def test_faults_meet_the_clients_retries_and_timeouts(database, how, monkeypatch):
    monkeypatch.setattr("botocore.endpoint.time", types.SimpleNamespace(sleep=lambda seconds: None))  # between attempts
    keys = dict(aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")

    def make(**config):
        config = Config(retries={"mode": "standard", "total_max_attempts": 3}, **config)
        if how == "own":
            return stator.boto3.client("dynamodb", database, config=config)
        return boto3.client("dynamodb", config=config, **keys)

    with stator.boto3.everywhere(database) if how == "everywhere" else contextlib.nullcontext():
        client = make()
        client.create_table(**create_table_request("things", range=None))
        put = dict(TableName="things", Item={"pk": {"S": "a"}})
        for then in ({"cut": "before"}, {"cut": "after"}, {"throttle": "KeyRangeThroughputExceeded"}, {"error": "InternalServerError"}):
            database.simulate({"rules": [{"when": {"operation": "PutItem", "first": 2}, "then": then}]})
            assert client.put_item(**put)["ResponseMetadata"]["RetryAttempts"] == 2
            database.simulate({"rules": [{"when": {"operation": "PutItem"}, "then": then}]})
            with pytest.raises(ConnectionClosedError if "cut" in then else ClientError):
                client.put_item(**put)
            assert database.simulated()["rules"][0]["requests"] == 3
        database.simulate({"rules": [{"when": {"operation": "PutItem"}, "then": {"latency_ms": 300}}]})
        begin = time.monotonic()
        client.put_item(**put)
        assert time.monotonic() - begin >= 0.3
        with pytest.raises(ReadTimeoutError):
            make(read_timeout=0.05).put_item(**put)


def test_aiobotocores_way_to_ask(database):
    """aiobotocore awaits the body, and what a handler returns. Tests this without having it installed."""
    namespace = {"__name__": "aiobotocore.hooks"}
    exec("async def emit(handler, request):\n"
         "    response = handler(request=request)\n"
         "    response = await response if hasattr(response, '__await__') else response\n"
         "    return response.status_code, await response.content", namespace)
    handler = dict(stator.boto3._handlers(stator.boto3._Answerer(database)))["before-send.dynamodb"]

    def ask():
        headers = HeadersDict({"X-Amz-Target": "DynamoDB_20120810.ListTables"})
        return namespace["emit"](handler, AWSPreparedRequest("POST", "http://stator.invalid", headers, b"{}", False))

    run = functools.partial(contextvars.Context().run, asyncio.run)  # without the context of other tests' clients
    assert run(ask()) == (200, b'{"TableNames":[]}')
    database.simulate({"rules": [{"then": {"latency_ms": 200}}]})

    async def many():
        begin = time.monotonic()
        assert await asyncio.gather(*(ask() for _ in range(20))) == [(200, b'{"TableNames":[]}')] * 20
        return time.monotonic() - begin

    assert 0.2 <= run(many()) < 2


def test_aiobotocores_clients(database):
    session_of = pytest.importorskip("aiobotocore.session").get_session
    keys = dict(aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")

    async def use():
        with stator.boto3.everywhere(database):
            async with session_of().create_client("dynamodb", **keys) as client:
                await client.create_table(**create_table_request("things", range=None))
                await client.put_item(TableName="things", Item={"pk": {"S": "né 😀"}, "b": {"B": b"\0\xff"}})
                with pytest.raises(client.exceptions.ConditionalCheckFailedException) as raised:
                    await client.put_item(TableName="things", Item={"pk": {"S": "né 😀"}}, ConditionExpression="attribute_not_exists(pk)",
                                          ReturnValuesOnConditionCheckFailure="ALL_OLD")
                assert raised.value.response["Item"]["b"] == {"B": b"\0\xff"}
        session = stator.boto3.attach(session_of(), database)
        async with session.create_client("dynamodb", **keys) as client:
            pages = [page["Count"] async for page in client.get_paginator("scan").paginate(TableName="things")]
            assert pages == [1]
            # A reply that is held back does not delay others.
            database.simulate({"rules": [{"when": {"operation": "Scan"}, "then": {"latency_ms": 300}}]})
            scans = [asyncio.ensure_future(client.scan(TableName="things")) for _ in range(4)]
            begin = time.monotonic()
            await client.list_tables()
            assert not any(scan.done() for scan in scans)
            await asyncio.gather(*scans)
            assert 0.3 <= time.monotonic() - begin < 1.2
            database.simulate({"rules": [{"when": {"operation": "Scan", "first": 1}, "then": {"cut": "before"}}]})
            assert (await client.scan(TableName="things"))["ResponseMetadata"]["RetryAttempts"] == 1
        async with session_of().create_client("dynamodb", **keys) as client:
            assert (await stator.boto3.attach(client, database).list_tables())["TableNames"] == ["things"]

    asyncio.run(use())


def test_everywhere_may_be_entered_again_before_it_is_left(database):
    database.call("CreateTable", create_table_request("things"))
    client = boto3.client("dynamodb", aws_access_key_id="local", aws_secret_access_key="local", region_name="us-east-1")
    again = stator.boto3.everywhere(database)
    with again:
        with again:
            assert client.list_tables()["TableNames"] == ["things"]
        assert client.list_tables()["TableNames"] == ["things"]
    with pytest.raises(AssertionError, match="about to be sent"):
        client.list_tables()


def test_everywhere_decorates_functions(database):
    database.call("CreateTable", create_table_request("things"))

    @stator.boto3.everywhere(database)
    def tables():
        """Its own."""
        return boto3.client("dynamodb", region_name="us-east-1").list_tables()["TableNames"]

    @stator.boto3.everywhere(database)
    async def tables_later():
        await asyncio.sleep(0)
        return boto3.client("dynamodb", region_name="us-east-1").list_tables()["TableNames"]

    assert tables() == tables() == ["things"]
    assert tables.__doc__ == "Its own."
    for _ in range(2):
        assert asyncio.run(tables_later()) == ["things"]
    with pytest.raises(NoCredentialsError):
        boto3.client("dynamodb", region_name="us-east-1").list_tables()


def test_everywhere_decorates_nothing_whose_body_runs_later(database):
    def fixture():
        yield 1

    async def later():
        yield 1

    class Tests:
        pass

    for decorated in (fixture, later, Tests):
        with pytest.raises(TypeError, match="with everywhere"):
            stator.boto3.everywhere(database)(decorated)


def test_clients_of_other_code_need_no_credentials(database):
    with stator.boto3.everywhere(database):
        client = boto3.client("dynamodb", region_name="eu-west-1")
        client.create_table(**create_table_request("things"))
        assert client.describe_table(TableName="arn:aws:dynamodb:eu-west-1:000000000000:table/things")["Table"]["ItemCount"] == 0
        with pytest.raises(ClientError, match="Invalid AWS region"):
            client.describe_table(TableName="arn:aws:dynamodb:eu-north-1:000000000000:table/things")
    with pytest.raises(NoCredentialsError):
        client.list_tables()
    attached = stator.boto3.attach(boto3.client("dynamodbstreams", region_name="eu-west-1"), database)
    assert attached.list_streams()["Streams"] == []


def test_only_dynamodb_is_answered(database):
    with pytest.raises(ValueError, match="not s3"):
        stator.boto3.client("s3", database)
    with pytest.raises(ValueError, match="dynamodb only"):
        stator.boto3.resource("dynamodbstreams", database)
    session = stator.boto3.attach(boto3.Session(aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1"), database)
    with pytest.raises(AssertionError, match="about to be sent"):
        session.client("sts").get_caller_identity()


def test_the_default_database_is_one_for_the_process():
    stator.default_database().reset()
    stator.boto3.client().create_table(**create_table_request("mine"))
    assert [table.name for table in stator.boto3.resource().tables.all()] == ["mine"]
    stator.default_database().reset()

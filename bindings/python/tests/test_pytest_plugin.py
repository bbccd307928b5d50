"""The fixtures. Each pair of tests would fail if one saw what the other wrote."""

import boto3
import pytest
from boto3.dynamodb.conditions import Key

pytest_plugins = ["pytester"]


@pytest.mark.parametrize("time", [1, 2])
def test_each_test_begins_with_what_was_seeded(dynamodb, time):
    assert dynamodb.list_tables()["TableNames"] == ["seeded"]
    assert dynamodb.scan(TableName="seeded")["Items"] == [{"pk": {"S": "a"}, "n": {"N": "1"}}]
    dynamodb.put_item(TableName="seeded", Item={"pk": {"S": "b"}})
    dynamodb.create_table(TableName="more", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
                          AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}])


@pytest.mark.parametrize("time", [1, 2])
def test_a_table_is_there(dynamodb_table, time):
    assert dynamodb_table.scan()["Items"] == []
    dynamodb_table.put_item(Item={"pk": "a", "sk": "b"})
    assert dynamodb_table.query(KeyConditionExpression=Key("pk").eq("a"))["Count"] == 1


@pytest.mark.dynamodb_table("orders", hash="customer", range="at:N",
                            StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
def test_a_mark_says_which_table(dynamodb_table, dynamodb_streams, dynamodb):
    assert dynamodb_table.name == "orders"
    assert [key["AttributeName"] for key in dynamodb_table.key_schema] == ["customer", "at"]
    assert dynamodb_streams.list_streams()["Streams"][0]["StreamArn"] == dynamodb_table.latest_stream_arn
    assert dynamodb.list_tables()["TableNames"] == ["orders", "seeded"]


@pytest.mark.dynamodb_table(hash="id", range=None)
def test_a_table_without_a_sort_key(dynamodb_table):
    assert [key["AttributeName"] for key in dynamodb_table.key_schema] == ["id"]


def test_code_that_makes_its_own_clients(dynamodb_everywhere, dynamodb_resource):
    boto3.resource("dynamodb").Table("seeded").put_item(Item={"pk": "theirs"})
    assert "Item" in dynamodb_resource.Table("seeded").get_item(Key={"pk": "theirs"})
    dynamodb_everywhere.reset()
    assert "Item" not in dynamodb_resource.Table("seeded").get_item(Key={"pk": "theirs"})


def test_code_that_makes_its_clients_when_it_is_imported_and_keeps_them(pytester):
    pytester.makepyfile(handlers="""
        import functools
        import boto3
        table = boto3.resource("dynamodb", region_name="us-east-1").Table("table")
        @functools.cache
        def client():
            return boto3.client("dynamodb", region_name="us-east-1")
    """, test_handlers="""
        import pytest
        import handlers
        @pytest.mark.parametrize("time", [1, 2])
        def test_items(dynamodb_everywhere, dynamodb_table, time):
            handlers.table.put_item(Item={"pk": "a", "sk": "b"})
            assert handlers.client().scan(TableName="table")["Count"] == 1
    """, test_without="""
        import sys
        def test_it():
            assert "boto3" not in sys.modules
    """)
    for tests, count in (("test_handlers.py", 2), ("test_without.py", 1)):
        pytester.runpytest_subprocess("-p", "stator.pytest_plugin", tests).assert_outcomes(passed=count)


def test_options_and_seed_are_a_conftests(pytester):
    pytester.makeconftest("""
        import pytest
        @pytest.fixture(scope="session")
        def stator_options():
            return {"clock": 1767225600000}
    """)
    pytester.makepyfile("""
        import pytest
        @pytest.mark.parametrize("time", [1, 2])
        def test_clock(stator_database, dynamodb, time):
            assert dynamodb.list_tables()["TableNames"] == []
            stator_database.advance_clock(5)
            assert stator_database.clock_ms == 1767225605000
            stator_database.simulate({"rules": [{"when": {}, "then": {"error": "InternalServerError"}}]})
    """)
    pytester.runpytest_subprocess("-p", "stator.pytest_plugin", "--strict-markers").assert_outcomes(passed=2)


def test_the_fixtures_are_explained(pytester):
    said = pytester.runpytest_subprocess("-p", "stator.pytest_plugin", "--fixtures").stdout.str()
    ours = said.partition("fixtures defined from stator.pytest_plugin")[2]
    assert "dynamodb_table" in ours and "no docstring available" not in ours

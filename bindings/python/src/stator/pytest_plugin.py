"""Fixtures for pytest: a DynamoDB in the test's process, reset to its initial state before every test.

`dynamodb`            a boto3 client
`dynamodb_resource`   a boto3 resource
`dynamodb_streams`    a boto3 client of DynamoDB Streams
`dynamodb_table`      a boto3 Table; the mark dynamodb_table says which: @pytest.mark.dynamodb_table("orders", hash="id",
                      range="at:N"); without one: "table" with the partition key "pk" and the sort key "sk"
`stator_database`     the database behind them, one for the session, in memory
`dynamodb_everywhere` the same database answers every client that the code under test makes by itself

Two session fixtures may be overridden in a conftest.py: `stator_seed` returns a function that takes a boto3 client and fills
the database once, and each test begins with that state; `stator_options` returns the parameters of the stator.Database.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Optional

import pytest

from .database import Database

_MARK = 'dynamodb_table(name="table", hash="pk:S", range="sk:S", **members): the table of the fixture dynamodb_table; ' \
        'members are further ones of CreateTable'


def _stator_boto3():
    """Imported only when boto3 is, or when a fixture needs it, as pytest also loads plugins that the tests do not use."""
    from . import boto3

    return boto3


class _BeforeSessions:
    """A module finder that finds nothing, but imports stator.boto3 just before a boto3 session can exist. So
    `dynamodb_everywhere` also answers clients that modules under test create when they are imported."""

    def find_spec(self, name, path=None, target=None):
        if name == "boto3.session":
            _prepare_sessions()
        return None


def _prepare_sessions():
    with contextlib.suppress(ImportError):  # a fixture that needs it reports what is missing
        _stator_boto3()


if "boto3.session" in sys.modules:
    _prepare_sessions()
else:
    sys.meta_path.insert(0, _BeforeSessions())


def pytest_configure(config):
    config.addinivalue_line("markers", _MARK)


@pytest.fixture(scope="session")
def stator_options():
    """The parameters of the session's stator.Database. May be overridden in a conftest.py."""
    return {}


@pytest.fixture(scope="session")
def stator_seed():
    """A function that takes a boto3 client and creates the state with which every test begins. May be overridden in a
    conftest.py."""
    return None


@pytest.fixture(scope="session")
def stator_session_database(stator_options, stator_seed):
    """The session's stator.Database, which tests use as stator_database."""
    with Database(**stator_options) as database:
        if stator_seed is not None:
            stator_seed(_stator_boto3().client("dynamodb", database))
        database.save_snapshot("start")
        yield database


@pytest.fixture(scope="session")
def stator_start_ms(stator_session_database, stator_options):
    """The time at which a clock that tests move stands when they begin; None if it is the machine's clock."""
    return None if stator_options.get("clock") is None else stator_session_database.clock_ms


@pytest.fixture
def stator_database(stator_session_database, stator_start_ms):
    """The stator.Database behind the clients, reset to its state after the seed: without simulated faults, and with its clock
    at the same time."""
    # Reset before the test, not after it, so that one can inspect what a failing test left. The clock first: at a later time,
    # items of the snapshot might have expired.
    if stator_start_ms is not None:
        stator_session_database.set_clock(stator_start_ms)
    stator_session_database.simulate(None)
    stator_session_database.reset()
    return stator_session_database


@pytest.fixture
def dynamodb(stator_database):
    """A boto3 client for DynamoDB that is answered in process."""
    return _stator_boto3().client("dynamodb", stator_database)


@pytest.fixture
def dynamodb_resource(stator_database):
    """A boto3 resource for DynamoDB that is answered in process."""
    return _stator_boto3().resource("dynamodb", stator_database)


@pytest.fixture
def dynamodb_streams(stator_database):
    """A boto3 client for DynamoDB Streams that is answered in process."""
    return _stator_boto3().client("dynamodbstreams", stator_database)


@pytest.fixture
def dynamodb_everywhere(stator_database, monkeypatch):
    """Clients that the code under test creates are answered in process, too."""
    # boto3 refuses to create clients if it finds no region, and spends time looking for credentials.
    for name, value in (("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with _stator_boto3().everywhere(stator_database):
        yield stator_database


def _split(key):
    """("at", "N") for "at:N"; a name alone is that of a string."""
    name, _, kind = key.partition(":")
    return name, kind or "S"


def create_table_request(name: str = "table", hash: str = "pk", range: Optional[str] = "sk", **members: Any) -> dict[str, Any]:
    """The members of CreateTable. `range=None`: no sort key."""
    keys = [(hash, "HASH")] + ([] if range is None else [(range, "RANGE")])
    request = {
        "TableName": name,
        "KeySchema": [{"AttributeName": _split(key)[0], "KeyType": kind} for key, kind in keys],
        "AttributeDefinitions": [{"AttributeName": _split(key)[0], "AttributeType": _split(key)[1]} for key, _ in keys]
        + list(members.pop("AttributeDefinitions", [])),
        **members,
    }
    if "ProvisionedThroughput" not in request:
        request.setdefault("BillingMode", "PAY_PER_REQUEST")
    return request


@pytest.fixture
def dynamodb_table(request, dynamodb_resource):
    """A boto3 Table with the keys pk and sk, or as the mark dynamodb_table says."""
    mark = request.node.get_closest_marker("dynamodb_table")
    wanted = create_table_request(*mark.args, **mark.kwargs) if mark else create_table_request()
    table = dynamodb_resource.create_table(**wanted)
    table.wait_until_exists()
    return table

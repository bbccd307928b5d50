import boto3
import pytest

import stator
from stator.pytest_plugin import create_table_request


@pytest.fixture(scope="session")
def stator_seed():
    def seed(client):
        client.create_table(**create_table_request("seeded", range=None))
        client.put_item(TableName="seeded", Item={"pk": {"S": "a"}, "n": {"N": "1"}})

    return seed


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Makes everything fail that would use a network or the machine's credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_REGION",
                 "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    def refuse(*arguments, **options):
        raise AssertionError("a request was about to be sent")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", refuse)


@pytest.fixture
def database():
    with stator.Database() as database:
        yield database

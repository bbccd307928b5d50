"""Tests infrastructure as code: the calls that Terraform's AWS provider and CloudFormation's handlers make for a table with
all features, in their order and in each replica's region. Reads must return what was set, so that a second plan finds
nothing to change; each changed attribute is another apply; and everything can be removed again."""

import copy
import http.client
import json
import os
import sys
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402

ACCOUNT = "123456789012"
HOME = "eu-central-1"


class Refused(Exception):
    pass


class Cloud:
    """A client of one account, for any region."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        self.calls = 0

    def call(self, region, operation, **request):
        self.calls += 1
        self.connection.request("POST", "/", json.dumps(request), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810." + operation, "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/%s/dynamodb/aws4_request, SignedHeaders=host, Signature=0" % region})
        reply = self.connection.getresponse()
        text = reply.read()
        body = json.loads(text) if text else {}
        if reply.status != 200:
            raise Refused("%s in %s: %s" % (operation, region, body))
        return body

    def close(self):
        self.connection.close()


def wait(done):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        value = done()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError("waited in vain")


def tags_of(tags):
    return sorted(tags, key=lambda tag: tag["Key"])


class Terraform:
    """Makes the calls of the provider for aws_dynamodb_table and related resources. A configuration is a dictionary with the
    provider's names; `plan` returns the differences between it and what is read."""

    def __init__(self, cloud, config):
        self.cloud, self.config, self.name = cloud, config, config["name"]

    def home(self, operation, **request):
        return self.cloud.call(HOME, operation, **request)

    def arn(self, region):
        return "arn:aws:dynamodb:%s:%s:table/%s" % (region, ACCOUNT, self.name)

    def table(self, region=HOME):
        return self.cloud.call(region, "DescribeTable", TableName=self.name)["Table"]

    def wait_active(self, region=HOME):
        def ready():
            table = self.table(region)
            return table["TableStatus"] == "ACTIVE" and all(index["IndexStatus"] == "ACTIVE"
                                                            for index in table.get("GlobalSecondaryIndexes", []))
        wait(ready)

    # --- create

    def create(self):
        config = self.config
        request = {
            "TableName": self.name, "BillingMode": config["billing_mode"], "TableClass": config["table_class"],
            "DeletionProtectionEnabled": config["deletion_protection"], "Tags": config["tags"],
            "AttributeDefinitions": config["attributes"], "KeySchema": config["key_schema"],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": config["stream_view_type"]},
            "SSESpecification": {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": config["kms_key"]},
            "LocalSecondaryIndexes": config["local_indexes"], "GlobalSecondaryIndexes": config["global_indexes"],
        }
        if config["billing_mode"] == "PROVISIONED":
            request["ProvisionedThroughput"] = config["throughput"]
        else:
            request["OnDemandThroughput"] = config["on_demand"]
        self.home("CreateTable", **request)
        self.wait_active()
        self.set_ttl()
        self.set_recovery(HOME, config["recovery_days"])
        self.set_replicas([])
        self.set_policy()
        self.set_insights()
        self.set_kinesis(None)

    def set_ttl(self):
        now = self.home("DescribeTimeToLive", TableName=self.name)["TimeToLiveDescription"]
        if now.get("AttributeName") == self.config["ttl"]:
            return
        if now["TimeToLiveStatus"] == "ENABLED":
            self.home("UpdateTimeToLive", TableName=self.name,
                      TimeToLiveSpecification={"AttributeName": now["AttributeName"], "Enabled": False})
        self.home("UpdateTimeToLive", TableName=self.name,
                  TimeToLiveSpecification={"AttributeName": self.config["ttl"], "Enabled": True})
        wait(lambda: self.home("DescribeTimeToLive", TableName=self.name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED")

    def recovery(self, region):
        description = self.cloud.call(region, "DescribeContinuousBackups", TableName=self.name)["ContinuousBackupsDescription"]
        recovery = description["PointInTimeRecoveryDescription"]
        return recovery["RecoveryPeriodInDays"] if recovery["PointInTimeRecoveryStatus"] == "ENABLED" else 0

    def set_recovery(self, region, days):
        specification = {"PointInTimeRecoveryEnabled": days > 0, **({"RecoveryPeriodInDays": days} if days else {})}
        self.cloud.call(region, "UpdateContinuousBackups", TableName=self.name, PointInTimeRecoverySpecification=specification)
        wait(lambda: self.recovery(region) == days)

    def replicas(self):
        return {replica["RegionName"]: replica for replica in self.table().get("Replicas", [])}

    def set_replicas(self, before):
        wanted = {replica["region"]: replica for replica in self.config["replicas"]}
        known = {replica["region"]: replica for replica in before}
        for region in known.keys() - wanted.keys():
            if known[region]["deletion_protection"]:
                self.cloud.call(region, "UpdateTable", TableName=self.name, DeletionProtectionEnabled=False)
                self.wait_active(region)
            self.home("UpdateTable", TableName=self.name, ReplicaUpdates=[{"Delete": {"RegionName": region}}])
            wait(lambda: region not in self.replicas())
            self.wait_active()
        for region, replica in wanted.items():
            if region not in known:
                self.home("UpdateTable", TableName=self.name,
                          ReplicaUpdates=[{"Create": {"RegionName": region, "KMSMasterKeyId": replica["kms_key"]}}])
                wait(lambda: self.replicas().get(region, {}).get("ReplicaStatus") == "ACTIVE")
                self.wait_active()
            was = known.get(region, {"recovery": 0, "propagate_tags": False, "deletion_protection": False})
            if was["recovery"] != replica["recovery"]:
                self.set_recovery(region, replica["recovery"])
            if replica["propagate_tags"]:
                self.cloud.call(region, "TagResource", ResourceArn=self.arn(region), Tags=self.config["tags"])
            if was["deletion_protection"] != replica["deletion_protection"]:
                self.cloud.call(region, "UpdateTable", TableName=self.name, DeletionProtectionEnabled=replica["deletion_protection"])
                self.wait_active(region)

    def set_policy(self):
        self.home("PutResourcePolicy", ResourceArn=self.arn(HOME), Policy=json.dumps(self.config["policy"]))

    def set_insights(self):
        action = "ENABLE" if self.config["insights"] else "DISABLE"
        self.home("UpdateContributorInsights", TableName=self.name, ContributorInsightsAction=action)
        wait(lambda: self.home("DescribeContributorInsights", TableName=self.name)["ContributorInsightsStatus"] == action + "D")

    def kinesis(self):
        live = [each for each in self.home("DescribeKinesisStreamingDestination", TableName=self.name)["KinesisDataStreamDestinations"]
                if each["DestinationStatus"] not in ("DISABLED", "ENABLE_FAILED")]
        return live[0] if live else None

    def set_kinesis(self, before):
        if before is not None:
            self.home("DisableKinesisStreamingDestination", TableName=self.name, StreamArn=before)
            wait(lambda: self.kinesis() is None)
        if self.config["kinesis"] is not None:
            self.home("EnableKinesisStreamingDestination", TableName=self.name, StreamArn=self.config["kinesis"],
                      EnableKinesisStreamingConfiguration={"ApproximateCreationDateTimePrecision": "MICROSECOND"})
            wait(lambda: (self.kinesis() or {}).get("DestinationStatus") == "ACTIVE")

    # --- read

    def read(self):
        table = self.table()
        summary = table.get("BillingModeSummary", {"BillingMode": "PROVISIONED"})
        tags = tags_of(self.home("ListTagsOfResource", ResourceArn=table["TableArn"])["Tags"])
        ttl = self.home("DescribeTimeToLive", TableName=self.name)["TimeToLiveDescription"]
        state = {
            "name": table["TableName"], "billing_mode": summary["BillingMode"],
            "table_class": table.get("TableClassSummary", {"TableClass": "STANDARD"})["TableClass"],
            "deletion_protection": table["DeletionProtectionEnabled"], "tags": tags, "attributes": table["AttributeDefinitions"],
            "key_schema": table["KeySchema"], "stream_view_type": table["StreamSpecification"]["StreamViewType"],
            "kms_key": table["SSEDescription"]["KMSMasterKeyArn"], "ttl": ttl.get("AttributeName"),
            "recovery_days": self.recovery(HOME), "replicas": [self.read_replica(each) for each in table.get("Replicas", [])],
            "policy": json.loads(self.home("GetResourcePolicy", ResourceArn=table["TableArn"])["Policy"]),
            "insights": self.home("DescribeContributorInsights", TableName=self.name)["ContributorInsightsStatus"] == "ENABLED",
            "kinesis": (self.kinesis() or {}).get("StreamArn"),
            "local_indexes": [{part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
                              for index in table.get("LocalSecondaryIndexes", [])],
            "global_indexes": [self.read_index(index, summary["BillingMode"]) for index in table.get("GlobalSecondaryIndexes", [])],
        }
        if summary["BillingMode"] == "PROVISIONED":
            state["throughput"] = {part: table["ProvisionedThroughput"][part] for part in ("ReadCapacityUnits", "WriteCapacityUnits")}
        else:
            state["on_demand"] = table.get("OnDemandThroughput")
        return state

    @staticmethod
    def read_index(index, billing_mode):
        parts = {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
        if billing_mode == "PROVISIONED":
            parts["ProvisionedThroughput"] = {part: index["ProvisionedThroughput"][part]
                                              for part in ("ReadCapacityUnits", "WriteCapacityUnits")}
        return parts

    def read_replica(self, description):
        region = description["RegionName"]
        table = self.table(region)
        assert table["TableArn"] == self.arn(region), table["TableArn"]
        assert table["LatestStreamArn"].startswith(self.arn(region) + "/stream/"), table["LatestStreamArn"]
        tags = tags_of(self.cloud.call(region, "ListTagsOfResource", ResourceArn=self.arn(region))["Tags"])
        return {"region": region, "kms_key": description["KMSMasterKeyId"], "recovery": self.recovery(region),
                "propagate_tags": tags == self.config["tags"], "deletion_protection": table["DeletionProtectionEnabled"]}

    def plan(self):
        """Attributes that differ: (name, wanted, actual)."""
        state = self.read()
        return [(name, self.config.get(name), state.get(name)) for name in sorted(self.config.keys() | state.keys())
                if self.config.get(name) != state.get(name)]

    # --- update

    def apply(self, config):
        """Applies another configuration to the same table."""
        before, self.config = self.config, config
        changed = {name for name in config if config[name] != before.get(name)}
        if changed & {"billing_mode", "throughput"}:
            request = {"BillingMode": config["billing_mode"]}
            if config["billing_mode"] == "PROVISIONED":
                request["ProvisionedThroughput"] = config["throughput"]
                request["GlobalSecondaryIndexUpdates"] = [
                    {"Update": {"IndexName": index["IndexName"], "ProvisionedThroughput": index["ProvisionedThroughput"]}}
                    for index in config["global_indexes"]]
            self.update(**request)
        if "on_demand" in changed and config["billing_mode"] == "PAY_PER_REQUEST":
            self.update(OnDemandThroughput=config["on_demand"])
        if "table_class" in changed:
            self.update(TableClass=config["table_class"])
        if "kms_key" in changed:
            self.update(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": config["kms_key"]})
        if "deletion_protection" in changed:
            self.update(DeletionProtectionEnabled=config["deletion_protection"])
        if "global_indexes" in changed and "billing_mode" not in changed:
            self.set_indexes(before["global_indexes"])
        if "ttl" in changed:
            self.set_ttl()
        if "recovery_days" in changed:
            self.set_recovery(HOME, config["recovery_days"])
        if "tags" in changed:
            self.set_tags(before["tags"])
        if changed & {"replicas", "tags"}:
            self.set_replicas(before["replicas"])
        if "policy" in changed:
            self.set_policy()
        if "insights" in changed:
            self.set_insights()
        if "kinesis" in changed:
            self.set_kinesis(before["kinesis"])

    def update(self, **request):
        self.home("UpdateTable", TableName=self.name, **request)
        self.wait_active()

    def set_indexes(self, before):
        wanted = {index["IndexName"]: index for index in self.config["global_indexes"]}
        for index in before:
            if wanted.get(index["IndexName"]) != index:
                self.update(GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": index["IndexName"]}}])
        for name, index in wanted.items():
            if index not in before:
                self.update(AttributeDefinitions=self.config["attributes"], GlobalSecondaryIndexUpdates=[{"Create": index}])

    def set_tags(self, before):
        wanted = {tag["Key"] for tag in self.config["tags"]}
        gone = [tag["Key"] for tag in before if tag["Key"] not in wanted]
        regions = [HOME] + [replica["region"] for replica in self.config["replicas"] if replica["propagate_tags"]]
        for region in regions:
            if gone:
                self.cloud.call(region, "UntagResource", ResourceArn=self.arn(region), TagKeys=gone)
            self.cloud.call(region, "TagResource", ResourceArn=self.arn(region), Tags=self.config["tags"])

    # --- delete

    def destroy(self):
        self.set_kinesis_off()
        self.home("DeleteResourcePolicy", ResourceArn=self.arn(HOME))
        if self.config["deletion_protection"]:
            self.update(DeletionProtectionEnabled=False)
        before, self.config = self.config["replicas"], {**self.config, "replicas": []}
        self.set_replicas(before)
        self.home("DeleteTable", TableName=self.name)

        def gone():
            try:
                self.table()
                return False
            except Refused as refusal:
                assert "ResourceNotFoundException" in str(refusal), refusal
                return True
        wait(gone)

    def set_kinesis_off(self):
        before, self.config = self.config["kinesis"], {**self.config, "kinesis": None}
        self.set_kinesis(before)


def key(region, name):
    return "arn:aws:kms:%s:%s:key/%s" % (region, ACCOUNT, name)


def everything_on():
    return {
        "name": "everything", "billing_mode": "PAY_PER_REQUEST", "table_class": "STANDARD_INFREQUENT_ACCESS", "deletion_protection": True,
        "tags": [{"Key": "owner", "Value": "people"}, {"Key": "team", "Value": "storage"}],
        "attributes": [{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "l", "AttributeType": "N"},
                       {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}],
        "key_schema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "stream_view_type": "NEW_AND_OLD_IMAGES", "kms_key": key(HOME, "one"), "ttl": "expires", "recovery_days": 7,
        "on_demand": {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
        "local_indexes": [{"IndexName": "local", "Projection": {"ProjectionType": "KEYS_ONLY"},
                           "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}]}],
        "global_indexes": [{"IndexName": "global", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]},
                            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}],
        "replicas": [{"region": "eu-west-1", "kms_key": key("eu-west-1", "west"), "recovery": 35, "propagate_tags": True,
                      "deletion_protection": True},
                     {"region": "us-east-1", "kms_key": key("us-east-1", "east"), "recovery": 0, "propagate_tags": False,
                      "deletion_protection": False}],
        "policy": {"Version": "2012-10-17", "Statement": [{
            "Sid": "reads", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::%s:root" % ACCOUNT},
            "Action": ["dynamodb:GetItem", "dynamodb:Query"],
            "Resource": "arn:aws:dynamodb:%s:%s:table/everything" % (HOME, ACCOUNT)}]},
        "insights": True, "kinesis": "arn:aws:kinesis:%s:%s:stream/changes" % (HOME, ACCOUNT),
    }


class InfrastructureTest(unittest.TestCase):
    def cloud(self, *options):
        server = StatorServer(["--in-memory", "--region", HOME, "--account", ACCOUNT, *options])
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        cloud = Cloud(server.url)
        self.addCleanup(cloud.close)
        return cloud

    def test_terraform_finds_nothing_to_change_in_what_it_made(self):
        for delay in ([], ["--transition-delay", "30"]):
            with self.subTest(delay=delay):
                terraform = Terraform(self.cloud(*delay), everything_on())
                terraform.create()
                self.assertEqual(terraform.plan(), [])
                self.assertEqual(terraform.plan(), [], "a second look")
                terraform.destroy()

    def test_each_attribute_is_one_more_apply(self):
        terraform = Terraform(self.cloud(), everything_on())
        terraform.create()
        changes = [
            {"table_class": "STANDARD"}, {"kms_key": key(HOME, "two")}, {"ttl": "gone"}, {"recovery_days": 35}, {"recovery_days": 0},
            {"deletion_protection": False}, {"on_demand": {"MaxReadRequestUnits": 200, "MaxWriteRequestUnits": 50}},
            {"tags": [{"Key": "owner", "Value": "robots"}]}, {"insights": False},
            {"kinesis": "arn:aws:kinesis:%s:%s:stream/others" % (HOME, ACCOUNT)},
            {"policy": {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::%s:root" % ACCOUNT},
                                                                "Action": "dynamodb:DeleteItem", "Resource": "*"}]}},
            {"global_indexes": [], "attributes": everything_on()["attributes"][1:]},
            {"global_indexes": everything_on()["global_indexes"], "attributes": everything_on()["attributes"]},
            {"replicas": everything_on()["replicas"][:1]},
            {"replicas": [{**everything_on()["replicas"][0], "deletion_protection": False, "recovery": 0, "propagate_tags": True}]},
            {"replicas": []},
            {"billing_mode": "PROVISIONED", "throughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6}, "on_demand": None,
             "global_indexes": [{**everything_on()["global_indexes"][0],
                                 "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}}]},
        ]
        for change in changes:
            with self.subTest(change=change):
                config = {**copy.deepcopy(terraform.config), **change}
                config = {name: value for name, value in config.items() if name != "on_demand" or value is not None}
                terraform.config, before = config, terraform.config
                self.assertNotEqual(terraform.plan(), [], "the change is seen")
                terraform.config = before
                terraform.apply(config)
                self.assertEqual(terraform.plan(), [])
        terraform.destroy()

    def test_cloudformation_makes_a_global_table_with_auto_scaling(self):
        """AWS::DynamoDB::GlobalTable: replicas, then the capacity of all replicas and of each."""
        cloud = self.cloud()
        name = "scaled"
        units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
        cloud.call(HOME, "CreateTable", TableName=name, BillingMode="PROVISIONED", ProvisionedThroughput=units,
                   AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
                   KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                   StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
        cloud.call(HOME, "UpdateTable", TableName=name, ReplicaUpdates=[{"Create": {"RegionName": "us-west-2"}}])

        def scaling(minimum, maximum, target):
            return {"MinimumUnits": minimum, "MaximumUnits": maximum,
                    "ScalingPolicyUpdate": {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": target}}}
        cloud.call(HOME, "UpdateTableReplicaAutoScaling", TableName=name, ProvisionedWriteCapacityAutoScalingUpdate=scaling(5, 50, 70),
                   ReplicaUpdates=[{"RegionName": region, "ReplicaProvisionedReadCapacityAutoScalingUpdate": scaling(low, 40, 60)}
                                   for region, low in ((HOME, 5), ("us-west-2", 6))])
        for region in (HOME, "us-west-2"):
            described = cloud.call(region, "DescribeTableReplicaAutoScaling", TableName=name)["TableAutoScalingDescription"]
            read = {each["RegionName"]: (each["ReplicaProvisionedReadCapacityAutoScalingSettings"],
                                         each["ReplicaProvisionedWriteCapacityAutoScalingSettings"]) for each in described["Replicas"]}
            self.assertEqual({each: (reads["MinimumUnits"], reads["MaximumUnits"], writes["MinimumUnits"], writes["MaximumUnits"])
                              for each, (reads, writes) in read.items()},
                             {HOME: (5, 40, 5, 50), "us-west-2": (6, 40, 5, 50)})
        limits = cloud.call(HOME, "DescribeLimits")
        self.assertEqual(sorted(limits), ["AccountMaxReadCapacityUnits", "AccountMaxWriteCapacityUnits", "TableMaxReadCapacityUnits",
                                          "TableMaxWriteCapacityUnits"])
        cloud.call(HOME, "UpdateTable", TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": "us-west-2"}}])
        cloud.call(HOME, "DeleteTable", TableName=name)


if __name__ == "__main__":
    unittest.main()

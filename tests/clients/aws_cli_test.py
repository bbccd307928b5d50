"""Tests the AWS CLI against a server in memory that verifies signatures, with commands as users type them."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402

AWS = os.environ.get("AWS_CLI", "/usr/bin/aws")


class AwsCliTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = StatorServer(["--in-memory", "--credentials", "local:local"]).__enter__()
        cls.home = tempfile.TemporaryDirectory()
        cls.environment = {"PATH": "/usr/bin:/bin", "HOME": cls.home.name, "AWS_ACCESS_KEY_ID": "local",
                           "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1", "AWS_PAGER": "",
                           "AWS_MAX_ATTEMPTS": "1"}

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__(None, None, None)
        cls.home.cleanup()

    def aws(self, *arguments, expect=0, **variables):
        ran = subprocess.run([AWS, "dynamodb", *arguments, "--endpoint-url", self.server.url],
                             env={**self.environment, **variables}, capture_output=True, text=True, timeout=120)
        self.assertEqual(ran.returncode, expect, ran.stdout + ran.stderr)
        return ran.stdout if expect == 0 else ran.stderr

    def test_a_session(self):
        created = json.loads(self.aws(
            "create-table", "--table-name", "cli", "--attribute-definitions", "AttributeName=pk,AttributeType=S",
            "AttributeName=sk,AttributeType=S", "--key-schema", "AttributeName=pk,KeyType=HASH", "AttributeName=sk,KeyType=RANGE",
            "--provisioned-throughput", "ReadCapacityUnits=5,WriteCapacityUnits=5"))
        self.assertEqual(created["TableDescription"]["TableStatus"], "CREATING")
        self.aws("wait", "table-exists", "--table-name", "cli")
        self.aws("put-item", "--table-name", "cli", "--item", '{"pk":{"S":"a"},"sk":{"S":"1"},"n":{"N":"1"}}')
        self.aws("batch-write-item", "--request-items",
                 '{"cli":[{"PutRequest":{"Item":{"pk":{"S":"a"},"sk":{"S":"2"}}}},{"PutRequest":{"Item":{"pk":{"S":"b"},"sk":{"S":"1"}}}}]}')
        updated = json.loads(self.aws(
            "update-item", "--table-name", "cli", "--key", '{"pk":{"S":"a"},"sk":{"S":"1"}}', "--update-expression",
            "ADD n :one", "--expression-attribute-values", '{":one":{"N":"41"}}', "--return-values", "UPDATED_NEW"))
        self.assertEqual(updated, {"Attributes": {"n": {"N": "42"}}})
        found = json.loads(self.aws(
            "query", "--table-name", "cli", "--key-condition-expression", "pk = :p AND begins_with(sk, :s)",
            "--expression-attribute-values", '{":p":{"S":"a"},":s":{"S":"2"}}'))
        self.assertEqual(found["Items"], [{"pk": {"S": "a"}, "sk": {"S": "2"}}])
        # The CLI follows LastEvaluatedKey itself.
        scanned = json.loads(self.aws("scan", "--table-name", "cli", "--page-size", "1"))
        self.assertEqual(scanned["Count"], 3)
        self.assertIn("|  cli", self.aws("list-tables", "--query", "TableNames", "--output", "table"))
        # A PartiQL statement.
        selected = self.aws("execute-statement", "--statement", "SELECT sk, n FROM cli WHERE pk = ? ORDER BY sk DESC", "--parameters",
                            '[{"S":"a"}]', "--query", "Items[].sk.S", "--output", "text")
        self.assertEqual(selected, "2\t1\n")
        self.aws("execute-statement", "--statement", "UPDATE cli SET n = n + 1 WHERE pk = 'a' AND sk = '1'")
        both = json.loads(self.aws("batch-execute-statement", "--statements",
                                   '[{"Statement":"SELECT n FROM cli WHERE pk = \'a\' AND sk = \'1\'"}]'))
        self.assertEqual(both["Responses"], [{"TableName": "cli", "Item": {"n": {"N": "43"}}}])
        message = self.aws("execute-statement", "--statement", "DELETE FROM cli", expect=254)
        self.assertIn("Where clause does not contain a mandatory equality on all key attributes", message)
        self.aws("delete-item", "--table-name", "cli", "--key", '{"pk":{"S":"b"},"sk":{"S":"1"}}')
        message = self.aws("get-item", "--table-name", "cli", "--key", '{"pk":{"S":"a"}}', expect=254)
        self.assertIn("An error occurred (ValidationException) when calling the GetItem operation", message)
        self.assertIn(": The provided key element does not match the schema", message)
        message = self.aws("list-tables", expect=254, AWS_SECRET_ACCESS_KEY="another")
        self.assertIn("An error occurred (InvalidSignatureException) when calling the ListTables operation", message)
        self.aws("delete-table", "--table-name", "cli")
        self.aws("wait", "table-not-exists", "--table-name", "cli")


if __name__ == "__main__":
    unittest.main()

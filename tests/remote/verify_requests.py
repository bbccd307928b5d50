#!/usr/bin/python3
"""Compares the requests that go to AWS, byte for byte.

Each row runs one of our commands and the AWS CLI against a recording server. Both requests must have the same bytes apart
from dates, user agent and signature, and botocore must compute the same signature as ours.

Usage: verify_requests.py CALL_PROD STATOR
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CALL_PROD, STATOR = (os.path.abspath(path) for path in sys.argv[1:3])
AWS = "/usr/bin/aws"
if not os.path.exists(AWS):
    sys.exit("verify_requests.py compares with Debian's AWS CLI: install the package awscli")
REGION = "eu-west-3"
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "session/token+with=signs"
JSON_TYPE = "application/x-amz-json-1.0"
EC2_OK = ('<?xml version="1.0" encoding="UTF-8"?><ModifySecurityGroupRulesResponse '
          'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><return>true</return>'
          '</ModifySecurityGroupRulesResponse>')


class Recorder:
    """Records each request's bytes and gives the same reply to all."""

    def __init__(self, content_type, body, status="200 OK"):
        self.reply = (f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
                      f"Connection: close\r\n\r\n{body}").encode()
        self.requests = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                data = b""
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        break
                    data += more
                head, _, body = data.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                while length and len(body) < int(length.group(1)):
                    body += connection.recv(65536)
                if data:
                    self.requests.append(head + b"\r\n\r\n" + body)
                    connection.sendall(self.reply)


def masked(request):
    """The request without its variable parts."""
    request = re.sub(rb"(\r\nUser-Agent: )[^\r]*", rb"\1*", request)
    request = re.sub(rb"(\r\nX-Amz-Date: )\d{8}T\d{6}Z", rb"\1*", request)
    request = re.sub(rb"(Credential=[^/]*/)\d{8}/", rb"\1*/", request)
    return re.sub(rb"(Signature=)[0-9a-f]{64}", rb"\1*", request)


def botocore_signature(request, service):
    """The signature that botocore computes for the received request."""
    head, _, body = request.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    names = re.search("SignedHeaders=([^,]*),", fields["Authorization"]).group(1).split(";")
    signed = {name: value for name, value in fields.items() if name.lower() in names}
    aws_request = AWSRequest(method="POST", url="http://" + fields["Host"] + "/", headers=signed, data=body)
    aws_request.context["timestamp"] = fields["X-Amz-Date"]
    auth = SigV4Auth(Credentials(KEY, SECRET, fields.get("X-Amz-Security-Token")), service, REGION)
    return auth.signature(auth.string_to_sign(aws_request, auth.canonical_request(aws_request)), aws_request)


def run(command, recorder, home, **variables):
    environment = {"PATH": os.environ["PATH"], "HOME": home, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                   "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "AWS_PAGER": "", "NO_COLOR": "1",
                   **variables}
    if command[0] == AWS:
        command = command + ["--endpoint-url", recorder.url]
    else:
        environment["AWS_ENDPOINT_URL"] = recorder.url
    return subprocess.run(command, env=environment, cwd=home, capture_output=True, text=True, timeout=60)


class Requests(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def compare(self, ours, theirs, service, content_type, reply, **variables):
        with Recorder(content_type, reply) as recorder:
            for command in (ours, theirs):
                done = run(command, recorder, self.directory.name, **variables)
                self.assertEqual(done.returncode, 0, f"{command}: {done.stderr}")
            self.assertEqual(len(recorder.requests), 2, recorder.requests)
            mine, reference = recorder.requests
        self.assertEqual(masked(mine).decode(), masked(reference).decode())
        expected = botocore_signature(mine, service)
        self.assertIn(f"Signature={expected}\r\n", mine.decode())
        # The check must be able to fail, and the reference must pass it.
        self.assertIn(f"Signature={botocore_signature(reference, service)}\r\n", reference.decode())
        self.assertNotEqual(botocore_signature(mine + b" ", service), expected)

    def test_dynamodb(self):
        key = '{"pk":{"S":"caf\u00e9 \\"x\\""},"sk":{"N":"1.50"}}'
        rows = [
            ("list tables", [CALL_PROD, "ListTables", "{}"], ["list-tables"], '{"TableNames":[]}'),
            ("describe", [CALL_PROD, "DescribeTable", '{"TableName":"messages"}'],
             ["describe-table", "--table-name", "messages"], '{"Table":{}}'),
            ("get item", [CALL_PROD, "GetItem", '{"TableName":"messages","Key":%s,"ConsistentRead":true}' % key],
             ["get-item", "--table-name", "messages", "--key", key, "--consistent-read"], "{}"),
            ("put item", [CALL_PROD, "PutItem", '{"TableName":"messages","Item":{"pk":{"S":"\u65e5\U0001f600"},"l":{"L":'
                          '[{"BOOL":true},{"NULL":true}]}},"ConditionExpression":"attribute_not_exists(pk)"}'],
             ["put-item", "--table-name", "messages", "--item",
              '{"pk":{"S":"\u65e5\U0001f600"},"l":{"L":[{"BOOL":true},{"NULL":true}]}}', "--condition-expression",
              "attribute_not_exists(pk)"], "{}"),
        ]
        for variables in ({}, {"AWS_SESSION_TOKEN": TOKEN}):
            for name, ours, arguments, reply in rows:
                with self.subTest(name, **variables):
                    self.compare(ours, [AWS, "dynamodb", *arguments], "dynamodb", JSON_TYPE, reply, **variables)

    def test_ddb_commands(self):
        rows = [
            ("list-tables", ["list-tables", "prod"], ["list-tables"], '{"TableNames":["a"]}'),
            ("drop", ["drop", "messages", "--yes", "messages", "prod"], ["delete-table", "--table-name", "messages"],
             '{"TableDescription":{"TableName":"messages","TableStatus":"DELETING"}}'),
            ("scan", ["scan", "messages", "prod"], ["scan", "--table-name", "messages"],
             '{"Items":[],"Count":0,"ScannedCount":0}'),
        ]
        for name, ours, arguments, reply in rows:
            with self.subTest(name):
                self.compare([STATOR, "ddb", *ours], [AWS, "dynamodb", *arguments], "dynamodb", JSON_TYPE, reply)

    def test_rds_update_sg_rule(self):
        rows = [
            ("plain", [], "stator", "5432", "203.0.113.7", "CidrIpv4=203.0.113.7/32"),
            ("described", ["--description", "a b & c/\u00e9", "--port", "6543", "--ip", "2001:db8::1"],
             "a b & c/\u00e9", "6543", "203.0.113.7", "CidrIpv6=2001:db8::1/128"),
        ]
        for name, options, description, port, address, cidr in rows:
            rule = (f"SecurityGroupRuleId=sgr-2,SecurityGroupRule={{Description={description},IpProtocol=tcp,"
                    f"FromPort={port},ToPort={port},{cidr}}}")
            with self.subTest(name):
                self.compare([STATOR, "rds", "update-sg-rule", *options],
                             [AWS, "ec2", "modify-security-group-rules", "--group-id", "sg-1", "--security-group-rules",
                              rule],
                             "ec2", "text/xml", EC2_OK, DB_SG_ID="sg-1", DB_SG_RULE_ID="sgr-2", DB_SG_IP=address,
                             AWS_SESSION_TOKEN=TOKEN)

    def rds(self, recorder, *options, **variables):
        return run([STATOR, "rds", "update-sg-rule", *options], recorder, self.directory.name, **variables)

    def test_rds_dry_run_sends_nothing_and_shows_the_body(self):
        with Recorder("text/xml", EC2_OK) as recorder:
            done = self.rds(recorder, "--dry-run", DB_SG_ID="sg-1", DB_SG_RULE_ID="sgr-2", DB_SG_IP="203.0.113.7")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(recorder.requests, [])
            self.assertIn("Action=ModifySecurityGroupRules&Version=2016-11-15&GroupId=sg-1&", done.stdout)
            self.assertNotIn(SECRET, done.stdout)
            self.rds(recorder, DB_SG_ID="sg-1", DB_SG_RULE_ID="sgr-2", DB_SG_IP="203.0.113.7")
            body = recorder.requests[0].partition(b"\r\n\r\n")[2].decode()
        self.assertTrue(done.stdout.endswith("\n\n" + body + "\n"), done.stdout)

    def test_rds_faults_are_one_line(self):
        refusal = ('<Response><Errors><Error><Code>InvalidGroupId.Malformed</Code><Message>Invalid id: &quot;sg-1&quot;'
                   '</Message></Error></Errors><RequestID>r</RequestID></Response>')
        known = {"DB_SG_ID": "sg-1", "DB_SG_RULE_ID": "sgr-2", "DB_SG_IP": "203.0.113.7"}
        rows = [
            ("refused", [], known, 1, 'InvalidGroupId.Malformed.*: Invalid id: "sg-1"$'),
            ("both missing", [], {}, 1, "DB_SG_ID and DB_SG_RULE_ID are not set"),
            ("rule missing", [], {"DB_SG_ID": "sg-1"}, 1, "DB_SG_RULE_ID is not set"),
            ("bad address", ["--ip", "here"], known, 2, '"here" .--ip. is not an IP address'),
            ("no region", [], {**known, "AWS_REGION": ""}, 1, "no AWS region"),
            ("no credentials", [], {**known, "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, 1,
             "no AWS credentials found"),
        ]
        for name, options, variables, status, expected in rows:
            with self.subTest(name), Recorder("text/xml", refusal, "400 Bad Request") as recorder:
                done = self.rds(recorder, *options, **variables)
                self.assertEqual(done.returncode, status)
                self.assertRegex(done.stderr.rstrip("\n"), expected)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_rds_looks_our_address_up(self):
        with Recorder("text/plain", "198.51.100.9\n") as checkip, Recorder("text/xml", EC2_OK) as recorder:
            done = self.rds(recorder, DB_SG_ID="sg-1", DB_SG_RULE_ID="sgr-2", STATOR_CHECKIP_URL=checkip.url)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"CidrIpv4=198.51.100.9%2F32", recorder.requests[0])

    def test_rds_wait(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = str(listener.getsockname()[1])
            url = f"postgresql://u:hidden@127.0.0.1:{port}/d"
            with Recorder("text/plain", "") as recorder:
                for command, variables in ((["--host", "127.0.0.1", "--port", port], {}), (["--connection-url", url], {}),
                                           ([], {"CONNECTION_URL": url}), (["prod"], {"PROD_CONNECTION_URL": url})):
                    done = run([STATOR, "rds", "wait", *command], recorder, self.directory.name, **variables)
                    self.assertEqual((done.returncode, done.stdout), (0, f"127.0.0.1 port {port} answers\n"), done.stderr)
        done = run([STATOR, "rds", "wait", "--timeout", "1", "--connection-url", url], recorder, self.directory.name)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr,
                         f"stator: 127.0.0.1 port {port} did not answer within 1 s: Connection refused\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

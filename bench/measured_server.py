"""A server whose processor time is measured."""
import http.client
import json
import re
import subprocess

from programs import HEADERS, STATOR, Measured

STREAMS = ("DescribeStream", "GetShardIterator", "GetRecords")


class Server(Measured):
    def __init__(self, arguments):
        self.process = subprocess.Popen([STATOR, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        port = None
        while port is None:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit("stator serve ended")
            port = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        self.url = f"http://127.0.0.1:{port.group(1)}/"
        self.connection = http.client.HTTPConnection("127.0.0.1", int(port.group(1)), timeout=60)

    def send(self, operation, body):
        """Returns the reply's bytes; the body is JSON text."""
        target = ("DynamoDBStreams_20120810." if operation in STREAMS else "DynamoDB_20120810.") + operation
        self.connection.request("POST", "/", body, {**HEADERS, "X-Amz-Target": target})
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{operation}: {reply.status} {text.decode()}")
        return text

    def call(self, operation, **request):
        return json.loads(self.send(operation, json.dumps(request)) or b"{}")


def create(server, name, view_type=None, sort_key=False):
    keys = ["pk", "sk"] if sort_key else ["pk"]
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view_type}} if view_type else {}
    made = server.call("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                       AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                       KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))], **stream)
    return made["TableDescription"].get("LatestStreamArn")

"""A server whose processor time is measured: user and system, from /proc. Other work on the machine matters little to it."""
import http.client
import json
import os
import pathlib
import re
import subprocess

BINARY = pathlib.Path(__file__).resolve().parent.parent / "build" / "release" / "bin" / "stator"
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20230320T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date, Signature=0",
}
STREAMS = ("DescribeStream", "GetShardIterator", "GetRecords")


class Server:
    def __init__(self, arguments):
        self.process = subprocess.Popen([BINARY, "serve", "--port", "0", *arguments], stdout=subprocess.PIPE,
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
        """The reply's bytes; the body is JSON text."""
        target = ("DynamoDBStreams_20120810." if operation in STREAMS else "DynamoDB_20120810.") + operation
        self.connection.request("POST", "/", body, {**HEADERS, "X-Amz-Target": target})
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{operation}: {reply.status} {text.decode()}")
        return text

    def call(self, operation, **request):
        return json.loads(self.send(operation, json.dumps(request)) or b"{}")

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def create(server, name, view_type=None, sort_key=False):
    keys = ["pk", "sk"] if sort_key else ["pk"]
    stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view_type}} if view_type else {}
    made = server.call("CreateTable", TableName=name, BillingMode="PAY_PER_REQUEST",
                       AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in keys],
                       KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, ("HASH", "RANGE"))], **stream)
    return made["TableDescription"].get("LatestStreamArn")

"""A plain client for tests: one persistent connection, no retries, no SDK."""

import http.client
import json
import urllib.parse

HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20230101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230101/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host, Signature=0",
}


STREAMS = ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")


class CallError(Exception):
    """An error reply of the server. `type` is DynamoDB's name of the error, `body` the whole reply."""

    def __init__(self, operation, body):
        super().__init__("%s: %s" % (operation, body))
        self.type = body.get("__type", "").rpartition("#")[2]
        self.body = body


class Client:
    """`call` returns the reply as an object. Raises CallError if the server returns an error, and OSError or
    http.client.HTTPException if the connection ends before the reply."""

    def __init__(self, url, timeout_s=60):
        parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)

    def call(self, operation, **request):
        service = "DynamoDBStreams_20120810." if operation in STREAMS else "DynamoDB_20120810."
        headers = dict(HEADERS, **{"X-Amz-Target": service + operation})
        self.connection.request("POST", "/", json.dumps(request), headers)
        response = self.connection.getresponse()
        text = response.read()  # empty if an operation has no output
        body = json.loads(text) if text else {}
        if response.status != 200:
            raise CallError(operation, body)
        return body

    def pages(self, operation, **request):
        """The items of all pages of a Query or Scan, in order."""
        items = []
        while True:
            page = self.call(operation, **request)
            items.extend(page["Items"])
            if "LastEvaluatedKey" not in page:
                return items
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

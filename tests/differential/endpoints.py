"""A client of one DynamoDB API over HTTP."""

import http.client
import json
import time
import urllib.parse

import tables

HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64,
}
WAIT_S = 20


class Endpoint:
    """`call` returns (HTTP status, parsed body); a body that is not JSON is returned as text."""

    def __init__(self, url, revive=None):
        """`revive` is called if nothing listens (a request may kill a peer), and must restart the peer."""
        parts = urllib.parse.urlsplit(url)
        self.address = (parts.hostname, parts.port or 80)
        self.connection = None
        self.revive = revive

    def call(self, operation, request):
        body = request if isinstance(request, str) else json.dumps(request)
        headers = dict(HEADERS, **{"X-Amz-Target": "DynamoDB_20120810." + operation})
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(*self.address, timeout=10)
            try:
                self.connection.request("POST", "/", body.encode(), headers)
                answer = self.connection.getresponse()
                text = answer.read().decode("utf-8", "replace")
                break
            except (OSError, http.client.HTTPException):
                # A kept connection may have been closed meanwhile; a new one must work.
                self.connection.close()
                self.connection = None
                if attempt == 2:
                    return self._no_answer()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def _no_answer(self):
        """A peer that cuts the connection twice has died of the request, or hangs."""
        if self.revive is not None:
            self.revive()
        return 0, "no answer"

    def reset(self):
        """Recreates the tables of tables.py, empty, and deletes our other tables. Foreign tables are not touched."""
        for name in self._ours():
            status, body = self.call("DeleteTable", {"TableName": name})
            if status != 200:
                self.call("UpdateTable", {"TableName": name, "DeletionProtectionEnabled": False})
                self.call("DeleteTable", {"TableName": name})
        self._wait(lambda: not self._ours())
        for table in tables.TABLES.values():
            status, body = self.call("CreateTable", table)
            if status != 200:
                raise RuntimeError("CreateTable %s: %s" % (table["TableName"], body))
        self.settle()

    def settle(self):
        """Waits until none of our tables is changing its status."""
        self._wait(lambda: all(self._is_settled(name) for name in self._ours()))

    def _ours(self):
        status, body = self.call("ListTables", {})
        if status == 0 and self.revive is not None:
            status, body = self.call("ListTables", {})
        if status != 200:
            raise RuntimeError("ListTables: %s" % body)
        return [name for name in body["TableNames"] if name.startswith(tables.PREFIX)]

    def _is_settled(self, name):
        status, body = self.call("DescribeTable", {"TableName": name})
        if status != 200:
            return False
        table = body["Table"]
        return all(one.get("IndexStatus", "ACTIVE") == "ACTIVE" for one in table.get("GlobalSecondaryIndexes", [])) \
            and table["TableStatus"] == "ACTIVE"

    @staticmethod
    def _wait(is_done):
        end = time.monotonic() + WAIT_S
        while not is_done():
            if time.monotonic() > end:
                raise RuntimeError("the tables did not settle in %d s" % WAIT_S)
            time.sleep(0.02)

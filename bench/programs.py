"""Starts programs to be measured, and sends requests to them."""
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time

BENCH = pathlib.Path(__file__).resolve().parent
STATOR = os.environ.get("STATOR_BIN") or BENCH.parent / "build" / "release" / "bin" / "stator"
NODE_PACKAGE = BENCH.parent / "bindings" / "node"
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20230320T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date, Signature=0",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Measured:
    """A class with a `process`, whose user and system processor time is read from /proc, where other work on the machine
    matters little."""

    def cpu_s(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self, field):
        """A field of /proc/PID/status, in megabytes."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", text)[1]) / 1024

    def settle(self, quiet_s, at_most_s):
        """Waits until the process uses hardly any processor time for `quiet_s` seconds: until its requests and background
        work are done."""
        end = time.monotonic() + at_most_s
        while time.monotonic() < end:
            before = self.cpu_s()
            time.sleep(quiet_s)
            if self.cpu_s() - before <= 0.01:
                return

    def wait_for_answer(self, at_most_s):
        """Returns True when `port` has answered a request, False if the process ended or took longer."""
        end = time.monotonic() + at_most_s
        while self.process.poll() is None and time.monotonic() < end:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/")
                connection.getresponse().read()
                return True
            except OSError:
                time.sleep(0.0005)
        return False

    def replay(self, file, connections, seconds):
        """Sends the requests in `file` (`write_requests`); returns wrk/replay.lua's figures, and the server's processor time
        as `cpu_s`."""
        before = self.cpu_s()
        output = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s", BENCH / "wrk" / "replay.lua",
             f"http://127.0.0.1:{self.port}/", "--", file], stdout=subprocess.PIPE, text=True, check=True).stdout
        return {**json.loads(output.strip().splitlines()[-1]), "cpu_s": self.cpu_s() - before}

    def stop(self):
        self.process.terminate()
        self.process.wait()


def write_requests(file, requests):
    """Writes (operation, request) pairs for `Measured.replay`."""
    file.write_text("".join(f"{operation}\t{json.dumps(request)}\n" for operation, request in requests))


class Program(Measured):
    """A program that serves on `port`."""

    def __init__(self, command, port):
        self.port = port
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise SystemExit(f"{command[0]} does not start")
                time.sleep(0.005)


def stator(*words):
    port = free_port()
    return Program([STATOR, *words, "--port", port, "--log-level", "off"], port)


class Client:
    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, operation, body):
        self.connection.request("POST", "/", json.dumps(body), {**HEADERS, "X-Amz-Target": "DynamoDB_20120810." + operation})
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise SystemExit(f"{operation}: {reply.status} {text.decode()}")
        return json.loads(text), reply.getheader("X-Stator-Cache")


def fill(port, items):
    client = Client(port)
    client.call("CreateTable", {"TableName": "bench", "BillingMode": "PAY_PER_REQUEST",
                                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]})
    for start in range(0, items, 25):
        client.call("BatchWriteItem", {"RequestItems": {"bench": [
            {"PutRequest": {"Item": {"pk": {"S": f"user#{i:07d}"}, "n": {"N": str(i)}, "text": {"S": "x" * 100}}}}
            for i in range(start, start + 25)]}})


def install(folder, *more):
    """Installs what the bindings' tests for Python and Node.js need, and more packages from PyPI, into the virtual
    environment `folder` and the npm package."""
    if not (folder / "installed").exists():
        requirements = BENCH.parent / "bindings" / "python" / "tests" / "requirements.txt"
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements, *more], check=True)
        (folder / "installed").touch()
    if not (NODE_PACKAGE / "node_modules").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"], cwd=NODE_PACKAGE, check=True)

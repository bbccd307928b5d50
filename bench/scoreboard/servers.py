"""The measured servers: how each is installed and started, and the operating system's figures about its process."""
import http.client
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "differential"), str(ROOT / "bench")]
import peers  # noqa: E402  (what the registries have, and how to install it)
from programs import HEADERS, Measured, free_port  # noqa: E402

BUILD = ROOT / "build" / "release"
STARTS = 15


class Skipped(Exception):
    """The reason why a server cannot be measured here."""


class Client:
    """One connection. Replies are dictionaries; an error reply raises RuntimeError."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def send(self, operation, body):
        self.connection.request("POST", "/", body, {**HEADERS, "X-Amz-Target": "DynamoDB_20120810." + operation})
        reply = self.connection.getresponse()
        text = reply.read()
        if reply.status != 200:
            raise RuntimeError(f"{operation}: {reply.status} {text[:300].decode(errors='replace')}")
        return text

    def call(self, operation, **request):
        return json.loads(self.send(operation, json.dumps(request)) or b"{}")

    def create(self, **table):
        self.call("CreateTable", **table)
        while self.call("DescribeTable", TableName=table["TableName"])["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.02)

    def close(self):
        self.connection.close()


class Server(Measured):
    """`command(port, directory)` starts it in the foreground. `is_dynamodb`: it has tables; the bare responder has none."""

    def __init__(self, name, command, prepare=lambda: None, is_dynamodb=True, most_items=10_000_000):
        self.name, self.command, self.prepare, self.is_dynamodb = name, command, prepare, is_dynamodb
        self.most_items = most_items  # more would take hours to load
        self.process = None

    def start(self):
        self.directory = tempfile.mkdtemp(prefix="stator-bench-")
        self.port = free_port()
        self.process = subprocess.Popen(self.command(str(self.port), self.directory), cwd=self.directory,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if not self.wait_for_answer(60):
            raise Skipped(f"{self.name} does not {'start' if self.process.poll() is not None else 'answer'}")

    def first_answer_ms(self):
        """Milliseconds from the start of its process, in a new directory, to its first answer; the process is ended
        afterwards."""
        with tempfile.TemporaryDirectory(prefix="stator-bench-") as directory:
            port = str(free_port())
            told = subprocess.run([BUILD / "bench" / "first_answer", port, *self.command(port, directory)], cwd=directory,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        if told.returncode != 0:
            raise Skipped(f"{self.name} does not start")
        return float(told.stdout)

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def open(self):
        """Installs the server, measures its start and its idle memory, and leaves it running."""
        self.prepare()
        starts = [self.first_answer_ms()]
        starts_quickly = starts[0] < 1000
        while len(starts) < (STARTS if starts_quickly else 2):
            starts.append(self.first_answer_ms())
        self.start_ms = statistics.median(starts)
        self.start()
        time.sleep(0.5)
        self.idle_mb = self.status("VmRSS")


def stator(*options):
    def command(port, directory):
        given = [option.format(directory) for option in options]
        return [str(BUILD / "bin" / "stator"), "serve", "--port", port, "--log-level", "off", *given]
    return command


def peer(name, label, most_items):
    found = peers.PEERS[name]

    def prepare():
        try:
            peers.installed(name, found)
        except peers.Skipped as why:
            raise Skipped(str(why)) from None
        except subprocess.CalledProcessError as why:
            raise Skipped(f"{name} could not be installed: {why}") from None

    return Server(f"{label} {found.version}", lambda port, _: found.command(str(peers.KEPT / name), port), prepare,
                  most_items=most_items)


def all_servers():
    return [
        Server("bare responder", lambda port, _: [str(BUILD / "bench" / "bare_responder"), port], is_dynamodb=False),
        Server("Stator, in memory", stator("--in-memory")),
        Server("Stator, on disk", stator("--data", "{}")),
        Server("Stator, on disk, --sync", stator("--data", "{}", "--sync")),
        peer("dynoxide", "dynoxide", 1_000_000),
        peer("local", "DynamoDB Local", 100_000),
        peer("dynalite", "dynalite", 100_000),
        peer("moto", "moto", 10_000),
    ]

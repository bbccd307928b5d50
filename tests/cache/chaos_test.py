"""Two caches with a shared level under load, while the upstream, Redis and one of the caches are killed in turn, and Redis is full in between. No read may be
older than what was acknowledged before it: at once through the cache that wrote, after LAG_S through the other one.

    STATOR_BIN=build/release/bin/stator tests/cache/chaos_test.py [SECONDS]
"""

import http.client
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from dynamodb import CallError, Client  # noqa: E402

STATOR = os.environ["STATOR_BIN"]
KEYS = 6
# The longest time between a write's acknowledgement through one cache and its arrival at the other one.
LAG_S = 1.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    """A program that is killed and restarted on the same port."""

    def __init__(self, name, port, command):
        self.name, self.port, self.command = name, port, command
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise SystemExit(self.name + " does not start")
                time.sleep(0.01)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def set_memory(port, most_bytes):
    """Sets the memory limit of Redis; 0: none. With one byte it is full, and by default it evicts nothing."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"CONFIG SET maxmemory %d\r\n" % most_bytes)
        connection.recv(64)


class Key:
    """A key that one client writes, in order: each write's value is the next number."""

    def __init__(self):
        self.lock = threading.Lock()
        self.issued = 0
        self.acknowledged = []  # (number, time)

    def least(self, before):
        """The least value that a read may return which must see all writes acknowledged before that time."""
        with self.lock:
            return max((number for number, when in self.acknowledged if when <= before), default=0)


class Load:
    def __init__(self, ports):
        self.ports = ports
        self.keys = [Key() for _ in range(KEYS)]
        self.stop = threading.Event()
        self.wrong = []
        self.counts = {"reads": 0, "writes": 0, "failed": 0}
        self.lock = threading.Lock()

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def call(self, connections, at, operation, **request):
        """Returns the reply, or None if there was none or the error says that the outcome is unknown."""
        try:
            if connections[at] is None:
                connections[at] = Client("http://127.0.0.1:%d" % self.ports[at], 15)
            return connections[at].call(operation, **request)
        except CallError as error:
            if error.type not in ("ServiceUnavailable", "InternalServerError"):
                raise
        except (OSError, http.client.HTTPException):
            connections[at] = None
        self.count("failed")
        time.sleep(0.02)
        return None

    def write(self, number, chance):
        connections = [None, None]
        key = self.keys[number]
        at = number % 2  # each key is written through one of the caches
        while not self.stop.is_set():
            with key.lock:
                key.issued += 1
                value = key.issued
            item = {"id": {"S": str(number)}, "v": {"N": str(value)}}
            if chance.random() < 0.5:
                done = self.call(connections, at, "PutItem", TableName="items", Item=item)
            else:
                done = self.call(connections, at, "UpdateItem", TableName="items", Key={"id": item["id"]},
                                 UpdateExpression="SET v = :v", ExpressionAttributeValues={":v": item["v"]})
            if done is None:
                # The write may take effect late. Wait, so that it does not overwrite our next one.
                time.sleep(0.5)
                continue
            with key.lock:
                key.acknowledged.append((value, time.monotonic()))
            self.count("writes")
            time.sleep(chance.random() * 0.05)

    def read(self, chance):
        connections = [None, None]
        while not self.stop.is_set():
            number = chance.randrange(KEYS)
            at = chance.randrange(2)
            key = self.keys[number]
            began = time.monotonic()
            least = key.least(began if at == number % 2 else began - LAG_S)
            reply = self.call(connections, at, "GetItem", TableName="items", Key={"id": {"S": str(number)}})
            if reply is None:
                continue
            value = int(reply["Item"]["v"]["N"]) if "Item" in reply else 0
            self.count("reads")
            if not least <= value <= key.issued:
                self.wrong.append("key %d through cache %d: %d, acknowledged %d, issued %d"
                                  % (number, at, value, least, key.issued))


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    if shutil.which("redis-server") is None:
        print("skipped: redis-server is not installed")
        return 77
    folder = tempfile.mkdtemp(prefix="stator-chaos-")
    programs = []
    try:
        ports = [free_port() for _ in range(4)]
        url = "http://127.0.0.1:%d" % ports[0]
        shared = "redis://127.0.0.1:%d" % ports[1]
        upstream = Program("upstream", ports[0], [STATOR, "serve", "--data", folder + "/data", "--port", str(ports[0])])
        programs.append(upstream)
        redis = Program("redis", ports[1], ["redis-server", "--port", str(ports[1]), "--bind", "127.0.0.1", "--save", "",
                                            "--dir", folder])
        programs.append(redis)
        Client(url).call("CreateTable", TableName="items", BillingMode="PAY_PER_REQUEST",
                         AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                         KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
        caches = [Program("cache", port, [STATOR, "cache", "--to", url, "--port", str(port), "--shared", shared,
                                          "--trust-callers", "--settle", "0.1"]) for port in ports[2:]]
        programs += caches
        load = Load(ports[2:])
        clients = [threading.Thread(target=load.write, args=(number, random.Random(number))) for number in range(KEYS)]
        clients += [threading.Thread(target=load.read, args=(random.Random(100 + number),)) for number in range(6)]
        for client in clients:
            client.start()
        end = time.monotonic() + seconds
        kills = 0
        while time.monotonic() < end:
            time.sleep(0.7)
            set_memory(ports[1], 1)
            time.sleep(0.4)
            set_memory(ports[1], 0)
            time.sleep(0.4)
            victim = [redis, upstream, caches[0], redis, caches[1]][kills % 5]
            victim.kill()
            time.sleep(0.3)
            victim.start()
            kills += 1
        load.stop.set()
        for client in clients:
            client.join()
        print("%d kills, %s" % (kills, load.counts))
        for line in load.wrong[:10]:
            print("wrong: " + line)
        if load.counts["reads"] < 100 or load.counts["writes"] < 50:
            print("too little was done to tell anything")
            return 1
        return 1 if load.wrong else 0
    finally:
        for program in programs:
            program.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

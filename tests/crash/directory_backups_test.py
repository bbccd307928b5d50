"""kill -9 of `stator backup` and `stator restore`, and of the server that is backed up, at random moments.

After each kill the next backup succeeds, every listed backup can be restored, a restored directory holds exactly what the server held when
the backup was made, and nothing else is left: no file without a backup, no snapshot of a backup, no incomplete directory under the final name.
Before each backup a snapshot is saved together with a log, which the server settles while the backup is made; the backup must hold it completely.

STATOR_CRASH_ROUNDS is the number of kills, STATOR_CRASH_SEED the seed.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from dynamodb import Client  # noqa: E402
from stator_server import StatorServer  # noqa: E402

ROUNDS = int(os.environ.get("STATOR_CRASH_ROUNDS", "6"))
SEED = os.environ.get("STATOR_CRASH_SEED")
STATOR = os.environ["STATOR_BIN"]
ITEMS = 3000


def item(number, version):
    return {"pk": {"N": str(number)}, "v": {"S": version + "x" * (number % 900)}}


def save(client, name):
    client.connection.request("POST", "/_stator/snapshots/save", json.dumps({"name": name}), {"Content-Type": "application/json"})
    reply = client.connection.getresponse()
    if reply.status != 200:
        raise AssertionError(reply.read())
    reply.read()


def content(client):
    return sorted(client.pages("Scan", TableName="things"), key=lambda one: int(one["pk"]["N"]))


class DirectoryBackupsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.data = os.path.join(folder.name, "data")
        self.place = os.path.join(folder.name, "place")
        seed = int(SEED) if SEED else random.randrange(1 << 30)
        print("seed", seed)
        self.random = random.Random(seed)
        self.contents = {}  # of backups, by id

    def stator(self, *words):
        return subprocess.run([STATOR, *words], capture_output=True, text=True, timeout=120)

    def kill_while(self, *words):
        process = subprocess.Popen([STATOR, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            out, _ = process.communicate(timeout=self.random.choice([0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2]))
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            return True, out.strip()
        return False, out.strip()

    def change(self, client, number):
        chosen = self.random.sample(range(ITEMS), 300)
        for first in range(0, len(chosen), 25):
            client.call("BatchWriteItem", RequestItems={"things": [
                {"PutRequest": {"Item": item(each, "v%d-" % number)}} for each in chosen[first:first + 25]]})
        # Enough data in memory that the snapshot is saved together with the log.
        for each in range(ITEMS, ITEMS + 12):
            client.call("PutItem", TableName="things", Item={"pk": {"N": str(each)}, "v": {"S": "v%d-" % number + "x" * 350_000}})
        save(client, "moving")

    def backups(self):
        listed = self.stator("backup", self.place, "--list", "--output", "json")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        return [each["id"] for each in json.loads(listed.stdout)]

    def check_place(self):
        """Checks that every file belongs to a backup, and that every backup's files exist."""
        named = set()
        for name in os.listdir(os.path.join(self.place, "backups")):
            with open(os.path.join(self.place, "backups", name)) as file:
                for each in json.load(file)["files"]:
                    named.add(each["hash"])
                    self.assertEqual(os.path.getsize(os.path.join(self.place, "files", each["hash"])), each["size"])
        self.assertEqual(set(os.listdir(os.path.join(self.place, "files"))), named)

    def check_restored(self, backup, expected):
        target = os.path.join(self.folder, "restored")
        killed, _ = self.kill_while("restore", self.place, backup, "--data", target)
        if killed:
            # Under the final name is either nothing or the complete directory.
            if os.path.exists(target):
                self.assertTrue(os.path.exists(os.path.join(target, "STATOR")))
                shutil.rmtree(target)
            restored = self.stator("restore", self.place, backup, "--data", target)
            self.assertEqual(restored.returncode, 0, restored.stderr)
        self.assertFalse(os.path.exists(target + ".restoring"))
        checked = self.stator("check", target)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        with StatorServer(["--data", target]) as server, Client(server.url) as client:
            self.assertEqual(content(client), expected)
            restored = self.stator("snapshot", "restore", "moving", "--data", target)
            self.assertEqual(restored.returncode, 0, restored.stderr)
            self.assertEqual(content(client), expected)
            self.assertEqual(client.call("ListBackups")["BackupSummaries"][0]["BackupName"], "kept")
        shutil.rmtree(target)

    def test_killed_anywhere_backups_are_whole_or_nothing(self):
        kills = 0
        with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
            client.call("CreateTable", TableName="things", BillingMode="PAY_PER_REQUEST",
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "N"}],
                        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}])
            for first in range(0, ITEMS, 25):
                client.call("BatchWriteItem", RequestItems={"things": [
                    {"PutRequest": {"Item": item(number, "")}} for number in range(first, first + 25)]})
            client.call("CreateBackup", TableName="things", BackupName="kept")
        for number in range(ROUNDS):
            with StatorServer(["--data", self.data]) as server, Client(server.url) as client:
                self.change(client, number)
                killed, made = self.kill_while("backup", self.place, "--data", self.data)
                kills += killed
                now = content(client)
                if made:
                    self.contents[made] = now
                if number % 3 == 2:
                    server.kill()
            if number % 3 == 1:
                # Without a server: the command opens the directory itself.
                killed, made = self.kill_while("backup", self.place, "--data", self.data)
                kills += killed
                if made:
                    self.contents[made] = now
            backup = self.stator("backup", self.place, "--data", self.data, "--keep", "4")
            self.assertEqual(backup.returncode, 0, backup.stderr)
            self.contents[backup.stdout.strip()] = now
            self.check_place()
            self.assertEqual([name for name in os.listdir(os.path.join(self.data, "snapshots")) if not name.startswith(".")], ["moving"])
            listed = self.backups()
            self.assertLessEqual(len(listed), 4)
            # If its command was killed after the last step, the backup exists, but the test does not know its id.
            for each in listed:
                self.contents.setdefault(each, now)
            chosen = self.random.choice(listed)
            self.check_restored(chosen, self.contents[chosen])
        print("%d rounds, %d backups killed" % (ROUNDS, kills))


if __name__ == "__main__":
    unittest.main()

"""Tests `stator serve` as a process: the line it prints at the start, its notice, log and signals. STATOR_BIN names the
program."""
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
import prometheus_text  # noqa: E402

STATOR = os.environ["STATOR_BIN"]
HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20230320T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20230320/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date, Signature=0",
}
TABLE = {"TableName": "things", "BillingMode": "PAY_PER_REQUEST",
         "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]}


def call(port, operation, body, fields={}, region="us-east-1"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/", json.dumps(body),
                       {**HEADERS, "Authorization": HEADERS["Authorization"].replace("us-east-1", region), **fields,
                        "X-Amz-Target": "DynamoDB_20120810." + operation})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, json.loads(text)


def change(port, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/_stator/" + path, json.dumps(body), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return reply.status, json.loads(text)


class Served:
    def __init__(self, *arguments, cwd=None, before=None):
        self.process = subprocess.Popen([STATOR, "serve", "--port", "0", *arguments], cwd=cwd, text=True, preexec_fn=before,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.line = self.process.stdout.readline().strip()

    @property
    def port(self):
        return int(self.line.split("://127.0.0.1:")[1].split()[0].split('"')[0])

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, self.log = self.process.communicate(timeout=30)
        return self.process.returncode


class Serve(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.data = os.path.join(self.folder.name, "data")
        self.started = []

    def tearDown(self):
        for served in self.started:
            served.stop(signal.SIGKILL)
        self.folder.cleanup()

    def serve(self, *arguments, cwd=None, before=None):
        served = Served(*arguments, cwd=cwd or self.folder.name, before=before)
        self.started.append(served)
        return served

    def fails(self, *arguments):
        result = subprocess.run([STATOR, "serve", *arguments], cwd=self.folder.name, capture_output=True, text=True,
                                timeout=30)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        return result.returncode, result.stderr

    def test_says_url_storage_and_version_in_one_line(self):
        served = self.serve("--data", self.data)
        self.assertRegex(served.line, r"^Stator \d+\.\d+\.\d+ serves http://127\.0\.0\.1:\d+ \(data in .*data\)$")
        self.assertRegex(self.serve("--in-memory").line, r"\(in memory\)$")
        line = json.loads(self.serve("--in-memory", "--log-format", "json").line)
        self.assertEqual(line["storage"], "in memory")

    def test_serves_the_directory_stator_unless_told_otherwise(self):
        self.serve()
        self.assertTrue(os.path.exists(os.path.join(self.folder.name, ".stator", "server.json")))

    def test_items_are_there_after_a_clean_stop(self):
        for options in ([], ["--sync"]):
            data = self.data + "".join(options)
            served = self.serve("--data", data, *options)
            self.assertEqual(call(served.port, "CreateTable", TABLE)[0], 200)
            item = {"pk": {"S": "a"}, "n": {"N": "1"}}
            self.assertEqual(call(served.port, "PutItem", {"TableName": "things", "Item": item}), (200, {}))
            self.assertEqual(served.stop(), 0)
            again = self.serve("--data", data)
            self.assertEqual(call(again.port, "GetItem", {"TableName": "things", "Key": {"pk": {"S": "a"}}}),
                             (200, {"Item": item}))

    def test_tables_take_their_time_where_asked(self):
        served = self.serve("--in-memory", "--transition-delay", "3600000")
        call(served.port, "CreateTable", TABLE)
        status, reply = call(served.port, "DescribeTable", {"TableName": "things"})
        self.assertEqual((status, reply["Table"]["TableStatus"]), (200, "CREATING"))
        status, reply = call(served.port, "PutItem", {"TableName": "things", "Item": {"pk": {"S": "a"}}})
        self.assertEqual(status, 400)
        self.assertIn("ResourceNotFoundException", reply["__type"])

    def test_numbers_may_be_texts_where_asked(self):
        table = {"TableName": "tab", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                 "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                 "ProvisionedThroughput": {"ReadCapacityUnits": "5", "WriteCapacityUnits": "6"}}
        strict = self.serve("--in-memory")
        status, reply = call(strict.port, "CreateTable", table)
        self.assertEqual((status, reply["Message"]), (400, "STRING_VALUE cannot be converted to Long"))
        lenient = self.serve("--in-memory", "--lenient")
        status, reply = call(lenient.port, "CreateTable", table)
        units = reply["TableDescription"]["ProvisionedThroughput"]
        self.assertEqual((status, units["ReadCapacityUnits"], units["WriteCapacityUnits"]), (200, 5, 6))
        for text, message in (("0", "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: "
                                    "Member must have value greater than or equal to 1"),
                              ("five", "STRING_VALUE cannot be converted to Integer"),
                              ("2147483648", "STRING_VALUE cannot be converted to Integer"),
                              ("", "STRING_VALUE cannot be converted to Integer")):
            status, reply = call(lenient.port, "Scan", {"TableName": "tab", "Limit": text})
            self.assertEqual((status, reply.get("message", reply.get("Message"))), (400, message), text)
        self.assertEqual(call(lenient.port, "Scan", {"TableName": "tab", "Limit": "1"})[0], 200)

    def test_tables_may_be_named_by_arns_of_the_caller_s_region(self):
        served = self.serve("--in-memory")
        for region, status in (("us-east-1", 200), ("eu-west-1", 200), ("eu-west-2", 400)):
            arn = "arn:aws:dynamodb:%s:000000000000:table/tab" % region
            if region == "us-east-1":
                table = {"TableName": "tab", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                         "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
                call(served.port, "CreateTable", table)
            self.assertEqual(call(served.port, "DescribeTable", {"TableName": arn}, region="eu-west-1")[0], status, region)

    def test_arns_speak_of_the_request_s_region_and_of_the_account(self):
        served = self.serve("--in-memory", "--region", "eu-north-1", "--account", "123456789012")
        self.assertEqual(call(served.port, "CreateTable", TABLE, region="eu-west-3")[0], 200)
        for region in ("eu-west-3", "us-east-2"):
            reply = call(served.port, "DescribeTable", {"TableName": "things"}, region=region)[1]
            self.assertEqual(reply["Table"]["TableArn"], "arn:aws:dynamodb:%s:123456789012:table/things" % region)
        arn = "arn:aws:dynamodb:eu-north-1:123456789012:table/things"
        self.assertEqual(call(served.port, "DescribeTable", {"TableName": arn}, region="us-east-2")[0], 200)

    def test_keys_accessed_most_are_shown_while_insights_are_enabled(self):
        served = self.serve("--data", self.data)
        call(served.port, "CreateTable", TABLE)

        def insights(*arguments):
            return subprocess.run([STATOR, "--data", self.data, "ddb", "insights", *arguments], capture_output=True, text=True, timeout=30)
        self.assertIn("not enabled", insights("things").stderr)
        self.assertIn("no table none", insights("none").stderr)
        call(served.port, "UpdateContributorInsights", {"TableName": "things", "ContributorInsightsAction": "ENABLE"})
        self.assertIn("nothing of table things", insights("things").stderr)
        for key, times in (("hot", 5), ("warm", 2), ("cold", 1)):
            for _ in range(times):
                call(served.port, "GetItem", {"TableName": "things", "Key": {"pk": {"S": key}}})
        shown = insights("things", "--limit", "2")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"hot +\|? *5")
        self.assertNotIn("cold", shown.stdout)
        report = json.loads(insights("things", "--output", "json").stdout)
        self.assertEqual([(each["key"]["pk"]["S"], each["count"]) for each in report["partition_keys"]],
                         [("hot", 5), ("warm", 2), ("cold", 1)])
        self.assertEqual((report["accesses"], report["items"]), (8, []))
        self.assertIn("no global index", insights("things", "--index", "none").stderr)
        served.stop()
        self.assertIn("none serves", insights("things").stderr)

    def test_a_region_or_account_that_is_none_is_refused(self):
        for option, text in (("--region", "EU West"), ("--region", ""), ("--account", "12"), ("--account", "12345678901a")):
            done = subprocess.run([STATOR, "serve", "--in-memory", "--port", "0", option, text], capture_output=True, text=True,
                                  timeout=30)
            self.assertNotEqual(done.returncode, 0, text)
            self.assertIn(option, done.stderr)

    def test_tables_are_ready_when_their_time_is_over(self):
        served = self.serve("--in-memory", "--transition-delay", "200")
        call(served.port, "CreateTable", TABLE)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            reply = call(served.port, "DescribeTable", {"TableName": "things"})[1]
            if reply["Table"]["TableStatus"] == "ACTIVE":
                break
            time.sleep(0.01)
        self.assertEqual(call(served.port, "PutItem", {"TableName": "things", "Item": {"pk": {"S": "a"}}})[0], 200)

    def test_leaves_a_notice_while_it_serves(self):
        served = self.serve("--data", self.data)
        notice = pathlib.Path(self.data, "server.json")
        said = json.loads(notice.read_text())
        with urllib.request.urlopen(said["url"] + "/_stator/identity") as reply:
            self.assertEqual(json.load(reply), {"id": said["id"]})
        self.assertEqual(said, {"pid": served.process.pid, "url": f"http://127.0.0.1:{served.port}", "id": said["id"]})
        self.assertEqual(served.stop(signal.SIGINT), 0)
        self.assertFalse(notice.exists())

    def run_stator(self, *arguments, **variables):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run([STATOR, *arguments], cwd=self.folder.name, capture_output=True, text=True, timeout=60,
                              env={**environment, "HOME": self.folder.name, **variables})

    def test_the_notice_of_a_server_that_is_gone_leads_to_no_other_database(self):
        served = self.serve("--data", self.data)
        call(served.port, "CreateTable", TABLE)
        notice = pathlib.Path(self.data, "server.json")
        said = json.loads(notice.read_text())
        served.stop(signal.SIGKILL)
        self.assertTrue(notice.exists())
        other = self.serve("--data", self.data + "2")
        call(other.port, "CreateTable", TABLE)
        notice.write_text(json.dumps({**said, "pid": 1, "url": f"http://127.0.0.1:{other.port}"}))
        done = self.run_stator("put", "things", '{"pk":"a"}', "--data", self.data)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(call(other.port, "Scan", {"TableName": "things"})[1]["Count"], 0)
        self.assertIn('"a"', self.run_stator("scan", "things", "--data", self.data).stdout)

    def test_commands_by_the_data_directory_have_the_keys_that_are_set(self):
        keys = pathlib.Path(self.folder.name, "keys")
        keys.write_text("[app]\naws_access_key_id = APP\naws_secret_access_key = app-secret\n")
        keys.chmod(0o600)
        self.serve("--data", self.data, "--credentials", str(keys))
        right = {"AWS_ACCESS_KEY_ID": "APP", "AWS_SECRET_ACCESS_KEY": "app-secret"}
        done = self.run_stator("tables", "--data", self.data, **right)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no table things", self.run_stator("ddb", "insights", "things", "--data", self.data, **right).stderr)
        done = self.run_stator("tables", "--data", self.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("UnrecognizedClientException", done.stderr)

    def test_keys_are_read_again_when_their_file_has_changed(self):
        keys = pathlib.Path(self.folder.name, "keys")

        def write(*names):
            draft = keys.with_suffix(".draft")
            draft.write_text("".join(f"[{name}]\naws_access_key_id = {name}\naws_secret_access_key = of-{name}\n"
                                     for name in names))
            draft.chmod(0o600)
            draft.replace(keys)

        def is_let_in(name):
            done = self.run_stator("tables", "--endpoint-url", f"http://127.0.0.1:{served.port}", AWS_ACCESS_KEY_ID=name,
                                   AWS_SECRET_ACCESS_KEY="of-" + name)
            return done.returncode == 0

        write("old")
        served = self.serve("--in-memory", "--credentials", str(keys))
        self.assertEqual((is_let_in("old"), is_let_in("new")), (True, False))
        write("new")
        deadline = time.monotonic() + 60
        while not is_let_in("new"):
            self.assertLess(time.monotonic(), deadline, "the new keys are not read")
            time.sleep(0.5)
        self.assertFalse(is_let_in("old"))
        served.stop()
        self.assertEqual(served.log.count("the keys of callers were read again, 1 in all"), 1, served.log)

    def test_a_certificate_that_is_not_trusted_is_said_at_once(self):
        served = self.serve("--data", self.data, "--tls-self-signed")
        began = time.monotonic()
        done = self.run_stator("tables", "--data", self.data)
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        self.assertIn("certificate", done.stderr)
        self.assertIn("AWS_CA_BUNDLE", done.stderr)
        self.assertLess(time.monotonic() - began, 5)
        certificate = os.path.join(self.data, "tls", "cert.pem")
        done = self.run_stator("tables", "--data", self.data, AWS_CA_BUNDLE=certificate)
        self.assertEqual(done.returncode, 0, done.stderr)
        config = pathlib.Path(self.folder.name, "config")
        config.write_text("[default]\nca_bundle = %s\n" % certificate)
        address = ("--endpoint-url", f"https://localhost:{served.port}")
        self.assertEqual(self.run_stator("tables", *address).returncode, 1)
        done = self.run_stator("tables", *address, AWS_CONFIG_FILE=str(config))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_is_healthy_whatever_proxy_is_set(self):
        served = self.serve("--data", self.data)
        for arguments in (["health", "--port", str(served.port)], ["tables", "--data", self.data],
                          ["tables", "--endpoint-url", f"http://localhost:{served.port}"]):
            done = self.run_stator(*arguments, http_proxy="http://127.0.0.1:9")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_port_in_use_is_one_line_and_status_1(self):
        served = self.serve("--in-memory")
        code, line = self.fails("--in-memory", "--port", str(served.port))
        self.assertEqual(code, 1)
        self.assertIn(f"cannot listen on 127.0.0.1:{served.port}: the port is in use", line)

    def test_a_directory_in_use_is_one_line_and_status_1(self):
        self.serve("--data", self.data)
        self.assertEqual(self.fails("--data", self.data, "--port", "0")[0], 1)

    def test_it_ends_where_its_directory_is_removed_or_replaced(self):
        folder = os.path.join(self.folder.name, "folder")
        os.mkdir(folder)
        # A server whose whole working directory moves keeps its files and must not stop.
        moved = self.serve("--data", "data", cwd=folder)
        served = [self.serve("--data", self.data + str(i)) for i in range(3)]
        for one in (moved, *served):
            call(one.port, "CreateTable", TABLE)
        os.rename(folder, folder + "-moved")
        shutil.rmtree(self.data + "0")
        os.rename(self.data + "1", self.data + "-old")
        next_one = self.serve("--data", self.data + "1")
        call(next_one.port, "CreateTable", TABLE)
        for one in served[:2]:
            one.process.wait(timeout=60)
            self.assertEqual(one.stop(), 1)
            self.assertIn("was removed, moved or replaced while it was served", one.log)
        self.assertIsNone(served[2].process.poll())
        self.assertIsNone(moved.process.poll())
        self.assertEqual(change(moved.port, "snapshots/save", {"name": "a"})[0], 200)
        self.assertEqual(moved.stop(), 0)
        self.assertEqual(call(next_one.port, "ListTables", {}), (200, {"TableNames": ["things"]}))
        self.assertEqual(next_one.stop(), 0)
        checked = [self.run_stator("check", self.data + name).returncode for name in ("1", "-old")]
        self.assertEqual(checked, [0, 0])

    def test_files_may_not_grow_beyond_the_limit(self):
        def limit(size):
            return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        refused = subprocess.run([STATOR, "serve", "--port", "0", "--data", self.data], preexec_fn=limit(0), text=True,
                                 capture_output=True, timeout=60)
        self.assertEqual(refused.returncode, 1)
        self.assertRegex(refused.stderr, r"^stator: .*File too large.*\n$")
        served = self.serve("--data", self.data + "2", before=limit(1 << 20))
        call(served.port, "CreateTable", TABLE)

        def put(i):
            item = {"pk": {"S": str(i)}, "v": {"S": "x" * 100_000}}
            return call(served.port, "PutItem", {"TableName": "things", "Item": item})[0]

        def failures():
            with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % served.port) as reply:
                return prometheus_text.parse(reply.read().decode())["stator_store_failures_total"][()]

        self.assertEqual(failures(), 0)
        self.assertIn(500, [put(i) for i in range(20)])
        self.assertGreater(failures(), 0)
        self.assertEqual(call(served.port, "GetItem", {"TableName": "things", "Key": {"pk": {"S": "0"}}})[0], 200)
        self.assertEqual(served.stop(), 0)
        self.assertIn("File too large", served.log)

    def test_wrong_options_are_one_line(self):
        for arguments in (["--in-memory", "--data", "x"], ["--in-memory", "--sync"], ["--port", "70000"],
                          ["--threads", "0"], ["--log-level", "loud"], ["--log-format", "xml"],
                          ["--in-memory", "--host", ""], ["--in-memory", "--allow-origin", "null"],
                          ["--in-memory", "--allow-origin", "http://a/"], ["--in-memory", "--max-connections", "0"]):
            with self.subTest(arguments):
                self.assertNotEqual(self.fails(*arguments)[0], 0)
                self.assertFalse(os.path.exists(os.path.join(self.folder.name, "x")))

    def test_the_clock_stands_where_it_is_told_to(self):
        served = self.serve("--in-memory", "--clock", "2026-01-01T01:00:00+01:00")
        call(served.port, "CreateTable", TABLE)
        created = call(served.port, "DescribeTable", {"TableName": "things"})[1]["Table"]["CreationDateTime"]
        self.assertEqual(created, 1767225600)
        self.assertEqual(change(served.port, "clock/advance", {"seconds": 90})[1]["now_ms"], 1767225690000)
        self.assertEqual(change(self.serve("--in-memory").port, "clock/advance", {"seconds": 90})[0], 400)
        self.assertEqual(change(self.serve("--in-memory", "--clock", "manual").port, "clock/advance", {"seconds": 90})[0], 200)
        for clock in ("", "noon", "2026-01-01", "1969-12-31T23:59:59Z"):
            self.assertEqual(self.fails("--in-memory", "--clock", clock)[0], 2)

    def test_a_delay_ends_when_the_clock_has_gone_on(self):
        served = self.serve("--in-memory", "--clock", "manual", "--transition-delay", "5000")
        call(served.port, "CreateTable", TABLE)
        status = lambda: call(served.port, "DescribeTable", {"TableName": "things"})[1]["Table"]["TableStatus"]
        self.assertEqual(status(), "CREATING")
        change(served.port, "clock/advance", {"ms": 4999})
        self.assertEqual(status(), "CREATING")
        change(served.port, "clock/advance", {"ms": 1})
        self.assertEqual(status(), "ACTIVE")

    def test_seeds_the_models_and_tells_launchers(self):
        models = str(pathlib.Path(__file__).resolve().parent.parent.parent / "models")
        ready = os.path.join(self.folder.name, "ready.json")
        served = self.serve("--in-memory", "--models", models, "--seed", "--ready-file", ready)
        told = json.loads(pathlib.Path(ready).read_text())
        self.assertEqual((told["port"], told["pid"]), (served.port, served.process.pid))
        tables = call(served.port, "ListTables", {})[1]["TableNames"]
        self.assertTrue(tables)
        count = lambda: sum(call(served.port, "Scan", {"TableName": name})[1]["Count"] for name in tables)
        seeded = count()
        self.assertGreater(seeded, 0)
        for name in tables[:-1]:
            self.assertEqual(call(served.port, "DeleteTable", {"TableName": name})[0], 200)
        self.assertEqual(change(served.port, "reset", {}), (200, {}))
        self.assertEqual(call(served.port, "ListTables", {})[1]["TableNames"], tables)
        self.assertEqual(count(), seeded)
        self.assertEqual(served.stop(), 0)
        self.assertFalse(os.path.exists(ready))

    def test_a_damaged_snapshot_is_not_restored_and_the_log_says_why(self):
        served = self.serve("--data", self.data)
        call(served.port, "CreateTable", TABLE)
        words = {"capture_output": True, "text": True, "timeout": 30}
        self.assertEqual(subprocess.run([STATOR, "snapshot", "save", "one", "--data", self.data], **words).returncode, 0)
        os.remove(os.path.join(self.data, "snapshots", "one", "store", "CURRENT"))
        told = subprocess.run([STATOR, "snapshot", "restore", "one", "--data", self.data], **words)
        self.assertEqual((told.returncode, told.stderr), (1, "stator: Internal server error; the server's log says why\n"))
        self.assertEqual(call(served.port, "ListTables", {})[1]["TableNames"], ["things"])
        served.stop()
        self.assertRegex(served.log, r"the snapshot in .*/snapshots/one is damaged: store/CURRENT")

    def test_seeding_without_models_is_refused(self):
        told = subprocess.run([STATOR, "serve", "--in-memory", "--port", "0", "--seed", "--models", self.folder.name],
                              capture_output=True, text=True, timeout=30)
        self.assertEqual((told.returncode, told.stderr), (1, "stator: --seed finds no models in " + self.folder.name + "\n"))

    def test_snapshots_are_kept_in_the_directory(self):
        def snapshot(*words):
            return subprocess.run([STATOR, "snapshot", *words, "--data", self.data], capture_output=True, text=True, timeout=30)

        def item(served):
            return call(served.port, "GetItem", {"TableName": "things", "Key": {"pk": {"S": "a"}}})[1]

        served = self.serve("--data", self.data)
        call(served.port, "CreateTable", TABLE)
        self.assertEqual(snapshot("save", "empty").returncode, 0)
        call(served.port, "PutItem", {"TableName": "things", "Item": {"pk": {"S": "a"}}})
        self.assertEqual(snapshot("save", "full").returncode, 0)
        self.assertEqual(snapshot("restore", "empty").returncode, 0)
        self.assertEqual(item(served), {})
        served.stop()
        listed = snapshot("list", "--output", "json")
        self.assertEqual([one["name"] for one in json.loads(listed.stdout)["snapshots"]], ["empty", "full"])
        self.assertEqual(snapshot("restore", "full").returncode, 0)
        self.assertEqual(snapshot("drop", "empty").returncode, 0)
        self.assertIn("item", {key.lower() for key in item(self.serve("--data", self.data))})
        for words in (["restore", "empty"], ["drop", "no"], ["save", "a/b"]):
            failed = snapshot(*words)
            self.assertEqual(failed.returncode, 1, words)
            self.assertEqual(len(failed.stderr.splitlines()), 1, failed.stderr)

    def test_snapshots_of_a_server_with_credentials(self):
        self.serve("--data", self.data, "--credentials", "AKID:secret")

        def snapshot(key, secret, *words):
            return subprocess.run([STATOR, "snapshot", *words, "--data", self.data], capture_output=True, text=True, timeout=30,
                                  env={**os.environ, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret})

        self.assertEqual(snapshot("AKID", "secret", "save", "one").returncode, 0)
        listed = snapshot("AKID", "secret", "list", "--output", "json")
        self.assertEqual([one["name"] for one in json.loads(listed.stdout)["snapshots"]], ["one"])
        refused = snapshot("AKID", "wrong", "save", "two")
        self.assertEqual((refused.returncode, len(refused.stderr.splitlines())), (1, 1), refused.stderr)
        self.assertIn("signature", refused.stderr)

    def test_warns_when_others_can_reach_it(self):
        served = self.serve("--in-memory", "--host", "0.0.0.0")
        served.stop()
        self.assertRegex(served.log, r"warning WHOEVER REACHES 0\.0\.0\.0:\d+ MAY READ AND CHANGE EVERYTHING")

    def test_allows_the_origins_it_is_told(self):
        served = self.serve("--in-memory", "--allow-origin", "https://a.example", "--allow-origin", "https://b.example:8443")
        for origin, status in (("https://a.example", 200), ("https://b.example:8443", 200), ("https://c.example", 403)):
            connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
            connection.request("GET", "/", headers={"Origin": origin})
            self.assertEqual(connection.getresponse().status, status, origin)
            connection.close()

    def test_connections_follow_the_limit_on_open_files(self):
        served = Served("--in-memory", "--max-connections", "5000", before=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (700, 700)))
        self.started.append(served)
        self.assertEqual(call(served.port, "ListTables", {})[0], 200)
        served.stop()
        self.assertRegex(served.log, r"the limit on open files \(700\) leaves room for \d+ connections, not 5000")

    def test_files_that_may_not_be_read_are_no_damage(self):
        self.assertEqual(self.serve("--data", self.data).stop(), 0)
        is_root = os.geteuid() == 0
        nobody = 65534

        def run(*arguments):
            return subprocess.run([STATOR, *arguments], capture_output=True, text=True, timeout=30,
                                  preexec_fn=(lambda: os.setuid(nobody)) if is_root else None)
        if is_root:
            os.chmod(self.folder.name, 0o777)
            for place, _, files in os.walk(self.data):
                for path in (place, *(os.path.join(place, name) for name in files)):
                    os.chown(path, nobody, nobody)
            if run("--version").returncode != 0:
                self.skipTest("another user cannot run the program")
        new = os.path.join(self.folder.name, "new")
        for name in ("FILES", "STATOR", "store/CURRENT"):
            path = os.path.join(self.data, name)
            os.chown(path, 0, 0) if is_root else os.chmod(path, 0)
            for arguments in (["serve", "--port", "0", "--data", self.data], ["check", self.data],
                              ["repair", self.data, "--to", new]):
                with self.subTest((name, arguments[0])):
                    ran = run(*arguments)
                    self.assertEqual(ran.returncode, 1)
                    self.assertIn("ermission denied", ran.stderr)
                    self.assertEqual(len(ran.stderr.splitlines()), 1)
                    self.assertNotIn("damage", ran.stdout + ran.stderr)
            os.chown(path, nobody, nobody) if is_root else os.chmod(path, 0o600)
        self.assertFalse(os.path.exists(new))
        self.assertEqual(run("check", self.data).returncode, 0)

    def test_with_as_many_open_files_as_are_needed_it_starts(self):
        def served_with(limit):
            return Served("--data", self.data, before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        refused = served_with(64)
        self.assertNotEqual(refused.stop(), 0)
        found = re.search(r"^stator: the limit on open files is too low: 64, and (\d+) are needed \(ulimit -n\)$", refused.log)
        self.assertTrue(found, refused.log)
        least = int(found.group(1))
        for limit in (least, least + 1, least + 40, 2 * least, 3 * least):
            served = served_with(limit)
            self.started.append(served)
            self.assertIn("http", served.line, limit)
            self.assertEqual(call(served.port, "ListTables", {})[0], 200)
            self.assertEqual(served.stop(), 0, served.log)

    @unittest.skipIf(os.environ.get("STATOR_SANITIZE"), "sanitizers reserve more addresses than any limit leaves")
    def test_in_memory_refuses_writes_before_the_limit_on_addresses_ends_it(self):
        for limit_mb in (160, 350, 500):
            served = Served("--in-memory", before=lambda: resource.setrlimit(
                resource.RLIMIT_AS, (limit_mb << 20, limit_mb << 20)))
            self.started.append(served)
            self.assertEqual(call(served.port, "CreateTable", TABLE)[0], 200)
            written = 0
            while True:
                item = {"pk": {"S": "item %d" % written}, "text": {"S": "x" * 300_000}}
                status, reply = call(served.port, "PutItem", {"TableName": "things", "Item": item})
                if status != 200 or written == 1000:
                    break
                written += 1
            self.assertEqual((status, reply["__type"].split("#")[1]), (400, "LimitExceededException"), limit_mb)
            self.assertGreater(written * 300_000, limit_mb << 20 >> 5)
            status, reply = call(served.port, "GetItem", {"TableName": "things", "Key": {"pk": {"S": "item 0"}}})
            self.assertEqual((status, len(reply["Item"]["text"]["S"])), (200, 300_000), limit_mb)
            self.assertEqual(served.stop(), 0)

    def test_a_second_signal_ends_it_at_once(self):
        served = self.serve("--in-memory")
        with socket.create_connection(("127.0.0.1", served.port)) as client:
            client.send(b"POST / HTTP/1.1\r\n")  # in flight: the server waits for it before it stops
            call(served.port, "ListTables", {})  # the server has accepted the first connection by then
            time.sleep(0.2)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            self.assertIsNone(served.process.poll())
            # Repeat the signal: the server may not have seen the first one yet, and two pending signals count as one.
            deadline = time.monotonic() + 60
            while served.process.poll() is None and time.monotonic() < deadline:
                served.process.send_signal(signal.SIGTERM)
                time.sleep(0.1)
            self.assertEqual(served.process.wait(60), 128 + signal.SIGTERM)

    def test_logs_requests_when_asked(self):
        served = self.serve("--in-memory", "--log-requests", "--log-format", "json")
        call(served.port, "ListTables", {})
        call(served.port, "No\"Such", {})
        self.assertEqual(served.stop(), 0)
        first, second = (json.loads(line) for line in served.log.splitlines())
        self.assertEqual((first["method"], first["operation"], first["status"], first["level"]),
                         ("POST", "ListTables", 200, "info"))
        self.assertEqual((second["operation"], second["status"]), ("No\"Such", 400))
        self.assertEqual(len(first["request_id"]), 52)
        self.assertNotIn("trace", first)
        text = self.serve("--in-memory", "--log-requests")
        call(text.port, "ListTables", {})
        text.stop()
        self.assertRegex(text.log, r"info POST ListTables 200 \d+ bytes \d+ us [0-9A-V]{52}\n$")

    def test_logs_what_ties_a_request_to_others(self):
        for form in "json", "text":
            served = self.serve("--in-memory", "--log-requests", "--log-format", form)
            call(served.port, "ListTables", {}, {"X-Amzn-Trace-Id": 'Root=1-67891233-abcdef012345678912345678;"\xe9'})
            served.stop()
            trace = 'Root=1-67891233-abcdef012345678912345678;"?'
            if form == "json":
                self.assertEqual(json.loads(served.log)["trace"], trace)
            else:
                self.assertTrue(served.log.endswith(trace + "\n"), served.log)

    def test_metrics_are_prometheus_text(self):
        served = self.serve("--data", self.data, "--sync")

        def scrape():
            with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % served.port) as reply:
                return prometheus_text.parse(reply.read().decode())

        first = scrape()
        self.assertEqual(first["stator_tables"][()], 0)
        call(served.port, "CreateTable", TABLE)
        for _ in range(3):
            call(served.port, "PutItem", {"TableName": "things", "Item": {"pk": {"S": "a"}}})
        call(served.port, "GetItem", {"TableName": "nowhere", "Key": {"pk": {"S": "a"}}})
        metrics = scrape()
        requests = metrics["stator_requests_total"]
        self.assertEqual(requests[("operation", "PutItem"), ("code", "200")], 3)
        self.assertEqual(requests[("operation", "GetItem"), ("code", "400")], 1)
        self.assertEqual(metrics["stator_request_errors_total"][("type", "ResourceNotFoundException"),], 1)
        self.assertEqual(metrics["stator_request_duration_seconds_count"][("operation", "PutItem"),], 3)
        self.assertEqual(metrics["stator_tables"][()], 1)
        self.assertGreater(metrics["stator_store_memtable_bytes"][()], 0)
        self.assertGreater(metrics["process_resident_memory_bytes"][()], 1 << 20)
        self.assertAlmostEqual(metrics["process_start_time_seconds"][()], time.time(), delta=60)
        # If it varied, an alert on changes() would see a restart each time.
        for _ in range(20):
            self.assertEqual(scrape()["process_start_time_seconds"], first["process_start_time_seconds"])
        # The event loops may close the connections of the previous calls a little later.
        for _ in range(100):
            connections = scrape()["stator_connections"][()]
            if connections == 1:
                break
            time.sleep(0.1)
        self.assertEqual(connections, 1)

    def test_logs_no_requests_unless_asked(self):
        served = self.serve("--in-memory")
        call(served.port, "ListTables", {})
        served.stop()
        self.assertEqual(served.log, "")


if __name__ == "__main__":
    unittest.main()

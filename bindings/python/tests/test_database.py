"""stator.Database without boto3."""

import copy
import datetime
import gc
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
import typing

import pytest

import stator

TABLE = dict(TableName="things", AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
             KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}], BillingMode="PAY_PER_REQUEST")


def test_an_item_comes_back(database):
    database.call("CreateTable", TABLE)
    database.call("PutItem", TableName="things", Item={"pk": {"S": "né 😀"}, "n": {"N": "1"}})
    assert database.call("GetItem", {"TableName": "things"}, Key={"pk": {"S": "né 😀"}}) == {
        "Item": {"pk": {"S": "né 😀"}, "n": {"N": "1"}}}


def test_errors_carry_type_message_status_and_body(database):
    database.call("CreateTable", TABLE)
    database.call("PutItem", TableName="things", Item={"pk": {"S": "a"}})
    with pytest.raises(stator.OperationError) as raised:
        database.call("PutItem", TableName="things", Item={"pk": {"S": "a"}}, ConditionExpression="attribute_not_exists(pk)",
                      ReturnValuesOnConditionCheckFailure="ALL_OLD")
    error = raised.value
    assert (error.type, error.message, error.status) == ("ConditionalCheckFailedException", "The conditional request failed", 400)
    assert error.body["Item"] == {"pk": {"S": "a"}}
    with pytest.raises(stator.OperationError, match="^UnknownOperationException"):
        database.call("MakeCoffee")


def test_requests_that_are_no_json_are_answered(database):
    for body in (b"", b"{", b"\x00\xff", b"[]"):
        reply = database.call_raw("GetItem", body)
        assert (reply.status, reply.error_type) == (400, "SerializationException")


def test_a_target_names_its_service(database):
    assert database.call_raw("DynamoDB_20120810.ListTables", b"{}").body == b'{"TableNames":[]}'
    assert database.call_raw("DynamoDBStreams_20120810.ListStreams", b"{}").status == 200
    assert database.call_raw("DynamoDBStreams_20120810.ListTables", b"{}").error_type == "UnknownOperationException"


def test_a_directory_keeps_what_was_written(tmp_path):
    with stator.Database(tmp_path / "data", sync=True) as database:
        database.call("CreateTable", TABLE)
        with pytest.raises(RuntimeError, match="is open in this process already$"):
            stator.Database(tmp_path / "data")
    with stator.Database(tmp_path / "data") as database:
        assert database.call("ListTables") == {"TableNames": ["things"]}


def test_wrong_options_are_refused():
    with pytest.raises(RuntimeError, match='^option "stream_shards" must be a whole number from 1 to 1000$'):
        stator.Database(stream_shards=0)
    with pytest.raises(RuntimeError, match='^option "directory" must be a path$'):
        stator.Database("")
    with pytest.raises(RuntimeError, match="^option \"clock_ms\" must be"):
        stator.Database(clock=-1)


def test_a_relative_directory_stays_where_it_was(tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(tmp_path)
    with stator.Database("./data", buckets="buckets") as database:
        database.call("CreateTable", TABLE)
        monkeypatch.chdir(other)
        for number in range(3):
            database.call("PutItem", TableName="things", Item={"pk": {"S": str(number)}})
            database.save_snapshot("of-%d" % number)  # which makes files
        with pytest.raises(RuntimeError, match="is open in this process already"):
            stator.Database(tmp_path / "data")
    assert list(other.iterdir()) == []
    with stator.Database(tmp_path / "data") as database:
        assert database.call("Scan", TableName="things")["Count"] == 3


def test_a_database_cannot_be_copied(database):
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            copied(database)


def test_what_is_printed_without_standard_output_goes_into_no_file_of_the_database(tmp_path):
    program = """if True:
        import os, stator
        for standard in (0, 1, 2):
            os.close(standard)
        database = stator.Database("data")
        database.call("ListTables")
        refused = 0
        for standard in (1, 2):
            try:
                os.write(standard, b"a warning of the program's own")
            except OSError:
                refused += 1
        os._exit(refused)
    """
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path).returncode == 2
    stator.Database(tmp_path / "data").close()


def test_what_no_call_waits_for_is_told(tmp_path):
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket" / "items.json").write_text('{"Item":{"pk":{"S":"a"}}}\n{"Item":{"pk":{"N":"1"}}}\n')
    lines, told = [], threading.Event()
    with stator.Database(buckets=tmp_path, log=lambda line: (lines.append(line), told.set())) as database:
        database.call("ImportTable", ClientToken="t", S3BucketSource={"S3Bucket": "bucket"}, InputFormat="DYNAMODB_JSON", TableCreationParameters=TABLE)
        assert told.wait(30)
    assert lines[0].startswith("import ") and " of table things: " in lines[0]


def test_snapshots_put_everything_back(database):
    database.call("CreateTable", TABLE)
    database.save_snapshot("with-table")
    database.call("DeleteTable", TableName="things")
    database.save_snapshot("empty")
    assert database.snapshots() == ["empty", "with-table"]
    database.restore_snapshot("with-table")
    assert database.call("ListTables") == {"TableNames": ["things"]}
    database.drop_snapshot("empty")
    assert database.snapshots() == ["with-table"]
    with pytest.raises(RuntimeError, match="no snapshot of that name"):
        database.restore_snapshot("empty")
    with pytest.raises(RuntimeError):
        database.save_snapshot("../elsewhere")
    for use in (database.save_snapshot, database.restore_snapshot, database.drop_snapshot):
        with pytest.raises(ValueError, match="zero byte"):
            use("with-table\0more")
    assert database.snapshots() == ["with-table"]
    assert database.call_raw("ListTables\0more", b"{}").error_type == "UnknownOperationException"
    database.reset()
    assert database.call("ListTables") == {"TableNames": []}


def test_the_clock_moves_only_when_told():
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    with stator.Database(clock=start) as database:
        assert database.clock_ms == 1767225600000
        database.call("CreateTable", TABLE)
        database.call("UpdateTimeToLive", TableName="things",
                      TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"})
        database.call("PutItem", TableName="things", Item={"pk": {"S": "a"}, "until": {"N": str(1767225600 + 60)}})
        database.advance_clock(59)
        assert database.call("Scan", TableName="things")["Count"] == 1
        database.advance_clock(datetime.timedelta(seconds=2))
        assert database.call("Scan", TableName="things")["Count"] == 0
        database.set_clock(start + datetime.timedelta(days=1))
        assert database.clock_ms == 1767225600000 + 86_400_000
        with pytest.raises(RuntimeError, match="1970 to 9999"):
            database.set_clock(-1)


def test_the_machines_clock_cannot_be_moved(database):
    with pytest.raises(RuntimeError, match="the machine's clock"):
        database.advance_clock(1)


def test_threads_share_a_database(database):
    database.call("CreateTable", TABLE)

    def add():
        for _ in range(200):
            database.call("UpdateItem", TableName="things", Key={"pk": {"S": "count"}}, UpdateExpression="ADD n :one",
                          ExpressionAttributeValues={":one": {"N": "1"}})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.call("GetItem", TableName="things", Key={"pk": {"S": "count"}})["Item"]["n"] == {"N": "800"}


def test_a_closed_database_says_so():
    database = stator.Database()
    database.close()
    database.close()
    for use in (lambda: database.call("ListTables"), database.reset, database.snapshots, lambda: database.clock_ms):
        with pytest.raises(RuntimeError, match="closed"):
            use()


def _fill(database):
    database.call("CreateTable", TABLE)
    for number in range(50):
        database.call("PutItem", TableName="things", Item={"pk": {"S": str(number)}, "text": {"S": "x" * 20_000}})


def test_closing_waits_for_the_calls_under_way():
    database = stator.Database()
    _fill(database)
    ends, started = [], threading.Barrier(5)

    def scan():
        started.wait()
        try:
            while True:
                assert database.call("Scan", TableName="things")["Count"] == 50
        except RuntimeError as fault:
            ends.append(str(fault))

    threads = [threading.Thread(target=scan) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    time.sleep(0.05)
    database.close()
    for thread in threads:
        thread.join(timeout=60)
    assert ends == ["this Database is closed"] * 4


def test_a_signals_handler_may_close_it_in_the_middle_of_a_call(tmp_path):
    database = stator.Database(tmp_path / "data")
    _fill(database)
    before = signal.signal(signal.SIGALRM, lambda number, frame: database.close())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(RuntimeError, match="closed"):
            while True:
                database.call("Scan", TableName="things")
    finally:
        signal.signal(signal.SIGALRM, before)
    stator.Database(tmp_path / "data").close()


def test_closing_that_is_interrupted_ends_with_the_last_call(tmp_path):
    database = stator.Database(tmp_path / "data")
    under_way, may_end = threading.Event(), threading.Event()

    def call():
        database._begin_call()
        under_way.set()
        may_end.wait(60)
        database._end_call()

    class Interrupted(Exception):
        pass

    def interrupt(number, frame):
        raise Interrupted()

    thread = threading.Thread(target=call)
    thread.start()
    under_way.wait(60)
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Interrupted):
            database.close()
    finally:
        signal.signal(signal.SIGALRM, before)
    may_end.set()
    thread.join(timeout=60)
    stator.Database(tmp_path / "data").close()


def test_what_is_forgotten_is_closed(tmp_path):
    stator.Database(tmp_path / "data").call("CreateTable", TABLE)
    gc.collect()
    with stator.Database(tmp_path / "data") as database:
        assert database.call("ListTables") == {"TableNames": ["things"]}


def test_reads_are_stale_and_throughput_is_enforced_where_asked_for():
    with stator.Database(clock=0, index_lag_ms=1000, read_staleness_ms=1000, stream_lag_ms=1000, staleness_seed=7) as database:
        database.call("CreateTable", TABLE)
        database.call("PutItem", TableName="things", Item={"pk": {"S": "a"}})
        seen = {database.call("Scan", TableName="things")["Count"] for _ in range(50)}
        assert seen == {0, 1}
        assert database.call("Scan", TableName="things", ConsistentRead=True)["Count"] == 1
    with stator.Database(clock=0, enforce_throughput=True) as database:
        database.call("CreateTable", {**TABLE, "BillingMode": "PROVISIONED",
                                      "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}})
        with pytest.raises(stator.OperationError, match="^ProvisionedThroughputExceededException"):
            for number in range(400):
                database.call("PutItem", TableName="things", Item={"pk": {"S": str(number)}})


def test_requests_go_wrong_by_rules(database):
    database.call("CreateTable", TABLE)
    database.simulate({"rules": [{"name": "slow", "when": {"operation": "Scan"}, "then": {"latency_ms": 50}},
                                 {"when": {"operation": "PutItem", "first": 1}, "then": {"cut": "after"}},
                                 {"when": {"operation": "GetItem"}, "then": {"error": "InternalServerError"}}]})
    with pytest.raises(ConnectionError, match="cut"):
        database.call("PutItem", TableName="things", Item={"pk": {"S": "a"}})
    begin = time.monotonic()
    assert database.call("Scan", TableName="things")["Count"] == 1
    assert time.monotonic() - begin >= 0.05
    with pytest.raises(stator.OperationError, match="^InternalServerError"):
        database.call("GetItem", TableName="things", Key={"pk": {"S": "a"}})
    assert database.simulated()["rules"][0] == {"name": "slow", "requests": 1, "acted": 1}
    with pytest.raises(RuntimeError, match="rules\\[0\\]"):
        database.simulate({"rules": [{"when": {}}]})
    database.simulate('{"rules": []}')
    assert database.call("GetItem", TableName="things", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}


def test_paths_of_every_kind(tmp_path):
    for path in (os.fsencode(tmp_path / "né 😀"), str(tmp_path / "a\nb\"c")):
        stator.Database(path).close()
        assert os.path.isdir(path)
    with pytest.raises(ValueError, match="UTF-8"):
        stator.Database(os.fsencode(tmp_path) + b"/\xff")


def _use_in_child(database, answers):
    refused = []
    for use in (lambda: database.call("ListTables"), stator.Database):
        try:
            use()
        except RuntimeError as fault:
            refused.append(str(fault))
    answers.put(refused)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of later Pythons, about fork beside threads
def test_a_forked_child_is_refused_in_words(database):
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=_use_in_child, args=(database, answers), daemon=True)
    child.start()
    refused = answers.get(timeout=60)
    child.join(timeout=60)
    assert child.exitcode == 0
    assert len(refused) == 2 and all("forked" in line for line in refused)
    assert database.call("ListTables") == {"TableNames": []}


def test_a_forked_child_ends_as_others_do():
    """Exits by sys.exit without the library's threads: nothing waits for them."""
    done = subprocess.run([sys.executable, "-c", "import os, stator\n"
                           "database = stator.Database()\n"
                           "child = os.fork()\n"
                           "raise SystemExit(0 if child == 0 else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"], timeout=60)
    assert done.returncode == 0


def test_exports_go_to_folders(tmp_path):
    os.mkdir(tmp_path / "bucket")
    with stator.Database(buckets=tmp_path) as database:
        table = database.call("CreateTable", TABLE)["TableDescription"]["TableArn"]
        database.call("UpdateContinuousBackups", TableName="things",
                      PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
        export = database.call("ExportTableToPointInTime", TableArn=table, S3Bucket="bucket")["ExportDescription"]
        deadline = datetime.datetime.now() + datetime.timedelta(seconds=60)
        while export["ExportStatus"] == "IN_PROGRESS" and datetime.datetime.now() < deadline:
            export = database.call("DescribeExport", ExportArn=export["ExportArn"])["ExportDescription"]
        assert export["ExportStatus"] == "COMPLETED"
        assert (tmp_path / "bucket" / "AWSDynamoDB").is_dir()


def test_the_public_functions_have_types():
    assert os.path.exists(os.path.join(os.path.dirname(stator.__file__), "py.typed"))
    functions = [value.fget if isinstance(value, property) else value for name, value in vars(stator.Database).items()
                 if not name.startswith("_") or name == "__init__"]
    for function in [*functions, stator.default_database, stator.Reply.__init__, stator.OperationError.__init__]:
        assert "return" in typing.get_type_hints(function), function


def test_a_library_of_another_version_is_told_as_that(tmp_path):
    source, library = tmp_path / "other.c", tmp_path / "other.so"
    source.write_text("unsigned stator_abi_version(void) { return 7; }")
    subprocess.run(["cc", "-shared", "-fPIC", source, "-o", library], check=True)
    done = subprocess.run([sys.executable, "-c", "import stator"], env={**os.environ, "STATOR_LIBRARY": str(library)},
                          stderr=subprocess.PIPE, text=True)
    assert done.stderr.endswith("ImportError: stator: the library has version 7 of its interface, this package wants 1\n")

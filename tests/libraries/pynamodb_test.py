"""PynamoDB: models that create their table, indexes, conditions, pages, batches, transactions, versions. Run by the Python of
build/python-venv; ends with 77 (CTest: skipped) if PynamoDB is missing (./dev test installs it)."""

import datetime
import os
import sys
import unittest

try:
    from pynamodb.attributes import (BinaryAttribute, BooleanAttribute, JSONAttribute, ListAttribute, MapAttribute, NumberAttribute, TTLAttribute,
                                     UnicodeAttribute, UnicodeSetAttribute, UTCDateTimeAttribute, VersionAttribute)
    from pynamodb.connection import Connection
    from pynamodb.exceptions import DoesNotExist, PutError, TransactWriteError, UpdateError
    from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection, LocalSecondaryIndex
    from pynamodb.models import Model
    from pynamodb.transactions import TransactGet, TransactWrite
except ImportError as error:
    print("skipped: %s (./dev test installs it)" % error)
    sys.exit(77)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from stator_server import StatorServer  # noqa: E402


class ByStatus(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-status"
        read_capacity_units = 2
        write_capacity_units = 2
        projection = AllProjection()

    status = UnicodeAttribute(hash_key=True)
    due = UTCDateTimeAttribute(range_key=True)


class ByTitle(LocalSecondaryIndex):
    class Meta:
        index_name = "by-title"
        projection = KeysOnlyProjection()

    owner = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute(range_key=True)


class Step(MapAttribute):
    text = UnicodeAttribute()
    done = BooleanAttribute(default=False)


class Task(Model):
    class Meta:
        table_name = "tasks"
        region = "us-east-1"
        aws_access_key_id = "local"
        aws_secret_access_key = "local"
        read_capacity_units = 5
        write_capacity_units = 5

    owner = UnicodeAttribute(hash_key=True)
    number = NumberAttribute(range_key=True)
    title = UnicodeAttribute()
    status = UnicodeAttribute(default="open")
    due = UTCDateTimeAttribute(default=lambda: datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
    labels = UnicodeSetAttribute(null=True)
    steps = ListAttribute(of=Step, default=list)
    extra = JSONAttribute(null=True)
    blob = BinaryAttribute(null=True, legacy_encoding=False)
    expires = TTLAttribute(null=True)
    version = VersionAttribute()
    by_status = ByStatus()
    by_title = ByTitle()


class PynamoDbTest(unittest.TestCase):
    def setUp(self):
        self.server = StatorServer(["--in-memory", "--transition-delay", "200"]).__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        Task.Meta.host = self.server.url
        Task._connection = None

    def test_a_program_that_keeps_tasks(self):
        self.assertFalse(Task.exists())
        Task.create_table(wait=True)
        self.assertTrue(Task.exists())
        day = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
        first = Task("ann", 1, title="Write", labels={"a", "b"}, due=day, steps=[Step(text="think"), Step(text="type", done=True)], extra={"x": [1, None]},
                     blob=b"\x00\xff", expires=datetime.timedelta(days=3))
        first.save(Task.owner.does_not_exist())
        with self.assertRaises(PutError) as refused:
            Task("ann", 1, title="Again").save(Task.owner.does_not_exist())
        self.assertEqual(refused.exception.cause_response_code, "ConditionalCheckFailedException")
        read = Task.get("ann", 1, consistent_read=True)
        self.assertEqual((read.title, read.labels, read.due, read.steps[1].done, read.extra, read.blob, read.version),
                         ("Write", {"a", "b"}, day, True, {"x": [1, None]}, b"\x00\xff", 1))
        read.update(actions=[Task.title.set("Rewrite"), Task.labels.add({"c"}), Task.steps[0].done.set(True), Task.extra.remove()],
                    condition=Task.status == "open")
        self.assertEqual((read.title, read.labels, read.steps[0].done, read.extra, read.version), ("Rewrite", {"a", "b", "c"}, True, None, 2))
        with self.assertRaises(PutError):  # its version is not the stored one
            first.save()
        with self.assertRaises(UpdateError):
            read.update(actions=[Task.status.set("closed")], condition=Task.labels.contains("zzz") | (Task.title.startswith("No")))
        with Task.batch_write() as batch:
            for number in range(2, 62):
                batch.save(Task("ann", number, title="T%02d" % number, status="late" if number % 4 == 0 else "open",
                                due=day + datetime.timedelta(days=number)))
        numbers = [task.number for task in Task.query("ann", Task.number.between(5, 50), page_size=7)]
        self.assertEqual(numbers, list(range(5, 51)))
        pages = Task.query("ann", Task.number > 40, limit=6, scan_index_forward=False)
        self.assertEqual([task.number for task in pages], [61, 60, 59, 58, 57, 56])
        after = Task.query("ann", last_evaluated_key=pages.last_evaluated_key, limit=3, scan_index_forward=False)
        self.assertEqual([task.number for task in after], [55, 54, 53])
        late = list(Task.by_status.query("late", Task.due >= day + datetime.timedelta(days=40), filter_condition=Task.title != "T44"))
        self.assertEqual([task.number for task in late], [40, 48, 52, 56, 60])
        self.assertEqual(Task.by_title.count("ann", Task.title.startswith("T1")), 10)
        self.assertEqual(Task.count("ann"), 61)
        self.assertEqual(len(list(Task.scan(Task.status.is_in("late", "closed") & Task.labels.does_not_exist(), attributes_to_get=["number"]))), 15)
        several = list(Task.batch_get([("ann", number) for number in range(1, 111)]))
        self.assertEqual(len(several), 61)

        connection = Connection(region="us-east-1", host=self.server.url)
        connection.session.set_credentials("local", "local")
        with TransactWrite(connection=connection, client_request_token="once") as transaction:
            transaction.save(Task("bob", 1, title="New"))
            transaction.update(Task.get("ann", 2), actions=[Task.status.set("closed")])
            transaction.delete(Task.get("ann", 3))
            transaction.condition_check(Task, "ann", 4, condition=Task.status == "late")
        self.assertEqual((Task.get("bob", 1).title, Task.get("ann", 2).status), ("New", "closed"))
        with self.assertRaises(TransactWriteError) as cancelled:
            with TransactWrite(connection=connection) as transaction:
                transaction.condition_check(Task, "ann", 4, condition=Task.status == "open")
                transaction.delete(Task.get("bob", 1))
        self.assertEqual([reason and reason.code for reason in cancelled.exception.cancellation_reasons], ["ConditionalCheckFailed", None])
        with TransactGet(connection=connection) as transaction:
            found, missing = transaction.get(Task, "bob", 1), transaction.get(Task, "ann", 3)
        self.assertEqual(found.get().title, "New")
        with self.assertRaises(DoesNotExist):
            missing.get()
        found.get().delete(Task.title == "New")
        with self.assertRaises(DoesNotExist):
            Task.get("bob", 1)
        Task.delete_table()


if __name__ == "__main__":
    unittest.main()

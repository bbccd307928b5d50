"""An open database: `stator.Database`."""

from __future__ import annotations

import ctypes
import datetime
import json
import os
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any, Optional, Union

from . import _native

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]
# Without a zone it is UTC; or milliseconds since 1970.
Moment = Union[datetime.datetime, int]

_open_databases = weakref.WeakSet()
_was_used = False
_is_forked = False


def _after_fork():
    """A child of fork() has none of the library's threads: what was used before cannot be used in it."""
    global _is_forked
    _is_forked = _was_used
    for database in list(_open_databases):
        database._handle = None
        # A thread that the child does not have may have held the lock.
        database._changed, database._callers = threading.Condition(), []


os.register_at_fork(after_in_child=_after_fork)


def _check_not_forked():
    if _is_forked:
        raise RuntimeError("this process was forked from one that had used Stator, whose threads it does not have; start it anew "
                           "(multiprocessing's \"spawn\" or \"forkserver\")")


class OperationError(Exception):
    """What DynamoDB answers instead of a result.

    `type` is its bare type ("ConditionalCheckFailedException"), `message` its message, `status` the HTTP status that goes
    with it, `body` the whole error as a dict, with `CancellationReasons` or `Item` where the service sends them.
    """

    def __init__(self, type: str, message: str, status: int, body: dict[str, Any]) -> None:
        super().__init__("%s: %s" % (type, message))
        self.type = type
        self.message = message
        self.status = status
        self.body = body


class Reply:
    """What a request came to, as bytes: `status` (200, 400, …), `error_type` and `error_message` ("" where the status is 200), `body`.

    By a rule of `Database.simulate` it is to be held back for `hold_ms` milliseconds, and `status` is 0 where the connection is
    cut in its place.
    """

    __slots__ = ("status", "error_type", "body", "hold_ms", "error_message")

    def __init__(self, status: int, error_type: str, body: bytes, hold_ms: int = 0, error_message: str = "") -> None:
        self.status = status
        self.error_type = error_type
        self.body = body
        self.hold_ms = hold_ms
        self.error_message = error_message


def _milliseconds(moment):
    """A datetime (without a zone: UTC) or a number of milliseconds since 1970, as the latter."""
    if isinstance(moment, datetime.datetime):
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.timezone.utc)
        return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)
    return int(moment)


def _path(name, value):
    """A path as text for the library, whose texts are UTF-8."""
    if value is None:
        return None
    text = os.fsdecode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("%s must be a path whose name is UTF-8, not %a" % (name, text)) from None
    return text


def _text(text):
    """A text for the library, where a zero byte would end it."""
    if "\0" in text:
        raise ValueError("a text must not hold a zero byte")
    return text.encode()


def _name(text):
    """The same of a request, which is answered whatever it contains: no operation and no region has a zero byte."""
    return b"" if "\0" in text else text.encode()


class Database:
    """DynamoDB inside this process, on a directory or in memory. May be used from several threads at once.

    `directory`            the data directory, created where it is missing; None: in memory, gone with the Database
    `sync`                 acknowledge a write when the disk has it: it then survives power loss
    `clock`                where the database's clock stands until it is moved: a datetime, or milliseconds since 1970;
                           None: the machine's clock
    `transition_delay_ms`  how long tables and indexes stay CREATING, UPDATING and DELETING
    `stream_shards`        into how many shards new streams are split (as on AWS: four for a table on demand, one with few
                           provisioned units)
    `read_staleness_ms`    how old the state may be that an eventually consistent read sees,
    `index_lag_ms`         how far global indexes may be behind,
    `stream_lag_ms`        how late stream records appear, and
    `staleness_seed`       what decides how old that state is: docs/simulate.md
    `enforce_throughput`   refuse what is beyond the throughput of tables and indexes, as on AWS
    `buckets`              where exports go and imports come from: the bucket NAME is the folder NAME in it
    `log`                  called with a line, from any thread, of what no call waits for: faults of the disk and their end, items that an
                           import leaves out; it must not call the database

    Raises RuntimeError with one line where the directory is held by another process, damaged or not Stator's.
    """

    def __init__(self, directory: Optional[Path] = None, *, sync: bool = False, clock: Optional[Moment] = None,
                 transition_delay_ms: Optional[int] = None, stream_shards: Optional[int] = None,
                 read_staleness_ms: Optional[int] = None, index_lag_ms: Optional[int] = None, stream_lag_ms: Optional[int] = None,
                 staleness_seed: Optional[int] = None, enforce_throughput: bool = False, buckets: Optional[Path] = None,
                 log: Optional[Callable[[str], Any]] = None) -> None:
        options = {"directory": _path("directory", directory), "sync": bool(sync),
                   "clock_ms": None if clock is None else _milliseconds(clock), "transition_delay_ms": transition_delay_ms,
                   "stream_shards": stream_shards, "read_staleness_ms": read_staleness_ms, "index_lag_ms": index_lag_ms,
                   "stream_lag_ms": stream_lag_ms, "staleness_seed": staleness_seed,
                   "enforce_throughput": bool(enforce_throughput), "buckets": _path("buckets", buckets)}
        global _was_used
        self._handle = None
        self._changed = threading.Condition()
        self._callers = []  # the threads whose calls are under way
        self._abandoned = None  # a handle that the last of these calls closes
        _check_not_forked()
        self._log = _native.LogFunction() if log is None else _native.LogFunction(
            lambda context, line, size: log(ctypes.string_at(line, size).decode(errors="replace")))
        _was_used = True
        self._handle = _native.checked(_native.library.stator_open, json.dumps(options).encode(), self._log, None)
        _open_databases.add(self)

    def close(self) -> None:
        """Closes it when the calls under way have ended; later ones raise RuntimeError. A second time does nothing."""
        with self._changed:
            handle, self._handle = self._handle, None
            if handle is None:
                return
            _open_databases.discard(self)
            if threading.get_ident() in self._callers:
                # A handler of a signal, in the middle of this thread's own call: waiting would be forever.
                self._abandoned = handle
                return
            try:
                while self._callers:
                    self._changed.wait()
            except BaseException:  # such as KeyboardInterrupt: the last of these calls closes it
                if self._callers:
                    self._abandoned = handle
                else:
                    _native.library.stator_close(handle)
                raise
        _native.library.stator_close(handle)

    def __reduce__(self):
        # A second one would close the first one's.
        raise TypeError("a stator.Database cannot be copied or pickled")

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self.close()

    def __del__(self):
        # At the interpreter's end its modules may be gone before this.
        if getattr(self, "_handle", None) is not None and _native is not None:
            self.close()

    def _begin_call(self):
        """The handle, which stays open until `_end_call`."""
        with self._changed:
            if self._handle is None:
                _check_not_forked()
                raise RuntimeError("this Database is closed")
            self._callers.append(threading.get_ident())
            return self._handle

    def _end_call(self):
        with self._changed:
            self._callers.remove(threading.get_ident())
            if self._handle is not None or self._callers:
                return
            handle, self._abandoned = self._abandoned, None
            self._changed.notify_all()
        if handle is not None:
            _native.library.stator_close(handle)

    def _use(self, function, *arguments):
        """Calls a function of the library that begins with a database and ends with `char **error`."""
        handle = self._begin_call()
        try:
            return _native.checked(function, handle, *arguments)
        finally:
            self._end_call()

    def call_raw(self, target: str, body: bytes, region: Optional[str] = None) -> Reply:
        """One request as an SDK sends it. `target`: "GetItem", or X-Amz-Target; `body`: bytes of JSON; `region`: the one the
        client believes to call. Returns a Reply, whatever the request contains."""
        reply = _native.Reply()
        library = _native.library
        handle = self._begin_call()
        try:
            library.stator_call(handle, _name(target), None if region is None else _name(region), body, len(body), reply)
            body = ctypes.string_at(reply.body, reply.body_bytes)
            return Reply(reply.http_status, reply.error_type.decode(), body, reply.hold_ms, reply.error_message.decode())
        finally:
            library.stator_reply_free(reply)
            self._end_call()

    def call(self, operation: str, request: Optional[Mapping[str, Any]] = None, **members: Any) -> dict[str, Any]:
        """Calls an operation with its members as a dict, as keywords, or both: call("GetItem", TableName=…, Key={"pk": {"S":
        "a"}}). Binary values are base64 text, as in DynamoDB's JSON. Returns the reply as a dict; raises OperationError, and
        ConnectionError where a rule of `simulate` cuts the connection."""
        reply = self.call_raw(operation, json.dumps({**(request or {}), **members}).encode())
        if reply.hold_ms:
            time.sleep(reply.hold_ms / 1000)
        if reply.status == 0:
            raise ConnectionError("the connection was cut, by a rule of simulate()")
        body = json.loads(reply.body or b"{}")  # with a status of 413 there is none
        if reply.status != 200:
            raise OperationError(reply.error_type, reply.error_message, reply.status, body)
        return body

    def save_snapshot(self, name: str) -> None:
        """Saves the database as it is now, in the place of an earlier snapshot of that name."""
        self._use(_native.library.stator_save_snapshot, _text(name))

    def restore_snapshot(self, name: str) -> None:
        """Makes the database what the snapshot holds."""
        self._use(_native.library.stator_restore_snapshot, _text(name))

    def drop_snapshot(self, name: str) -> None:
        self._use(_native.library.stator_drop_snapshot, _text(name))

    def snapshots(self) -> list[str]:
        """Their names, sorted."""
        return json.loads(_native.take_text(self._use(_native.library.stator_snapshots)))

    def reset(self) -> None:
        """Restores the snapshot "start" where there is one; else the database is empty."""
        self._use(_native.library.stator_reset)

    def simulate(self, rules: Union[Mapping[str, Any], str, None] = None) -> None:
        """Lets requests go wrong by rules and a seed, in the place of earlier rules: docs/simulate.md. A dict, or JSON: {"seed": 1,
        "rules": [{"when": {"operation": "PutItem", "first": 3}, "then": {"throttle": "KeyRangeThroughputExceeded"}}]}; None:
        nothing goes wrong. Raises RuntimeError with what is wrong with them, and the earlier ones stay."""
        text = rules if isinstance(rules, str) else json.dumps(rules or {})
        self._use(_native.library.stator_simulate, _text(text))

    def simulated(self) -> dict[str, Any]:
        """The seed, and of each rule how many requests it was for and how many it did something to."""
        return json.loads(_native.take_text(self._use(_native.library.stator_simulated)))

    @property
    def clock_ms(self) -> int:
        """The database's time, in milliseconds since 1970."""
        handle = self._begin_call()
        try:
            return _native.library.stator_clock(handle)
        finally:
            self._end_call()

    def set_clock(self, moment: Moment) -> None:
        """Moves the clock of a database that was opened with one, to a datetime or milliseconds since 1970. What has become
        due is done when this returns."""
        self._use(_native.library.stator_set_clock, _milliseconds(moment))

    def advance_clock(self, by: Union[datetime.timedelta, float]) -> None:
        """The same by a timedelta, or a number of seconds."""
        if not isinstance(by, datetime.timedelta):
            by = datetime.timedelta(seconds=by)
        self._use(_native.library.stator_advance_clock, by // datetime.timedelta(milliseconds=1))


_default = None
_default_lock = threading.Lock()


def default_database() -> Database:
    """The process's own database in memory, made when it is first asked for."""
    global _default
    with _default_lock:
        if _default is None or _default._handle is None:
            _default = Database()
        return _default

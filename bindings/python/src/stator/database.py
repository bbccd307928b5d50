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
# A datetime (UTC if it has no zone), or milliseconds since 1970.
Moment = Union[datetime.datetime, int]

_open_databases = weakref.WeakSet()
_was_used = False
_is_forked = False


def _after_fork():
    """A child of fork() does not have the library's threads, so it cannot use databases opened before."""
    global _is_forked
    _is_forked = _was_used
    for database in list(_open_databases):
        database._handle = None
        # A thread that does not exist in the child may have held the lock.
        database._changed, database._callers = threading.Condition(), []


os.register_at_fork(after_in_child=_after_fork)


def _check_not_forked():
    if _is_forked:
        raise RuntimeError("this process was forked from one that had used Stator, whose threads it does not have; start it anew "
                           "(multiprocessing's \"spawn\" or \"forkserver\")")


class OperationError(Exception):
    """An error that DynamoDB returns.

    `type` is its bare type ("ConditionalCheckFailedException"), `message` its message, `status` its HTTP status, `body` the
    whole error as a dict, with `CancellationReasons` or `Item` if the service sends them.
    """

    def __init__(self, type: str, message: str, status: int, body: dict[str, Any]) -> None:
        super().__init__("%s: %s" % (type, message))
        self.type = type
        self.message = message
        self.status = status
        self.body = body


class Reply:
    """The reply to a request: `status` (200, 400, …), `error_type` and `error_message` ("" if the status is 200), `body`
    (bytes).

    If a rule of `Database.simulate` holds the reply back, `hold_ms` says for how many milliseconds; if one cuts the
    connection, `status` is 0.
    """

    __slots__ = ("status", "error_type", "body", "hold_ms", "error_message")

    def __init__(self, status: int, error_type: str, body: bytes, hold_ms: int = 0, error_message: str = "") -> None:
        self.status = status
        self.error_type = error_type
        self.body = body
        self.hold_ms = hold_ms
        self.error_message = error_message


def _milliseconds(moment):
    """Converts a datetime (UTC if it has no zone) or milliseconds since 1970 to the latter."""
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
    """A text for the library, in which a zero byte would end it."""
    if "\0" in text:
        raise ValueError("a text must not hold a zero byte")
    return text.encode()


def _name(text):
    """The same for a part of a request, which is answered whatever it contains: empty if it has a zero byte, as no operation
    or region has one."""
    return b"" if "\0" in text else text.encode()


class Database:
    """DynamoDB inside this process, in a directory or in memory. May be used from several threads at once.

    `directory`            the data directory, created if missing; None: in memory, gone with the Database
    `sync`                 acknowledge a write when the disk has it: it then survives power loss
    `clock`                where the database's clock stands until it is moved: a datetime, or milliseconds since 1970;
                           None: the machine's clock
    `transition_delay_ms`  how long tables and indexes stay CREATING, UPDATING and DELETING
    `stream_shards`        the number of shards of new streams (default: as on AWS, four for an on-demand table, one with few
                           provisioned units)
    `read_staleness_ms`    how stale eventually consistent reads may be: docs/simulate.md
    `index_lag_ms`         how far global indexes may lag behind
    `stream_lag_ms`        how late stream records appear
    `staleness_seed`       the seed that determines the actual staleness (default: 1)
    `enforce_throughput`   throttle requests beyond the throughput of tables and indexes, as on AWS
    `buckets`              the directory of the buckets for exports and imports: the bucket NAME is its folder NAME
    `log`                  called with a line, from any thread, about events outside of calls: disk faults and their end,
                           items that an import skips; it must not call the database

    Raises RuntimeError with one line, for instance if the directory is held by another process, damaged or not Stator's.
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
        self._callers = []  # the threads with running calls
        self._abandoned = None  # a handle to be closed by the last of these calls
        _check_not_forked()
        self._log = _native.LogFunction() if log is None else _native.LogFunction(
            lambda context, line, size: log(ctypes.string_at(line, size).decode(errors="replace")))
        _was_used = True
        self._handle = _native.checked(_native.library.stator_open, json.dumps(options).encode(), self._log, None)
        _open_databases.add(self)

    def close(self) -> None:
        """Closes the database when the running calls have ended; later calls raise RuntimeError. Closing it again does
        nothing."""
        with self._changed:
            handle, self._handle = self._handle, None
            if handle is None:
                return
            _open_databases.discard(self)
            if threading.get_ident() in self._callers:
                # Called in a signal handler during a call of this thread: waiting for that would never end.
                self._abandoned = handle
                return
            try:
                while self._callers:
                    self._changed.wait()
            except BaseException:  # such as KeyboardInterrupt: let the last running call close it
                if self._callers:
                    self._abandoned = handle
                else:
                    _native.library.stator_close(handle)
                raise
        _native.library.stator_close(handle)

    def __reduce__(self):
        # A copy would close the handle of the original.
        raise TypeError("a stator.Database cannot be copied or pickled")

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        self.close()

    def __del__(self):
        # When the interpreter ends, its modules may be gone before this object.
        if getattr(self, "_handle", None) is not None and _native is not None:
            self.close()

    def _begin_call(self):
        """Returns the handle, which stays open until `_end_call`."""
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
        """Calls a function of the library whose first parameter is a database, and the last `char **error`."""
        handle = self._begin_call()
        try:
            return _native.checked(function, handle, *arguments)
        finally:
            self._end_call()

    def call_raw(self, target: str, body: bytes, region: Optional[str] = None) -> Reply:
        """Makes one request as an SDK sends it. `target`: "GetItem", or X-Amz-Target; `body`: JSON as bytes; `region`: the
        client's region. Returns a Reply whatever the request contains."""
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
        """Calls an operation with members as a dict, as keywords, or both: call("GetItem", TableName=…, Key={"pk": {"S":
        "a"}}). Binary values are base64 text, as in DynamoDB's JSON. Returns the reply as a dict; raises OperationError, and
        ConnectionError if a rule of `simulate` cuts the connection."""
        reply = self.call_raw(operation, json.dumps({**(request or {}), **members}).encode())
        if reply.hold_ms:
            time.sleep(reply.hold_ms / 1000)
        if reply.status == 0:
            raise ConnectionError("the connection was cut, by a rule of simulate()")
        body = json.loads(reply.body or b"{}")  # empty with status 413
        if reply.status != 200:
            raise OperationError(reply.error_type, reply.error_message, reply.status, body)
        return body

    def save_snapshot(self, name: str) -> None:
        """Saves the database as it is now, replacing an earlier snapshot of that name."""
        self._use(_native.library.stator_save_snapshot, _text(name))

    def restore_snapshot(self, name: str) -> None:
        """Restores the database from the snapshot."""
        self._use(_native.library.stator_restore_snapshot, _text(name))

    def drop_snapshot(self, name: str) -> None:
        self._use(_native.library.stator_drop_snapshot, _text(name))

    def snapshots(self) -> list[str]:
        """The names of the snapshots, sorted."""
        return json.loads(_native.take_text(self._use(_native.library.stator_snapshots)))

    def reset(self) -> None:
        """Restores the snapshot "start" if it exists; else empties the database."""
        self._use(_native.library.stator_reset)

    def simulate(self, rules: Union[Mapping[str, Any], str, None] = None) -> None:
        """Injects faults into requests by rules and a seed, which replace the earlier rules: docs/simulate.md. A dict, or
        JSON: {"seed": 1, "rules": [{"when": {"operation": "PutItem", "first": 3}, "then": {"throttle":
        "KeyRangeThroughputExceeded"}}]}; None: no faults. If the rules are invalid, raises a RuntimeError that says why, and
        the earlier ones stay."""
        text = rules if isinstance(rules, str) else json.dumps(rules or {})
        self._use(_native.library.stator_simulate, _text(text))

    def simulated(self) -> dict[str, Any]:
        """The seed and, for each rule, the number of requests that it matched and the number on which it acted."""
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
        """Moves the clock of a database that was opened with one, to a datetime or milliseconds since 1970. Work that becomes
        due is done before this returns."""
        self._use(_native.library.stator_set_clock, _milliseconds(moment))

    def advance_clock(self, by: Union[datetime.timedelta, float]) -> None:
        """The same by a timedelta, or a number of seconds."""
        if not isinstance(by, datetime.timedelta):
            by = datetime.timedelta(seconds=by)
        self._use(_native.library.stator_advance_clock, by // datetime.timedelta(milliseconds=1))


_default = None
_default_lock = threading.Lock()


def default_database() -> Database:
    """The process's own database in memory, created on first use."""
    global _default
    with _default_lock:
        if _default is None or _default._handle is None:
            _default = Database()
        return _default

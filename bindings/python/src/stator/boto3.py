"""boto3 clients and resources whose requests are answered by a Stator database in this process.

    dynamodb = stator.boto3.client("dynamodb")
    table = stator.boto3.resource("dynamodb").Table("messages")
    streams = stator.boto3.client("dynamodbstreams")

They are boto3's own, with its parameter checks, paginators, waiters, retries and exception classes. Only requests that would
go over the network are answered here, through botocore's `before-send` event. Nothing is sent, and no credentials are needed.

`attach` and `everywhere` also work for clients of aiobotocore and aioboto3, which are answered on the event loop's thread.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
import sys
import time
from collections.abc import Callable
from typing import Any, Optional, TypeVar, cast

import boto3 as _boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS

from .database import Database, default_database

SERVICES = ("dynamodb", "dynamodbstreams")
Target = TypeVar("Target")
Function = TypeVar("Function", bound="Callable[..., Any]")
# The names of the services in botocore's events.
_SERVICE_IDS = ("dynamodb", "dynamodb-streams")
# Clients need an address; nothing is ever sent to it (RFC 6761 reserves the name).
_ADDRESS = "http://stator.invalid"


# The Config of the client whose request is being made: its region_name, and its read_timeout in seconds.
_asking = contextvars.ContextVar("stator_asking", default=Config())


def _note_asking(request, **unused):
    """A handler of `request-created`, the last event that knows the client."""
    _asking.set(request.context["client_config"])


def _leave_unsigned(**unused):
    """A handler of `choose-signer`: requests that stay in the process need no signature, which would take credentials and
    much of the time of a call."""
    return UNSIGNED


def _handlers(answer):
    """The pairs (event, handler) of `answer`, a handler of `before-send`, and of what must happen before it."""
    return [(event + "." + service, handler) for service in _SERVICE_IDS
            for event, handler in (("choose-signer", _leave_unsigned), ("request-created", _note_asking), ("before-send", answer))]


def _is_awaited():
    """Whether aiobotocore called the handler that calls this function; it awaits what handlers return."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__", "").startswith("aiobotocore.")


class _Body(bytes):
    """The body of a reply: botocore uses it as it is, aiobotocore awaits it."""

    def __await__(self):
        return self
        yield


class _Response(AWSResponse):
    def __init__(self, url, status, headers, body):
        super().__init__(url, status, headers, None)
        self._body = _Body(body)

    @property
    def content(self):
        return self._body


def _text(value):
    return value.decode() if isinstance(value, bytes) else value


class _Answerer:
    """A handler of `before-send`. What it returns is used as the response."""

    def __init__(self, database):
        self._database = database
        self._count = 0

    def __call__(self, request, **unused):
        # botocore calls every handler, even after one has answered. A client's own comes before that of `everywhere`.
        if getattr(request, "answered_by_stator", False):
            return None
        request.answered_by_stator = True
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        asking = _asking.get()
        reply = self._database.call_raw(_text(request.headers.get("X-Amz-Target", "")), bytes(body), asking.region_name)
        # After its read timeout, the client does not see the reply.
        seconds = reply.hold_ms / 1000
        patience = asking.read_timeout
        is_late = patience is not None and seconds > patience
        seconds = patience if is_late else seconds
        if not seconds:
            return self._finish(request, reply, is_late)
        if _is_awaited():
            return self._finish_later(seconds, request, reply, is_late)
        time.sleep(seconds)
        return self._finish(request, reply, is_late)

    async def _finish_later(self, seconds, *arguments):
        import asyncio

        await asyncio.sleep(seconds)
        return self._finish(*arguments)

    def _finish(self, request, reply, is_late):
        if is_late:
            raise ReadTimeoutError(endpoint_url=request.url)
        if reply.status == 0:
            raise ConnectionClosedError(endpoint_url=request.url, request=request)
        self._count += 1
        headers = HeadersDict({
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(len(reply.body)),
            "x-amzn-RequestId": "STATOR%020d" % self._count,
        })
        return _Response(request.url, reply.status, headers, reply.body)


def _session(session):
    if session is None and _boto3.DEFAULT_SESSION is None:
        _boto3.setup_default_session()
    return session or _boto3.DEFAULT_SESSION


def _settings(session, options):
    settings = {"endpoint_url": _ADDRESS, **options}
    if settings.get("region_name") is None and session.region_name is None:
        settings["region_name"] = "us-east-1"
    # So that botocore does not look for credentials.
    config = Config(signature_version=UNSIGNED)
    if settings.get("config") is not None:
        config = config.merge(settings["config"])
    settings["config"] = config
    return settings


def _check_service(service_name):
    if service_name not in SERVICES:
        raise ValueError("stator answers %s, not %s" % (" and ".join(SERVICES), service_name))


def client(service_name: str = "dynamodb", database: Optional[Database] = None, *, session: Any = None, **options: Any) -> Any:
    """Returns a boto3 client for "dynamodb" or "dynamodbstreams" that `database` answers (default:
    `stator.default_database()`). `options` are those of boto3.client; `session` is the boto3.Session to use."""
    _check_service(service_name)
    session = _session(session)
    return attach(session.client(service_name, **_settings(session, options)), database)


def resource(service_name: str = "dynamodb", database: Optional[Database] = None, *, session: Any = None, **options: Any) -> Any:
    """The same for boto3's resource."""
    if service_name != "dynamodb":
        raise ValueError("boto3 has a resource for dynamodb only, not for %s" % service_name)
    session = _session(session)
    return attach(session.resource(service_name, **_settings(session, options)), database)


def attach(target: Target, database: Optional[Database] = None) -> Target:
    """Makes `database` answer an existing client or resource, or every client that a Session creates from now on, even if
    another database answered it before. Returns `target`."""
    database = database or default_database()
    meta = getattr(target, "meta", None)
    if meta is None:  # a session of boto3 or of botocore
        events = target.events if hasattr(target, "events") else target.get_component("event_emitter")
    else:
        events = (getattr(meta, "client", None) or target).meta.events
    for event, handler in _handlers(_Answerer(database)):
        name = "stator." + event
        events.unregister(event, unique_id=name)
        # Before other handlers, such as the recorder of another library.
        events.register_first(event, handler, unique_id=name)
    return target


# The active calls of everywhere(), the innermost at the end.
_everywhere: list[_Answerer] = []


def _ask_innermost(**details):
    innermost = _everywhere[-1:]
    return innermost[0](**details) if innermost else None


def _while_everywhere(handler):
    return lambda **details: handler(**details) if _everywhere else None


# Handlers for every session created from now on, and so for its clients, even those that code under test creates once and
# keeps.
BUILTIN_HANDLERS[:0] = [(event, _while_everywhere(handler)) for event, handler in _handlers(_ask_innermost)]


class _Everywhere(contextlib.ContextDecorator):
    def __init__(self, database: Optional[Database]) -> None:
        self._database = database
        self._entered: list[tuple[_Answerer, Any]] = []  # with the previous default session

    def _recreate_cm(self) -> _Everywhere:
        # Each call of a decorated function has its own.
        return _Everywhere(self._database)

    def __call__(self, function: Function) -> Function:
        if inspect.isclass(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            # Their bodies would not run inside the block.
            raise TypeError("everywhere() decorates functions that return or are awaited; elsewhere say: with everywhere():")
        if not inspect.iscoroutinefunction(function):
            return super().__call__(function)

        @functools.wraps(function)
        async def awaited(*arguments: Any, **members: Any) -> Any:
            with self._recreate_cm():
                return await function(*arguments, **members)

        return cast(Function, awaited)

    def __enter__(self) -> Database:
        database = self._database or default_database()
        answerer = _Answerer(database)
        self._entered.append((answerer, _boto3.DEFAULT_SESSION))
        _everywhere.append(answerer)
        _boto3.DEFAULT_SESSION = None
        return database

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        answerer, _boto3.DEFAULT_SESSION = self._entered.pop()
        _everywhere.remove(answerer)


def everywhere(database: Optional[Database] = None) -> _Everywhere:
    """While active, makes `database` answer every DynamoDB client in the process, whoever created it: for code that creates
    its own clients. Returns a context manager, which yields the database, and which also decorates functions, including
    coroutine functions. If several are active, the innermost answers; before and afterwards, clients work as usual. Clients
    of sessions created before `stator.boto3` was imported are not affected (use `attach` for them), except that boto3's
    default session is replaced by a new one meanwhile. Clients need a region as usual, but no credentials."""
    return _Everywhere(database)

"""boto3 clients and resources whose requests a Stator in this process answers.

    dynamodb = stator.boto3.client("dynamodb")
    table = stator.boto3.resource("dynamodb").Table("messages")
    streams = stator.boto3.client("dynamodbstreams")

They are boto3's own, with its parameter checks, paginators, waiters, retries and exception classes; only what would go over
the network is answered here, by botocore's `before-send` event. Nothing is sent, and no credentials are needed.

`attach` and `everywhere` also do for clients of aiobotocore and aioboto3, which are answered on the event loop's thread.
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
# What botocore's events are named after.
_SERVICE_IDS = ("dynamodb", "dynamodb-streams")
# Clients want an address; nothing is ever sent there (RFC 6761 has no such host).
_ADDRESS = "http://stator.invalid"


# The Config of the client whose request is under way here: its region_name and its read_timeout, in seconds.
_asking = contextvars.ContextVar("stator_asking", default=Config())


def _note_asking(request, **unused):
    """A handler of `request-created`, the last event that knows of the client."""
    _asking.set(request.context["client_config"])


def _leave_unsigned(**unused):
    """A handler of `choose-signer`: requests that nobody sees need no signature, which takes credentials, and a good part of
    what a call costs."""
    return UNSIGNED


def _handlers(answer):
    """What `answer`, a handler of `before-send`, listens to, and what must happen before: (event, handler) each."""
    return [(event + "." + service, handler) for service in _SERVICE_IDS
            for event, handler in (("choose-signer", _leave_unsigned), ("request-created", _note_asking), ("before-send", answer))]


def _is_awaited():
    """Whether aiobotocore called the handler that calls this: it awaits what a handler returns."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__", "").startswith("aiobotocore.")


class _Body(bytes):
    """A reply's body: botocore takes it as it is, aiobotocore awaits it."""

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
    """A handler of `before-send`: what it returns is the response."""

    def __init__(self, database):
        self._database = database
        self._count = 0

    def __call__(self, request, **unused):
        # botocore asks every handler, also where one has answered: a client's own comes before those of `everywhere`.
        if getattr(request, "answered_by_stator", False):
            return None
        request.answered_by_stator = True
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        asking = _asking.get()
        reply = self._database.call_raw(_text(request.headers.get("X-Amz-Target", "")), bytes(body), asking.region_name)
        # Beyond its patience the client does not see what came of the request.
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
    # So that nobody looks for credentials.
    config = Config(signature_version=UNSIGNED)
    if settings.get("config") is not None:
        config = config.merge(settings["config"])
    settings["config"] = config
    return settings


def _check_service(service_name):
    if service_name not in SERVICES:
        raise ValueError("stator answers %s, not %s" % (" and ".join(SERVICES), service_name))


def client(service_name: str = "dynamodb", database: Optional[Database] = None, *, session: Any = None, **options: Any) -> Any:
    """A boto3 client for "dynamodb" or "dynamodbstreams" that `database` answers (`stator.default_database()` where none is
    given). `options` are those of boto3.client; `session` is a boto3.Session to make it with."""
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
    """Lets `database` answer a client or a resource that is there already, whatever it was made for, or every client that a
    Session makes from now on; also one that another database answered. Returns `target`."""
    database = database or default_database()
    meta = getattr(target, "meta", None)
    if meta is None:  # a session, of boto3 or of botocore
        events = target.events if hasattr(target, "events") else target.get_component("event_emitter")
    else:
        events = (getattr(meta, "client", None) or target).meta.events
    for event, handler in _handlers(_Answerer(database)):
        name = "stator." + event
        events.unregister(event, unique_id=name)
        # Before whatever else listens, such as a recorder of another library.
        events.register_first(event, handler, unique_id=name)
    return target


# Those of everywhere() that last, the innermost at the end.
_everywhere: list[_Answerer] = []


def _ask_innermost(**details):
    innermost = _everywhere[-1:]
    return innermost[0](**details) if innermost else None


def _while_everywhere(handler):
    return lambda **details: handler(**details) if _everywhere else None


# Of every session that is made from now on, and so of its clients, also of those that code under test makes once and keeps.
BUILTIN_HANDLERS[:0] = [(event, _while_everywhere(handler)) for event, handler in _handlers(_ask_innermost)]


class _Everywhere(contextlib.ContextDecorator):
    def __init__(self, database: Optional[Database]) -> None:
        self._database = database
        self._entered: list[tuple[_Answerer, Any]] = []  # with the default session of before

    def _recreate_cm(self) -> _Everywhere:
        # Each call of a function that it decorates has its own.
        return _Everywhere(self._database)

    def __call__(self, function: Function) -> Function:
        if inspect.isclass(function) or inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            # Nothing of their bodies would run while it lasts.
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
    """While it lasts, `database` answers every DynamoDB client in the process, whoever made it: for code that makes its own. A
    context manager, which yields the database, and a decorator of functions, also of those that are awaited. Of several the
    innermost answers; before and afterwards clients go where they would have gone. Not concerned are clients of sessions that
    were there before `stator.boto3` was imported (`attach` is for them), but boto3's default session is: it is a new one
    meanwhile. They need no credentials, but a region as ever."""
    return _Everywhere(database)

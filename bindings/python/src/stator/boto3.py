"""boto3 clients and resources whose requests a Stator in this process answers.

    dynamodb = stator.boto3.client("dynamodb")
    table = stator.boto3.resource("dynamodb").Table("messages")
    streams = stator.boto3.client("dynamodbstreams")

They are boto3's own, with its parameter checks, paginators, waiters, retries and exception classes; only what would go over
the network is answered here, by botocore's `before-send` event. Nothing is sent, and no credentials are needed.

`attach` and `everywhere` also do for clients of aiobotocore and aioboto3, which are answered on the event loop's thread.
"""

import contextlib
import contextvars
import re
import sys
import time

import boto3 as _boto3
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.handlers import BUILTIN_HANDLERS

from .database import default_database

SERVICES = ("dynamodb", "dynamodbstreams")
EVENTS = ("before-send.dynamodb", "before-send.dynamodb-streams")
CREATION_EVENTS = ("request-created.dynamodb", "request-created.dynamodb-streams")
# Clients want an address; nothing is ever sent there (RFC 6761 has no such host).
_ADDRESS = "http://stator.invalid"
_SCOPE = re.compile(r"Credential=[^/]*/\d{8}/([^/]+)/")


# The read_timeout of the client whose request is under way here, in seconds; None: it waits.
_patience = contextvars.ContextVar("stator_patience", default=None)


def _note_patience(request, **unused):
    """A handler of `request-created`, the last event that knows of the client."""
    config = getattr(request, "context", {}).get("client_config")
    _patience.set(getattr(config, "read_timeout", None))


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

    def __init__(self, database, region=None):
        self._database = database
        self._region = region
        self._count = 0

    def region_of(self, request):
        if self._region is not None:
            return self._region
        found = _SCOPE.search(_text(request.headers.get("Authorization", "")))
        return found.group(1) if found else None

    def __call__(self, request, **unused):
        # botocore asks every handler, also where one has answered: a client's own comes before those of `everywhere`.
        if getattr(request, "answered_by_stator", False):
            return None
        request.answered_by_stator = True
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        reply = self._database.call_raw(_text(request.headers.get("X-Amz-Target", "")), bytes(body), self.region_of(request))
        # Beyond its patience the client does not see what came of the request.
        seconds = reply.hold_ms / 1000
        patience = _patience.get()
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
    # Requests that nobody sees need no signature, which is a good part of what a call costs.
    config = Config(signature_version=UNSIGNED)
    if settings.get("config") is not None:
        config = config.merge(settings["config"])
    settings["config"] = config
    return settings


def _check_service(service_name):
    if service_name not in SERVICES:
        raise ValueError("stator answers %s, not %s" % (" and ".join(SERVICES), service_name))


def client(service_name="dynamodb", database=None, *, session=None, **options):
    """A boto3 client for "dynamodb" or "dynamodbstreams" that `database` answers (`stator.default_database()` where none is
    given). `options` are those of boto3.client; `session` is a boto3.Session to make it with."""
    _check_service(service_name)
    session = _session(session)
    return attach(session.client(service_name, **_settings(session, options)), database)


def resource(service_name="dynamodb", database=None, *, session=None, **options):
    """The same for boto3's resource."""
    if service_name != "dynamodb":
        raise ValueError("boto3 has a resource for dynamodb only, not for %s" % service_name)
    session = _session(session)
    return attach(session.resource(service_name, **_settings(session, options)), database)


def attach(target, database=None):
    """Lets `database` answer a client or a resource that is there already, whatever it was made for, or every client that a
    Session makes from now on; also one that another database answered. Returns `target`."""
    database = database or default_database()
    meta = getattr(target, "meta", None)
    if meta is None:  # a session, of boto3 or of botocore
        answerer = _Answerer(database)
        events = target.events if hasattr(target, "events") else target.get_component("event_emitter")
    else:
        made = getattr(meta, "client", None) or target
        answerer = _Answerer(database, made.meta.region_name)
        events = made.meta.events
    for event in EVENTS:
        name = "stator." + event
        events.unregister(event, unique_id=name)
        # Before whatever else listens, such as a recorder of another library.
        events.register_first(event, answerer, unique_id=name)
    for event in CREATION_EVENTS:
        events.register(event, _note_patience, unique_id="stator." + event)
    return target


@contextlib.contextmanager
def everywhere(database=None):
    """While it lasts, `database` answers every DynamoDB client that is made by whatever means, in all of the process: for code
    that makes its own. Yields the database. Clients and sessions of boto3 that are there already are not concerned (`attach`
    is for them), but boto3's default session is: it is a new one meanwhile."""
    database = database or default_database()
    answerer = _Answerer(database)
    active = [True]

    def answer(request, **details):
        return answerer(request, **details) if active[0] else None

    entries = [(event, answer) for event in EVENTS] + [(event, _note_patience) for event in CREATION_EVENTS]
    BUILTIN_HANDLERS[:0] = entries  # so that the innermost of several answers
    default_session, _boto3.DEFAULT_SESSION = _boto3.DEFAULT_SESSION, None
    try:
        yield database
    finally:
        _boto3.DEFAULT_SESSION = default_session
        active[0] = False  # for the clients that outlive it: they go where they would have gone
        for entry in entries:
            BUILTIN_HANDLERS.remove(entry)

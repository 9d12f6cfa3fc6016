"""The WSGI application: requests in, checked against the table of operations, answers and refusals out."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

import falcon
import structlog
from pydantic import BaseModel, ValidationError

from web.description import description
from web.door import Door
from web.errors import ApiError, NotUnderstood, TooMuch
from web.models import Problem, Status
from web.operation import Asked, Operation, Services
from web.operations import OPERATIONS
from web.origin import origin
from web.ports import Health
from web.stream import Streams

_log = structlog.get_logger(__name__)

#: Largest body in bytes; the largest one that makes sense has a few hundred.
MAX_BODY: Final = 8_192
_JSON: Final = "application/json"
Responder = Callable[..., None]


def make_app(services: Services, door: Door, streams: Streams, health: Health) -> falcon.App[Any, Any]:
    """Everything is wired here; nothing is global."""
    app = falcon.App(media_type=_JSON)
    app.req_options.keep_blank_qs_values = True
    app.req_options.auto_parse_qs_csv = False
    app.set_error_serializer(_falcon_said)
    app.add_error_handler(ApiError, _refused)
    app.add_error_handler(Exception, _defect)
    paths: defaultdict[str, dict[str, Responder]] = defaultdict(dict)
    for each in OPERATIONS:
        paths[each.path][f"on_{each.method.lower()}"] = _responder(each, services, door)
    paths["/v1/events"]["on_get"] = _stream(door, streams)
    paths["/v1/openapi.json"]["on_get"] = _described(description())
    paths["/status"]["on_get"] = _status(health)
    for path, responders in paths.items():
        app.add_route(path, SimpleNamespace(**responders))
    return app


def _responder(operation: Operation, services: Services, door: Door) -> Responder:
    def respond(req: falcon.Request, resp: falcon.Response, **path: str) -> None:
        user = door.user(req.auth, _origin(req))
        door.check(user, operation.right)
        for name, pattern in operation.names.items():
            _named(name, pattern, path[name])
        asked = Asked(user, path, _query(operation, req), _body(operation, req))
        answer = operation.does(services, asked)
        if answer is None:
            resp.status = falcon.HTTP_204
        else:
            _answer(resp, answer)

    return respond


def _stream(door: Door, streams: Streams) -> Responder:
    def respond(req: falcon.Request, resp: falcon.Response) -> None:
        _no_query(req)
        token = req.auth
        resp.stream = streams.begin(door.user(token, _origin(req)), lambda: door.known(token))
        resp.content_type = "text/event-stream"
        resp.set_headers({"Cache-Control": "no-store", "X-Accel-Buffering": "no"})

    return respond


def _origin(req: falcon.Request) -> str:
    return origin(req.remote_addr, req.get_header("X-Forwarded-For"))


def _described(document: dict[str, Any]) -> Responder:
    text = json.dumps(document, ensure_ascii=False)

    def respond(_req: falcon.Request, resp: falcon.Response) -> None:
        resp.text = text

    return respond


def _status(health: Health) -> Responder:
    def respond(_req: falcon.Request, resp: falcon.Response) -> None:
        parts = dict(health.parts())
        ok = all(each == "ok" for each in parts.values())
        _answer(resp, Status(ok=ok, parts=parts))
        resp.status = falcon.HTTP_200 if ok else falcon.HTTP_503

    return respond


def _named(name: str, pattern: str, value: str) -> None:
    if re.search(pattern, value, re.ASCII) is None or value.endswith("\n"):
        raise NotUnderstood(f"{name}: {value[:64]!r} is no name of this kind")


def _query(operation: Operation, req: falcon.Request) -> BaseModel | None:
    if operation.query is None:
        _no_query(req)
        return None
    try:
        return operation.query.model_validate(dict(req.params))
    except ValidationError as error:
        raise NotUnderstood(_first(error)) from error


def _no_query(req: falcon.Request) -> None:
    if req.params:
        raise NotUnderstood(f"no parameter is taken here: {next(iter(req.params))[:64]!r}")


def _body(operation: Operation, req: falcon.Request) -> BaseModel | None:
    if (req.content_length or 0) > MAX_BODY:
        raise TooMuch(f"at most {MAX_BODY} bytes are taken")
    if operation.body is None:
        return None
    if (req.content_type or "").partition(";")[0].strip().lower() != _JSON:
        raise NotUnderstood(f"the body must be {_JSON}")
    content = req.bounded_stream.read(MAX_BODY + 1)
    try:
        return operation.body.model_validate_json(content)
    except ValidationError as error:
        raise NotUnderstood(_first(error)) from error


def _first(error: ValidationError) -> str:
    """The first fault with its place; what was sent is not repeated beyond a few characters."""
    found = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(each) for each in found["loc"]) or "body"
    return f"{place[:64]}: {found['msg']}"


def _answer(resp: falcon.Response, answer: BaseModel) -> None:
    resp.text = answer.model_dump_json()
    resp.content_type = _JSON
    resp.set_headers({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def _refused(_req: falcon.Request, resp: falcon.Response, error: ApiError, _params: dict[str, Any]) -> None:
    _answer(resp, Problem(error=error.id, sentence=error.sentence))
    resp.status = falcon.code_to_http_status(error.status)
    if error.status == 401:
        resp.set_header("WWW-Authenticate", "Bearer")
    if error.retry_after_s is not None:
        resp.set_header("Retry-After", str(error.retry_after_s))


def _defect(req: falcon.Request, resp: falcon.Response, error: Exception, _params: dict[str, Any]) -> None:
    """A defect of ours: told in the log, not to the client. What falcon itself refuses is none."""
    if isinstance(error, falcon.HTTPError):
        raise error
    _log.exception("an operation failed", method=req.method, path=req.path)
    _answer(resp, Problem(error="api.defect", sentence="this is a defect of the server; its log says more"))
    resp.status = falcon.HTTP_500


def _falcon_said(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError) -> None:
    """Unknown paths and methods, in our words."""
    status = falcon.http_status_to_code(error.status)
    sentence = error.title or f"HTTP status {status}"
    _answer(resp, Problem(error=f"api.http-{status}", sentence=sentence))

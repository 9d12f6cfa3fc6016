"""The OpenAPI description of the interface, made from its table of operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from web.models import Problem, Status
from web.operation import Operation
from web.operations import OPERATIONS

VERSION: Final = "1"
_REF: Final = "#/components/schemas/{model}"
_MEANINGS: Final[Mapping[int, str]] = {
    400: "The request is not what this description says",
    401: "No token, or none that is valid",
    403: "The token's role may not do this",
    404: "There is nothing of this name",
    409: "It cannot be done now; the sentence says why",
    413: "The request is too large",
    429: "Too many requests or streams of one user; Retry-After says when again",
    503: "What is needed does not answer; try again in a moment",
}
#: What every operation with a token can answer.
_ALWAYS: Final = (400, 401, 403, 413, 429, 503)
_EVENTS: Final = """\
Server-sent events, until the client goes. First `snapshot` with agents and queues as this user may see them
and again whenever they changed (twice a second at most); in between what happens, named as in docs/figures.md
(`Entered`, `Answered`, `HoldEnded`, `Ended`, `Abandoned`, `CallbackNoted`, `OfferEnded`, `AgentChanged`,
`WrappedUp`): for agents what is about themselves. A comment every 10 s keeps the connection. It ends within
5 s of its token, or of its rights when they change. After a loss connect again: the snapshot tells all."""


def description() -> dict[str, Any]:
    """OpenAPI 3.1."""
    models = sorted(_models(), key=lambda each: each.__name__)
    _, schemas = models_json_schema([(each, "validation") for each in models], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    paths["/v1/events"] = {"get": _events()}
    paths["/status"] = {"get": _status()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fernamt contact centre",
            "version": VERSION,
            "description": "For agents' and supervisors' screens. Everything is of the token's customer.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _models() -> set[type[BaseModel]]:
    found: set[type[BaseModel]] = {Problem, Status}
    for each in OPERATIONS:
        found |= {model for model in (each.answer, each.body) if model is not None}
    return found


def _operation(each: Operation) -> dict[str, Any]:
    status = "200" if each.answer is not None else "204"
    done: dict[str, Any] = {"description": "Done" if each.answer is None else "The answer"}
    if each.answer is not None:
        done["content"] = _json(each.answer)
    said: dict[str, Any] = {
        "operationId": each.id,
        "summary": each.summary,
        "description": f"Right: {each.right.value}.",
        "parameters": [*_names(each), *_query(each)],
        "responses": {status: done, **_refusals((*_ALWAYS, *each.refusals))},
    }
    if each.body is not None:
        said["requestBody"] = {"required": True, "content": _json(each.body)}
    return said


def _names(each: Operation) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in each.names.items()
    ]


def _query(each: Operation) -> list[dict[str, Any]]:
    if each.query is None:
        return []
    schema = each.query.model_json_schema(ref_template=_REF)
    return [
        {"name": name, "in": "query", "required": False, "schema": _plain(value)}
        for name, value in schema["properties"].items()
    ]


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Left out instead of null: a query has no null."""
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "title")}
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**rest, **kinds[0]} if kinds else rest


def _events() -> dict[str, Any]:
    stream = {"text/event-stream": {"schema": {"type": "string"}}}
    return {
        "operationId": "events",
        "summary": "What happens, as it happens",
        "description": _EVENTS,
        "responses": {
            "200": {"description": "A stream", "content": stream},
            **_refusals((400, 401, 429, 503)),
        },
    }


def _status() -> dict[str, Any]:
    return {
        "operationId": "status",
        "summary": "Whether the interface and what it depends on work",
        "security": [],
        "responses": {
            "200": {"description": "All works", "content": _json(Status)},
            "503": {"description": "Something does not answer", "content": _json(Status)},
        },
    }


def _refusals(statuses: tuple[int, ...]) -> dict[str, Any]:
    return {
        str(status): {"description": _MEANINGS[status], "content": _json(Problem)}
        for status in sorted(set(statuses))
    }


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}

"""Pydantic's errors as findings: our ids, our words, the nearest valid name."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from provisioning.errors import Finding, KeyPath, cut, found_text
from provisioning.nearest import listed

#: Pydantic's error type -> id, message, what is allowed (with fields of the error's context).
_TABLE: Final = {
    "string_type": ("config.wrong-type", "not a text", "text in quotes"),
    "int_type": ("config.wrong-type", "not a whole number", "a whole number without quotes"),
    "bool_type": ("config.wrong-type", "neither true nor false", "true or false"),
    "tuple_type": ("config.wrong-type", "not a list", "a list"),
    "model_type": ("config.wrong-type", "not a mapping", "a mapping with keys"),
    "greater_than_equal": ("config.out-of-range", "a number is too small", "{ge} and above"),
    "less_than_equal": ("config.out-of-range", "a number is too large", "{le} and below"),
    "too_long": ("config.too-many", "a list is too long", "at most {max_length}"),
    "too_short": ("config.too-few", "a list is too short", "at least {min_length}"),
}
_CHOICE: Final = re.compile(r"'([^']*)'")


def findings(error: ValidationError, model: type[BaseModel], at: KeyPath) -> Iterator[Finding]:
    """Every error of validating `model` with the value at path `at`."""
    for detail in error.errors(include_url=False):
        # Pydantic also calls a list too short whose items were refused.
        if detail["type"] != "too_short" or len(detail["input"]) < detail["ctx"]["min_length"]:
            yield _finding(detail, model, at)


def _finding(detail: ErrorDetails, model: type[BaseModel], at: KeyPath) -> Finding:
    path = (*at, *detail["loc"])
    kind = detail["type"]
    context: dict[str, Any] = detail.get("ctx") or {}
    if kind.startswith(("config.", "settings.")):
        shown = _shown(kind, detail["input"], path)
        choices = tuple(context.get("choices", ()))
        return Finding(kind, path, context["message"], shown, context["allowed"], choices)
    if kind == "missing":
        return missing_key(path)
    if kind == "extra_forbidden":
        return unknown_key(path, tuple(_model_at(model, detail["loc"][:-1]).model_fields))
    if kind == "literal_error":
        choices = tuple(_CHOICE.findall(str(context.get("expected", ""))))
        found = found_text(detail["input"], path)
        return Finding("config.not-a-choice", path, "not one of the choices", found, listed(choices), choices)
    id_, message, allowed = _TABLE.get(kind, ("config.value", detail["msg"], None))
    return Finding(
        id_, path, message, found_text(detail["input"], path), allowed.format(**context) if allowed else None
    )


def _shown(id_: str, value: object, path: KeyPath) -> str | None:
    """What was found; nothing for problems between keys, whose message says it."""
    return None if isinstance(value, dict) and id_ != "config.wrong-type" else found_text(value, path)


def missing_key(path: KeyPath) -> Finding:
    """The key at the end of the path is required."""
    return Finding("config.missing-key", path, f"the key {path[-1]!r} is missing")


def unknown_key(path: KeyPath, known: tuple[str, ...]) -> Finding:
    """The key at the end of the path is none of these."""
    return Finding(
        "config.unknown-key",
        path,
        "an unknown key",
        repr(cut(str(path[-1]))),
        listed(known),
        known,
        at_key=True,
    )


def _model_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The model that validates the value at this path below `model`."""
    here = model
    for step in loc:
        if isinstance(step, str):
            here = _model_in(here.model_fields[step].annotation) or here
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model within `Annotated[tuple[Model, ...] | None, …]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Annotated, Union, types.UnionType, tuple):
        for part in get_args(annotation):
            if (model := _model_in(part)) is not None:
                return model
    return None

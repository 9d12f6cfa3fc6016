"""The description of the interface, and the server held against it by schemathesis (issue 6, item 8)."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, assume, settings
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from tests.architecture.program import ROOT
from tests.unit.web.office import Office
from web.description import description
from web.operations import OPERATIONS

OFFICE = Office(at_once=1_000_000)
BEARER = {"Authorization": "Bearer t-boss"}
#: Streams have no end.
SCHEMA = schemathesis.openapi.from_wsgi("/v1/openapi.json", OFFICE.app).exclude(path="/v1/events")
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@SCHEMA.parametrize()
@BOUNDED
def test_the_server_does_what_its_description_says(case: schemathesis.Case) -> None:
    """Good requests are carried out, refusals are described ones, no operation works without a token."""
    # What it calls a bad query or header may be gone when it is sent; bodies are looked at below.
    case.call_and_validate(headers=BEARER, excluded_checks=[negative_data_rejection])


@SCHEMA.include(method="POST").parametrize()
@BOUNDED
def test_a_body_that_is_not_as_described_is_refused(case: schemathesis.Case) -> None:
    """Guarantee 7."""
    assert case.meta is not None
    body = case.meta.components.get(ParameterLocation.BODY)
    assume(body is not None and body.mode is GenerationMode.NEGATIVE)
    case.call_and_validate(headers=BEARER, checks=[negative_data_rejection])


def test_every_operation_is_described_with_its_right() -> None:
    described = description()["paths"]
    for each in OPERATIONS:
        said: dict[str, Any] = described[each.path][each.method.lower()]
        assert each.right.value in said["description"]
    assert set(described) == {each.path for each in OPERATIONS} | {"/v1/events", "/status"}


def test_every_operation_is_in_the_page() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    missing = [each.path for each in OPERATIONS if f"`{each.method} {each.path}`" not in page]
    assert missing == []
    assert json.loads(OFFICE.get("/v1/openapi.json", None).text) == json.loads(json.dumps(description()))

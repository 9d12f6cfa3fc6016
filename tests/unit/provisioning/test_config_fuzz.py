"""Whatever stands in the files: a configuration or `ConfigInvalid`, in bounded time, nothing else."""

from __future__ import annotations

import string
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from provisioning import schema
from provisioning.errors import ConfigInvalid, ConfigProblem, Problems
from provisioning.load import load_documents
from provisioning.yaml_source import LOADER, read_documents

_MODELS = [getattr(schema, name) for name in schema.__all__]
_WORDS = st.sampled_from(
    sorted({key for each in _MODELS if issubclass(each, BaseModel) for key in each.model_fields} | {"<<"})
)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["+492214710100", "0221 4710-100", "192.0.2.10:5060", "[::1]:1/tls", "a-1", "030", "*a"]),
    st.sampled_from(
        ["2026-02-28", "2026-02-29", "08:00", "3.90 EUR", "DE", "50667", "teams", "mon", "basis"]
    ),
)
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_WORDS, inner, max_size=6)),
    max_leaves=30,
)
_FLOW = st.text(alphabet="{}[]:,&*!<>|-?#'\"%@ \n" + string.ascii_lowercase[:4] + "0+", max_size=200)


def _problems_of(*texts: bytes) -> tuple[ConfigProblem, ...]:
    """None for a valid configuration; anything but `ConfigInvalid` goes through to the test."""
    try:
        load_documents((f"{index}.yaml", text) for index, text in enumerate(texts))
    except ConfigInvalid as error:
        return error.problems
    return ()


def _only_config_invalid(*texts: bytes) -> None:
    for problem in _problems_of(*texts):
        assert problem.id.startswith("config.")
        assert len(str(problem).splitlines()) == 1


@settings(max_examples=150, deadline=2_000)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_politely(data: bytes) -> None:
    _only_config_invalid(data)


@settings(max_examples=300, deadline=2_000)
@given(_FLOW, _FLOW)
def test_any_text_of_yaml_s_own_characters_is_refused_politely(one: str, two: str) -> None:
    _only_config_invalid(one.encode(), two.encode())


@settings(max_examples=300, deadline=2_000, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_WORDS, _TREES, max_size=5), st.dictionaries(_WORDS, _TREES, max_size=3))
def test_any_tree_of_the_schema_s_words_is_refused_politely(
    one: dict[str, object], two: dict[str, object]
) -> None:
    _only_config_invalid(*(yaml.safe_dump(tree, allow_unicode=True).encode() for tree in (one, two)))


@settings(max_examples=100, deadline=2_000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_valid_configuration_with_a_hole_is_refused_politely(
    carrier: str, customers: str, data: st.DataObject
) -> None:
    text = (carrier + customers).encode()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    _only_config_invalid(text[:start] + data.draw(st.binary(max_size=5)) + text[end:])


@pytest.mark.parametrize("loader", [LOADER, yaml.SafeLoader])
@settings(max_examples=200, deadline=2_000)
@given(text=_FLOW)
def test_both_parsers_refuse_politely(loader: Any, text: str) -> None:
    problems = Problems()
    source = read_documents([("a.yaml", text.encode())], problems, loader)
    assert source.complete or problems.errors

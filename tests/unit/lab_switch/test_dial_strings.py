"""Dial strings: what FreeSWITCH 1.11 made of the same texts is the measure."""

from __future__ import annotations

import pytest

from lab.errors import DialStringError
from lab.switch.dialstring import parse_dial_string, parse_variables, separate


def test_alternatives_and_legs_with_their_variables() -> None:
    dial = parse_dial_string("{a=1,b=2}[c=3]sofia/gateway/x/1,[d=4]sofia/gateway/y/2|error/USER_BUSY")
    assert dial.variables == (("a", "1"), ("b", "2"))
    first, second = dial.alternatives
    assert [leg.endpoint for leg in first] == ["sofia/gateway/x/1", "sofia/gateway/y/2"]
    assert [leg.variables for leg in first] == [(("c", "3"),), (("d", "4"),)]
    assert [leg.endpoint for leg in second] == ["error/USER_BUSY"]


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("a='x, y',b=2", [("a", "x"), ("b", "2")]),
        ("a='x\\, y',b=2", [("a", "x, y"), ("b", "2")]),
        ("^^;a=x, y;b=2", [("a", "x, y"), ("b", "2")]),
        ("a=^^:PCMA:PCMU", [("a", "^^:PCMA:PCMU")]),
        ("a=b=c,nur-name,=leer", [("a", "b=c")]),
    ],
)
def test_variables_of_a_bracket(inside: str, expected: list[tuple[str, str]]) -> None:
    assert parse_variables(inside) == expected


@pytest.mark.parametrize(
    "text", ["", "   ", "{a=1}", "[a=1sofia/x/y", "{a=1sofia/x/y", "x" * 70_000, "a:_:b"]
)
def test_what_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(DialStringError, match="dial string"):
        parse_dial_string(text)


def test_too_many_legs_are_refused() -> None:
    with pytest.raises(DialStringError, match="128 legs"):
        parse_dial_string(",".join(["error/USER_BUSY"] * 129))


def test_single_quotes_keep_blanks_together() -> None:
    assert separate("1 4 'ein zwei' x", " ") == ["1", "4", "ein zwei", "x"]

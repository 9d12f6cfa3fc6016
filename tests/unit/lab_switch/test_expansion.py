"""`${variable}` expansion as FreeSWITCH does it."""

from __future__ import annotations

import pytest

from lab.switch.expand import MAX_LENGTH, Scope, disarmed, expand, would_expand

VALUES = {
    "nummer": "+4922147100",
    "name": "nummer",
    "verschachtelt": "vor ${nummer} nach",
    "kreis": "${kreis}",
    "wachsend": "${wachsend}${wachsend}",
    "leer": "",
}


def variable(name: str, index: int) -> str | None:
    if name == "liste":
        return ("a", "b", "c")[index] if index >= 0 else "ARRAY::a|:b|:c"
    return VALUES.get(name)


def call(name: str, argument: str) -> str:
    return f"<{name}:{argument}>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ohne alles $ und $$ und 5$", "ohne alles $ und $$ und 5$"),
        ("${nummer}", "+4922147100"),
        ("a${nummer}b${unbekannt}c", "a+4922147100bc"),
        ("${nummer:1}", "4922147100"),
        ("${nummer:1:2}", "49"),
        ("${nummer:-4}", "7100"),
        ("${nummer:-4:2}", "71"),
        ("${nummer:99}", ""),
        ("${${name}}", "+4922147100"),
        ("${verschachtelt}", "vor +4922147100 nach"),
        ("${liste[1]}", "b"),
        ("\\${nummer}", "${nummer}"),
        ("${nummer", "+4922147100"),
        ("${echo(a ${nummer})}", "<echo:a +4922147100>"),
        ("${echo hallo}", "<echo:hallo>"),
        ("it\\'s", "its"),
        ("${leer}", ""),
        ("", ""),
    ],
)
def test_references_are_replaced(text: str, expected: str) -> None:
    assert expand(text, Scope(variable, call)) == expected


def test_a_value_that_names_itself_ends_by_itself() -> None:
    assert expand("${kreis}", Scope(variable, call)) == "${kreis}"
    assert len(expand("${wachsend}", Scope(variable, call))) <= MAX_LENGTH


def test_api_calls_are_denied_when_the_switch_forbids_them() -> None:
    assert expand("${system(id)}", Scope(variable, None)) == "<API Execute Permission Denied>"


def test_what_would_expand_is_seen_and_disarmed() -> None:
    assert would_expand("x${y}")
    assert would_expand("$\\{y}")
    assert not would_expand("$ {y}")
    assert disarmed("a${b}$\\{c}$d") == "a%{b}%\\{c}$d"

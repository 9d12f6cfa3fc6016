"""What a node says of itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from freeswitch.commands import ApiCall
from freeswitch.errors import CommandFailed, UnexpectedReply
from freeswitch.node_state import NodeState, drain, drained_said, is_drained, node_state, undrain

#: As FreeSWITCH 1.11 prints it.
STATUS = """UP 0 years, 0 days, 2 hours, 3 minutes, 4 seconds, 5 milliseconds, 6 microseconds
FreeSWITCH (Version 1.11.3-dev 64bit) is ready
12345 session(s) since startup
7 session(s) - peak 240, last 5min 12
0 session(s) per Sec out of max 500, peak 61, last 5min 3
5000 session(s) max
min idle cpu 0.00/97.10
Current Stack Size/Max 240K/8192K
"""


def test_a_node_tells_its_legs_and_how_long_it_runs() -> None:
    up = "0 years, 0 days, 2 hours, 3 minutes, 4 seconds, 5 milliseconds, 6 microseconds"
    assert node_state(STATUS, "") == NodeState(ready=True, drained=False, legs=7, up=up)


def test_a_variable_that_was_never_set_or_set_back_drains_nothing() -> None:
    for said in ("", "false", "-ERR no reply\n", "_undef_"):
        assert not node_state(STATUS, said).drained
    assert node_state(STATUS, "true\n").drained


def test_no_reply_is_a_variable_that_was_never_set_and_any_other_error_is_one() -> None:
    def answering(text: str) -> Callable[[ApiCall], str]:
        def api(_: ApiCall) -> str:
            raise CommandFailed(text)

        return api

    assert drained_said(answering("-ERR no reply")) == ""
    assert drained_said(lambda _: "true") == "true"
    with pytest.raises(CommandFailed):
        drained_said(answering("-ERR not allowed"))


def test_what_is_no_status_is_refused() -> None:
    with pytest.raises(UnexpectedReply):
        node_state("-ERR command not found", "")


def test_the_variable_that_is_set_is_the_one_that_is_asked() -> None:
    assert (drain().argument, undrain().argument) == ("fernamt_drained=true", "fernamt_drained=false")
    assert is_drained().argument == "fernamt_drained"

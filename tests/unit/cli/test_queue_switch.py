"""What the switch says about a leg reaches the contact centre as a cause (C1)."""

from __future__ import annotations

import pytest

from cli.wiring.queue_switch import switch_errors
from controller.errors import LegFailed, NodeAway
from controller.queue_calls import FAILURES
from freeswitch.errors import CommandFailed, ConnectionLost


@pytest.mark.parametrize("cause", FAILURES)
def test_the_cause_is_the_name_that_freeswitch_gave(cause: str) -> None:
    with pytest.raises(LegFailed) as failed, switch_errors():
        raise CommandFailed(f"-ERR {cause}\n")
    assert failed.value.cause == cause


def test_a_node_that_is_gone_is_no_leg_that_failed() -> None:
    with pytest.raises(NodeAway), switch_errors():
        raise ConnectionLost("the wire was cut")

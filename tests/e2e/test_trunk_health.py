"""A carrier's trunk that does not answer, or finds no path, is tried last, and operators are told (B1)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import trunk_board
from cli.demonstration.stage import Stage, staged
from cli.layout import EXAMPLE_CARRIER
from controller.trunk_service import FAILURES
from lab.robots import Answer, Reject
from tests.e2e.exchange import Exchange, eventually, exchange, switch_missing

NUMBER = "+4915228817386"


def state_of(running: Exchange, trunk: str) -> str:
    """What the controller told last; read in this process, because it is asked often."""
    views = trunk_board(running.settings).all().values()
    return next((each.state.value for view in views for each in view if each.trunk_id == trunk), "")


def doctors_word(running: Exchange) -> tuple[str, str]:
    found = next(each for each in running.doctor() if each["name"] == "trunks")
    return found["state"], found["seen"]


def tried(stage: Stage, first: str, *others: str) -> None:
    """A call that the first of these trunks answers, and that reaches none of the others."""
    for each in (first, *others):
        stage.robot(each).on_call(Answer(), NUMBER)
    stage.call("bau-1", NUMBER, talk_ms=20).wait("ended", 30)
    assert stage.received(first, NUMBER).final_code == 200
    assert not any(stage.has_received(each, NUMBER) for each in others)


@pytest.mark.freeswitch
@pytest.mark.skipif(switch_missing("freeswitch") is not None, reason="FreeSWITCH is not installed")
def test_a_trunk_that_does_not_answer_options_is_tried_last_and_named(tmp_path: Path) -> None:
    """Half a minute of waiting for OPTIONS, so not on the lab, whose answers are tested apart."""
    carrier = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    text = (carrier / "carrier.yaml").read_text()
    (carrier / "carrier.yaml").write_text(text.replace("ping_s: 30", "ping_s: 5"))
    with exchange("freeswitch") as running, staged(running.settings) as stage:
        running.run("config", "apply", str(carrier), "--yes")
        eventually(lambda: state_of(running, "carrier-a") == "up", 15, "the trunk to answer OPTIONS")
        stage.robot("carrier-a").close()
        eventually(lambda: state_of(running, "carrier-a") == "down", 15, "the trunk to be found dead")
        shown = running.json("trunk", "show", "carrier-a")
        assert shown["why"].startswith("OPTIONS: 503")
        assert shown["since"]
        assert "OPTIONS: 503" in running.run("trunk", "list")
        state, seen = doctors_word(running)
        assert state == "warning"
        assert "carrier-a is down" in seen
        stage.robot("carrier-b").on_call(Answer(), NUMBER)
        call = stage.call("bau-1", NUMBER, talk_ms=20)
        assert call.wait("ended", 30).final_code == 200
        sip_id = call.report().sip_call_id
        records: list[dict[str, Any]] = []

        def recorded() -> bool:
            records[:] = running.legs()
            return any(leg["sip_call_id"] == sip_id for leg in records)

        eventually(recorded, 15, "the records")
        assert {leg["trunk_id"] for leg in records if leg["side"] == "b"} == {"carrier-b"}


def test_calls_that_find_no_path_put_a_trunk_last_until_one_is_answered(
    running: Exchange, stage: Stage
) -> None:
    a, b = stage.robot("carrier-a"), stage.robot("carrier-b")
    b.on_call(Answer(), NUMBER)
    a.on_call(Reject(503), NUMBER)
    for _ in range(FAILURES):
        assert stage.call("bau-1", NUMBER, talk_ms=20).wait("ended", 30).final_code == 200
    eventually(lambda: state_of(running, "carrier-a") == "resting", 10, "the trunk to rest")
    for who in ("carrier-a", "carrier-b"):
        stage.all_received(who)
    tried(stage, "carrier-b", "carrier-a")
    # Last, and not left out: when the other one fails it has the call, and an answer makes it well again.
    a.on_call(Answer(), NUMBER)
    b.on_call(Reject(503), NUMBER)
    assert stage.call("bau-1", NUMBER, talk_ms=20).wait("ended", 30).final_code == 200
    eventually(lambda: state_of(running, "carrier-a") != "resting", 10, "the trunk to be well again")
    for who in ("carrier-a", "carrier-b"):
        stage.all_received(who)
    tried(stage, "carrier-a", "carrier-b")

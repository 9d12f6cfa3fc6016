"""`fernamt route explain --config`: what becomes of a call by the files alone. B12."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from structlog.testing import capture_logs

from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt

BAU = ["--customer", "kunde-bau", "--from", "0221 4710-105"]
KANZLEI = ["--customer", "kunde-kanzlei", "--user", "kanzlei-1"]
NETWORK = ["--incoming", "--trunk", "carrier-a", "--from", "+4915228817386"]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No settings, an empty folder, and the log apart."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FERNAMT_SETTINGS", raising=False)
    monkeypatch.setattr("cli.main.configure_logs", lambda *, service: None)
    with capture_logs():
        yield


def ask(*arguments: str) -> Result:
    words = ["route", "explain", "--config", str(EXAMPLE_CARRIER), "--at", "2026-11-18T10:00", *arguments]
    return CliRunner().invoke(fernamt, words)


def answer(*arguments: str) -> dict[str, Any]:
    done = ask(*arguments, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


CASES: list[tuple[list[str], str, str, list[str]]] = [
    ([*BAU, "--to", "015228817386"], "route", "out.carrier", ["carrier-a", "carrier-b"]),
    ([*BAU, "--to", "0043 1 5880"], "route", "out.carrier", ["carrier-b", "carrier-a"]),
    ([*BAU, "--to", "0900 512345"], "reject", "out.barred", []),
    ([*BAU, "--to", "0900 512345", "--via", "transfer"], "reject", "out.barred", []),
    ([*BAU, "--to", "112", "--via", "callback"], "reject", "emergency.automatic", []),
    ([*BAU, "--to", "nobody"], "reject", "out.not-a-number", []),
    ([*BAU, "--to", "030 23125-001"], "route", "onnet.phone", ["kanzlei-1"]),
    ([*BAU, "--trunk", "bau-2", "--to", "115"], "route", "out.carrier", ["carrier-a", "carrier-b"]),
    ([*KANZLEI, "--to", "112"], "emergency", "emergency.route", 3 * ["carrier-a", "carrier-b"]),
    ([*NETWORK, "--to", "0221 4710-100"], "route", "in.trunk", ["bau-1", "bau-2"]),
    ([*NETWORK, "--to", "0221 4710-900"], "reject", "in.unassigned", []),
]


@pytest.mark.parametrize(("arguments", "outcome", "reason_id", "legs"), CASES)
def test_the_outcome_is_told_with_its_reason_and_its_legs(
    arguments: list[str], outcome: str, reason_id: str, legs: list[str]
) -> None:
    found = answer(*arguments)
    assert (found["outcome"], found["reason"]["id"]) == (outcome, reason_id)
    assert [leg.get("trunk") or leg.get("phone") for leg in found["legs"]] == legs
    assert (found["refusal"] is not None) == (outcome == "reject")


def test_every_leg_shows_what_its_peer_will_receive() -> None:
    leg = answer(*BAU, "--to", "015228817386")["legs"][1]
    assert leg["request_uri"] == "sip:+4915228817386@192.0.2.11:5060;user=phone"
    assert leg["from"] == '"+492214710105" <sip:+492214710105@192.0.2.11;user=phone>'
    assert leg["p_asserted_identity"] == "<sip:+492214710105@192.0.2.11;user=phone>"
    assert leg["privacy"] is None
    assert (leg["codecs"], leg["no_progress_s"], leg["no_answer_s"]) == (["PCMA", "PCMU"], 20, 120)


def test_a_withheld_number_shows_as_such() -> None:
    leg = answer(*BAU, "--to", "015228817386", "--withheld")["legs"][0]
    assert leg["from"] == '"Anonymous" <sip:anonymous@anonymous.invalid>'
    assert leg["privacy"] == "id"


def test_a_forwarded_call_shows_who_called_first() -> None:
    forwarded = [*BAU, "--to", "015228817386", "--via", "forward", "--original", "030 23125-999"]
    leg = answer(*forwarded)["legs"][0]
    assert "+493023125999" in leg["from"]
    assert "+492214710105" in leg["p_asserted_identity"]
    assert dict(map(tuple, leg["headers"]))["Diversion"].startswith("<sip:+492214710105@")


def test_a_refusal_names_sip_code_and_cause() -> None:
    refusal = answer(*BAU, "--to", "0900 512345")["refusal"]
    assert refusal == {"sip_code": 403, "cause": "OUTGOING_CALL_BARRED", "q850": 52}


def test_rules_limits_and_causes_are_told() -> None:
    found = answer(*BAU, "--to", "015228817386")
    assert found["passed"][:3] == ["source", "number", "blocks"]
    assert found["passed"][-1] == "trunks"
    assert {claim["key"] for claim in found["claims"]} >= {"simultaneous-calls:customer:kunde-bau"}
    assert "NORMAL_TEMPORARY_FAILURE" in found["next_leg_causes"]
    assert "USER_BUSY" not in found["next_leg_causes"]
    assert found["number_class"] == "mobile"


def test_the_moment_counts() -> None:
    """carrier-b takes London from 20:00 to midnight, before the trunk that takes everything."""

    def first(at: str) -> str:
        found = answer(*BAU, "--to", "+44 20 7946 0000", "--at", at)
        return str(found["legs"][0]["trunk"])

    assert (first("2026-11-18T19:59"), first("2026-11-18T20:00")) == ("carrier-a", "carrier-b")


def test_the_text_says_it_in_lines() -> None:
    text = ask(*BAU, "--to", "0900 512345").stdout.splitlines()
    assert text[0].startswith("reject: ")
    assert text[0].endswith("[out.barred]")
    assert text[1] == "refused with SIP 403, Q.850 cause 52 (OUTGOING_CALL_BARRED)"
    route = ask(*BAU, "--to", "015228817386").stdout
    assert "    INVITE sip:+4915228817386@192.0.2.10:5060;user=phone\n" in route
    assert "passed       source, number, blocks, bars" in route


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--to", "112"], "name the --customer who calls, or say --incoming"),
        (["--to", "112", "--incoming", "--customer", "kunde-bau"], "name the --customer who calls"),
        ([*BAU, "--to", "112", "--original", "110"], "--original is for calls that are passed on"),
        (["--customer", "nobody", "--to", "112"], "there is no customer 'nobody'"),
        ([*BAU, "--user", "kanzlei-1", "--to", "112"], "customer 'kunde-bau' has no phone 'kanzlei-1'"),
        (["--incoming", "--trunk", "bau-1", "--to", "112"], "there is no carrier trunk 'bau-1'"),
    ],
)
def test_a_call_that_nobody_can_place_is_refused_with_the_next_step(arguments: list[str], said: str) -> None:
    done = ask(*arguments)
    assert done.exit_code != 0
    assert said in done.output


def test_no_secret_is_needed_and_nothing_is_written(tmp_path: Path) -> None:
    answer(*KANZLEI, "--to", "112")
    assert not list(tmp_path.iterdir())


def test_an_emergency_leg_shows_its_location() -> None:
    leg = answer(*KANZLEI, "--to", "112")["legs"][0]
    (body,) = leg["bodies"]
    assert "<ca:PC>10115</ca:PC>" in body
    assert dict(map(tuple, leg["headers"]))["Geolocation"].startswith("<cid:")
    assert "Beispielufer" in ask(*KANZLEI, "--to", "112").stdout


def test_a_phone_without_a_line_of_its_own_hears_an_announcement(tmp_path: Path) -> None:
    """B9: refused behind it."""
    carrier = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    kanzlei = carrier / "kunde-kanzlei.yaml"
    kanzlei.write_text(kanzlei.read_text().replace("own_line: true", "own_line: false", 1))
    words = ["route", "explain", "--config", str(carrier), *KANZLEI, "--to", "112", "--json"]
    done = CliRunner().invoke(fernamt, words)
    found = json.loads(done.stdout)
    assert (found["outcome"], found["reason"]["id"]) == ("announcement", "emergency.no-line")
    assert found["refusal"]["q850"] == 52


WAITING = Path(__file__).parents[2] / "e2e" / "queues.yaml"
SHOP = "030 23125-300"


def queued(*arguments: str) -> dict[str, Any]:
    words = ["route", "explain", "--config", str(WAITING), *arguments, "--to", SHOP, "--json"]
    done = CliRunner().invoke(fernamt, words)
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--incoming", "--from", "+4915228817386"], id="called from outside"),
        pytest.param(["--customer", "kunde", "--user", "zentrale"], id="called by a colleague"),
        pytest.param(["--customer", "kunde", "--user", "anna-1", "--via", "transfer"], id="transferred"),
        pytest.param(["--customer", "kunde", "--from", "030 23125-002", "--via", "forward"], id="forwarded"),
        pytest.param(["--customer", "kunde", "--via", "queue"], id="sent on by a queue"),
    ],
)
def test_a_call_that_waits_is_told_with_its_queue(arguments: list[str]) -> None:
    """C1: nothing is dialled yet, nothing refused."""
    found = queued(*arguments)
    assert (found["outcome"], found["reason"]["id"]) == ("queue", "plan.queue")
    assert found["queue"] == {"customer": "kunde", "id": "verkauf", "paid": True}
    assert (found["plan"]["id"], found["plan"]["path"]) == ("verkauf", "warten")
    assert (found["legs"], found["refusal"]) == ([], None)


def test_a_queue_is_told_in_lines() -> None:
    words = ["route", "explain", "--config", str(WAITING), "--incoming", "--to", SHOP]
    text = CliRunner().invoke(fernamt, words).stdout
    assert text.startswith("queue: ")
    assert "queue        verkauf of customer kunde: answered, the caller pays\n" in text
    assert "plan         verkauf of +493023125300 (warten)\n" in text


@pytest.mark.parametrize(
    ("dialled", "reason_id"), [("0900 512345", "out.barred"), ("112", "emergency.automatic")]
)
def test_a_queue_sends_nobody_to_a_barred_number(dialled: str, reason_id: str) -> None:
    """B5; NotrufV § 4(6): nobody dials what a queue overflows to."""
    words = ["--customer", "kunde", "--via", "queue", "--to", dialled, "--config", str(WAITING), "--json"]
    found = json.loads(CliRunner().invoke(fernamt, ["route", "explain", *words]).stdout)
    assert (found["outcome"], found["reason"]["id"]) == ("reject", reason_id)

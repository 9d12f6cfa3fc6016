"""Money limits of phones and countries with real calls: rated, counted, refused, seen by operators (B11)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demonstration.demo_rating import EXAMPLE_TARIFF
from cli.demonstration.stage import Stage, staged
from cli.layout import EXAMPLE_CARRIER
from lab.robots import Answer
from tests.e2e.exchange import Exchange, eventually, exchange

#: Abroad it may be a cent a day; the second phone another cent, wherever it calls.
LIMITS = """
    limit_profiles:
      - id: kanzlei
        simultaneous_calls: 6
        countries: [{ country: AT, spend_per_day: 0.01 EUR }]
      - id: cent
        spend_per_day: 0.01 EUR
      - id: one-phone
"""
MOBILE, VIENNA = "015228817386", "0043720880001"


@pytest.fixture
def running(switch: str, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange with the example tariff, whose law office may spend next to nothing."""
    carrier = tmp_path / "carrier"
    shutil.copytree(EXAMPLE_CARRIER, carrier)
    part = carrier / "kunde-kanzlei.yaml"
    text = part.read_text()
    before, _, rest = text.partition("    limit_profiles:\n")
    _, _, after = rest.partition("      - id: one-phone\n")
    text = before + LIMITS.lstrip("\n") + after
    second = "secret: { lab: nur-im-labor-2 }"
    part.write_text(text.replace(second, f"{second}\n        limits: cent"))
    with exchange(switch, carrier=carrier) as found:
        found.run("tariff", "import", str(EXAMPLE_TARIFF))
        yield found


def outcome(stage: Stage, who: str, dialled: str) -> int | None:
    """The final code of a call of a second and a half."""
    return stage.call(who, dialled, talk_ms=1500).wait("ended", 20).final_code


def spent(running: Exchange, owner: str) -> int:
    """Micro-euro of today."""
    found = running.json("limit", "show", "kunde-kanzlei")["limits"]
    (row,) = [each for each in found if each["owner"] == owner and each["counter"] == "spend-per-day"]
    return int(row["now"])


@pytest.mark.long
def test_a_phones_and_a_countrys_money_is_used_up_for_them_alone(running: Exchange) -> None:
    with staged(running.settings) as stage:
        for trunk in ("carrier-a", "carrier-b"):
            stage.robot(trunk).on_call(Answer(after_ms=20))
        assert outcome(stage, "kanzlei-2", MOBILE) == 200
        assert outcome(stage, "kanzlei-3", VIENNA) == 200
        eventually(lambda: spent(running, "kanzlei-2") >= 10_000, 20, "the phone's call to be rated")
        eventually(lambda: spent(running, "AT") >= 10_000, 20, "the call abroad to be rated")

        assert outcome(stage, "kanzlei-2", MOBILE) == 403
        assert outcome(stage, "kanzlei-3", VIENNA) == 403
        eventually(
            lambda: (
                {"limit.user-spend-per-day", "limit.country-spend-per-day"}
                <= {each["reason_id"] for each in running.legs()}
            ),
            15,
            "the reasons in the records",
        )
        # Others go on, and so does what costs nothing; 112 in any case.
        assert outcome(stage, "kanzlei-3", MOBILE) == 200
        assert outcome(stage, "kanzlei-2", "08001234567") == 200
        assert outcome(stage, "kanzlei-2", "112") == 200

        (case,) = running.json("abuse", "list", "--customer", "kunde-kanzlei")
        assert (case["rule"], case["action"]) == ("spend-limit", "warn")
        assert case["sightings"] == 2, "one for the phone, one for the country"
        assert "calls that cost are refused" in case["sentence"]

"""Caller ids with real calls: what the receiving phone sees on the wire. B2, B3, B4; TKG § 120, TDDDG."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, CallReport, Reject
from tests.e2e.changes import changed
from tests.e2e.exchange import Exchange, eventually

OWN: Final = "+492214710123"
CLIENT: Final = "+494066969900"  # kunde-bau has its holder's consent
STRANGER: Final = "+498999998001"
MOBILE: Final = "+4915228817386"
ANONYMOUS: Final = "<sip:anonymous@anonymous.invalid>"
#: What the example has -> what these tests have.
CHANGES: Final = {
    "carrier.yaml": (
        (
            "      address: 192.0.2.11:5060\n",
            "      address: 192.0.2.11:5060\n      foreign_entry: true\n"
            "      headers: {preset: from-network, number_format: national, host: sip.carrier.example}\n",
        ),
    ),
    "kunde-bau.yaml": (
        ("          forwards: false\n", "          forwards: true\n"),
        (
            "        address: 198.51.100.21:5060\n",
            "        address: 198.51.100.21:5060\n        caller_id: {wrong_number: refuse}\n",
        ),
        ("rejects_anonymous: false", "rejects_anonymous: true"),
    ),
    "kunde-kanzlei.yaml": (
        (
            "        secret: { lab: nur-im-labor-2 }\n",
            "        secret: { lab: nur-im-labor-2 }\n        caller_id: { withhold: true }\n",
        ),
    ),
}


@pytest.fixture(scope="module")
def carrier(
    changeable: tuple[Exchange, Stage], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Exchange, Stage]]:
    """The exchange with the changed example, in force."""
    running, stage = changeable
    with changed(running, tmp_path_factory.mktemp("caller-id"), CHANGES):
        for robot in ("bau-1", "praxis-anlage", "carrier-a"):
            stage.robot(robot).on_call(Answer(after_ms=20))
        yield running, stage


@pytest.fixture
def stage(carrier: tuple[Exchange, Stage]) -> Stage:
    """The robots around the exchange."""
    return carrier[1]


def call(stage: Stage, who: str, dialled: str, **options: object) -> CallReport:
    """A call that ends at once when it is answered."""
    return stage.call(who, dialled, talk_ms=20, **options).wait("ended", 20)


def uri(number: str) -> str:
    """The number as carrier-a gets it, up to the host."""
    return f"<sip:{number}@"


def asserted(report: CallReport) -> str:
    """P-Asserted-Identity, or nothing."""
    return " ".join(report.asserted_identities)


def test_a_withheld_number_reaches_a_carrier_with_privacy_and_a_customer_not_at_all(stage: Stage) -> None:
    """B4, RFC 3325 section 7."""
    assert call(stage, "kanzlei-1", "*31#04066969061").final_code == 200
    seen = stage.received("carrier-a", "+494066969061")
    assert ANONYMOUS in seen.from_header
    assert seen.privacy == "id"
    assert uri("+493023125001") in asserted(seen)

    assert call(stage, "kanzlei-1", "06990009031", headers={"Privacy": "id"}).final_code == 200
    seen = stage.received("praxis-anlage", "+496990009031")
    assert ANONYMOUS in seen.from_header
    assert "23125001" not in str(seen.headers)


def test_a_line_withholds_its_number_and_one_call_shows_it(stage: Stage) -> None:
    """B4."""
    call(stage, "kanzlei-2", "04066969062")
    assert stage.received("carrier-a", "+494066969062").privacy == "id"
    call(stage, "kanzlei-2", "%2331%2304066969063")
    seen = stage.received("carrier-a", "+494066969063")
    assert uri("+493023125002") in seen.from_header
    assert seen.privacy == "none"


def test_an_advertising_call_cannot_withhold_its_number(stage: Stage) -> None:
    """B4, TDDDG § 15(2): shown all the same, or refused where the line says so; the mark stays with us."""
    mark = {"X-Advertising": "yes", "Privacy": "id"}
    assert call(stage, "bau-1", "04066969080", from_user=CLIENT, headers=mark).final_code == 200
    seen = stage.received("carrier-a", "+494066969080")
    assert uri("+492214710100") in seen.from_header
    assert uri("+492214710100") in asserted(seen)
    assert seen.privacy is None
    assert seen.header("X-Advertising") is None
    assert call(stage, "bau-2", "04066969081", headers=mark).final_code == 403
    assert not stage.has_received("carrier-a", "+494066969081")


@pytest.mark.parametrize(
    ("asked", "shown", "n"), [(CLIENT, CLIENT, 64), (STRANGER, OWN, 65), ("09001234567", OWN, 66)]
)
def test_a_user_provided_number_is_shown_with_a_right_to_it_only(
    stage: Stage, asked: str, shown: str, n: int
) -> None:
    """B2, TKG § 120(2)."""
    identity = {"P-Asserted-Identity": f"<sip:{OWN}@example.com>"}
    assert call(stage, "bau-1", f"040669690{n}", from_user=asked, headers=identity).final_code == 200
    seen = stage.received("carrier-a", f"+4940669690{n}")
    assert uri(shown) in seen.from_header
    assert asserted(seen).startswith(uri(OWN))
    assert asserted(seen).endswith(";user=phone>")
    assert seen.request_uri.endswith(";user=phone")
    assert seen.privacy is None


@pytest.mark.parametrize(
    "identity",
    [
        f"<tel:{OWN}>",
        f"tel:{OWN}",
        f"<sip:{OWN}@x>, <tel:{OWN}>",
        f'"a, b" <sip:{OWN};phone-context=+49@x>',
        "<sip:%2B492214710123@x>",
        "<sip:0221%204710-123@x>",
    ],
)
def test_an_identity_is_read_in_any_spelling(stage: Stage, identity: str) -> None:
    """RFC 3325 section 9.1, RFC 3966."""
    headers = {"P-Asserted-Identity": identity}
    assert call(stage, "bau-1", "04066969071", from_user="anlage", headers=headers).final_code == 200
    seen = stage.received("carrier-a", "+494066969071")
    assert uri(OWN) in seen.from_header
    assert asserted(seen).startswith(uri(OWN))


@pytest.mark.parametrize("sender", [f"<tel:{MOBILE}>", f'"x" <sip:{MOBILE};npdi=yes@h;user=phone>'])
def test_a_callers_number_is_read_in_any_spelling(stage: Stage, sender: str) -> None:
    """B3, RFC 4694."""
    assert call(stage, "carrier-a", "+496990009036", headers={"From": sender}).final_code == 200
    assert uri(MOBILE) in stage.received("praxis-anlage", "+496990009036").from_header


def test_a_line_that_refuses_wrong_numbers_answers_403(stage: Stage) -> None:
    """B2."""
    identity = {"P-Asserted-Identity": f"<sip:{OWN}@example.com>"}
    report = call(stage, "bau-2", "04066969067", from_user=STRANGER, headers=identity)
    assert (report.final_code, report.q850_cause) == (403, 21)
    assert not stage.has_received("carrier-a", "+494066969067")


@pytest.mark.parametrize("number", ["+499001234567", "11833", "+491371234567", "110"])
def test_a_call_with_a_forbidden_caller_is_broken_off(stage: Stage, number: str) -> None:
    """TKG § 120(3)."""
    report = call(stage, "carrier-a", "+496990009032", from_user=number)
    assert (report.final_code, report.q850_cause) == (403, 21)
    assert not stage.has_received("praxis-anlage", "+496990009032")


@pytest.mark.parametrize(
    ("number", "shown", "n"), [(STRANGER, False, 33), (MOBILE, True, 34), ("+33140000001", True, 35)]
)
def test_german_numbers_but_mobile_ones_are_not_shown_from_abroad(
    carrier: tuple[Exchange, Stage], number: str, shown: bool, n: int
) -> None:
    """B3, TKG § 120(4); the record keeps what was suppressed."""
    running, stage = carrier
    report = call(stage, "carrier-b", f"+4969900090{n}", from_user=number)
    assert report.final_code == 200
    seen = stage.received("praxis-anlage", f"+4969900090{n}")
    assert (number in str(seen.headers)) is shown
    assert (ANONYMOUS in seen.from_header) is not shown
    assert seen.privacy == (None if shown else "id")
    if shown:
        return

    def record() -> list[dict[str, object]]:
        legs = running.legs()
        return [leg for leg in legs if leg["sip_call_id"] == report.sip_call_id and leg["side"] == "a"]

    eventually(lambda: bool(record()), 15, "the call's record")
    (leg,) = record()
    assert (leg["a_network"], leg["a_presented"]) == (number, None)
    (raw, *_) = running.json("cdr", "show", str(leg["call_id"]))
    assert raw["raw"]["variables"]["fernamt_facts"].endswith("|caller_rules=in.foreign-entry")


def test_an_anonymous_caller_is_refused_where_the_number_takes_none(stage: Stage) -> None:
    """TDDDG § 15(1), RFC 5079; the call of somebody who shows the number gets through."""
    for who, dialled, options in (
        ("carrier-a", "+492214710131", {"headers": {"Privacy": "id"}}),
        ("carrier-b", "+492214710131", {"from_user": STRANGER}),
        ("kanzlei-1", "*31#02214710131", {}),
    ):
        report = call(stage, who, dialled, **options)
        assert (report.final_code, report.final_reason) == (433, "Anonymity Disallowed")
    assert not stage.has_received("bau-1", "+492214710131")
    assert call(stage, "carrier-a", "+492214710132", from_user=MOBILE).final_code == 200


def test_a_trunk_gets_its_numbers_in_the_headers_and_the_format_it_wants(stage: Stage) -> None:
    """carrier-b: From is the billing number, the number to be shown is asserted, all of it national."""
    stage.robot("carrier-a").on_call(Reject(503), "+494066969068")
    stage.robot("carrier-b").on_call(Answer(after_ms=20))
    identity = {"P-Asserted-Identity": f"<sip:{OWN}@example.com>"}
    assert call(stage, "bau-1", "04066969068", from_user=CLIENT, headers=identity).final_code == 200
    seen = stage.received("carrier-b", "04066969068")
    assert "<sip:02214710123@sip.carrier.example>" in seen.from_header
    assert asserted(seen) == "<sip:04066969900@sip.carrier.example>"


def test_a_forwarded_call_shows_its_caller_and_who_forwarded_it(stage: Stage) -> None:
    """B2, TKG § 120(2); RFC 5806, RFC 7044."""
    diverted = {"Diversion": f"<sip:{OWN}@pbx.example.com>;reason=unconditional"}
    assert call(stage, "bau-1", "04066969069", from_user=MOBILE, headers=diverted).final_code == 200
    seen = stage.received("carrier-a", "+494066969069")
    assert uri(MOBILE) in seen.from_header
    assert asserted(seen).startswith(uri(OWN))
    (diversion,) = seen.header_values("Diversion")
    assert diversion.startswith(uri(OWN))
    assert diversion.endswith(";user=phone>;reason=unconditional;counter=1")
    history = ", ".join(seen.header_values("History-Info"))
    assert history.startswith(uri(OWN))
    assert ";index=1, <sip:+494066969069@" in history
    assert history.endswith(";user=phone;cause=302>;index=1.1;mp=1")


def test_headers_of_a_caller_end_with_us(stage: Stage) -> None:
    """Nothing that a caller adds is taken for ours by the next network."""
    hostile = {
        "X-Evil": "1",
        "P-Charging-Vector": "icid-value=evil",
        "User-to-User": "evil",
        "Diversion": "<sip:+499001234567@evil>",
        "History-Info": "<sip:+499001234567@evil>;index=1",
        "P-Preferred-Identity": f"<sip:{STRANGER}@evil>",
        "Remote-Party-ID": f"<sip:{STRANGER}@evil>;party=calling",
    }
    assert call(stage, "bau-1", "04066969070", from_user=OWN, headers=hostile).final_code == 200
    seen = stage.received("carrier-a", "+494066969070")
    assert uri(OWN) in seen.from_header
    assert "evil" not in str(seen.headers).lower()
    assert STRANGER not in str(seen.headers)


def test_a_control_centre_calls_back_anonymously(stage: Stage) -> None:
    """B8: the number takes no anonymous calls, but has just called 112."""
    number = "+492214710134"
    assert call(stage, "carrier-a", number, headers={"Privacy": "id"}).final_code == 433
    assert call(stage, "bau-1", "112", from_user=number).final_code == 200
    assert call(stage, "carrier-a", number, headers={"Privacy": "id"}).final_code == 200
    assert ANONYMOUS in stage.received("bau-1", number).from_header

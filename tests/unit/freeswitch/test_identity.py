"""Identity headers of legs by header map, number format and what the caller wants. B2, B3, B4."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialplan.caller.header_map import PRESETS, HeaderMap, NumberFormat, Preset, Which
from dialplan.carrier import SipAddress, Trunk
from dialplan.diversion import Diversion, DiversionReason
from dialplan.legs import Caller, leg_to_phone, leg_to_trunk
from freeswitch.identity import request_user, wire_identity, written
from numbering.e164 import E164
from tests.unit.dialplan.carriers import BAU_1, BERLIN, CARRIER_A, KOELN, MOBILE, PHONE_1
from tests.unit.freeswitch.node import DOMAIN

CLIENT = E164("+494066969001")
PARIS = E164("+33140000001")
#: A caller with a user-provided number.
BOTH = Caller(KOELN, "Anna", presented=CLIENT)
HIDDEN = replace(BOTH, withheld=True)
ANONYMOUS = "sip:anonymous@anonymous.invalid"


def trunk(header_map: HeaderMap) -> Trunk:
    """A carrier's trunk with this map."""
    return replace(CARRIER_A, own_header_map=header_map)


def seen(caller: Caller, header_map: HeaderMap) -> dict[str, str]:
    """The headers that a leg over such a trunk has, "From" among them."""
    identity = wire_identity(leg_to_trunk(trunk(header_map), MOBILE, caller), DOMAIN)
    return {"From": identity.from_uri, **dict(identity.headers)}


def uri(number: str) -> str:
    """As the default map writes it."""
    return f"sip:{number}@192.0.2.10;user=phone"


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        (Preset.STANDARD, {"From": uri(CLIENT), "P-Asserted-Identity": f"<{uri(KOELN)}>"}),
        (Preset.FROM_NETWORK, {"From": uri(KOELN), "P-Asserted-Identity": f"<{uri(CLIENT)}>"}),
        (Preset.FROM_NETWORK_PREFERRED, {"From": uri(KOELN), "P-Preferred-Identity": f"<{uri(CLIENT)}>"}),
        (Preset.SHOWN_ASSERTED, {"From": uri(CLIENT), "P-Asserted-Identity": f"<{uri(CLIENT)}>"}),
        (
            Preset.CUSTOMER,
            {
                "From": f"sip:{CLIENT}@192.0.2.10",
                "P-Asserted-Identity": f"<sip:{CLIENT}@192.0.2.10>",
            },
        ),
    ],
)
def test_a_preset_puts_each_number_where_the_trunk_wants_it(preset: Preset, expected: dict[str, str]) -> None:
    """german-rules.md section 2.3."""
    assert seen(BOTH, PRESETS[preset]) == expected


@pytest.mark.parametrize("preset", list(Preset))
def test_a_withheld_number_is_told_to_trusted_peers_only(preset: Preset) -> None:
    """RFC 3325 section 7; TDDDG § 15(1)."""
    headers = seen(HIDDEN, PRESETS[preset])
    assert headers.pop("From") == ANONYMOUS
    assert headers.pop("Privacy") == "id"
    assert bool(headers) is PRESETS[preset].trusted


def test_a_carrier_outside_the_trust_domain_gets_no_identity() -> None:
    strict = replace(PRESETS[Preset.STANDARD], trusted=False)
    assert seen(HIDDEN, strict) == {"From": ANONYMOUS, "Privacy": "id"}


def test_forced_presentation_says_that_no_privacy_is_wanted() -> None:
    assert seen(replace(BOTH, forced=True), PRESETS[Preset.STANDARD])["Privacy"] == "none"
    assert "Privacy" not in seen(BOTH, PRESETS[Preset.STANDARD])


@pytest.mark.parametrize(
    ("number_format", "koeln", "paris", "short"),
    [
        (NumberFormat.E164, "+492214710100", "+33140000001", "112"),
        (NumberFormat.PLUS, "+492214710100", "+33140000001", "112"),
        (NumberFormat.DIGITS, "492214710100", "33140000001", "112"),
        (NumberFormat.INTERNATIONAL, "00492214710100", "0033140000001", "112"),
        (NumberFormat.NATIONAL, "02214710100", "0033140000001", "112"),
    ],
)
def test_numbers_are_written_as_the_trunk_wants_them(
    number_format: NumberFormat, koeln: str, paris: str, short: str
) -> None:
    assert (written(KOELN, number_format), written(PARIS, number_format)) == (koeln, paris)
    assert written(short, number_format) == short
    assert written("+49221CC112", number_format) == "+49221CC112"
    made = trunk(replace(PRESETS[Preset.STANDARD], number_format=number_format))
    assert request_user(leg_to_trunk(made, KOELN, BOTH)) == koeln
    user_is_phone = ";user=phone" in seen(BOTH, made.header_map)["From"]
    assert user_is_phone is (number_format is NumberFormat.E164)


def test_the_host_of_the_headers_is_the_trunks_own_or_a_configured_one() -> None:
    assert seen(BOTH, replace(PRESETS[Preset.CUSTOMER], host="sip.carrier.example"))["From"] == (
        f"sip:{CLIENT}@sip.carrier.example"
    )
    far = replace(CARRIER_A, address=SipAddress("2001:db8::1", 5060))
    identity = wire_identity(leg_to_trunk(far, MOBILE, BOTH), DOMAIN)
    assert identity.from_uri == f"sip:{CLIENT}@[2001:db8::1];user=phone"


def test_a_phone_is_told_what_is_shown_and_nothing_else() -> None:
    identity = wire_identity(leg_to_phone(PHONE_1, BOTH), DOMAIN)
    assert identity.from_uri == f"sip:{CLIENT}@{DOMAIN}"
    assert identity.headers == (("P-Asserted-Identity", f"<sip:{CLIENT}@{DOMAIN}>"),)


def test_a_customers_trunk_is_never_told_the_number_behind_the_one_shown() -> None:
    identity = wire_identity(leg_to_trunk(BAU_1, KOELN, Caller(MOBILE, presented=CLIENT)), DOMAIN)
    assert MOBILE not in str(identity)


def test_a_forwarded_call_names_who_forwarded_it() -> None:
    """RFC 5806 section 3: the last one first. RFC 7044 section 10: index and cause of each target."""
    diversions = (Diversion(KOELN), Diversion(BERLIN, DiversionReason.NO_ANSWER))
    headers = seen(replace(BOTH, diversions=diversions), PRESETS[Preset.STANDARD])
    assert headers["Diversion"] == (
        f"<{uri(BERLIN)}>;reason=no-answer;counter=1, <{uri(KOELN)}>;reason=unconditional;counter=1"
    )
    assert headers["History-Info"] == (
        f"<{uri(KOELN)}>;index=1, <{uri(BERLIN)};cause=302>;index=1.1;mp=1, "
        f"<{uri(MOBILE)};cause=408>;index=1.1.1;mp=1.1"
    )
    assert "Diversion" not in seen(replace(BOTH, diversions=diversions), PRESETS[Preset.CUSTOMER])


def test_a_map_without_identity_headers_writes_none() -> None:
    bare = HeaderMap(Which.NETWORK, asserted=None, diversion=False, history_info=False)
    assert seen(replace(BOTH, diversions=(Diversion(KOELN),)), bare) == {"From": uri(KOELN)}


@pytest.mark.parametrize(
    "name", ["+49 900 1234567", "110", "Bank 0900/1234567", "\u0660\u0661\u0662\u0663\u0664", "1-2-3-4-5"]
)
def test_a_name_that_shows_another_number_is_replaced_by_the_number_shown(name: str) -> None:
    """Guarantee 3: phones show the name, often alone."""
    leg = leg_to_trunk(CARRIER_A, MOBILE, replace(BOTH, name=name))
    assert wire_identity(leg, DOMAIN).from_name == CLIENT


@pytest.mark.parametrize("name", ["Anna Muster", "Büro 4711", "A1 GmbH"])
def test_a_name_with_a_few_digits_stays(name: str) -> None:
    assert wire_identity(leg_to_trunk(CARRIER_A, MOBILE, replace(BOTH, name=name)), DOMAIN).from_name == name


def test_a_caller_without_a_number_is_anonymous() -> None:
    assert seen(Caller(None, "Eve"), PRESETS[Preset.STANDARD]) == {"From": ANONYMOUS}


def test_diversions_before_us_are_counted_and_not_named() -> None:
    """RFC 5806 section 10 (counter), RFC 7044 section 10.1.2: the next network sees a loop grow."""
    passed_on = replace(BOTH, diversions=(Diversion(KOELN), Diversion(BERLIN)), diverted=2)
    headers = seen(passed_on, PRESETS[Preset.STANDARD])
    assert [each.rpartition(";")[2] for each in headers["Diversion"].split(", ")] == [
        "counter=1",
        "counter=3",
    ]
    history = headers["History-Info"].split(", ")
    assert history[:2] == [
        "<sip:anonymous@anonymous.invalid>;index=1",
        "<sip:anonymous@anonymous.invalid;cause=302>;index=1.1;mp=1",
    ]
    assert len(history) == 5

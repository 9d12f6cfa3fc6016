"""Dial strings: whatever a caller sends, their syntax stays ours."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.carrier import Credentials
from dialplan.emergency.invite import EmergencyCall
from dialplan.emergency.routing import DEFAULT_FORM, EmergencyRoute
from dialplan.legs import Caller, Leg, emergency_leg, leg_to_phone, leg_to_trunk
from freeswitch.dialstring import dial_string
from freeswitch.errors import CommandRefused
from freeswitch.identity import display_name
from tests.unit.dialplan.carriers import BAU_1, BAU_2, BERLIN, CARRIER_A, KOELN, MOBILE, PHONE_1, PHONE_2
from tests.unit.freeswitch.node import DOMAIN

#: An emergency call from a line without an address.
BARE = EmergencyCall("112", DEFAULT_FORM, EmergencyRoute(None, None))
#: A name and a value, as they may stand between the brackets.
VARIABLE = re.compile(r"(?P<name>[a-z_]+|sip_h_[A-Za-z-]+)=(?P<value>'[\w .+&/-]*'|[\w.:+^<>@;=\\, -]*)\Z")
HOSTILE = (
    "Eve%0Avariable_fernamt_customer: bau",
    "${system(reboot)}",
    "$${x}",
    "a'b\"c",
    "x,origination_caller_id_number=110",
    "]sofia/gateway/carrier-a/0900512345",
    "[x]{y}<z>",
    "a|b:_:c^^d",
    "a\u2028b\u0085c\x00d\x1be",
    "\u202eevil",
    "\\n\\'",
    "",
    "   ",
    "x" * 10_240,
    "%" * 10_240,
)


def parts(text: str) -> tuple[dict[str, str], str]:
    """The variables and the destination; fails on anything that is not one leg of ours."""
    match = re.fullmatch(r"\[([^\[\]]*)\]([\w./+*#%-]+)", text)
    assert match is not None, text
    found = [VARIABLE.match(each) for each in re.split(r"(?<!\\),", match[1])]
    assert all(found), text
    return {each["name"]: each["value"] for each in found if each}, match[2]


def leg(caller: Caller) -> Leg:
    return leg_to_trunk(CARRIER_A, MOBILE, caller)


def the_name(name: str) -> str:
    variables, _ = parts(dial_string([leg(Caller(KOELN, name))], domain=DOMAIN))
    return variables["origination_caller_id_name"].strip("'")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(name: str) -> None:
    assert len(the_name(name)) <= 40


@given(st.text(max_size=300) | st.text(alphabet="'\"\\,|^$%{}[]<>=: \n\r\u2028ab", max_size=60))
def test_no_name_writes_syntax(name: str) -> None:
    """Variables are exactly those that a harmless name has, and so is the destination."""
    plain, destination = parts(dial_string([leg(Caller(KOELN, "Anna"))], domain=DOMAIN))
    variables, where = parts(dial_string([leg(Caller(KOELN, name))], domain=DOMAIN))
    assert where == destination
    assert {**variables, "origination_caller_id_name": ""} == {**plain, "origination_caller_id_name": ""}


@given(st.text(max_size=300))
def test_a_shortened_name_is_printable_and_stays_as_it_is(name: str) -> None:
    shortened = display_name(name)
    assert shortened.isprintable()
    assert display_name(shortened) == shortened.strip()


def test_ordinary_names_are_kept() -> None:
    assert the_name("Jörg Müller-Lüdenscheidt & Co.") == "Jörg Müller-Lüdenscheidt & Co."
    assert the_name("Max  Muster\t(Vertrieb)") == "Max Muster Vertrieb"


def test_a_caller_without_a_name_is_named_by_the_number() -> None:
    assert the_name("") == KOELN
    assert the_name("''\"") == KOELN


@pytest.mark.parametrize(
    "number",
    ["", "112;x", "+49 221", "sip:1@2", "a", "1|2", "1,2", "${x}", "1" * 41, "112\n", "١١٢", "+", "1]2"],
)
def test_only_digits_are_dialled(number: str) -> None:
    with pytest.raises(CommandRefused):
        dial_string([leg_to_trunk(CARRIER_A, number, Caller(KOELN))], domain=DOMAIN)


def test_a_notrufcodierung_with_hex_digits_is_dialled() -> None:
    """NotrufV §2."""
    leg = emergency_leg(CARRIER_A, "+49221CC112", Caller(KOELN), BARE)
    assert dial_string([leg], domain=DOMAIN).endswith("/+49221CC112")


@pytest.mark.parametrize("trunk_id", ["", "A", "a/b", "a]b", "a b", "-a", "a" * 65])
def test_only_identifiers_name_trunks(trunk_id: str) -> None:
    with pytest.raises(CommandRefused):
        dial_string([leg_to_trunk(replace(CARRIER_A, id=trunk_id), MOBILE, Caller(KOELN))], domain=DOMAIN)


def test_a_phone_is_called_by_the_name_it_registers_with() -> None:
    """The configuration allows capitals and more in user names than in ids."""
    for username in ("Kanzlei.2", "030+1", "a_b~c", "x" * 128):
        phone = replace(PHONE_2, credentials=Credentials(username, "geheim"))
        variables, where = parts(
            dial_string([leg_to_phone(phone, Caller(KOELN))], domain=DOMAIN).replace("~", "-")
        )
        assert where == f"sofia/phone/{username}%{DOMAIN}".replace("~", "-")
        assert variables["fernamt_phone"] == phone.id
        assert variables["leg_timeout"] == "20"


def test_a_phone_with_a_hostile_name_is_not_called() -> None:
    phone = replace(PHONE_1, credentials=Credentials("a]b,c", "geheim"))
    with pytest.raises(CommandRefused):
        dial_string([leg_to_phone(phone, Caller(KOELN))], domain=DOMAIN)


@pytest.mark.parametrize("to_customer", [leg_to_trunk(BAU_1, KOELN, Caller(MOBILE, "Eve", withheld=True))])
def test_a_withheld_number_is_not_told_to_a_customers_trunk(to_customer: Leg) -> None:
    """RFC 3325 section 7, TDDDG §15: customers' equipment is outside the trust domain."""
    text = dial_string([to_customer], domain=DOMAIN)
    assert MOBILE not in text
    assert "Eve" not in text
    variables, _ = parts(text)
    assert variables["sip_h_Privacy"] == "id"
    assert "sip_h_P-Asserted-Identity" not in variables


def test_a_withheld_number_is_not_told_to_a_phone() -> None:
    text = dial_string([leg_to_phone(PHONE_1, Caller(MOBILE, "Eve", withheld=True))], domain=DOMAIN)
    assert MOBILE[1:] not in text
    assert "Eve" not in text


def test_another_carrier_is_told_a_withheld_number_and_to_hide_it() -> None:
    """RFC 3325 section 7: inside the trust domain the identity goes along with Privacy: id."""
    variables, _ = parts(dial_string([leg(Caller(KOELN, "Eve", withheld=True))], domain=DOMAIN))
    assert variables["sip_h_P-Asserted-Identity"] == f"<sip:{KOELN}@192.0.2.10;user=phone>"
    assert variables["sip_h_Privacy"] == "id"
    assert variables["origination_caller_id_name"] == "'Anonymous'"
    assert variables["origination_caller_id_number"] == "anonymous"
    assert variables["sip_invite_from_uri"] == "<sip:anonymous@anonymous.invalid>"


def test_a_shown_number_is_asserted_to_a_carrier() -> None:
    variables, where = parts(dial_string([leg(Caller(KOELN))], domain=DOMAIN))
    assert variables["sip_cid_type"] == "none"
    assert variables["sip_h_P-Asserted-Identity"] == f"<sip:{KOELN}@192.0.2.10;user=phone>"
    assert variables["sip_invite_from_uri"] == f"<sip:{KOELN}@192.0.2.10;user=phone>"
    assert variables["sip_invite_params"] == "user=phone"
    assert where == f"sofia/gateway/carrier-a/{MOBILE}"
    assert "sip_h_Privacy" not in variables


def test_an_unknown_caller_is_anonymous_without_having_asked_for_it() -> None:
    variables, _ = parts(dial_string([leg(Caller(None, "Eve"))], domain=DOMAIN))
    assert variables["origination_caller_id_number"] == "anonymous"
    assert variables["origination_caller_id_name"] == "'Anonymous'"
    assert not [name for name in variables if name.startswith("sip_h_")]


def test_an_emergency_leg_hides_nothing_and_leaves_a_trunk_that_does_not_ring_after_ten_seconds() -> None:
    """B8."""
    text = dial_string([emergency_leg(CARRIER_A, "112", Caller(BERLIN, withheld=True), BARE)], domain=DOMAIN)
    variables, where = parts(text)
    assert where == "sofia/gateway/carrier-a/112"
    assert "sip_h_Privacy" not in variables
    assert BERLIN in variables["sip_h_P-Asserted-Identity"]
    assert variables["leg_progress_timeout"] == "10"
    assert "sip_invite_params" not in variables


def test_a_legs_own_headers_are_written_and_replace_those_of_the_identity() -> None:
    own = (("Geolocation", "<cid:ort@example.de>"), ("Privacy", "none"), ("X-List", "a, b,c"))
    given_headers = replace(leg(Caller(KOELN, withheld=True)), headers=own)
    variables, _ = parts(dial_string([given_headers], domain=DOMAIN))
    assert variables["sip_h_Geolocation"] == "<cid:ort@example.de>"
    assert variables["sip_h_Privacy"] == "none"
    assert variables["sip_h_X-List"] == "a\\, b\\,c"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"),
        ("A b", "x"),
        ("A:", "x"),
        ("X" * 65, "x"),
        *(("X-Y", value) for value in ["", "x" * 1001, *(f"a{sign}b" for sign in "'\\[]{}|$^\r\n\0\u00e4")]),
    ],
)
def test_a_header_with_anything_that_could_be_syntax_is_refused(name: str, value: str) -> None:
    with pytest.raises(CommandRefused, match="not a header"):
        dial_string([replace(leg(Caller(KOELN)), headers=((name, value),))], domain=DOMAIN)


def test_codecs_other_than_usual_are_offered_in_their_order() -> None:
    variables, _ = parts(dial_string([leg_to_trunk(BAU_2, KOELN, Caller(MOBILE))], domain=DOMAIN))
    assert variables["absolute_codec_string"] == "^^:G722:PCMA"


def test_legs_of_one_string_are_tried_in_turn() -> None:
    text = dial_string([leg(Caller(KOELN)), leg(Caller(KOELN))], domain=DOMAIN)
    assert [parts(each)[1] for each in text.split("|")] == [f"sofia/gateway/carrier-a/{MOBILE}"] * 2

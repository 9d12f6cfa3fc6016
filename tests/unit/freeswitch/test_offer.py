"""Channel data read into a call, a decision written as channel variables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.call import MAX_TEXT, CallOffered, Entry
from dialplan.causes import Cause
from dialplan.decide import decide
from dialplan.decision import CallFacts, Decision, Direction, Reason, Reject, Route
from dialplan.legs import MAX_LEGS, Caller, leg_to_trunk
from freeswitch.decided_facts import unpacked
from freeswitch.errors import UnexpectedReply
from freeswitch.offer import decision_variables, offered_call
from tests.unit.dialplan.carriers import (
    AT,
    CARRIER_A,
    KOELN,
    MOBILE,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)
from tests.unit.freeswitch.node import DOMAIN

CHANNEL = {
    "Unique-ID": "5a06864a-4727-4a80-af89-ecb17ecc9887",
    "FreeSWITCH-Switchname": "node-1",
    "Caller-Destination-Number": KOELN,
    "variable_sofia_profile_name": "carrier",
    "variable_sip_network_ip": "192.0.2.10",
    "variable_sip_network_port": "5060",
    "variable_sip_from_user": MOBILE,
}


def offered(**headers: str | None) -> CallOffered:
    """The call of a channel with these headers changed; `__` in a name stands for "-"."""
    changes = {name.replace("__", "-"): value for name, value in headers.items()}
    return offered_call({**CHANNEL, **changes}.get)


def test_a_call_is_read_from_channel_data() -> None:
    assert offered() == CallOffered(
        "5a06864a-4727-4a80-af89-ecb17ecc9887",
        "node-1",
        Entry.CARRIER,
        "192.0.2.10",
        5060,
        KOELN,
        from_user=MOBILE,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"Unique__ID": None},
        {"FreeSWITCH__Switchname": None},
        {"variable_sofia_profile_name": None},
        {"variable_sofia_profile_name": "operator"},
        {"variable_sip_network_ip": None},
        {"variable_sip_network_port": "x"},
        {"variable_sip_network_port": "²"},
    ],
)
def test_what_the_switch_itself_writes_must_be_there_and_make_sense(changes: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedReply, match="channel data"):
        offered(**changes)


def test_what_a_caller_may_leave_out_is_none() -> None:
    call = offered(variable_sip_from_user=None, Caller__Destination__Number=None)
    assert (call.dialled, call.from_user, call.from_name, call.asserted_user) == ("", None, None, None)
    assert decide(call, snapshot(), AT).reason.id == "in.not-a-number"


@pytest.mark.parametrize(
    ("header", "user"),
    [
        ("<sip:+4915228817386@192.0.2.10>", "+4915228817386"),
        ("sip:+4915228817386@192.0.2.10", "+4915228817386"),
        ('"Anna, B." <sip:+4915228817386@192.0.2.10;user=phone>', "+4915228817386"),
        ("<sips:+4915228817386@192.0.2.10:5061>", "+4915228817386"),
        ("<tel:+4915228817386>", "+4915228817386"),
        ("tel:+49-152-28817386;phone-context=+49", "+49-152-28817386"),
        ("<sip:+4915228817386;npdi@192.0.2.10>", "+4915228817386"),
        ("<sip:+4915228817386@a>, <tel:+49302312599>", "+4915228817386"),
        ("+4915228817386", "+4915228817386"),
        ("<sip:anonymous@anonymous.invalid>", "anonymous"),
        ("<sip:192.0.2.10>", "192.0.2.10"),
        ("<>", ""),
        ("<SIP:+4915228817386@192.0.2.10>", "+4915228817386"),
        ("<Tel:+4915228817386>", "+4915228817386"),
        ('"sip:110@x" <sip:+4915228817386@192.0.2.10>', "+4915228817386"),
        ('"a\\" <sip:110@x>" <sip:+4915228817386@192.0.2.10>', "+4915228817386"),
        ('"sip:110@x' + "x" * 5_000 + '" <sip:+4915228817386@192.0.2.10>', ""),
    ],
)
def test_an_asserted_identity_is_read_in_all_its_forms(header: str, user: str) -> None:
    """RFC 3325 section 9.1, RFC 3261 section 19.1.1 and RFC 3966; schemes are case-insensitive."""
    assert (offered(variable_sip_P__Asserted__Identity=header).asserted_user or "") == user


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("id", {"id"}),
        ("ID;Critical", {"id", "critical"}),
        (" header ; user;;", {"header", "user"}),
        ("none", {"none"}),
        (";" * 5_000, set()),
        ("", set()),
    ],
)
def test_privacy_is_a_set_of_lower_case_values(header: str, values: set[str]) -> None:
    """RFC 3323 section 4.2."""
    assert offered(variable_sip_Privacy=header).privacy == values


def test_texts_of_a_caller_are_cut_once() -> None:
    long = "9" * 100_000
    call = offered(
        Caller__Destination__Number=long,
        variable_sip_from_user=long,
        variable_sip_from_display=long,
        variable_sip_P__Asserted__Identity=f"<sip:{long}@x>",
        variable_sip_Privacy=long,
    )
    assert len(call.dialled) == MAX_TEXT
    assert {len(call.from_user or ""), len(call.from_name or ""), len(call.asserted_user or "")} == {MAX_TEXT}


@given(st.dictionaries(st.sampled_from(sorted(CHANNEL)), st.text(max_size=60)), st.text(max_size=60))
def test_channel_data_of_any_content_are_read_or_refused(changes: dict[str, str], asserted: str) -> None:
    headers = {**CHANNEL, **changes, "variable_sip_P-Asserted-Identity": asserted}
    try:
        call = offered_call(headers.get)
    except UnexpectedReply:
        return
    variables = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    assert variables["fernamt_do"] in {"route", "refuse", "respond"}


def variables_of(call: CallOffered) -> dict[str, str]:
    return decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)


def test_a_route_has_a_dial_string_for_each_leg_and_the_causes_that_try_the_next() -> None:
    found = variables_of(from_trunk("015228817386"))
    assert found["fernamt_do"] == "route"
    assert found["fernamt_leg_1"].endswith("]sofia/gateway/carrier-a/" + MOBILE)
    assert found["fernamt_leg_2"].endswith("]sofia/gateway/carrier-b/" + MOBILE)
    assert "fernamt_leg_3" not in found
    causes = found["continue_on_fail"].split(",")
    assert "NORMAL_TEMPORARY_FAILURE" in causes
    assert "USER_BUSY" not in causes


def test_an_emergency_call_tries_the_next_trunk_whatever_happened() -> None:
    assert variables_of(from_phone("112"))["continue_on_fail"] == "true"


def test_an_emergency_call_rests_before_each_round_and_ends_by_no_silence() -> None:
    found = variables_of(from_phone("112"))
    assert [found[f"fernamt_pause_{n}"] for n in range(2, 7)] == ["0", "1000", "0", "3000", "0"]
    assert "fernamt_leg_7" not in found
    assert found["call_timeout"] == "601"
    assert found["media_timeout"] == "0"
    assert found["execute_on_sip_reinvite"] == "set media_timeout_audio=0"
    assert "media_timeout" not in variables_of(from_phone("015228817386"))


def test_a_refusal_with_the_causes_own_code_is_a_hangup() -> None:
    found = variables_of(from_trunk("0900512345"))
    assert (found["fernamt_do"], found["fernamt_cause"]) == ("refuse", "OUTGOING_CALL_BARRED")
    assert found["fernamt_sip_code"] == "403"


def test_a_refusal_with_another_code_is_a_response() -> None:
    found = variables_of(from_carrier(source_ip="203.0.113.66"))
    assert (found["fernamt_do"], found["fernamt_cause"]) == ("respond", "CALL_REJECTED")
    assert found["fernamt_sip_code"] == "403"


def test_the_facts_of_the_decision_go_to_every_leg() -> None:
    found = variables_of(from_phone("015228817386"))
    exported = set(found["export_vars"].split(","))
    assert exported == {
        "fernamt_call",
        "fernamt_facts",
        "fernamt_caller",
        "force_transfer_context",
    }
    assert exported <= set(found)
    assert unpacked(found["fernamt_facts"])["version"] == "7"


def test_no_variable_holds_a_text_that_the_caller_wrote() -> None:
    found = variables_of(
        from_carrier(from_user="${evil}", from_name="${evil}'", asserted_user="${evil}", privacy={"${evil}"})
    )
    assert "evil" not in str({name: value for name, value in found.items() if "leg_" not in name})
    assert "$" not in str(found)


def test_more_legs_than_the_dialplan_tries_are_left_out() -> None:
    leg = leg_to_trunk(CARRIER_A, MOBILE, Caller(KOELN))
    decision = Decision(Route((leg,) * 12), Reason("out.carrier", ""), CallFacts(Direction.OUTGOING), 1)
    found = decision_variables(decision, from_trunk(), domain=DOMAIN)
    assert sum(name.startswith("fernamt_leg_") for name in found) == MAX_LEGS


def test_all_numbers_that_a_caller_states_are_read() -> None:
    call = offered(
        **{
            "variable_sip_P-Preferred-Identity": '"sip:110@x" <sip:+494066969001@a;user=phone>',
            "variable_sip_h_Diversion": "<sip:+492214710100@a>;reason=no-answer, <tel:+492214710101>",
            "variable_sip_history_info": '"x" <sip:02214710102@a>;index=1',
            "variable_sip_h_X-Advertising": "Yes",
        }
    )
    assert call.preferred_user == "+494066969001"
    assert call.diverting_users == ("+492214710100", "+492214710101", "02214710102")
    assert call.advertising


def test_of_a_flood_of_diversions_a_few_are_read() -> None:
    call = offered(variable_sip_h_Diversion=",".join(["<sip:1@a>"] * 1_000))
    assert len(call.diverting_users) == 4
    assert not call.advertising


def test_headers_of_a_caller_are_not_copied_to_our_legs() -> None:
    call = from_carrier()
    variables = decision_variables(decide(call, snapshot(), AT), call, domain=DOMAIN)
    assert variables["sip_copy_custom_headers"] == "false"
    assert unpacked(variables["fernamt_facts"])["caller_rules"] == "in.from"


def test_an_anonymous_caller_is_told_why() -> None:
    """RFC 5079: FreeSWITCH has no phrase for 433."""
    call = from_carrier()
    decision = Decision(Reject(Cause.CALL_REJECTED, 433), Reason("x", "x"), CallFacts(Direction.NONE), 1)
    variables = decision_variables(decision, call, domain=DOMAIN)
    assert (variables["fernamt_do"], variables["fernamt_sip_code"]) == ("respond", "433 Anonymity Disallowed")


@pytest.mark.parametrize(
    ("headers", "count"),
    [
        ({}, 0),
        ({"variable_sip_h_Diversion": "<sip:+492214710100@a>;reason=no-answer"}, 1),
        ({"variable_sip_h_Diversion": "<sip:1@a>;counter=3, <sip:2@a>;reason=unknown ; Counter = 2"}, 5),
        ({"variable_sip_h_Diversion": '"a, counter=9" <sip:1@a>;reason=deflection'}, 1),
        ({"variable_sip_h_Diversion": "<sip:1@a>;counter=999"}, 99),
        ({"variable_sip_h_Diversion": "<sip:1@a>;counter=many"}, 1),
        ({"variable_sip_h_Diversion": ",,,, counter=5"}, 0),
        (
            {
                "variable_sip_history_info": "<sip:1@a>;index=1, <sip:2@a;cause=302>;index=1.1;mp=1,"
                " <sip:3@a;cause=486>;index=1.1.1;mp=1.1"
            },
            2,
        ),
        ({"variable_sip_history_info": "<sip:1@a?Reason=SIP%3Bcause%3D302>;index=1"}, 0),
        (
            {"variable_sip_h_Diversion": "<sip:1@a>", "variable_sip_history_info": "<sip:2@a;cause=302>" * 4},
            4,
        ),
        ({"variable_sip_h_Diversion": ",".join(["<sip:1@a>"] * 1_000)}, 99),
    ],
)
def test_diversions_are_counted_by_what_networks_say(headers: dict[str, str], count: int) -> None:
    """RFC 5806, RFC 7044, RFC 4458. Bounded, whatever a peer writes."""
    assert offered(**headers).diverted == count

"""Transfers and redirects go the way of every call: with the rights of who asks. B5, B6, guarantee 2."""

from __future__ import annotations

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, Reject, RobotCall
from tests.e2e.exchange import Exchange, eventually

MOBILE = "+4915228817386"
HAMBURG = "+49406696990{}"
PREMIUM = "0900512345"
WAIT_S = 40.0


def _talking(stage: Stage, number: str, who: str, caller: str = "carrier-a") -> tuple[RobotCall, RobotCall]:
    """A call from the network to a customer's number, answered: the caller's leg and the customer's."""
    stage.robot(who).on_call(Answer(after_ms=20))
    stage.all_received(who)
    call = stage.call(caller, number, from_user=MOBILE)
    call.wait("answered", WAIT_S)
    (leg,) = stage.all_received(who)
    return call, leg


def _forget_carriers(stage: Stage) -> None:
    """Calls of other tests, which were never asked for."""
    for carrier in ("carrier-a", "carrier-b"):
        stage.all_received(carrier)


def _no_carrier_was_called(stage: Stage) -> None:
    assert [each for carrier in ("carrier-a", "carrier-b") for each in stage.all_received(carrier)] == []


def _target(stage: Stage, number: str) -> str:
    return f"sip:{number}@{stage.settings.node.sip_ip}"


def test_a_phone_transfers_its_caller_to_the_network(running: Exchange, stage: Stage) -> None:
    """B5: an allowed transfer works; the customer who transfers pays and is shown."""
    number = HAMBURG.format("1")
    stage.robot("carrier-a").on_call(Answer(after_ms=1_000, play="%(10000,0,620)"), number)
    call, leg = _talking(stage, "+493023125001", "kanzlei-1")
    leg.refer(_target(stage, "040 66969901".replace(" ", "")))
    assert leg.wait("referred", WAIT_S).refer_code == 202
    call.wait_heard(425, timeout_s=WAIT_S)
    call.wait_heard(620, timeout_s=WAIT_S)
    call.hangup()
    onward = stage.received("carrier-a", number)
    assert "+493023125001" in "".join(onward.asserted_identities)
    eventually(
        lambda: any(
            (each["b_number"], each["side"], each["customer_id"]) == (number, "b", "kunde-kanzlei")
            for each in running.legs()
        ),
        15,
        "the record of the transferred leg",
    )


@pytest.mark.parametrize("dialled", [PREMIUM, "+49900512345", "018112345678", "%2B49900512345", "11833"])
def test_a_phone_cannot_transfer_its_caller_to_a_barred_number(stage: Stage, dialled: str) -> None:
    call, leg = _talking(stage, "+493023125001", "kanzlei-1")
    leg.refer(_target(stage, dialled))
    leg.wait("referred", WAIT_S)
    call.wait("ended", WAIT_S)
    _no_carrier_was_called(stage)


def test_a_transfer_to_a_number_that_the_phones_own_profile_bars_is_refused(stage: Stage) -> None:
    """B6: praxis-1 may not call mobiles (its agent's profile), whoever is at the other end."""
    call, leg = _talking(stage, "+496990009050", "praxis-1", "carrier-b")
    leg.refer(_target(stage, "015228817386"))
    call.wait("ended", WAIT_S)
    _no_carrier_was_called(stage)


def test_the_caller_transfers_the_called_party(stage: Stage) -> None:
    """The other direction: a phone calls out, then sends the called party on."""
    first, second = HAMBURG.format("2"), HAMBURG.format("3")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), first)
    stage.robot("carrier-a").on_call(Answer(after_ms=20), second)
    call = stage.call("kanzlei-1", f"*31#{first}")
    call.wait("answered", WAIT_S)
    called = stage.inbox("carrier-a").received(first, WAIT_S)
    call.refer(_target(stage, second), headers={"Referred-By": "<sip:eve@203.0.113.9>"})
    assert call.wait("referred", WAIT_S).refer_code == 202
    onward = stage.inbox("carrier-a").received(second, WAIT_S)
    assert onward.wait("answered", WAIT_S).header("Referred-By") is None
    assert onward.report().privacy is None
    assert called.report().state == "answered"
    called.hangup()
    assert "+493023125001" in "".join(onward.wait("ended", WAIT_S).asserted_identities)


def test_a_customers_trunk_transfers_with_its_own_rights(stage: Stage) -> None:
    number = HAMBURG.format("4")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    _, leg = _talking(stage, "+492214710140", "bau-1")
    leg.refer(_target(stage, number))
    onward = stage.inbox("carrier-a").received(number, WAIT_S)
    onward.wait("answered", WAIT_S)
    onward.hangup()
    assert "+492214710140" in "".join(onward.report().asserted_identities)
    _forget_carriers(stage)
    call, leg = _talking(stage, "+492214710141", "bau-1")
    leg.refer(_target(stage, PREMIUM))
    call.wait("ended", WAIT_S)
    _no_carrier_was_called(stage)


def test_a_carrier_cannot_transfer(stage: Stage) -> None:
    number = HAMBURG.format("5")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    call = stage.call("kanzlei-1", number)
    call.wait("answered", WAIT_S)
    called = stage.inbox("carrier-a").received(number, WAIT_S)
    called.refer(_target(stage, "+493023125002"))
    assert called.wait("referred", WAIT_S).refer_code == 405
    call.hangup()


def test_an_attended_transfer_joins_the_two_calls(stage: Stage) -> None:
    """RFC 3891: no new leg is made; both passed the rules when they were made."""
    number = HAMBURG.format("6")
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play="%(10000,0,620)"), number)
    call, leg = _talking(stage, "+493023125001", "kanzlei-1")
    consult = stage.call("kanzlei-1", number)
    consult.wait("answered", WAIT_S)
    leg.refer(_target(stage, number), replaces=consult)
    assert leg.wait("referred", WAIT_S).refer_code == 202
    call.wait_heard(620, timeout_s=WAIT_S)
    call.hangup()
    stage.inbox("carrier-a").received(number, WAIT_S).wait("ended", WAIT_S)


def test_who_was_joined_by_a_transfer_has_no_rights_of_the_one_who_left(stage: Stage) -> None:
    """The phone that took a consultation call may not spend the transferring customer's money."""
    stage.robot("praxis-1").on_call(Answer(after_ms=20, play="%(10000,0,620)"))
    stage.all_received("praxis-1")
    call, leg = _talking(stage, "+493023125001", "kanzlei-1")
    consult = stage.call("kanzlei-1", "+496990009050")
    consult.wait("answered", WAIT_S)
    (taken,) = stage.all_received("praxis-1")
    leg.refer(_target(stage, "06990009050"), replaces=consult)
    assert leg.wait("notified", WAIT_S).refer_results == (200,)
    leg.hangup()
    consult.hangup()
    call.wait_heard(620, timeout_s=WAIT_S)
    _forget_carriers(stage)
    taken.refer(_target(stage, HAMBURG.format("7")))
    call.wait("ended", WAIT_S)
    _no_carrier_was_called(stage)
    stage.robot("praxis-1").on_call(Answer(after_ms=20))


def test_a_refer_that_replaces_a_call_elsewhere_calls_nobody(stage: Stage) -> None:
    """FreeSWITCH would call the REFER's own address, past every rule."""
    port = stage.robot("carrier-b").port
    call, leg = _talking(stage, "+493023125001", "kanzlei-1")
    leg.refer(f"sip:+49900512345@127.0.0.1:{port}?Replaces=nobody%3Bto-tag%3D1%3Bfrom-tag%3D2")
    assert leg.wait("notified", WAIT_S).refer_results == (403,)
    assert stage.all_received("carrier-b") == []
    call.hangup()


@pytest.mark.parametrize("barred", [PREMIUM, "018112345678", "112"])
def test_a_phone_cannot_redirect_its_caller_to_a_barred_number(stage: Stage, barred: str) -> None:
    """302: neither to a barred number, nor to 110 and 112, which no human dials then (NotrufV § 4(6))."""
    port = stage.robot("carrier-b").port
    stage.robot("kanzlei-2").on_call(Reject(302, headers={"Contact": f"<sip:{barred}@127.0.0.1:{port}>"}))
    call = stage.call("carrier-a", "+493023125002", from_user=MOBILE)
    assert call.wait("ended", WAIT_S).final_code == 403
    _no_carrier_was_called(stage)


def test_a_phone_redirects_its_caller_to_an_allowed_number(stage: Stage) -> None:
    """302: at the redirecting customer's cost, by our carriers and not to the host that the phone named."""
    number = HAMBURG.format("8")
    port = stage.robot("carrier-b").port
    stage.robot("kanzlei-2").on_call(Reject(302, headers={"Contact": f"<sip:{number}@127.0.0.1:{port}>"}))
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    call = stage.call("carrier-a", "+493023125002", from_user=MOBILE, talk_ms=200)
    report = call.wait("ended", WAIT_S)
    assert report.final_code == 200
    # It makes the ringing tone itself: nobody does in early media.
    assert [each.code for each in report.provisionals if each.code > 100] == [180]
    onward = stage.received("carrier-a", number)
    assert "+493023125002" in "".join(onward.asserted_identities)
    assert stage.all_received("carrier-b") == []


def test_phones_that_redirect_to_each_other_end_as_a_loop(stage: Stage) -> None:
    here = "127.0.0.1"
    stage.robot("kanzlei-2").on_call(Reject(302, headers={"Contact": f"<sip:+493023125003@{here}>"}))
    stage.robot("kanzlei-3").on_call(Reject(302, headers={"Contact": f"<sip:+493023125002@{here}>"}))
    call = stage.call("carrier-a", "+493023125002", from_user=MOBILE)
    assert call.wait("ended", WAIT_S).final_code == 483


def test_a_carrier_cannot_redirect(stage: Stage) -> None:
    """The next trunk is tried instead."""
    number = HAMBURG.format("9")
    contact = {"Contact": f"<sip:{number}@127.0.0.1:{stage.robot('kanzlei-1').port}>"}
    stage.robot("carrier-a").on_call(Reject(302, headers=contact), number)
    stage.robot("carrier-b").on_call(Answer(after_ms=20), number)
    call = stage.call("kanzlei-2", number, talk_ms=200)
    assert call.wait("ended", WAIT_S).final_code == 200
    assert stage.has_received("carrier-b", number)


def test_headers_of_a_peer_cannot_forge_our_variables(running: Exchange, stage: Stage) -> None:
    """What a peer writes never becomes a variable of ours: not by an INVITE, a REFER or a Contact."""
    forged = {
        "X-fernamt_customer": "kunde-bau",
        "variable_fernamt_customer": "kunde-bau",
        "fernamt_parties": "x=kunde-bau///",
        "X-fernamt_do": "route",
        "P-fernamt_caller": "kunde-bau",
        "sip_redirect_dialstring": "sofia/x/y",
        "Referred-By": "<sip:+492214710100@kunde-bau>",
    }
    number = HAMBURG.format("0")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    stage.robot("kanzlei-1").on_call(Answer(after_ms=20))
    stage.all_received("kanzlei-1")
    call = stage.call("carrier-a", "+493023125001", from_user=MOBILE, headers=forged)
    call.wait("answered", WAIT_S)
    (leg,) = stage.all_received("kanzlei-1")
    leg.refer(_target(stage, number) + ";fernamt_customer=kunde-bau", headers=forged)
    onward = stage.inbox("carrier-a").received(number, WAIT_S)
    onward.wait("answered", WAIT_S)
    onward.hangup()
    assert "+493023125001" in "".join(onward.wait("ended", WAIT_S).asserted_identities)
    eventually(lambda: any(each["b_number"] == number for each in running.legs()), 15, "the records")
    assert {each["customer_id"] for each in running.legs() if each["b_number"] == number} == {"kunde-kanzlei"}


@pytest.mark.parametrize("who", ["kanzlei-1", "bau-1"])
def test_an_invite_that_replaces_a_call_takes_nobody_over(stage: Stage, who: str) -> None:
    """RFC 3891: the new channel would be connected past every rule, its record would know no customer."""
    number = HAMBURG.format("2")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    call = stage.call(who, number)
    call.wait("answered", WAIT_S)
    called = stage.inbox("carrier-a").received(number, WAIT_S)
    second = stage.call(who, number, headers={"Replaces": call.report().replaces})
    second.wait("ended", WAIT_S)
    assert called.report().state == "answered"
    call.hangup()
    called.wait("ended", WAIT_S)


def test_a_number_is_forwarded_always(stage: Stage) -> None:
    """B5: the caller is shown, the forwarding number is asserted and named in Diversion."""
    number = "+494066969045"
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    call = stage.call("carrier-b", "+493023125005", from_user=MOBILE, talk_ms=200)
    assert call.wait("ended", WAIT_S).final_code == 200
    onward = stage.received("carrier-a", number)
    assert "+493023125005" in "".join(onward.asserted_identities)
    assert MOBILE in onward.from_header
    assert "+493023125005" in (onward.header("Diversion") or "")


@pytest.mark.parametrize(
    ("diversions", "code"),
    [
        ("<sip:+498999998001@b.example>;reason=unconditional;counter=2", 200),
        ("<sip:+498999998001@b.example>;reason=unconditional;counter=5", 483),
        ("<sip:+498999998001@b.example>;counter=1, <sip:+493023125005@us.example>;counter=1", 483),
    ],
)
def test_a_call_that_other_networks_send_back_again_and_again_is_not_forwarded_for_ever(
    stage: Stage, diversions: str, code: int
) -> None:
    """B5: the diversions before ours count, and the next network is told how many there were."""
    number = "+494066969045"
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    stage.all_received("carrier-a")
    call = stage.call("carrier-b", "+493023125005", from_user=MOBILE, headers={"Diversion": diversions})
    if code != 200:
        assert call.wait("ended", WAIT_S).final_code == code
        assert not stage.has_received("carrier-a", number)
        return
    call.wait("answered", WAIT_S)
    onward = stage.inbox("carrier-a").received(number, WAIT_S)
    assert (onward.report().header("Diversion") or "").endswith(";counter=3")
    call.hangup()
    onward.wait("ended", WAIT_S)


@pytest.mark.parametrize(
    ("behaviour", "number"), [(Reject(486), "+494066969046"), (Reject(480), "+494066969047")]
)
def test_a_number_is_forwarded_when_it_is_busy_or_nobody_answers(
    stage: Stage, behaviour: Reject, number: str
) -> None:
    stage.robot("kanzlei-3").on_call(behaviour)
    stage.robot("carrier-a").on_call(Answer(after_ms=20), number)
    call = stage.call("carrier-b", "+493023125006", from_user=MOBILE, talk_ms=200)
    assert call.wait("ended", WAIT_S).final_code == 200
    assert stage.has_received("carrier-a", number)


@pytest.mark.parametrize("who", ["kanzlei-2", "bau-1"])
@pytest.mark.parametrize(
    "dialled",
    [
        *("0900512345", "11833", "0137812345", "01381234", "0080012345678", "018112345678", "0198112345"),
        *("0103302214710123", "0191012345", "01641234", "0310", "0121234567", "+8816123456", "+97912345678"),
        *("+19005551234", "+447012345678"),
    ],
)
def test_no_barred_class_is_reached(stage: Stage, who: str, dialled: str) -> None:
    """B5, B7: each class by a real call. kunde-bau's 118xy are lifted in the example."""
    if (who, dialled) == ("bau-1", "11833"):
        stage.robot("carrier-a").on_call(Answer(after_ms=20), dialled)
    ended = stage.call(who, dialled, talk_ms=100).wait("ended", WAIT_S)
    if (who, dialled) == ("bau-1", "11833"):
        assert ended.final_code == 200
        assert stage.has_received("carrier-a", dialled)
        return
    assert ended.final_code in (403, 484)
    _no_carrier_was_called(stage)

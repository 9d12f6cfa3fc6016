"""The calls of the demo and of the end-to-end tests: what each is to show and what must be seen of it.

They speak of the example carrier (examples/carrier). Each dials numbers of its own, so that all of them
can run at the same time.
"""

from __future__ import annotations

from typing import Any, Final

from cli.demonstration.queue_scenarios import QUEUE_SCENARIOS
from cli.demonstration.scenario import MOBILE, Played, Scenario
from cli.demonstration.stage import Stage
from lab.robots import Answer, Ignore, Reject, Ring

_LOW_HZ: Final = 440
_HIGH_HZ: Final = 620
_LOW: Final = f"%(10000,0,{_LOW_HZ})"
_HIGH: Final = f"%(10000,0,{_HIGH_HZ})"
_TALK_MS: Final = 700
_WAIT_S: Final = 30.0

#: Numbers that the numbering authority keeps for films: never assigned to anybody.
_HAMBURG: Final = "+49406696900"
_MUNICH: Final = "+49899999800"


def _call(stage: Stage, who: str, number: str, **options: Any) -> Played:
    """Place the call and wait for its end; the caller hangs up after `talk_ms` once it is answered."""
    options.setdefault("talk_ms", _TALK_MS)
    return Played(stage.call(who, number, **options).wait("ended", _WAIT_S))


def _in_answered(stage: Stage) -> Played:
    number = "+492214710101"
    stage.robot("bau-1").on_call(Answer(after_ms=100, play=_HIGH), number)
    played = _call(stage, "carrier-a", number, from_user=MOBILE, play=_LOW)
    callee = stage.received("bau-1", number)
    played.expect("the called party hears the caller", callee.heard(_LOW_HZ))
    played.expect("the caller hears the called party", played.report.heard(_HIGH_HZ))
    played.expect("the called party sees the caller's number", MOBILE in callee.from_header)
    return played


def _out_answered(stage: Stage) -> Played:
    stage.robot("carrier-a").on_call(Answer(after_ms=100), MOBILE)
    played = _call(stage, "bau-1", "015228817386", from_user="+492214710123")
    callee = stage.received("carrier-a", MOBILE)
    asserted = " ".join(callee.asserted_identities)
    played.expect("the line's own number is asserted to the carrier", "+492214710123" in asserted)
    return played


def _on_net(stage: Stage) -> Played:
    number = "+496990009010"
    stage.robot("praxis-anlage").on_call(Answer(after_ms=100), number)
    played = _call(stage, "kanzlei-1", "06990009010")
    callee = stage.received("praxis-anlage", number)
    played.expect("the called party sees the line's number", "+493023125001" in callee.from_header)
    return played


def _to_phone(stage: Stage) -> Played:
    stage.robot("praxis-1").on_call(Answer(after_ms=100))
    played = _call(stage, "carrier-b", "+496990009050", from_user=MOBILE)
    played.expect("the phone rang first", any(each.code == 180 for each in played.report.provisionals))
    return played


def _busy(stage: Stage) -> Played:
    stage.robot("praxis-anlage").on_call(Reject(486), "+496990009011")
    played = _call(stage, "carrier-a", "+496990009011")
    played.expect("the release cause is 17, user busy", played.report.q850_cause in (17, None))
    return played


def _no_answer(stage: Stage) -> Played:
    stage.robot("kanzlei-3").on_call(Ring())
    return _call(stage, "carrier-a", "+493023125003")


def _hunt(stage: Stage) -> Played:
    stage.robot("kanzlei-1").on_call(Reject(486))
    stage.robot("kanzlei-2").on_call(Answer(after_ms=100))
    played = _call(stage, "carrier-a", "+493023125000")
    played.expect("the second phone answers", played.report.final_code == 200)
    return played


def _caller_gives_up(stage: Stage) -> Played:
    stage.robot("carrier-a").on_call(Ring(), _HAMBURG + "01")
    call = stage.call("bau-1", _HAMBURG + "01", from_user="+492214710100")
    call.wait("ringing", _WAIT_S)
    call.hangup()
    played = Played(call.wait("ended", _WAIT_S))
    callee = stage.received("carrier-a", _HAMBURG + "01")
    played.expect("the called phone stops ringing", callee.ended_by == "peer")
    return played


def _unknown_number(stage: Stage) -> Played:
    played = _call(stage, "carrier-a", "+492214710999")
    played.expect("the release cause is 1, unallocated", played.report.q850_cause in (1, None))
    return played


def _not_ours(stage: Stage) -> Played:
    return _call(stage, "carrier-a", _MUNICH + "01")


def _trunk_refuses(stage: Stage) -> Played:
    stage.robot("carrier-a").on_call(Reject(503), _HAMBURG + "02")
    stage.robot("carrier-b").on_call(Answer(after_ms=100), _HAMBURG + "02")
    played = _call(stage, "bau-1", _HAMBURG + "02", from_user="+492214710100")
    played.expect(
        "the second carrier took it", stage.received("carrier-b", _HAMBURG + "02").final_code == 200
    )
    return played


def _trunk_silent(stage: Stage) -> Played:
    number = "+492214710150"
    stage.robot("bau-1").on_call(Ignore(), number)
    stage.robot("bau-2").on_call(Answer(after_ms=100), number)
    played = _call(stage, "carrier-a", number)
    played.expect("the second trunk took it", stage.received("bau-2", number).final_code == 200)
    return played


def _busy_is_final(stage: Stage) -> Played:
    stage.robot("carrier-a").on_call(Reject(486), _HAMBURG + "03")
    played = _call(stage, "bau-1", _HAMBURG + "03", from_user="+492214710100")
    played.expect("the second carrier is not asked", not stage.has_received("carrier-b", _HAMBURG + "03"))
    return played


def _digits(stage: Stage) -> Played:
    number = "+492214710102"
    stage.robot("bau-1").on_call(Answer(after_ms=50), number)
    played = _call(stage, "carrier-a", number, digits="0815#", talk_ms=2_500)
    heard = stage.received("bau-1", number).digits
    played.expect(f"all digits arrive (got {heard!r})", heard == "0815#")
    return played


def _barred(stage: Stage) -> Played:
    return _call(stage, "bau-1", "0900512345")


def _emergency(stage: Stage) -> Played:
    stage.robot("carrier-a").on_call(Reject(503), "112")
    stage.robot("carrier-b").on_call(Answer(after_ms=100), "112")
    played = _call(stage, "kanzlei-2", "112", headers={"Privacy": "id"})
    callee = stage.received("carrier-b", "112")
    asserted = " ".join(callee.asserted_identities)
    played.expect("the line's number is asserted", "+493023125002" in asserted)
    played.expect("nothing is withheld", "id" not in (callee.privacy or ""))
    return played


def _hostile_name(stage: Stage) -> Played:
    number = "+492214710103"
    stage.robot("bau-1").on_call(Answer(after_ms=50), number)
    name = "Eve%0Avariable_fernamt_customer: kunde-praxis ${system(reboot)}',x=y]"
    played = _call(stage, "carrier-a", number, from_name=name, from_user=MOBILE)
    seen = stage.received("bau-1", number)
    header = seen.from_header
    played.expect("no syntax is left in the name", not set("%$'[]{}") & set(header.partition("<")[0]))
    return played


def _hostile_number(stage: Stage) -> Played:
    return _call(stage, "kanzlei-1", "%24%7Bsystem(touch%20x)%7D")


SCENARIOS: Final = (
    Scenario("in answered", "200, both hear each other", 200, "in.trunk", 2, _in_answered),
    Scenario("out answered", "200, own number asserted", 200, "out.carrier", 2, _out_answered),
    Scenario("on net", "200, stays inside", 200, "onnet.trunk", 2, _on_net),
    Scenario("to a phone", "200 after ringing", 200, "in.phone", 2, _to_phone),
    Scenario("busy", "486", 486, "in.trunk", 2, _busy),
    Scenario("no answer", "480 after 5 s", 480, "in.phone", 2, _no_answer),
    Scenario("hunt", "200, the second phone", 200, "in.phone", 3, _hunt),
    Scenario("caller gives up", "487, ringing stops", 487, "out.carrier", 2, _caller_gives_up),
    Scenario("unknown number", "404", 404, "in.unassigned", 1, _unknown_number),
    Scenario("not our number", "404", 404, "in.not-ours", 1, _not_ours),
    Scenario("first trunk refuses", "200 over the second", 200, "out.carrier", 3, _trunk_refuses),
    Scenario("first trunk dead", "200 over the second", 200, "in.trunk", 3, _trunk_silent),
    Scenario("busy is final", "486, no second try", 486, "out.carrier", 2, _busy_is_final),
    Scenario("digits", "200, 0815# arrives", 200, "in.trunk", 2, _digits),
    Scenario("barred 0900", "403", 403, "out.barred", 1, _barred),
    Scenario("emergency 112", "200 over the second trunk", 200, "emergency.route", 3, _emergency),
    Scenario("hostile name", "200, name made harmless", 200, "in.trunk", 2, _hostile_name),
    Scenario("hostile number", "484", 484, "out.not-a-number", 1, _hostile_number),
    *QUEUE_SCENARIOS,
)

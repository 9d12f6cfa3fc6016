"""Routing plans in YAML: what is refused and where, what becomes of the rest (C2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dialplan.causes import Cause
from dialplan.mailbox import Guide
from dialplan.plans.hours import Hours
from dialplan.plans.nodes import EndNode, HolidayNode, HoursNode, ListenNode, MenuNode, RingNode
from provisioning.holiday_dates import public_holidays
from provisioning.load import CheckedConfig
from provisioning.mailbox_access import PinUnusable, guidance, read_pin
from provisioning.routing_plans import compile_hours, compile_plans
from provisioning.schema import SecretRef
from provisioning.secrets import Secrets
from provisioning.sounds import ATTENTION, TonesOnly

PLAN = """\
    prompts:
      - {id: hallo, text: "Guten Tag."}
      - {id: ton, tone: "%(400,0,620)"}
    opening_hours:
      - {id: tags, slots: [{days: [mon, fri], begins: "09:00", ends: "17:00"}], holidays_of: NW}
    plans:
      - id: zentrale
        start: zeiten
        nodes:
          - {id: zeiten, hours: {of: tags, open: menue, closed: zu}}
          - id: menue
            menu:
              prompt: hallo
              choices: [{keys: "1", to: telefon}, {keys: "2", to: menue}]
              silent: telefon
          - {id: telefon, phones: {ring: [phone-1], otherwise: weiter}}
          - {id: weiter, forward: {number: "0221 4710-150", otherwise: zu}}
          - {id: zu, end: {cause: busy, prompt: ton}}
"""
HOURS = "{id: zeiten, hours: {of: tags, open: menue, closed: zu}}"
NUMBER = '      - {first: "0221 4710-100", last: "0221 4710-199", trunks: [bau-1]}\n'
WITH_PLAN = NUMBER + '      - {number: "0221 4710-300", plan: zentrale}\n'

Change = Callable[..., str]
Accept = Callable[..., CheckedConfig]
Refuse = Callable[..., list[str]]


def text(changed: Change, *pairs: tuple[str, str]) -> str:
    """The valid configuration with the plan, texts in it replaced."""
    whole = changed((NUMBER, WITH_PLAN)) + PLAN
    for old, new in pairs:
        assert old in whole
        whole = whole.replace(old, new, 1)
    return whole


REFUSED = {
    "a node that is not there": (
        ("otherwise: weiter", "otherwise: fort"),
        "unknown-plan-node",
        "phones.otherwise",
    ),
    "a start that is not there": (("start: zeiten", "start: zeit"), "unknown-plan-node", "plans[0].start"),
    "a node twice": (("{id: weiter,", "{id: zu,"), "id-twice", "nodes[4].id"),
    "an unknown announcement": (("prompt: ton", "prompt: tonne"), "unknown-prompt", "end.prompt"),
    "unknown hours": (("of: tags", "of: nachts"), "unknown-opening-hours", "hours.of"),
    "an unknown phone": (("[phone-1]", "[phone-9]"), "unknown-phone", "phones.ring[0]"),
    "an unknown plan": (("plan: zentrale}", "plan: zentral}"), "unknown-plan", "numbers[1].plan"),
    "keys twice": (('keys: "2"', 'keys: "1"'), "plan-key-twice", "choices[1].keys"),
    "no keys": (
        ('choices: [{keys: "1", to: telefon}, {keys: "2", to: menue}]', "choices: []"),
        "plan-dead-end",
        "choices",
    ),
    "a letter as key": (('keys: "2"', 'keys: "A"'), "plan-key", "choices[1].keys"),
    "a node that nothing leads to": (
        ("otherwise: weiter", "otherwise: zu"),
        "plan-unreachable",
        "nodes[3].id",
    ),
    "a loop": (("otherwise: zu", "otherwise: zeiten"), "plan-loop", "nodes[0].id"),
    "a menu that is silent for ever": (("silent: telefon", "silent: menue"), "plan-loop", "nodes[1].id"),
    "a barred class": (('"0221 4710-150"', '"0900 512345"'), "plan-barred-target", "forward.number"),
    "a class that is never reached": (
        ('"0221 4710-150"', '"0181 123456"'),
        "plan-barred-target",
        "forward.number",
    ),
    "two kinds": (
        ("{id: zu, end:", "{id: zu, queue: {name: x, overflow: telefon}, end:"),
        "plan-node-kind",
        "nodes[4]",
    ),
    "shares of 90": (
        (HOURS, "{id: zeiten, percent: [{share: 50, to: menue}, {share: 40, to: zu}]}"),
        "plan-percent",
        "nodes[0].percent",
    ),
    "a branch for nobody": (
        (HOURS, "{id: zeiten, caller: {branches: [{to: menue}], otherwise: zu}}"),
        "plan-branch",
        "branches[0]",
    ),
    "an announcement in two forms": (
        ('text: "Guten Tag."', 'text: "Guten Tag.", tone: "%(1,1,440)"'),
        "prompt-form",
        "prompts[0]",
    ),
    "a tone that is none": (('"%(400,0,620)"', '"${evil}"'), "prompt-tone", "prompts[1].tone"),
    "a file elsewhere": (
        ('text: "Guten Tag."', 'file: "../../etc/passwd.wav"'),
        "prompt-file",
        "prompts[0].file",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused_at_its_place(changed: Change, refused: Refuse, case: str) -> None:
    """C2: dead ends, loops, unreachable nodes, unknown names, barred targets, keys twice, announcements."""
    pair, id_, place = REFUSED[case]
    lines = refused(text(changed, pair))
    assert [line for line in lines if f"[config.{id_}]" in line and place in line], lines


def test_a_customers_own_bar_refuses_a_target(changed: Change, refused: Refuse) -> None:
    """B6."""
    own = '    barring_profiles: [{id: nah, prefixes: ["+4922147"]}]\n    barring: [nah]\n'
    (line,) = refused(text(changed) + own)
    assert "the barring profile 'nah' bars the number" in line


def test_a_plan_without_numbers_and_a_queue_without_agents_are_warnings(
    changed: Change, accepted: Accept
) -> None:
    queue = (
        '{id: weiter, forward: {number: "0221 4710-150", otherwise: zu}}',
        "{id: weiter, queue: {name: alle, overflow: zu}}",
    )
    unused = (", plan: zentrale}", ", phones: [phone-1]}")
    warnings = accepted(text(changed, queue, unused) + "    queues: [{id: alle}]\n").warnings
    assert {each.id for each in warnings} >= {"config.plan-unused", "config.queue-unserved"}


def test_it_is_compiled_for_the_call_path(changed: Change, accepted: Accept) -> None:
    config = accepted(text(changed)).config
    plan = compile_plans(config.customers[0], TonesOnly())["zentrale"]
    assert (plan.customer_id, plan.start) == ("kunde", "zeiten")
    hours, menu = plan.nodes["zeiten"], plan.nodes["menue"]
    assert isinstance(hours, HoursNode)
    assert isinstance(hours.hours, Hours)
    assert menu == MenuNode(ATTENTION, {"1": "telefon", "2": "menue"}, "telefon", "telefon")
    assert plan.nodes["telefon"] == RingNode(("phone-1",), (), "weiter")
    assert plan.nodes["zu"] == EndNode(Cause.USER_BUSY, "tone_stream://%(400,0,620)")


def test_the_carriers_hours_are_found_when_the_call_comes(changed: Change, accepted: Accept) -> None:
    """They may change without the customer."""
    shared = ("  trunks:\n", "  opening_hours: [{id: netz, slots: []}]\n  trunks:\n")
    config = accepted(text(changed, shared, ("of: tags", "of: netz"))).config
    hours = compile_plans(config.customers[0], TonesOnly())["zentrale"].nodes["zeiten"]
    assert isinstance(hours, HoursNode)
    assert hours.hours == "netz"
    assert not compile_hours(config.carrier.opening_hours[0]).is_open(datetime(2026, 11, 20, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("land", "day", "kept"),
    [
        ("NW", date(2026, 11, 1), True),
        ("NW", date(2026, 6, 4), True),
        ("BE", date(2026, 6, 4), False),
        ("BE", date(2026, 3, 8), True),
        ("SN", date(2026, 11, 18), True),
        ("NW", date(2026, 11, 18), False),
        ("BY", date(2026, 1, 6), True),
        ("HH", date(2026, 10, 31), True),
        ("NW", date(2026, 10, 31), False),
    ],
)
def test_holidays_are_those_of_the_land(land: str, day: date, kept: bool) -> None:
    """C2."""
    assert (day in public_holidays(land)) is kept


def test_exceptions_close_and_open_days(changed: Change, accepted: Accept) -> None:
    pair = ("holidays_of: NW", "holidays_of: NW, closed_on: [2026-11-20], open_on: [2026-12-25]")
    hours = compile_hours(accepted(text(changed, pair)).config.customers[0].opening_hours[0])
    assert not hours.is_open(datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 11, 27, 10, tzinfo=UTC))
    assert hours.is_open(datetime(2026, 12, 25, 10, tzinfo=UTC))
    assert not hours.is_open(datetime(2027, 1, 1, 10, tzinfo=UTC))


def test_a_plan_alone_is_a_holiday_nodes_business(changed: Change, accepted: Accept) -> None:
    pair = (
        HOURS,
        "{id: zeiten, holiday: {of: NW, days: [2026-11-20], holiday: zu, otherwise: menue}}",
    )
    node = compile_plans(accepted(text(changed, pair)).config.customers[0], TonesOnly())["zentrale"].nodes[
        "zeiten"
    ]
    assert isinstance(node, HolidayNode)
    assert {date(2026, 11, 20), date(2026, 12, 25)} <= node.days


LISTEN = ("{id: zu, end: {cause: busy, prompt: ton}}", "{id: zu, listen: box}")


def test_a_mailbox_without_a_pin_cannot_be_listened_to(changed: Change, refused: Refuse) -> None:
    """C3."""
    (line,) = refused(text(changed, LISTEN) + "    mailboxes: [{id: box}]\n")
    assert "[config.mailbox-without-pin]" in line
    assert "nodes[4].listen" in line
    (line,) = refused(text(changed, LISTEN))
    assert "[config.unknown-mailbox]" in line


def test_who_listens_needs_the_pin_and_is_guided(changed: Change, accepted: Accept) -> None:
    """C3."""
    config = accepted(
        text(changed, LISTEN) + "    mailboxes: [{id: box, pin: {env: BOX_PIN}, order: oldest}]\n"
    ).config
    plan = compile_plans(config.customers[0], TonesOnly(), pins={"box": "4711"})["zentrale"]
    node = plan.nodes["zu"]
    assert isinstance(node, ListenNode)
    access = node.mailbox.access
    assert access is not None
    assert (access.pin, access.newest_first, access.guide.pin) == ("4711", False, ATTENTION)
    assert len(list(guidance(config.customers[0]))) == len(fields(Guide))


@pytest.mark.parametrize("secret", ["123", "123456789", "47 11", "४७११", "abcd"])
def test_a_pin_has_four_to_eight_digits_and_a_wrong_one_is_not_shown(secret: str) -> None:
    with pytest.raises(PinUnusable) as raised:
        read_pin(Secrets({"PIN": secret}, Path()), SecretRef.model_validate({"env": "PIN"}))
    assert secret not in str(raised.value)

"""What a plan says: each change once, what it touches, what is not allowed (A1, A2, A4)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialplan.live import LiveCall, LiveState
from provisioning.canonical import items_of
from provisioning.errors import Severity
from provisioning.lab_secrets import lab_secrets
from provisioning.load import load_documents
from provisioning.plan import Plan, make_plan
from provisioning.plan_text import plan_lines, plan_tree
from provisioning.schema import Config
from store.config_items import CARRIER, CARRIER_KEY, CUSTOMER, ConfigItem, ItemKey

EXAMPLE = Path(__file__).parents[3] / "examples/carrier"
Change = tuple[str, str]


def config(*changes: Change) -> Config:
    """The example with texts replaced, each of which must be there."""
    documents = {path.name: path.read_text() for path in sorted(EXAMPLE.glob("*.yaml"))}
    for old, new in changes:
        assert any(old in text for text in documents.values()), f"{old!r} is not in the example"
        documents = {name: text.replace(old, new) for name, text in documents.items()}
    return load_documents((name, text.encode()) for name, text in documents.items()).config


def plan(*changes: Change, calls: tuple[LiveCall, ...] = (), allow_removal: bool = False) -> Plan:
    """The plan from the example to the changed one."""
    old = items_of(config())
    return make_plan(41, old, config(*changes), calls=calls, allow_removal=allow_removal)


def lines(found: Plan) -> list[str]:
    """As people see it, without colours and empty lines."""
    return [text for line in plan_lines(found) if (text := "".join(piece for piece, _ in line))]


def call(customer: str, *trunks: str) -> LiveCall:
    """A call in progress."""
    began = datetime(2026, 11, 22, tzinfo=UTC)
    return LiveCall(
        f"{customer}{trunks}",
        "node-1",
        customer,
        "in",
        None,
        None,
        LiveState.ANSWERED,
        None,
        began,
        began,
        41,
        trunks,
    )


def test_the_same_files_change_nothing() -> None:
    assert plan().is_empty
    assert lines(plan()) == ["No change: this is version 41."]


def test_a_changed_field_is_told_with_from_and_to() -> None:
    found = plan(("no_answer_s: 60", "no_answer_s: 45"))
    assert lines(found) == [
        "~ customer kunde-kanzlei (Beispiel Kanzlei)",
        "    ~ phones[kanzlei-1].no_answer_s: 60 -> 45",
        "Plan against version 41: 0 added, 1 changed, 0 removed.",
    ]
    assert [item.key for item in found.changed] == [ItemKey(CUSTOMER, "kunde-kanzlei")]


def test_what_becomes_default_is_told_as_what_it_becomes() -> None:
    found = plan(("flat_rate: true", "flat_rate: false"))
    assert "    ~ billing.itemised_bill.flat_rate: true -> false" in lines(found)


def test_a_range_that_grows_and_one_that_shrinks_say_which_numbers_it_means() -> None:
    grown = plan(('last: "0221 4710-199"', 'last: "0221 4710-209"'))
    assert lines(grown)[1:3] == [
        "    ~ numbers[from +492214710100].last: +492214710199 -> +492214710209",
        "    > 10 numbers (+492214710200 to +492214710209) are new",
    ]
    shrunk = plan(('last: "0221 4710-199"', 'last: "0221 4710-150"'))
    assert "    > 49 numbers (+492214710151 to +492214710199) no longer reach anybody" in lines(shrunk)


def test_what_changes_the_bill_is_marked() -> None:
    found = plan(
        ("user_price: 3.90 EUR", "user_price: 4.20 EUR"), ("fixed_minutes: 1000", "fixed_minutes: 900")
    )
    assert lines(found) == [
        "~ customer kunde-bau (Beispiel Bau GmbH)",
        "    ~ contract.fair_use.fixed_minutes: 1000 -> 900 €",
        "    ~ contract.user_price: 3.90 EUR -> 4.20 EUR €",
        "Plan against version 41: 0 added, 1 changed, 0 removed.",
        "Prices or quotas change for 1 part, marked with €.",
    ]
    assert plan_tree(found)["changes"][0]["money"]


def test_a_secret_is_never_shown() -> None:
    """F5."""
    found = plan(("nur-im-labor-2", "ganz-geheim"))
    assert "    ~ phones[kanzlei-2].secret: changed (secret, not shown)" in lines(found)
    new = plan(
        ("id: kanzlei-2\n", "id: kanzlei-9\n"), ("phones: [kanzlei-1, kanzlei-2]", "phones: [kanzlei-1]")
    )
    for each in (found, new):
        for text in ("\n".join(lines(each)), str(plan_tree(each)), str(each.findings)):
            assert "geheim" not in text
            assert "nur-im-labor" not in text


def test_calls_in_progress_on_a_changed_trunk_are_counted() -> None:
    calls = (
        call("kunde-bau", "carrier-a", "bau-1"),
        call("kunde-bau", "bau-1", "carrier-a"),
        call("kunde-praxis"),
    )
    found = plan(("no_progress_s: 20", "no_progress_s: 6"), calls=calls)
    assert lines(found)[:3] == [
        "~ carrier (Beispiel-Carrier)",
        "    ~ trunks[carrier-a].no_progress_s: 20 -> 6",
        "    > 2 calls in progress on the trunk carrier-a: they go on as they began",
    ]
    found = plan(("blocked: false", "blocked: true"), calls=calls)
    assert "    > 2 calls in progress of this customer: they go on as they began" in lines(found)


def _without(customer: str) -> Config:
    whole = config()
    left = tuple(each for each in whole.customers if each.id != customer)
    return Config.model_construct(carrier=whole.carrier, customers=left)


def test_a_customer_with_numbers_goes_only_when_it_is_said_so() -> None:
    old = items_of(config())
    (finding,) = make_plan(41, old, _without("kunde-praxis")).findings
    assert finding.id == "config.removal"
    assert "kunde-praxis would go with 52 numbers" in finding.message
    allowed = make_plan(41, old, _without("kunde-praxis"), allow_removal=True)
    assert allowed.findings == ()
    assert allowed.removed == (ItemKey(CUSTOMER, "kunde-praxis"),)


def test_a_customer_under_a_new_id_is_recognised() -> None:
    found = plan(("id: kunde-praxis", "id: praxis-koeln"), allow_removal=True)
    assert "    renamed? customer kunde-praxis is removed in the same step" in lines(found)
    assert any("52 numbers" in line and "come from customer kunde-praxis" in line for line in lines(found))


def test_a_number_cannot_go_to_another_tenant() -> None:
    """A4: also not by way of another customer."""
    tenant = "00000000-0000-4000-8000-00000000000"
    for changes in (
        ((f"{tenant}1", f"{tenant}2"),),
        ((f"{tenant}1", f"{tenant}2"), ("id: kunde-praxis", "id: kunde-neu")),
    ):
        found = plan(*changes, allow_removal=True)
        assert [each.id for each in found.findings] == ["config.tenant-moved"]
        assert not plan_tree(found)["allowed"]


BAU = "        address: 198.51.100.20:5060\n"
PRAXIS = "        address: 203.0.113.30:5060\n"
AT_ITS_ADDRESS = (PRAXIS, "        address: 198.51.100.20:5070\n")


def test_who_loses_calls_by_anothers_trunk_on_its_address_is_named() -> None:
    """Alone there it was known from every port, also from those that a NAT gives it."""
    (finding,) = plan(AT_ITS_ADDRESS).findings
    assert (finding.id, finding.severity) == ("config.no-longer-alone", Severity.WARNING)
    assert "'bau-1' and 'praxis-anlage'" in finding.message
    assert "112" in finding.message
    assert finding.found == "198.51.100.20"
    assert "accepts_from" in str(finding.allowed)
    wanted = config(AT_ITS_ADDRESS)
    places = {each.id: i for i, each in enumerate(wanted.customers)}
    assert finding.path == ("customers", places["kunde-praxis"], "trunks", 0)
    assert finding.other == ("customers", places["kunde-bau"], "trunks", 0)
    assert plan_tree(plan(AT_ITS_ADDRESS))["allowed"]


@pytest.mark.parametrize(
    "beside",
    [
        (PRAXIS, "        address: 203.0.113.30:5060\n        accepts_from: [198.51.100.20]\n"),
        (PRAXIS, "        address: 203.0.113.30:5060\n        accepts_from: ['198.51.100.20:5070']\n"),
        ("        address: 198.51.100.21:5060\n", "        address: 198.51.100.20:5070\n"),
        ("192.0.2.11:5060", "198.51.100.20:5080"),
    ],
    ids=["the whole address", "one of its ports", "another trunk of its customer", "a carrier's"],
)
def test_whoever_comes_to_its_address_takes_calls_away(beside: Change) -> None:
    assert "config.no-longer-alone" in [each.id for each in plan(beside).findings]


@pytest.mark.parametrize(
    "changes",
    [
        (("198.51.100.20:5060", "198.51.100.22:5060"), AT_ITS_ADDRESS),
        ((BAU, BAU + "        accepts_from: ['198.51.100.20:5060', '198.51.100.20:5062']\n"),),
        ((PRAXIS, "        address: 203.0.113.31:5060\n"),),
    ],
    ids=["it has moved", "it has ports of its own", "another address"],
)
def test_who_is_as_alone_as_before_loses_nothing(changes: tuple[Change, ...]) -> None:
    assert plan(*changes).findings == ()


def test_what_was_shared_before_is_told_when_it_began_only() -> None:
    old = items_of(config(AT_ITS_ADDRESS))
    later = config(AT_ITS_ADDRESS, ("no_answer_s: 60", "no_answer_s: 45"))
    assert make_plan(41, old, later).findings == ()


def test_what_an_older_program_wrote_otherwise_is_no_change() -> None:
    """Keys at their default may stand in what is stored, in any order."""
    old = dict(items_of(config()))
    key = ItemKey(CUSTOMER, "kunde-bau")
    old[key] = ConfigItem.of(*key, old[key].content.replace('{"', '{"blocked":false,"', 1))
    assert make_plan(41, old, config()).is_empty


def test_what_todays_schema_cannot_read_is_replaced_and_told() -> None:
    old = dict(items_of(config()))
    old[CARRIER_KEY] = ConfigItem.of(CARRIER, CARRIER, '{"name":"Beispiel-Alt","colour":"red"}')
    found = make_plan(41, old, config())
    assert [each.key for each in found.changes] == [CARRIER_KEY]
    assert "    - colour: red" in lines(found)


def test_a_large_plan_is_cut_for_people_only() -> None:
    whole = config()
    (bau,) = (each for each in whole.customers if each.id == "kunde-bau")
    many = tuple(bau.model_copy(update={"id": f"kunde-{index}"}) for index in range(150))
    found = make_plan(0, {}, Config.model_construct(carrier=whole.carrier, customers=many))
    assert "… and 51 parts more (--json has all)" in lines(found)
    assert len(plan_tree(found)["changes"]) == 151


@pytest.mark.parametrize("secret", ["{ env: NAME }", "{ file: name }"])
def test_secrets_in_clear_text_are_found_outside_the_lab(secret: str) -> None:
    """F5."""
    found = list(lab_secrets(config(("{ lab: nur-im-labor-2 }", secret))))
    paths = {each.path[-4:] for each in found}
    assert (1, "phones", 0, "secret") in paths
    assert (1, "phones", 1, "secret") not in paths
    assert all(each.found is None and "nur-im" not in each.message for each in found)

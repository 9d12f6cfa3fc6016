"""From files to a checked configuration: what is accepted, warned about, and reported together."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel

from dialplan.carrier import Peer, SipAddress, Transport
from provisioning import schema
from provisioning.errors import MAX_PROBLEMS, ConfigInvalid, Severity
from provisioning.load import CheckedConfig, load, load_documents

EXAMPLE = Path(__file__).parents[3] / "examples/carrier"

Accept = Callable[..., CheckedConfig]
Refuse = Callable[..., list[str]]
Change = Callable[..., str]


def test_the_example_carrier_is_valid_without_a_warning() -> None:
    checked = load([EXAMPLE])
    assert checked.warnings == ()
    assert [each.id for each in checked.config.customers] == [
        "kunde-bau",
        "kunde-kanzlei",
        "kunde-praxis",
        "kunde-versand",
    ]


def test_the_example_carrier_comes_back_from_its_json() -> None:
    """Versions are kept as JSON: days, amounts, addresses and numbers come back as they were."""
    config = load([EXAMPLE]).config
    text = json.dumps(config.model_dump(mode="json"))
    assert schema.Config.model_validate(json.loads(text)) == config


def test_every_key_of_the_schema_stands_in_the_example_with_a_comment() -> None:
    """Issue row: a complete example with comments for every key."""
    models = [getattr(schema, name) for name in schema.__all__]
    keys = {key for model in models if issubclass(model, BaseModel) for key in model.model_fields}
    text = "\n".join(file.read_text() for file in sorted(EXAMPLE.glob("*.yaml")))
    assert [key for key in sorted(keys) if f"{key}:" not in text] == []


def test_every_key_of_the_schema_has_a_description() -> None:
    missing = [
        f"{name}.{key}"
        for name in schema.__all__
        if issubclass(getattr(schema, name), BaseModel)
        for key, field in getattr(schema, name).model_fields.items()
        if not field.description
    ]
    assert missing == []


@pytest.mark.parametrize(
    "written",
    [
        "+492214710100",
        "+49 221 4710-100",
        "0221 4710-100",
        "(0221) 4710/100",
        "0221.4710.100",
        "0221–4710 100",
    ],
)
def test_a_number_may_be_written_as_people_write_it(accepted: Accept, changed: Change, written: str) -> None:
    checked = accepted(changed(("0221 4710-100", written)))
    assert checked.config.customers[0].main_number == "+492214710100"


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("192.0.2.9:5060", SipAddress("192.0.2.9", 5060)),
        ("192.0.2.9:5061/tls", SipAddress("192.0.2.9", 5061, Transport.TLS)),
        ("[2001:DB8:0::1]:5060/tcp", SipAddress("2001:db8::1", 5060, Transport.TCP)),
    ],
)
def test_an_address_has_a_port_and_perhaps_a_transport(
    accepted: Accept, changed: Change, written: str, address: SipAddress
) -> None:
    checked = accepted(changed(("192.0.2.10:5060", written)))
    assert checked.config.carrier.trunks[0].address == address


@pytest.mark.parametrize(
    ("written", "peer"),
    [
        ("192.0.2.9", Peer("192.0.2.9")),
        ("192.0.2.9:5060", Peer("192.0.2.9", 5060)),
        ("2001:db8::1", Peer("2001:db8::1")),
        ("[2001:db8::1]:5060", Peer("2001:db8::1", 5060)),
    ],
)
def test_a_source_is_an_address_with_or_without_a_port(
    accepted: Accept, changed: Change, written: str, peer: Peer
) -> None:
    checked = accepted(changed(('"192.0.2.10:5060"', f'"sip.example.com:5060", accepts_from: ["{written}"]')))
    assert checked.config.carrier.trunks[0].accepts_from == (peer,)


def test_one_emergency_trunk_is_a_warning(accepted: Accept, changed: Change) -> None:
    """B8: a second trunk is needed for the day the first fails."""
    (warning,) = accepted(changed((", emergency: true", ""))).warnings
    assert warning.severity is Severity.WARNING
    assert str(warning) == (
        "a.yaml:7:5: warning: carrier.trunks: only 'carrier-b' may carry calls to 110 and 112: when it "
        "fails, none can be made; allowed: two trunks with emergency: true [config.one-emergency-trunk]"
    )


def test_a_ported_number_lies_outside_the_blocks(accepted: Accept, changed: Change) -> None:
    """A2: numbers can be ported in."""
    entry = "    numbers:\n      - {number: '0221 4711-001', trunks: [bau-1], ported_in: true}\n"
    assert accepted(changed(("    numbers:\n", entry))).warnings == ()


def test_a_ported_number_within_our_blocks_is_a_warning(accepted: Accept, changed: Change) -> None:
    entry = "    numbers:\n      - {number: '0221 4710-300', trunks: [bau-1], ported_in: true}\n"
    (warning,) = accepted(changed(("    numbers:\n", entry))).warnings
    assert str(warning) == (
        "a.yaml:18:18: warning: customers[0].numbers[0].number: a number that was ported in lies in one "
        "of our blocks, found '+492214710300'; allowed: ported_in for numbers outside our blocks only "
        "[config.ported-in-own-block]"
    )


def test_a_range_over_two_blocks_that_touch_is_inside(accepted: Accept, changed: Change) -> None:
    blocks = '  number_blocks:\n    - {area_code: "0221", first: "+492214711000", last: "+492214711999"}\n'
    entry = "    numbers:\n      - {first: '0221 4710-990', last: '0221 4711-009', trunks: [bau-1]}\n"
    accepted(changed(("  number_blocks:\n", blocks), ("    numbers:\n", entry)))


def test_phones_of_one_customer_may_share_a_number(accepted: Accept, changed: Change) -> None:
    phone = "    phones:\n      - {id: phone-0, number: '0221 4710-200', secret: {lab: geheim}}\n"
    accepted(changed(("    phones:\n", phone)))


def test_a_wrong_customer_hides_no_problem_of_another(refused: Refuse, carrier: str, customers: str) -> None:
    broken = "customers: [{id: x}]\n"
    outside = customers.replace("0221 4710-199", "0221 4711-199").replace("id: kunde", "id: zweiter")
    ids = [line.rpartition("[")[2] for line in refused(carrier, broken, outside)]
    assert ids == ["config.missing-key]", "config.missing-key]", "config.number-outside-blocks]"]


def test_what_an_unreadable_file_may_hold_is_not_called_missing(refused: Refuse, customers: str) -> None:
    assert refused("carrier:\n\tname: x", customers) == [
        "a.yaml:2:1: a tab character; allowed: spaces [config.tab]"
    ]


def test_without_a_carrier_nothing_works(refused: Refuse, customers: str) -> None:
    assert refused(customers) == ["a.yaml:1:1: carrier: the key 'carrier' is missing [config.missing-key]"]


def test_unknown_sections_and_wrong_ones_are_named(refused: Refuse, carrier: str) -> None:
    assert refused(carrier + "customer: []\ncustomers: {}\n") == [
        "a.yaml:9:1: customer: an unknown key, found 'customer'; allowed: carrier, customers; "
        "did you mean 'customers'? [config.unknown-key]",
        "a.yaml:10:12: customers: not a list, found a mapping with 0 keys; "
        "allowed: a list [config.wrong-type]",
    ]


def test_more_problems_than_anyone_reads_are_counted(refused: Refuse, carrier: str) -> None:
    lines = refused(carrier + "customers: [" + "1, " * (MAX_PROBLEMS + 50) + "]")
    assert len(lines) == MAX_PROBLEMS + 1
    assert lines[-1] == "and 50 more problems"


def test_a_list_that_is_too_long_is_one_problem(refused: Refuse, carrier: str) -> None:
    numbers = "x," * 100_001
    lines = refused(f"{carrier}customers: [{{id: a, numbers: [{{trunks: [t], list: [{numbers}]}}]}}]")
    assert [line for line in lines if "list" in line] == [
        "a.yaml:9:51: customers[0].numbers[0].list: a list is too long, found a list of 100001; "
        "allowed: at most 100000 [config.too-many]"
    ]


def test_the_run_ends_when_there_are_too_many_problems(refused: Refuse, carrier: str) -> None:
    lines = refused(carrier + "customers: [" + "1, " * 20_000 + "]")
    assert lines[-1] == "and at least 10000 more problems"


def test_what_was_found_is_cut_and_on_one_line(refused: Refuse, changed: Change) -> None:
    (line,) = refused(changed(("id: kunde", f"id: {'x' * 500}")))
    assert f"found '{'x' * 59}…';" in line


def test_a_chained_traceback_shows_no_secret(changed: Change) -> None:
    text = changed(("{lab: geheim}", "{lab: geheim, env: geheim, x: geheim}"))
    with pytest.raises(ConfigInvalid) as caught:
        load_documents([("a.yaml", text.encode())])
    assert caught.value.__cause__ is None
    assert "geheim" not in repr(caught.value)


def test_a_secret_is_not_in_the_model_s_repr(accepted: Accept, changed: Change) -> None:
    assert "geheim" not in repr(accepted(changed()).config)

"""Generated configurations: whole carriers with all that texts, numbers, days and amounts can be."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from provisioning.schema import Config

#: Texts that YAML readers like to take for something else.
ODD = [
    "yes",
    "No",
    "null",
    "~",
    "1e3",
    "0221",
    "1:30",
    "- a",
    "a: b",
    "# a",
    "&a",
    "*a",
    "!a",
    "'",
    '"',
    "\\",
]
texts = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
        lambda text: bool(text.strip())
    ),
)
days = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(str)
amounts = st.decimals(0, 1000, places=2).map(lambda value: f"{value:f} EUR")
secrets = st.sampled_from([{"env": "SECRET"}, {"file": "a.txt"}, {"lab": "yes"}])
weekdays = st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri"]), min_size=1, unique=True)


def _number(customer: int, index: int) -> str:
    return f"+4922147{customer:03}{index:03}"


@st.composite
def customers(draw: st.DrawFn, index: int) -> dict[str, Any]:
    """A customer valid by itself and beside those of other indexes."""
    trunks = [
        {
            "id": f"trunk-{index}-{each}",
            "address": f"10.0.{index}.{each + 1}:5060{draw(st.sampled_from(['', '/tcp', '/udp']))}",
            "codecs": draw(st.permutations(["PCMA", "PCMU", "G722"])),
            "no_answer_s": draw(st.integers(40, 600)),
        }
        for each in range(draw(st.integers(1, 3)))
    ]
    phones = [
        {
            "id": f"phone-{index}-{each}",
            "number": _number(index, 900 + each),
            "secret": draw(secrets),
            "no_answer_s": draw(st.integers(5, 600)),
        }
        for each in range(draw(st.integers(0, 3)))
    ]
    ids = [each["id"] for each in trunks]
    numbers: list[dict[str, Any]] = [{"number": _number(index, 0), "trunks": ids}]
    if draw(st.booleans()):
        last = draw(st.integers(10, 99))
        numbers.append({"first": _number(index, 10), "last": _number(index, last), "trunks": ids[:1]})
    listed = draw(st.lists(st.integers(100, 199), min_size=1, max_size=5, unique=True))
    numbers.append(
        {
            "list": [_number(index, each) for each in listed],
            "trunks": draw(st.permutations(ids)),
            "activated": draw(st.sampled_from([None, "2199-12-31"])),
        }
    )
    customer: dict[str, Any] = {
        "id": f"kunde-{index}",
        "name": draw(texts),
        "main_number": _number(index, 0),
        "blocked": draw(st.booleans()),
        "trunks": trunks,
        "phones": phones,
        "numbers": numbers,
    }
    if draw(st.booleans()):
        customer["contract"] = {
            "product": "teams",
            "price_model": "basis",
            "start": draw(days),
            "user_price": draw(amounts),
            "one_off_prices": [{"name": draw(texts), "price": draw(amounts)}],
        }
    if draw(st.booleans()):
        customer["hours"] = "hours"
        slots = [{"days": draw(weekdays), "begins": "08:00", "ends": "24:00"}]
        closed = draw(st.lists(days, max_size=3, unique=True))
        customer["opening_hours"] = [{"id": "hours", "slots": slots, "closed_on": closed}]
    return customer


@st.composite
def configs(draw: st.DrawFn, most: int = 3) -> Config:
    """A whole configuration with up to `most` customers."""
    carrier = {
        "name": draw(texts),
        "default_area_code": "0221",
        "number_blocks": [
            {"area_code": "0221", "first": "+4922147000000", "last": "+4922147999999"},
        ],
        "trunks": [
            {"id": "carrier-a", "address": "192.0.2.10:5060", "emergency": True},
            {
                "id": "carrier-b",
                "address": "192.0.2.11:5060",
                "priority": draw(st.integers(1, 1000)),
                "emergency": True,
            },
        ],
    }
    count = draw(st.integers(0, most))
    tree = {"carrier": carrier, "customers": [draw(customers(index)) for index in range(count)]}
    return Config.model_validate(tree)

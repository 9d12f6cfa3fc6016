"""Random tariffs and calls, for the engine as CSV files and for the oracle as its own rows.

One case is one call. A scenario is a customer's calls of a month, or of two in a row, with a tariff of its
own; months with clock changes, leap days and year edges come as often as others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random

from rating.batch import rate_all
from rating.berlin import GERMANY, Month, offset_changes, to_ms
from rating.book import Books
from rating.charge import Charge
from rating.leg import BillableLeg, Direction
from rating.money import TICKS
from rating.tariff_files import tariff_of
from tests.unit.rating import oracle
from tests.unit.rating.files import CUSTOMERS_HEADER, LISTS_HEADER, prices, text
from tests.unit.rating.oracle import DAYS, Call, Customer, ListVersion, Row

MONTHS = [(2026, 3), (2026, 10), (2028, 2), (2026, 12), (2027, 1), (2026, 11), (2027, 10), (2100, 2)]
PREFIXES = {
    "national_fixed": ["+49", "+49221", "+4930", "+4940", "+4932", "+492214710"],
    "national_mobile": ["+4915", "+4917", "+49160", "+491522"],
    "national_service": ["+491805", "+491807", "+491802", "+49700", "+4932", "118"],
    "foreign": ["+43", "+436", "+4366", "+1", "+1202", "+41", "+417", "+44", "+44207", "+8"],
}
NUMBERS = [
    "+492214710123", "+493023125001", "+494066969001", "+4915228817386", "+491701234567", "+491601234567",
    "+491631234567", "+49322123456", "+4932123456789", "+491805123456", "+491807123456", "+491802123456",
    "+4970012345678", "+491371234567", "+499001234567", "+49180112345", "11833", "118000", "+4312345678",
    "+436641234567", "+436601234567", "+12025550123", "+13105550123", "+41441234567", "+41791234567",
    "+442079460000", "+441234567890", "+33123456789", "+81312345678",
    "110", "112", "115", "116117", "+49221115", "+4930115", "+498001234567", "+80012345678",
]  # fmt: skip
INCREMENTS = [(60, 60), (60, 1), (30, 6), (1, 1), (10, 10), (60, 10), (7, 3)]
CALL_ONLY = ("+491802",)
#: Edges of windows, in minutes since midnight: some in the hour that comes twice, or never.
EDGES = [0, 120, 150, 180, 480, 510, 720, 1065, 1080, 1320, 1440]


@dataclass
class Scenario:
    """The same months for both."""

    files: dict[str, bytes]
    standard: list[ListVersion]
    customer: Customer
    calls: list[Call]
    months: list[Month]
    costs: list[ListVersion]


def amount(random: Random, largest: int, places: int) -> str:
    """Net amount as text."""
    units, behind = divmod(random.randrange(largest * 10**places), 10**places)
    return f"{units}.{behind:0{places}}"


def rows_of(random: Random, *, own: bool) -> list[Row]:
    """Some prefixes with random prices, within what the law allows."""
    rows: list[Row] = []
    for zone, prefixes in PREFIXES.items():
        for prefix in prefixes:
            if random.random() < (0.7 if own else 0.25) or any(row.prefix == prefix for row in rows):
                continue
            if own and random.random() < 0.2:
                rows.append(Row(prefix, zone, "standard", ""))
                continue
            rows += weekly(random, prefix, zone)
    for number in random.sample([each for each in NUMBERS if each.startswith("+4") and "+49" not in each], 2):
        rows.append(Row(number, "foreign", "minute", amount(random, 2, 4), exact=True))
    if not own and not any(row.prefix == "+33" for row in rows):
        rows.append(Row("+33", "foreign", "minute", amount(random, 1, 6), "0.05", "0.10", 30, 6))
    return rows


def weekly(random: Random, prefix: str, zone: str) -> list[Row]:
    """The row of a prefix, sometimes with others for times of the week."""
    if zone == "national_service" or prefix == "+4932":
        if prefix in CALL_ONLY:
            return [Row(prefix, zone, "call", f"0.0{random.randrange(50_000):05}")]
        first, following = random.choice([each for each in INCREMENTS if each[0] <= 60])
        free = 30 if prefix == "+491807" else 0
        return [
            Row(prefix, zone, "minute", f"0.0{random.randrange(1, 75):02}", "0", "0", first, following, free)
        ]
    if random.random() < 0.1:
        return [Row(prefix, zone, "call", amount(random, 1, 4))]
    made = [minute_row(random, prefix, zone)]
    if random.random() < 0.4:
        begin, end = random.sample(EDGES[:-1], 2)
        days = random.choice([DAYS[:5], DAYS[5:], DAYS, DAYS[2:4]])
        peak = minute_row(random, prefix, zone)
        peak.window = (days, begin, end)
        made.append(peak)
    return made


def minute_row(random: Random, prefix: str, zone: str) -> Row:
    """A price per minute with everything that may stand beside it."""
    first, following = random.choice(INCREMENTS)
    fee = amount(random, 1, 2) if random.random() < 0.3 else "0"
    minimum = amount(random, 1, 2) if random.random() < 0.3 else "0"
    free = random.choice([0, 0, 0, 5, 30, 61])
    price = amount(random, 1, random.choice([2, 4, 6])) if random.random() < 0.95 else "0"
    return Row(prefix, zone, "minute", price, fee, minimum, first, following, free)


def clock(minutes: int) -> str:
    """As files write it."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def line(row: Row) -> str:
    """The row as a line of the file."""
    window = ""
    if row.window is not None:
        days, begin, end = row.window
        window = ", ".join(f"{day} {clock(begin)}-{clock(end)}" for day in days)
    if row.kind == "standard":
        return f"{row.prefix};;X;{row.zone};standard;;;;;;"
    match = "exact" if row.exact else ""
    if row.kind == "call":
        return f"{row.prefix};{match};X;{row.zone};call;{row.price};;;;;"
    return (
        f"{row.prefix};{match};X;{row.zone};;{row.price};{row.fee};{row.minimum};{row.first}/{row.next};"
        f"{row.free};{window}"
    )


def scenario(random: Random, size: int) -> Scenario:
    """A month of `size` calls, or two in a row."""
    year, number = random.choice(MONTHS)
    month = Month(year, number)
    months = [month, month.next] if random.random() < 0.3 else [month]
    standard = versions(random, month, own=False)
    own = versions(random, month, own=True) if random.random() < 0.5 else []
    costs = versions(random, month, own=False, kind="c")
    if own and random.random() < 0.5:
        own[-1].last_day = own[-1].first_day + timedelta(days=random.randrange(40))
    since = month.first_day - timedelta(days=random.choice([0, 20, 400]))
    told = {
        each.name: month.first_day + timedelta(days=random.randrange(-15, 30))
        for each in standard[1:]
        if random.random() < 0.6
    }
    stage = random.choice(["call", "call", "line", "invoice"])
    rounding = (stage, random.choice(["half-up", "half-even", "up"]), random.randrange(7))
    model, quotas, quota_text = quotas_of(random)
    customer = Customer(since, quotas, rounding, own, told)
    files = {
        "lists.csv": text(
            LISTS_HEADER,
            *(listed(each, "standard") for each in standard),
            *(listed(each, "individual") for each in own),
            *(listed(each, "cost") for each in costs),
        ),
        "models.csv": text(
            "model;rounded;mode;places",
            f"{model};{stage};{rounding[1]};{rounding[2] if stage == 'call' else ''}",
        ),
        "customers.csv": text(CUSTOMERS_HEADER, f"a;{model};{since};;{'own' if own else ''};{quota_text}"),
        "trunks.csv": text("trunk;list", "carrier;cost"),
        "notices.csv": text(
            "customer;list;version;notified_on;proof",
            *(f"a;standard;{name};{day};mail" for name, day in told.items()),
        ),
    } | {f"{each.name}.csv": prices(*map(line, each.rows)) for each in (*standard, *own, *costs)}
    calls = [call(random, random.choice(months), index) for index in range(size)]
    return Scenario(files, standard, customer, calls, months, costs)


def listed(version: ListVersion, kind: str) -> str:
    """A line of lists.csv."""
    name = "own" if kind == "individual" else kind
    edge = "split" if version.split else "start"
    days = f"{version.first_day};{version.last_day or ''}"
    return f"{name};{version.name};{kind};EUR;{days};{version.name}.csv;{edge}"


def versions(random: Random, month: Month, *, own: bool, kind: str = "") -> list[ListVersion]:
    """One to three versions, of which the later ones begin in the month."""
    first_days = {month.first_day - timedelta(days=random.choice([0, 30, 300]))}
    first_days |= {month.first_day + timedelta(days=random.randrange(28)) for _ in range(random.randrange(3))}
    kind = kind or ("o" if own else "s")
    found = [
        ListVersion(f"{kind}{index}", day, None, rows_of(random, own=own), random.random() < 0.5)
        for index, day in enumerate(sorted(first_days))
    ]
    for version, later in pairwise(found):
        version.last_day = later.first_day - timedelta(days=random.choice([1, 1, 1, 2]))
        if version.last_day < version.first_day:
            version.last_day = version.first_day
    return found


def quotas_of(random: Random) -> tuple[str, list[tuple[set[str], int]], str]:
    """Price model, quotas in seconds, and how customers.csv says them from `counted_per` on. Quotas counted
    per user are for five users at least (TC 7.2)."""
    fixed, mobile = random.randrange(1, 120), random.randrange(1, 60)
    counted, users = random.choice([("customer", ""), ("customer", ""), ("user", 3), ("user", 7)])
    times = max(users, 5) if isinstance(users, int) else 1
    model, quotas, minutes = random.choice(
        [
            ("basis", [], ";;"),
            ("medium", [({"national_fixed"}, fixed)], f"{fixed};;"),
            (
                "complete",
                [({"national_fixed"}, fixed), ({"national_mobile"}, mobile)],
                f"{fixed};{mobile};",
            ),
            ("complete", [({"national_fixed", "national_mobile"}, fixed)], f";;{fixed}"),
        ]
    )
    return (
        model,
        [(zones, count * times * 60) for zones, count in quotas],
        f"{counted};{users};{minutes}",
    )


def call(random: Random, month: Month, index: int) -> Call:
    """A call at any moment; often near midnight, an edge of a window, or a change of the clock."""
    first = datetime(month.year, month.month, 1, tzinfo=GERMANY).astimezone(UTC)
    span = (month.end_ms - month.start_ms) // 1000
    second = random.randrange(span)
    if random.random() < 0.4:
        day, minute = second // 86_400 * 86_400, random.choice(EDGES) - random.choice([0, 60, 120])
        second = min(max(day + minute * 60 + random.randrange(-90, 20), 0), span - 1)
    changing = offset_changes(month, 0)
    over_the_change = len(changing) > 1 and random.random() < 0.005
    if over_the_change:
        second = (changing[1][0] - month.start_ms) // 1000 - random.randrange(9_000)
    over_the_edge = random.random() < 0.01
    if over_the_edge:
        second = span - 1 - random.randrange(9_000)
    start = first + timedelta(seconds=second, milliseconds=random.choice([0, 0, 1, 500, 999]))
    seconds = random.choice([0, 1, 29, 30, 31, 59, 60, 61, random.randrange(200), random.randrange(200)])
    if over_the_change or over_the_edge or random.random() < 0.05:
        seconds = random.randrange(20_000)
    milliseconds = max(seconds * 1000 + random.choice([0, 0, -999, -1, 1, 500]), 0)
    direction = "out" if random.random() < 0.97 else random.choice(["in", "onnet", "emergency"])
    called = random.choice(NUMBERS)
    carried = milliseconds + random.choice([0, 0, 1, 40, 999]) if milliseconds else 0
    return Call(f"{index:06}", direction, called, start, milliseconds, random.choice([0, carried, carried]))


def leg_of(each: Call) -> BillableLeg:
    """The call for the engine."""
    carrier = "carrier" if each.carrier_milliseconds else ""
    return BillableLeg(
        each.id, "a", Direction(each.direction), each.number, to_ms(each.start), each.milliseconds, carrier,
        each.carrier_milliseconds,
    )  # fmt: skip


def differences(case: Scenario) -> list[str]:
    """Where engine and oracle disagree, in words; and where an invariant is broken."""
    legs = [leg_of(each) for each in case.calls]
    books = Books(tariff_of(case.files))
    engine = {result.leg.leg_id: result for result in rate_all(legs, books)}
    expected = oracle.rate_months(case.standard, case.customer, case.calls, case.costs)
    found: list[str] = []
    for each in case.calls:
        result, wanted = engine[each.id], expected[each.id]
        seen: tuple[Fraction | None, int, int, str, Fraction | None] = (None, 0, 0, "", None)
        if isinstance(result, Charge):
            seen = (
                Fraction(result.ticks, TICKS),
                result.bundle_s,
                result.paid_s,
                result.price.version if result.price else "",
                Fraction(result.cost.ticks, TICKS) if result.cost else None,
            )
        else:
            wanted.cost = None
        if seen != (wanted.amount, wanted.covered, wanted.charged, wanted.version, wanted.cost):
            found.append(f"{each}: engine {seen}, oracle {wanted}")
    return found


def cases(seed: int, count: int, size: int = 250) -> tuple[int, Sequence[str]]:
    """Compare at least `count` calls; how many there were, and the first differences."""
    random = Random(seed)
    done = 0
    wrong: list[str] = []
    while done < count and not wrong:
        case = scenario(random, size)
        wrong = differences(case)
        done += size
    return done, wrong[:5]

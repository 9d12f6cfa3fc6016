"""`fernamt number` and `fernamt customer` as operators type them (A2-A7)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from numbering.life import State
from store.audit import AuditLog
from store.customer_blocks import BlockedReader
from store.number_inventory import NumberInventory
from tests.integration.numbers.numbers import BAU, DAY, NOW, follow, koeln
from tests.typed import Run, good, parsed, settings_of, told, typed

AT = ["--at", NOW.isoformat(), "--actor", "operator"]


@pytest.fixture
def run(tmp_path: Path, database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`fernamt` with settings of its own that name the test's database, at NOW whatever the clock says."""
    for module in ("cli.changes", "cli.customer"):
        monkeypatch.setattr(f"{module}.now", lambda: NOW)
    return typed(settings_of(tmp_path, database_url))


def test_a_number_is_reserved_assigned_blocked_and_its_history_tells(
    run: Run, inventory: NumberInventory
) -> None:
    """A6: every transition dated, with actor and reason."""
    until = (NOW + DAY).isoformat()
    reserved = run("number", "reserve", "0221 4710-123", "--customer", "kunde-bau", "--until", until, *AT)
    assert good(reserved) == "+492214710123: free -> reserved\n"
    assigned = run("number", "assign", koeln(123), "--customer", "kunde-bau", "--site", "koeln", *AT)
    assert good(assigned) == "+492214710123: reserved -> assigned -> active\n"
    good(run("number", "block", koeln(123), "--reason", "evidence withdrawn", *AT))
    shown = parsed(run("number", "show", koeln(123), "--json"))
    assert (shown["state"], shown["reason"], shown["site"]) == ("blocked", "evidence withdrawn", "koeln")
    assert shown["in_our_blocks"]
    assert "unblock" in shown["possible"]
    good(run("number", "unblock", koeln(123), "--reason", "new lease", *AT))
    history = parsed(run("number", "history", koeln(123), "--json"))
    assert [each["event"] for each in history] == [
        "activate",
        "unblock",
        "block",
        "activate",
        "assign",
        "reserve",
    ]
    assert {each["actor"] for each in history} == {"operator"}
    assert history[2]["reason"] == "evidence withdrawn"
    assert "evidence withdrawn" in good(run("number", "history", koeln(123)))
    assert "blocked" not in good(run("number", "show", koeln(123)))


def test_what_the_configuration_must_say_is_refused_with_the_next_step(run: Run) -> None:
    """A6: assign and activate of a number that is neither configured nor reserved."""
    for verb, *more in (("assign", "--customer", "kunde-bau"), ("activate",)):
        line = told(run("number", verb, koeln(5), *more, *AT))
        assert "fernamt config apply" in line
        assert "[numbers-refused]" in line


def test_a_configured_number_is_not_let_go_by_hand(run: Run, engine: Engine) -> None:
    """A6."""
    follow(engine, {koeln(5): BAU})
    assert "still assigns" in told(run("number", "release", koeln(5)))
    assert "no number is ported out" in told(run("number", "port-out", koeln(5)))


def test_a_ported_number_comes_and_leaves_after_the_contract(run: Run) -> None:
    """A2, A6."""
    good(run("number", "port-in", "069 90009-123", "--customer", "kunde-bau", *AT))
    assert "block of ours" in told(run("number", "port-in", koeln(1), "--customer", "kunde-bau", *AT))
    assert "ported-in -> released -> quarantined" in good(run("number", "release", "+496990009123", *AT))
    left = run("number", "port-out", "+496990009123", "--contract-end", "2026-11-15", *AT)
    assert good(left) == "+496990009123: quarantined -> ported-out\n"


def test_numbers_are_listed_by_all_filters_and_page_by_page(run: Run, engine: Engine) -> None:
    """A6: search by block, customer, state and area code."""
    follow(engine, {koeln(index): BAU for index in range(5)})
    page = parsed(run("number", "list", "--customer", "kunde-bau", "--limit", "3", "--json"))
    assert [each["number"] for each in page["numbers"]] == [koeln(0), koeln(1), koeln(2)]
    rest = parsed(run("number", "list", "--area-code", "0221", "--after", page["after"], "--json"))
    assert ([each["number"] for each in rest["numbers"]], rest["after"]) == ([koeln(3), koeln(4)], None)
    table = good(run("number", "list", "--block", f"{koeln(1)}..{koeln(2)}", "--state", "active"))
    assert koeln(1) in table
    assert koeln(3) not in table
    assert good(run("number", "list", "--state", "ported-out")) == "No number fits.\n"


def test_free_numbers_are_looked_for_in_all_our_blocks(run: Run, engine: Engine) -> None:
    """A2, A6."""
    follow(engine, {koeln(index): BAU for index in range(999)})
    page = parsed(run("number", "list", "--state", "free", "--limit", "2", "--json"))
    assert [each["number"] for each in page["numbers"]] == [koeln(999), "+493023125000"]
    berlin = parsed(run("number", "list", "--state", "free", "--area-code", "030", "--limit", "1", "--json"))
    assert berlin["numbers"][0]["number"] == "+493023125000"


WRONG = [
    ["number", "list", "--block", "+4922147-+49221471"],
    ["number", "list", "--area-code", "0999"],
    ["number", "list", "--state", "sold"],
    ["number", "show", "110"],
    ["number", "show", "CALLNOW"],
    ["number", "block", "+492214710001"],
    ["number", "block", "+492214710001", "--reason", " "],
    ["number", "block", "+492214710001", "--reason", "x" * 1001],
    ["number", "block", "+492214710001", "--reason", "two\nlines"],
    ["number", "release", "+492214710001", "--at", "2999-01-01"],
    ["number", "port-out", "+492214710001", "--contract-end", "2026-02-30"],
    ["customer", "block", "kunde-bau"],
    ["customer", "block", "kunde-bau", "--reason", "x", "--until", "2020-01-01"],
]


def test_wrong_arguments_are_told_and_change_nothing(run: Run, engine: Engine) -> None:
    for arguments in WRONG:
        result = run(*arguments)
        assert result.exit_code == 2, (arguments, result.output)
        assert "Error: " in result.output
    assert AuditLog(engine).latest() == ()


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "orders.csv"
    path.write_bytes(text.encode(encoding))
    return path


ORDERS = """number;action;customer;until;reason
0221 4710-001;reserve;kunde-bau;2099-01-01;site in Köln
492214710002;reserve;kunde-bau;2099-01-01;
"""


@pytest.mark.parametrize(
    ("encoding", "separator"),
    [("utf-8", ";"), ("utf-8-sig", ","), ("utf-16", "\t"), ("utf-8-sig", "|")],
)
def test_a_file_is_read_whatever_spreadsheet_wrote_it(
    run: Run, inventory: NumberInventory, tmp_path: Path, separator: str, encoding: str
) -> None:
    path = written(tmp_path, ORDERS.replace(";", separator).replace("\n", "\r\n"), encoding)
    report = parsed(run("number", "import", path, "--json"))
    assert (report["carried_out"], report["refused"]) == (2, 0)
    assert [each["line"] for each in report["lines"]] == [2, 3]
    assert inventory.show(koeln(1)).reason == "site in Köln"
    assert inventory.show(koeln(2)).state is State.RESERVED


MIXED = """number,action,customer,until,reason
+492214710001,reserve,kunde-bau,2099-01-01,
0221112,reserve,kunde-bau,2099-01-01,
+492214710003,sell,kunde-bau,2099-01-01,

+492214710004,block,,,abuse
+492214710005,reserve,kunde-bau,someday,
+492214710006,reserve
+492214710007,reserve,"kunde-bau",2099-01-01,"two
lines"
"""


def test_each_line_of_a_file_has_its_report_and_a_refusal_stops_all(
    run: Run, inventory: NumberInventory, tmp_path: Path
) -> None:
    """A6: nothing half done."""
    path = written(tmp_path, MIXED)
    for arguments in (["--dry-run"], [], ["--dry-run", "--keep-going"]):
        result = run("number", "import", path, *arguments, "--json")
        assert result.exit_code == 1, result.output
        report = json.loads(result.output)
        assert [(each["line"], bool(each["refused"])) for each in report["lines"]] == [
            (2, False), (3, True), (4, True), (6, True), (7, True), (8, True), (9, False),
        ]  # fmt: skip
        assert report["lines"][0]["then"] == "free -> reserved"
        assert report["lines"][3]["rule"] == "number.not-in-table"
        assert (report["carried_out"], report["refused"]) == (0, 5)
    assert inventory.show(koeln(1)).state is State.FREE


def test_with_keep_going_the_good_lines_are_carried_out(
    run: Run, inventory: NumberInventory, tmp_path: Path
) -> None:
    """A6."""
    result = run("number", "import", written(tmp_path, MIXED), "--keep-going")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "7 lines, 5 refused, 2 carried out."
    assert "free -> reserved" in result.output.splitlines()[0]
    assert inventory.show(koeln(1)).state is State.RESERVED
    assert inventory.show(koeln(7)).state is State.RESERVED


UNREADABLE = [
    (b"", "'number' is missing"),
    (b"number;action\n", "no line"),
    (b"number;price\n1;2\n", ":1: unknown column 'price'"),
    (b"number;number;action\n1;2;3\n", "twice"),
    (b"number;action\n+4922147\xff1;block\n", ":2: not utf-8"),
    (b"number;action\n+4922147\x00;block\n", ":2: contains a NUL"),
    (b'number;action\n+492214710001;"block\n', "Close the quotes"),
]


def test_a_file_that_cannot_be_read_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    for content, place in UNREADABLE:
        path.write_bytes(content)
        line = told(run("number", "import", path))
        assert place in line
        assert "[program.csv]" in line


def test_a_sweep_frees_what_is_due_once(run: Run, engine: Engine, inventory: NumberInventory) -> None:
    """A6: quarantine over."""
    past = NOW - 100 * DAY
    follow(engine, {koeln(1): replace(BAU, active_from=past)}, at=past)
    follow(engine, {}, before=[koeln(1)], at=past + DAY)
    at = ["--at", (past + 40 * DAY).isoformat()]
    assert "1 number would be moved" in good(run("number", "sweep", "--dry-run", *at))
    assert inventory.show(koeln(1)).state is State.QUARANTINED
    assert "quarantined -> free\n1 number moved" in good(run("number", "sweep", *at))
    assert good(run("number", "sweep", *at)) == "0 numbers moved, 0 blocks of customers ended.\n"


def test_customers_are_listed_blocked_and_unblocked(run: Run, engine: Engine, reader: BlockedReader) -> None:
    """A7: and the answer says what still works."""
    follow(engine, {koeln(index): BAU for index in range(3)})
    assert "3 active" in good(run("customer", "list"))
    answer = good(run("customer", "block", "kunde-bau", "--reason", "unpaid", *AT))
    assert "110 and 112 are still reached, invoices go on" in answer
    assert reader.read(NOW).customers == {"kunde-bau"}
    assert "already" in told(run("customer", "block", "kunde-bau", "--reason", "unpaid", *AT))
    good(run("customer", "block", "kunde-bau", "--user", "bau-1", "--reason", "abuse", *AT))
    shown = parsed(run("customer", "show", "kunde-bau", "--json"))
    assert {(each["user"], each["reason"]) for each in shown["blocks"]} == {
        (None, "unpaid"),
        ("bau-1", "abuse"),
    }
    assert "unpaid" in good(run("customer", "show", "kunde-bau"))
    good(run("customer", "unblock", "kunde-bau", "--reason", "paid", *AT))
    assert reader.read(NOW).customers == frozenset()
    assert "[customer-unknown]" in told(run("customer", "show", "kunde-baum"))
    rows = parsed(run("customer", "list", "--json"))
    assert [each["customer"] for each in rows] == ["kunde-bau", "kunde-druck"]


def test_the_page_on_the_life_cycle_is_printed_without_a_database(run: Run) -> None:
    assert good(run("number", "states")).startswith("# The life of a number\n")

"""Rules of the house that the layers of import-linter cannot tell."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.program import DOMAIN, PACKAGES, ROOT, calls, nodes, sources, sources_of_tests, tree

ALL = sources()
NOWHERE: list[str] = []


def places(path: Path, *lines: int) -> list[str]:
    return [f"{path}:{line}" for line in lines]


def test_the_oldest_python_that_we_support_reads_every_file() -> None:
    for path in (*ALL, *sources_of_tests()):
        ast.parse((ROOT / path).read_text(), filename=str(path), feature_version=(3, 11))


def test_a_leg_is_made_in_one_place_only() -> None:
    """The choke point of architecture.md: there is no other way to dial."""
    found = [
        place
        for path in ALL
        for name, line in calls(path)
        if name.split(".")[-1] == "Leg"
        for place in places(path, line)
    ]
    assert {each.partition(":")[0] for each in found} == {"dialplan/legs.py"}
    replaced = [
        f"{path}:{line}"
        for path in sources("dialplan", "freeswitch", "controller")
        for name, line in calls(path)
        if name == "replace" and "leg" in ast.unparse(_call_at(path, line)).lower()
    ]
    assert replaced == NOWHERE


#: Who may call what makes legs. Everything towards the public network stands behind `outgoing`, which runs
#: the rules; what rings customers' own equipment behind `to_customer` and the nodes of routing plans.
MAKERS = {
    "leg_to_trunk": {"dialplan/trunks/choice.py", "dialplan/ringing.py"},
    "leg_to_phone": {"dialplan/ringing.py"},
    # Back to the customer's own Teams, at an address of Microsoft's that Teams itself gave.
    "leg_back": {"dialplan/teams.py"},
    "taken_back": {"dialplan/place.py"},
    "emergency_leg": {"dialplan/emergency/calls.py"},
    "to_carriers": {"dialplan/outgoing.py"},
    "to_trunks": {"dialplan/targets.py", "dialplan/plans/outcome.py"},
    # The queue rings the phone of the customer's own agent or supervisor, and nothing else.
    "to_phones": {
        "dialplan/targets.py",
        "dialplan/plans/outcome.py",
        "controller/queue_calls.py",
        "controller/supervision.py",
    },
    "to_customer": {"dialplan/incoming.py", "dialplan/outgoing.py"},
    "outgoing": {"dialplan/decide.py", "dialplan/place.py"},
    "place": {"dialplan/decide.py", "dialplan/plans/outcome.py"},
    "dial_string": {"freeswitch/render/static_emergency.py", "freeswitch/menu_call.py"},
    "leg_string": {"freeswitch/offer.py", "freeswitch/dialstring.py"},
    "agents_leg": {
        "freeswitch/agent_calls.py",
        "freeswitch/first_leg.py",
        "freeswitch/probe_calls.py",
        "freeswitch/supervisor_calls.py",
    },
    "wire_leg": {"freeswitch/dialstring.py", "freeswitch/invite.py"},
}


@pytest.mark.parametrize("maker", MAKERS)
def test_every_way_to_a_leg_passes_the_rules(maker: str) -> None:
    """Guarantee 2: a new caller of one of these is a new way out, and is looked at by a person."""
    found = {
        str(path)
        for path in sources(*(each for each in PACKAGES if each != "lab"))
        for name, _ in calls(path)
        if name.split(".")[-1] == maker
    }
    assert found <= MAKERS[maker]


def _call_at(path: Path, line: int) -> ast.AST:
    return next(node for node in nodes(path) if isinstance(node, ast.Call) and node.lineno == line)


def test_dial_strings_are_written_in_one_place_only() -> None:
    """Text with `sofia/` in code (not in docstrings) outside the lab, which reads dial strings."""
    found = set()
    for path in sources(*(each for each in PACKAGES if each != "lab")):
        documentation = {
            node.value
            for node in nodes(path)
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        }
        for node in nodes(path):
            if isinstance(node, ast.Constant) and node not in documentation and "sofia/" in str(node.value):
                found.add(str(path))
    assert found == {"freeswitch/dialstring.py"}


FOREIGN_TO_THE_DOMAIN = {"asyncio", "gevent", "logging", "os", "random", "socket", "structlog", "time"}


@pytest.mark.parametrize("package", DOMAIN)
def test_the_domain_reads_no_clock_and_does_no_io(package: str) -> None:
    found = []
    for path in sources(package):
        for node in nodes(path):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [f"{path}: {name}" for name in names if name.partition(".")[0] in FOREIGN_TO_THE_DOMAIN]
        found += [
            f"{path}:{line}: {name}"
            for name, line in calls(path)
            if re.search(r"\b(now|utcnow|today)$", name) or name in {"open", "print", "input"}
        ]
    assert found == NOWHERE


def test_money_is_never_a_float() -> None:
    found = []
    for path in sources("rating"):
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
                found.append(f"{path}:{node.lineno}")
            if isinstance(node, ast.Name | ast.Attribute | ast.alias):
                name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
                if (name or getattr(node, "name", "")) in {"float", "fsum", "math", "statistics"}:
                    found.append(f"{path}:{node.lineno}")
    assert found == NOWHERE


#: Where rating divides: money in one place, and whole numbers of time in three.
DIVIDES_MONEY = "rating/money.py"
DIVIDES_TIME = {"rating/berlin.py", "rating/increments.py", "rating/windows.py"}


def test_money_is_divided_and_rounded_in_one_place() -> None:
    """Issue 5, build 1: no `/`, `//`, `%`, divmod, round, quantize elsewhere under rating/."""
    found = []
    for path in sources("rating"):
        if str(path) == DIVIDES_MONEY:
            continue
        whole = (ast.FloorDiv, ast.Mod) if str(path) in DIVIDES_TIME else ()
        for node in nodes(path):
            if (
                isinstance(node, ast.BinOp | ast.AugAssign)
                and isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod)
                and not isinstance(node.op, whole)
            ):
                found.append(f"{path}:{node.lineno}")
        refused = re.compile(
            r"(^|\.)(round|divmod|quantize|normalize|to_integral\w*|truediv|floordiv|mod|scaleb)$"
        )
        found += [f"{path}:{line}: {name}" for name, line in calls(path) if refused.search(name)]
    assert found == NOWHERE


def test_no_file_is_a_drawer_for_anything() -> None:
    drawers = re.compile(r"(utils?|helpers?|common|misc)\.py\Z")
    assert [str(path) for path in (*ALL, *sources_of_tests()) if drawers.match(path.name)] == NOWHERE


def test_who_acts_is_asked_of_the_kernel_alone() -> None:
    """The audit's actor: getuser and getlogin say what the environment or a terminal says."""
    asked = [
        place
        for path in ALL
        for name, line in calls(path)
        if name.split(".")[-1] in ("getuser", "getlogin")
        for place in places(path, line)
    ]
    read = [
        place
        for path in ALL
        for node in nodes(path)
        if isinstance(node, ast.Constant) and node.value in ("LOGNAME", "USER", "LNAME", "USERNAME")
        for place in places(path, node.lineno)
    ]
    assert asked + read == NOWHERE


def test_no_error_is_swallowed() -> None:
    found = []
    for path in ALL:
        for node in nodes(path):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = ast.unparse(node.type) if node.type else ""
            silent = all(isinstance(each, ast.Pass | ast.Continue) for each in node.body)
            if not caught or (re.search(r"\b(Base)?Exception\b", caught) and silent):
                found.append(f"{path}:{node.lineno}")
        found += [
            f"{path}:{line}"
            for name, line in calls(path)
            if name.endswith("suppress") and "Exception" in ast.unparse(_call_at(path, line))
        ]
    assert found == NOWHERE


def test_no_test_sleeps() -> None:
    """Wait for the event, with a timeout; but a blocked program may be the fault that is tested."""
    found = []
    for path in sources_of_tests():
        lines = (ROOT / path).read_text().split("\n")
        found += [
            f"{path}:{line}"
            for name, line in calls(path)
            if name in {"sleep", "time.sleep"} and "the fault under test" not in lines[line - 1]
        ]
    assert found == NOWHERE


def test_nothing_listens_on_every_address_unasked() -> None:
    """The wildcard addresses may be compared with, never be used."""
    found = []
    for path in ALL:
        harmless = {
            constant
            for node in nodes(path)
            if isinstance(node, ast.Compare | ast.JoinedStr)
            or (isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".partition", ".split")))
            for constant in ast.walk(node)
        }
        for node in nodes(path):
            if isinstance(node, ast.Constant) and node.value in ("0.0.0.0", "::") and node not in harmless:  # noqa: S104
                found.append(f"{path}:{node.lineno}")
    assert found == NOWHERE


def test_no_file_is_long_and_most_are_short() -> None:
    """style.md 11. Tables of data are as long as their source."""
    lengths = sorted(
        len((ROOT / path).read_text().splitlines()) for path in ALL if not path.name.startswith("data_")
    )
    assert lengths[len(lengths) // 2] < 150
    assert sum(length > 400 for length in lengths) <= 2


def test_nothing_starts_at_import() -> None:
    """style.md 4: no module calls something that connects, reads or starts when it is imported."""
    starters = re.compile(
        r"(connect|start|spawn|listen|run|main|open|create_engine|make_engine|patch_all|read_text)\Z"
    )
    found = []
    for path in ALL:
        if path.name == "__main__.py":
            continue
        for node in tree(path).body:
            if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign):
                found += [
                    f"{path}:{each.lineno}"
                    for each in ast.walk(node)
                    if isinstance(each, ast.Call)
                    and starters.search(ast.unparse(each.func).split(".")[-1])
                    and not ast.unparse(each.func).startswith("commands.")  # builds bytes, sends nothing
                ]
    assert found == NOWHERE

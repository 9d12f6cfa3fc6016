"""Alerts, runbooks and the dashboard speak of metrics and commands that there are (issue 7)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from cli.main import fernamt
from cli.settings import load_settings
from tests.architecture.program import ROOT, commands

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "deploy" / "monitoring" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "monitoring" / "dashboard.json").read_text())
RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
#: Rows of docs/metrics.md, which a test of its own holds against the program.
ROWS = re.findall(
    r"^\| `(fernamt_[a-z_]+)(?:\{([a-z,]+)\})?` \| ([^|]*)", (ROOT / "docs" / "metrics.md").read_text(), re.M
)
LABELS = {name: set(filter(None, labels.split(","))) | {"job", "instance"} for name, labels, _ in ROWS}
HISTOGRAMS = {name for name, _, what in ROWS if "(histogram)" in what or name == "fernamt_loop_lag_seconds"}
OF_PROMETHEUS = {
    "up",
    "process_open_fds",
    "process_max_fds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
}
DURATION = re.compile(r"(\d+[smhd])+\Z")


def expressions() -> Iterator[tuple[str, str]]:
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize("file", ["fernamt.yaml", "systemd/fernamt.yaml", "site-a.yaml", "site-b.yaml"])
def test_the_settings_that_we_deliver_let_prometheus_read_what_the_alerts_ask_for(file: str) -> None:
    """Without the section nobody is ever alerted. Its addresses are those of docs/metrics.md."""
    known = load_settings(ROOT / "deploy" / file)
    metrics = known.metrics
    assert metrics is not None
    assert len(metrics.controllers) == len(known.controllers)
    listen = [*metrics.controllers, metrics.intake, metrics.rating, metrics.guard]
    assert len(set(listen)) == len(listen)
    assert None not in listen
    guide = (ROOT / "docs" / "metrics.md").read_text()
    (job,) = re.findall(r"job_name: (\w+)", guide)
    assert f'up{{job="{job}"}}' in RULES[0]["expr"]
    targets = re.findall(r'^ +- "(127\.0\.0\.1:\d+)"', guide, re.M)
    assert [f"{host}:{port}" for host, port in filter(None, listen)] == targets[: len(listen)]


def test_rules_are_as_prometheus_wants_them() -> None:
    """What `promtool check rules` looks at: known keys, unique names, durations, labels, annotations."""
    for rule in RULES:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule
        assert re.fullmatch(r"Fernamt[A-Z][A-Za-z]+", rule["alert"])
        assert DURATION.fullmatch(rule["for"])
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"]
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_an_expression_asks_for_metrics_and_labels_that_there_are(name: str, expression: str) -> None:
    for opening, closing in ("()", "[]", "{}"):
        assert expression.count(opening) == expression.count(closing), name
    for window in re.findall(r"\[([^]]*)\]", expression):
        assert DURATION.fullmatch(window), name
    found = re.findall(r"\b((?:fernamt|process)_[a-z_]+|up)\b(?:\{([^}]*)\})?", expression)
    assert found, name
    for metric, selector in found:
        bare = re.sub(r"_(bucket|sum|count)$", "", metric)
        assert (bare in HISTOGRAMS) == (bare != metric), f"{name}: {metric}"
        assert bare in LABELS or metric in OF_PROMETHEUS, f"{name}: {metric}"
        asked = set(re.findall(r"([a-z]+)(?:=|!=|=~|!~)\"", selector))
        assert asked <= LABELS.get(bare, {"job", "instance"}), f"{name}: {metric}"
    known = set().union(*(LABELS.get(re.sub(r"_(bucket|sum|count)$", "", m), set()) for m, _ in found)) | {
        "le"
    }
    for labels in re.findall(r"by \(([^)]*)\)", expression):
        assert {each.strip() for each in labels.split(",")} <= known, name


def test_a_share_of_answered_calls_is_nothing_where_none_is_answered() -> None:
    """Else the quotient is empty when all calls fail, and no rule fires on what is not there."""
    shares = [each for _, each in expressions() if "fernamt_legs_total" in each and "/" in each]
    assert len(shares) == 2
    for expression in shares:
        assert re.match(r'\(sum\(rate\(\w+\{[^}]*answered="yes"\}\[15m\]\)\) or vector\(0\)\) / ', expression)


def test_a_small_disk_is_not_full_for_ever() -> None:
    """A disk in memory for messages is smaller than what is little on a large one; doctor judges alike."""
    rules = {rule["alert"]: rule["expr"] for rule in RULES if "fernamt_disk_free_bytes" in rule["expr"]}
    assert len(rules) == 2
    for name, expression in rules.items():
        assert "fernamt_disk_free_bytes / fernamt_disk_size_bytes <" in expression, name


def test_a_customers_system_that_is_off_wakes_nobody() -> None:
    """A customer may switch it off each night; a carrier's trunk that is down is told in minutes."""
    rules = {rule["alert"]: rule for rule in RULES if "fernamt_trunk_state" in rule["expr"]}
    assert {name: rule["labels"]["severity"] for name, rule in rules.items()} == {
        "FernamtTrunkDown": "warning", "FernamtCustomerSystemAway": "info",
    }  # fmt: skip
    for name, whose in (("FernamtTrunkDown", "carrier"), ("FernamtCustomerSystemAway", "customer")):
        assert f'whose="{whose}"' in rules[name]["expr"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_has_a_runbook_that_says_what_to_do(rule: dict[str, Any]) -> None:
    text = (ROOT / rule["annotations"]["runbook"]).read_text()
    assert text.startswith(f"# {rule['alert']}\n")
    assert "\n## Look\n" in text
    assert "\n## Do\n" in text


def test_every_runbook_is_an_alerts() -> None:
    assert {str(path.relative_to(ROOT)) for path in RUNBOOKS} == {
        rule["annotations"]["runbook"] for rule in RULES
    }


@pytest.mark.parametrize("path", RUNBOOKS, ids=lambda path: path.stem)
def test_a_runbook_names_commands_and_pages_that_there_are(path: Any) -> None:
    text = path.read_text()
    known = {name for name, _ in commands(fernamt)}
    for command in re.findall(r"`fernamt ([a-z]+(?: [a-z-]+)*)", text):
        words = command.split()
        assert any(" ".join(words[:n]) in known for n in range(len(words), 0, -1)), f"{path.name}: {command}"
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_the_dashboard_can_be_imported() -> None:
    assert DASHBOARD["templating"]["list"][0]["type"] == "datasource"
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(places) == len(set(places)), "no panel hides another"
    for panel in DASHBOARD["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24

"""`fernamt demo`: real SIP calls through the whole exchange, and what became of each."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import click
from gevent.pool import Pool
from rich.table import Table

from cli.bootstrap import engine, now
from cli.demonstration.demo_month import RatedMonth, rated_month
from cli.demonstration.demo_month import show as show_month
from cli.demonstration.demo_rating import costs
from cli.demonstration.queue_scenarios import record_sentences
from cli.demonstration.scenario import Played, Scenario
from cli.demonstration.scenarios import SCENARIOS
from cli.demonstration.stage import Stage, staged
from cli.doctor import settled
from cli.errors import ScenarioFailed
from cli.lab_settings import lab_settings
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY
from cli.wiring.stack import Stack
from dialplan.cdr import LegRecord, LegSide
from lab.robots import RobotsError
from store.cdr_repository import CdrRepository

#: Calls at a time.
_TOGETHER: Final = 6
#: How long records may take from the end of a call to the database.
_RECORDS_S: Final = 15.0
#: And how long everything may take until the doctor finds nothing wrong.
_SETTLED_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the demo's table. `problems` is empty when the call did what it should."""

    call: str
    expected: str
    got: str
    reason: str | None
    talked_ms: int
    cdr: str | None
    records: int
    problems: tuple[str, ...]
    cost: str | None = None

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


@click.command()
@click.option(
    "--switch",
    type=click.Choice(["lab", "freeswitch"]),
    default="lab",
    show_default=True,
    help="The stand-in switch, or the FreeSWITCH of this machine.",
)
@click.option("--state-dir", type=click.Path(path_type=Path, file_okay=False), help="Keep everything there.")
@click.option("--keep", is_flag=True, help="Keep the state of this run (always kept when a call fails).")
@click.option("--only", metavar="NAME", multiple=True, help="Only these calls, by the first column.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def demo(switch: str, state_dir: Path | None, keep: bool, only: tuple[str, ...], as_json: bool) -> None:
    """Start the whole exchange with the example carrier, place real SIP calls between robot phones, and show
    for each what was expected and what happened. At last a month of example calls is rated, invoiced and
    itemised: its documents stay. Exit status 0 only when every call did what it should.

    \b
    Examples:
      fernamt demo
      fernamt demo --json | jq '.calls[] | select(.problems != [])'
      fernamt demo --switch freeswitch --only "in answered"
    """
    chosen = [each for each in SCENARIOS if not only or each.name in only]
    if not chosen:
        names = ", ".join(each.name for each in SCENARIOS)
        raise click.BadParameter(f"no such call; there are: {names}", param_hint="--only")
    place = state_dir or Path(tempfile.mkdtemp(prefix="fernamt-demo-"))
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o711)  # the embedded servers run as another user when we are root
    documents = state_dir / "documents" if state_dir else Path(tempfile.mkdtemp(prefix="fernamt-demo-bill-"))
    documents.mkdir(exist_ok=True)
    started = time.monotonic()
    settings = lab_settings(place, program=switch)
    results, month = run(settings, chosen, documents, lambda line: click.echo(f"· {line}", err=True))
    seconds = time.monotonic() - started
    failed = [each for each in results if not each.ok]
    kept = keep or bool(failed) or state_dir is not None
    if not kept:
        shutil.rmtree(place, ignore_errors=True)
    where = str(place) if kept else None
    _show(results, month, seconds, where, switch, as_json=as_json)
    if failed:
        raise ScenarioFailed(
            f"{len(failed)} of {len(results)} calls went wrong; logs and records are in {place}"
        )


def run(
    settings: Settings, scenarios: Sequence[Scenario], documents: Path, progress: Callable[[str], None]
) -> tuple[list[Result], RatedMonth]:
    """Start everything, place the calls, compare with the records, bill a month, stop everything."""
    began = now() - timedelta(seconds=1)
    record_sentences(settings.state_dir)
    with Stack(settings, progress) as stack:
        progress("registering the phones")
        with staged(stack.settings) as stage:
            progress(settled(stack.settings, _SETTLED_S))
            progress(f"placing {len(scenarios)} calls")
            played = play(stage, scenarios, progress)
        progress("waiting for the last records")
        database = engine(stack.settings, "fernamt demo")
        results = compare(scenarios, played, Records(CdrRepository(database), began))
        progress("rating them by the example tariff")
        rated = costs(database, {each.cdr for each in results if each.cdr}, now().astimezone(GERMANY).date())
        progress("rating, invoicing and itemising a month of example calls")
        month = rated_month(database, documents, now())
        return [replace(each, cost=rated.get(each.cdr or "")) for each in results], month


def play(
    stage: Stage, scenarios: Sequence[Scenario], progress: Callable[[str], None]
) -> list[Played | RobotsError]:
    """All calls, several at a time; a robot's error stands in for a call that could not be played."""

    def one(scenario: Scenario) -> Played | RobotsError:
        try:
            outcome: Played | RobotsError = scenario.play(stage)
        except RobotsError as error:
            outcome = error
        good = isinstance(outcome, Played) and not outcome.missed
        progress(f"{scenario.name}: {'done' if good else 'not as expected'}")
        return outcome

    return Pool(_TOGETHER).map(one, scenarios)


class Records:
    """The legs written since the demo began, found by the caller's SIP Call-ID."""

    def __init__(self, repository: CdrRepository, since: datetime) -> None:
        self._repository = repository
        self._since = since
        self._by_sip: dict[str, str] = {}
        self._seen: set[str] = set()
        self._legs: dict[str, list[LegRecord]] = {}

    def of(self, sip_call_id: str, wanted: int) -> list[LegRecord]:
        """All legs of the call, the caller's first; waits until `wanted` have come, for a while."""
        deadline = time.monotonic() + _RECORDS_S
        while True:
            self._read()
            legs = self._legs.get(self._by_sip.get(sip_call_id, ""), [])
            if len(legs) >= wanted or time.monotonic() > deadline:
                return sorted(legs, key=lambda leg: (leg.side, leg.started_at))
            time.sleep(0.1)

    def _read(self) -> None:
        for leg in self._repository.stream(self._since, now() + timedelta(minutes=1)):
            if leg.leg_id in self._seen:
                continue
            self._seen.add(leg.leg_id)
            self._legs.setdefault(leg.call_id, []).append(leg)
            if leg.side is LegSide.A and leg.sip_call_id:
                self._by_sip[leg.sip_call_id] = leg.call_id


def compare(
    scenarios: Sequence[Scenario], played: Sequence[Played | RobotsError], records: Records
) -> list[Result]:
    """What was expected against what phones and records say."""
    return [_result(scenario, each, records) for scenario, each in zip(scenarios, played, strict=True)]


def _result(scenario: Scenario, played: Played | RobotsError, records: Records) -> Result:
    if not isinstance(played, Played):
        return Result(scenario.name, scenario.expected, "no call", None, 0, None, 0, (str(played),))
    report = played.report
    legs = records.of(report.sip_call_id, scenario.records)
    problems = list(played.missed)
    if report.problem:
        problems.append(report.problem)
    if report.final_code != scenario.sip_code:
        problems.append(f"the phone got {report.final_code}, not {scenario.sip_code}")
    if len(legs) != scenario.records:
        problems.append(f"{len(legs)} records instead of {scenario.records}")
    caller = legs[0] if legs and legs[0].side is LegSide.A else None
    if caller is not None:
        problems.extend(_wrong_in_record(scenario, report.talked_ms, caller))
    return Result(
        call=scenario.name,
        expected=scenario.expected,
        got=f"{report.final_code} {report.final_reason}".strip(),
        reason=caller.reason_id if caller else None,
        talked_ms=report.talked_ms,
        cdr=caller.call_id if caller else None,
        records=len(legs),
        problems=tuple(problems),
    )


def _wrong_in_record(scenario: Scenario, talked_ms: int, leg: LegRecord) -> list[str]:
    """The record must tell what the phone saw: code, reason, and the talk to within 300 ms."""
    wrong = []
    if leg.reason_id != scenario.reason_id:
        wrong.append(f"reason {leg.reason_id}, not {scenario.reason_id}")
    if leg.sip_code != scenario.sip_code:
        wrong.append(f"the record says {leg.sip_code}, not {scenario.sip_code}")
    if abs(leg.billed_ms - talked_ms) > 300:
        wrong.append(f"the record bills {leg.billed_ms} ms, the phone talked {talked_ms} ms")
    return wrong


def _show(
    results: Sequence[Result], month: RatedMonth, seconds: float, place: str | None, switch: str,
    *, as_json: bool,
) -> None:  # fmt: skip
    good = sum(each.ok for each in results)
    if as_json:
        calls = [{**asdict(each), "ok": each.ok} for each in results]
        summary = {"switch": switch, "seconds": round(seconds, 1), "good": good, "state_dir": place}
        everything = {**summary, "calls": calls, "month": asdict(month)}
        click.echo(json.dumps(everything, ensure_ascii=False, indent=1))
        return
    table = Table("call", "expected", "got", "reason", "talked", "CDR", "cost", "")
    for each in results:
        table.add_row(
            each.call,
            each.expected,
            each.got,
            each.reason or "-",
            f"{each.talked_ms / 1000:.1f} s" if each.talked_ms else "-",
            f"{(each.cdr or '-')[:8]}, {each.records} leg{'' if each.records == 1 else 's'}",
            each.cost or "-",
            "ok" if each.ok else "; ".join(each.problems),
        )
    console().print(table)
    click.echo(
        f"{good} of {len(results)} calls did what they should, on the {switch} switch, in {seconds:.0f} s."
    )
    show_month(month)
    click.echo(
        f"State, logs and records: {place}"
        if place
        else "Nothing else was kept; --state-dir DIR or --keep keeps it."
    )

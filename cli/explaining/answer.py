"""The decision about a call that somebody asks about: by files alone, or by all that is in force now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from cli.bootstrap import acd_desk, call_counters, engine, now
from cli.errors import NotRunning
from cli.explaining.question import Question, offered_call
from cli.settings import Settings
from cli.times import GERMANY
from cli.trunk_views import trunks_now
from cli.wiring.adapters import OperatorBlocks
from cli.wiring.applied import AppliedCarrier
from cli.wiring.carrier import applied_version
from cli.wiring.this_machine import address_book
from controller.errors import StoreAway
from dialplan.barring.blocks import NOTHING_BLOCKED, Blocks
from dialplan.call import CallOffered
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision, Direction, Wait
from dialplan.limits.claims import refused
from dialplan.snapshot import Snapshot
from dialplan.trunks.status import TrunkState
from numbering.e164 import E164
from provisioning.compile import compile_snapshot
from provisioning.load import load
from provisioning.network import RealNetwork
from provisioning.schema import SecretRef
from store.config_versions import ConfigStore
from store.customer_blocks import BlockedReader
from store.errors import StoreError


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision, the call it is about, and what could not be looked at."""

    decision: Decision
    offered: CallOffered
    notes: tuple[str, ...] = ()


def by_files(paths: Sequence[Path], question: Question, at: datetime) -> Answer:
    """By the YAML alone: nobody is blocked, every trunk answers, no limit is reached.

    Raises ConfigInvalid, NoSuchCall.
    """
    snapshot = snapshot_of_files(paths, at)
    note = (
        "By the files alone: operators' blocks, trunks that are down, reached limits and contact centres "
        "that nobody leads are not known."
    )
    return _answer(question, snapshot, Circumstances(at), (note,))


def in_force(settings: Settings, question: Question, at: datetime) -> Answer:
    """By the version in force, operators' blocks, the trunks' health and the limits of this moment.

    Raises NothingApplied, NotRunning, StoreError where there is no configuration, and NoSuchCall.
    """
    database = engine(settings, "fernamt route")
    snapshot = snapshot_in_force(settings, at)
    notes: list[str] = []
    blocks = _blocks(database, notes)
    down, calls, in_clear = trunk_health(settings, notes)
    circumstances = Circumstances(at, blocks, down, calls, trunks_in_clear=in_clear)
    answer = _answer(question, snapshot, circumstances, tuple(notes))
    wait = answer.decision.outcome
    if isinstance(wait, Wait) and not _is_served(settings, wait.customer_id, notes):
        answer = _answer(question, snapshot, replace(circumstances, served=frozenset()), tuple(notes))
    answer = replace(answer, notes=(*answer.notes, *_full(answer.decision, snapshot, calls)))
    return _within_limits(settings, answer)


def _full(decision: Decision, snapshot: Snapshot, calls: Mapping[str, int]) -> Iterator[str]:
    """Carriers' trunks and those of the customers of this call that have no place left."""
    if decision.facts.direction is Direction.EMERGENCY:
        return
    called = snapshot.numbers.get(E164(decision.facts.b_number or ""))
    whose = {None, decision.facts.customer_id, called.customer_id if called else None}
    for trunk in snapshot.trunks.values():
        taken = calls.get(trunk.id, 0)
        if trunk.customer_id in whose and trunk.capacity is not None and taken >= trunk.capacity:
            yield f"Trunk {trunk.id} is full and left out: {taken} of {trunk.capacity} calls"


def _is_served(settings: Settings, customer_id: str, notes: list[str]) -> bool:
    """Whether a controller leads the contact centre now. Where it is not known, yes, with a note."""
    try:
        if acd_desk(settings).owner(customer_id) is not None:
            return True
    except (NotRunning, StoreError) as error:
        notes.append(f"Whether the contact centre of {customer_id} is led is not known: {error}")
        return True
    notes.append(f"No controller leads the contact centre of {customer_id} now: its queues take no call.")
    return False


def _answer(
    question: Question, snapshot: Snapshot, circumstances: Circumstances, notes: tuple[str, ...]
) -> Answer:
    offered = offered_call(question, snapshot, circumstances)
    return Answer(decide(offered, snapshot, circumstances), offered, notes)


def _blocks(database: Engine, notes: list[str]) -> Blocks:
    try:
        return OperatorBlocks(BlockedReader(database), now).news() or NOTHING_BLOCKED
    except StoreAway as error:
        notes.append(f"What operators block is not known: {error}")
        return NOTHING_BLOCKED


def snapshot_of_files(paths: Sequence[Path], at: datetime) -> Snapshot:
    """The carrier of these files on that day, without secrets. Raises ConfigInvalid."""
    return compile_snapshot(
        load(paths).config,
        version=0,
        network=RealNetwork(),
        secrets=_NoSecrets(),
        today=at.astimezone(GERMANY).date(),
    )


def snapshot_in_force(settings: Settings, at: datetime) -> Snapshot:
    """The version in force on that day, without secrets. Raises NothingApplied, NotRunning, StoreError."""
    carrier = AppliedCarrier(address_book(settings), _NoSecrets, lambda: at.astimezone(GERMANY).date())
    store = ConfigStore(engine(settings, "fernamt route"))
    return carrier.compile(applied_version(settings, store))


def trunk_health(
    settings: Settings, notes: list[str]
) -> tuple[frozenset[str], dict[str, int], frozenset[str]]:
    """The trunks that are tried last, the calls on each, and the trunks that are not called for want of TLS;
    what is not known becomes a note."""
    try:
        found = trunks_now(settings)
    except (NotRunning, StoreError) as error:
        notes.append(f"The trunks' health is not known: {error}")
        return frozenset(), {}, frozenset()
    last = (TrunkState.DOWN, TrunkState.RESTING)
    down = [each for each in found if each.state in last]
    for each in down:
        becomes = "not called" if each.in_clear else "tried last"
        notes.append(f"Trunk {each.trunk_id} is {each.state.value} and {becomes}: {each.why}")
    calls = {each.trunk_id: each.calls for each in found}
    in_clear = frozenset(each.trunk_id for each in found if each.in_clear)
    return frozenset(each.trunk_id for each in down), calls, in_clear


def _within_limits(settings: Settings, answer: Answer) -> Answer:
    """What a limit would make of the call now; nothing is taken."""
    claims = answer.decision.claims
    if not claims:
        return answer
    try:
        counts = call_counters(settings, "fernamt route").counts(claims)
    except (NotRunning, StoreError) as error:
        return Answer(answer.decision, answer.offered, (*answer.notes, f"The limits are not known: {error}"))
    for claim, count in zip(claims, counts, strict=True):
        if count >= claim.limit:
            return Answer(refused(answer.decision, claim), answer.offered, answer.notes)
    return answer


class _NoSecrets:
    """Stands for every secret, PINs among them: an explanation shows none and must not need any."""

    def read(self, ref: SecretRef) -> str:
        return "0000"

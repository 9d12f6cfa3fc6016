"""Probes of trunks: turns in Redis, results in PostgreSQL, calls on the node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from cli.bootstrap import engine, now, server_url
from cli.settings import Settings
from cli.wiring.adapters import store_errors
from controller.errors import NodeAway
from controller.probing import Decider, Probed, ProbePlan, Probing
from dialplan.call import CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg
from freeswitch.errors import FreeSwitchError
from freeswitch.inbound import InboundConnection
from freeswitch.probe_calls import ProbeCalls
from store.availability_book import AvailabilityBook, Probe
from store.probe_turns import ProbeTurns
from store.redis_client import call_path_client


class ProbeRecords:
    """controller.probing.ProbeStore."""

    def __init__(self, turns: ProbeTurns, book: AvailabilityBook, node: str) -> None:
        self._turns = turns
        self._book = book
        self._node = node

    def my_turn(self, trunk_id: str, minute: int) -> bool:
        with store_errors():
            return self._turns.take(self._node, trunk_id, minute)

    def keep(self, results: Sequence[Probed]) -> None:
        with store_errors():
            self._book.note([self._row(each) for each in results])

    def _row(self, each: Probed) -> Probe:
        minute = datetime.fromtimestamp(60 * each.minute, UTC)
        return Probe(minute, self._node, each.trunk_id, each.reached, each.cause, each.took_ms)


class ProbeSwitch:
    """controller.probing.ProbeNode on a node's inbound connection, which is there when it is first used."""

    def __init__(self, calls: Callable[[], ProbeCalls]) -> None:
        self._calls = calls

    def call(self, offered: CallOffered, decision: Decision, leg: Leg, ring_s: int) -> tuple[str, int]:
        try:
            found = self._calls().call(offered, decision, leg, ring_s)
        except FreeSwitchError as error:
            raise NodeAway(str(error)) from error
        return found.cause, found.took_ms


def probing_of(
    settings: Settings,
    decider: Decider,
    ended: Callable[[str], None],
    connection: Callable[[], InboundConnection],
    controller: str,
) -> Probing | None:
    """Synthetic calls of this node, where the settings ask for them."""
    if settings.probes is None:
        return None
    node = settings.node
    turns = ProbeTurns(call_path_client(server_url(settings, settings.redis, "Redis")), controller)
    book = AvailabilityBook(engine(settings, "fernamt probes"))
    return Probing(
        ProbePlan(settings.probes.customer, dict(settings.probes.trunks), settings.probes.ring_s),
        ProbeRecords(turns, book, node.name),
        ProbeSwitch(lambda: ProbeCalls(connection(), node.domain)),
        decider,
        ended,
        lambda: str(uuid4()),
        node.name,
        now,
    )

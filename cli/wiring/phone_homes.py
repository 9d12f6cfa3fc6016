"""Which node a phone is registered with: as the nodes tell it, and looked for when it is not there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Final

import structlog

from dialplan.carrier import Phone
from dialplan.legs import Leg
from freeswitch.agent_calls import AgentCalls
from freeswitch.errors import CommandFailed, FreeSwitchError
from freeswitch.registrations import PhoneSink
from freeswitch.settings import NodeDoor

_log = structlog.get_logger(__name__)

#: How a node says that the phone is not registered with it: to us, and to another node that called it.
_NOT_THERE: Final = ("USER_NOT_REGISTERED", "NO_USER_RESPONSE", "SUBSCRIBER_ABSENT", "NO_ROUTE_DESTINATION")
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class SwitchNode:
    """A node that can be commanded: `calls` on its inbound connection, which is there when it is first used.
    `door`: where it takes calls of the others."""

    calls: Callable[[], AgentCalls]
    door: NodeDoor


class PhoneHomes:
    """freeswitch.registrations.PhoneSink: where each phone has registered last, as the nodes tell it. Ours to
    keep are as many as the configuration has phones: nobody else can register.

    A phone that goes to another node tells the first one nothing: its registration there lasts until it
    expires, and is older.
    """

    def __init__(self, nodes: Mapping[str, SwitchNode]) -> None:
        self._nodes = nodes
        #: By phone and node: in which order they were heard of; 0 when the node only listed it.
        self._heard: dict[str, dict[str, int]] = {}
        self._counted = count(1)

    def came(self, node: str, username: str, *, tls: str = "") -> None:
        """The phone has registered with the node, or again."""
        self._heard.setdefault(username, {})[node] = next(self._counted)

    def went(self, node: str, username: str) -> None:
        """It has taken that back, or it has expired."""
        known = self._heard.get(username, {})
        known.pop(node, None)
        if not known:
            self._heard.pop(username, None)

    def listed_phones(
        self, node: str, usernames: Collection[str], by_tls: Mapping[str, str] = _NOBODY
    ) -> None:
        """All that are registered with the node now."""
        for gone in [each for each, known in self._heard.items() if node in known and each not in usernames]:
            self.went(node, gone)
        for username in usernames:
            self._heard.setdefault(username, {}).setdefault(node, 0)

    def door(self, username: str, node: str) -> NodeDoor | None:
        """freeswitch.registrations.DoorOf."""
        return self._door(self._at(username, node), node)

    def ring(self, node: str, leg: Leg, ring: Callable[[NodeDoor | None], None]) -> None:
        """`ring` does it from `node`: by itself, or through the door of the node that has the phone. Where
        that is not so any more, each node is asked. Raises what `ring` raises."""
        if not isinstance(leg.to, Phone):
            ring(None)
            return
        username = leg.to.credentials.username
        at = self._at(username, node)
        try:
            ring(self._door(at, node))
        except CommandFailed as error:
            moved = self._registered(username, at) if _not_there(error) else None
            if moved is None:
                raise
            self.went(at, username)
            self.came(moved, username)
            ring(self._door(moved, node))

    def _at(self, username: str, node: str) -> str:
        """The last one that was heard of; of those that were only listed the caller's own first."""
        known = self._heard.get(username)
        if not known:
            return node
        return max(known, key=lambda name: (known[name], name == node))

    def _door(self, at: str, node: str) -> NodeDoor | None:
        return self._nodes[at].door if at != node else None

    def _registered(self, username: str, besides: str) -> str | None:
        """The node that the phone is registered with, when it is not where we looked."""
        for name, node in self._nodes.items():
            try:
                if name != besides and node.calls().has_phone(username):
                    return name
            except FreeSwitchError as error:
                _log.warning("a node could not be asked for a phone", node=name, error=str(error))
        return None


class EachTold:
    """freeswitch.registrations.PhoneSink: several of them."""

    def __init__(self, *sinks: PhoneSink) -> None:
        self._sinks = sinks

    def came(self, node: str, username: str, *, tls: str = "") -> None:
        for each in self._sinks:
            each.came(node, username, tls=tls)

    def went(self, node: str, username: str) -> None:
        for each in self._sinks:
            each.went(node, username)

    def listed_phones(
        self, node: str, usernames: Collection[str], by_tls: Mapping[str, str] = _NOBODY
    ) -> None:
        for each in self._sinks:
            each.listed_phones(node, usernames, by_tls)


def _not_there(error: CommandFailed) -> bool:
    return any(cause in str(error) for cause in _NOT_THERE)

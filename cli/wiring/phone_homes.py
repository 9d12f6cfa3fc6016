"""Which node a phone is registered with: looked for when it is not there, then remembered."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from dialplan.carrier import Phone
from dialplan.legs import Leg
from freeswitch.agent_calls import AgentCalls
from freeswitch.errors import CommandFailed, FreeSwitchError
from freeswitch.settings import NodeDoor

_log = structlog.get_logger(__name__)

#: Phones whose node is remembered.
_REMEMBERED: Final = 10_000
#: How a node says that the phone is not registered with it: to us, and to another node that called it.
_NOT_THERE: Final = ("USER_NOT_REGISTERED", "NO_USER_RESPONSE", "SUBSCRIBER_ABSENT", "NO_ROUTE_DESTINATION")


@dataclass(frozen=True, slots=True)
class SwitchNode:
    """A node that can be commanded: `calls` on its inbound connection, which is there when it is first used.
    `door`: where it takes calls of the others."""

    calls: Callable[[], AgentCalls]
    door: NodeDoor


class PhoneHomes:
    """Rings phones from a node, wherever they are registered."""

    def __init__(self, nodes: Mapping[str, SwitchNode]) -> None:
        self._nodes = nodes
        self._known: OrderedDict[str, str] = OrderedDict()

    def ring(self, node: str, leg: Leg, ring: Callable[[NodeDoor | None], None]) -> None:
        """`ring` does it from `node`: by itself, or through the door of the node that has the phone. Raises
        what `ring` raises."""
        if not isinstance(leg.to, Phone):
            ring(None)
            return
        username = leg.to.credentials.username
        at = self._known.get(username, node)
        try:
            ring(self._door(at, node))
        except CommandFailed as error:
            moved = self._registered(username, at) if _not_there(error) else None
            if moved is None:
                raise
            self._remember(username, moved)
            ring(self._door(moved, node))

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

    def _remember(self, username: str, node: str) -> None:
        self._known[username] = node
        self._known.move_to_end(username)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _not_there(error: CommandFailed) -> bool:
    return any(cause in str(error) for cause in _NOT_THERE)

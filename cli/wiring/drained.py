"""Where calls begin that nobody dials (a program's, a callback's) while this machine's node is drained."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from cli.wiring.phone_homes import SwitchNode
from freeswitch.errors import FreeSwitchError

_log = structlog.get_logger(__name__)


class Instead:
    """Asks the nodes each time: what is drained is known to the switch alone, and over with its restart."""

    def __init__(self, nodes: Mapping[str, SwitchNode], home: str) -> None:
        self._nodes = nodes
        self._home = home

    def node(self) -> str | None:
        """The first other node that takes calls, when this one does not; None: begin them here."""
        others = [name for name in self._nodes if name != self._home]
        if not others or self._takes_calls(self._home):
            return None
        return next((name for name in others if self._takes_calls(name)), None)

    def _takes_calls(self, name: str) -> bool:
        try:
            return self._nodes[name].calls().takes_calls()
        except FreeSwitchError as error:
            _log.warning("a node could not be asked whether it is drained", node=name, error=str(error))
            return False

"""What controllers tell of the trunks, for commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cli.bootstrap import trunk_board
from cli.errors import NotRunning
from cli.layout import effective
from cli.settings import Settings
from dialplan.trunks.status import TrunkStatus, together


def trunks_now(settings: Settings) -> list[TrunkStatus]:
    """Every trunk that a controller tells of, by all of them together. Raises NotRunning, StoreError."""
    found: dict[str, list[TrunkStatus]] = {}
    for view in trunk_views(settings).values():
        for each in view:
            found.setdefault(each.trunk_id, []).append(each)
    return [together(views) for _, views in sorted(found.items())]


def trunk_views(settings: Settings) -> Mapping[str, Sequence[TrunkStatus]]:
    """By controller. Raises NotRunning when none tells, StoreError."""
    views = trunk_board(effective(settings)).all()
    if not views:
        raise NotRunning("no controller tells of trunks: start `fernamt up` or `fernamt controller run`")
    return views

"""Microsoft Operator Connect with the addresses and secrets of the settings."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from random import SystemRandom
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Engine

from cli.bootstrap import now, read_secret
from cli.errors import NoOperatorConnect
from cli.settings import OperatorConnectEntry, Settings
from controller.teams_sync import TeamsSync
from numbering.e164 import E164
from numbering.life import Event, Order
from store.number_inventory import NumberInventory, NumberOrder
from store.teams_book import TeamsBook
from teams.operator_connect import OperatorConnect
from teams.tokens import Tokens
from teams.transport import HttpTransport, Paced

_WHY: Final = "let go by Operator Connect"


def operator_connect(settings: Settings) -> OperatorConnectEntry:
    """The entry of the settings. Raises NoOperatorConnect."""
    if settings.operator_connect is None:
        raise NoOperatorConnect(
            "no access to Operator Connect is configured: write `operator_connect` into the settings "
            "(docs/teams.md)"
        )
    return settings.operator_connect


def teams_sync(settings: Settings, database: Engine, actor: str) -> TeamsSync:
    """Who does the work. Nothing is connected yet. Raises NoOperatorConnect, AccessUnusable."""
    return TeamsSync(
        microsoft(settings),
        TeamsBook(database),
        LetGo(database, actor),
        now,
        SystemRandom().random,
        lambda: str(uuid.uuid4()),
        actor,
    )


def microsoft(settings: Settings) -> OperatorConnect:
    """The other side. Raises NoOperatorConnect, AccessUnusable."""
    entry = operator_connect(settings)
    parts = urlsplit(entry.token_url)
    door = HttpTransport(f"{parts.scheme}://{parts.netloc}", time.monotonic, entry.ca_file)
    tokens = Tokens(
        door,
        parts.path or "/",
        entry.client_id,
        lambda: read_secret(settings, entry.client_secret),
        entry.scope,
        time.monotonic,
    )
    paced = Paced(
        HttpTransport(entry.url, time.monotonic, entry.ca_file),
        entry.requests_per_second,
        time.monotonic,
        time.sleep,
    )
    return OperatorConnect(paced, tokens, entry.calling_profile)


class LetGo:
    """The number inventory, told that Teams let numbers go (TC 17.8)."""

    def __init__(self, database: Engine, actor: str) -> None:
        self._inventory = NumberInventory(database)
        self._actor = actor

    def deactivated(self, numbers: Sequence[E164], at: datetime) -> int:
        """Send them on into quarantine; how many went. Raises DatabaseError's children."""
        order = Order(Event.RELEASE, _WHY, teams_deactivated=True)
        orders = [NumberOrder(number, order) for number in numbers]
        outcomes = self._inventory.carry_out(orders, at, self._actor, keep_going=True)
        return sum(bool(outcome.steps) for outcome in outcomes)

"""What follows the database: whether a commit waits for a standby, and which servers take writes.

The intake removes a record's file when its commit is acknowledged (guarantee 4). A commit that only a primary
has which is then lost is a lost record: a standby must have it before it is acknowledged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine, text

from store.database import database_url, make_engine
from store.database_primary import USUAL_PORT, alone, without_address
from store.errors import StoreError
from store.foreign_errors import database_errors
from store.server_urls import servers_of

#: Details of pg_stat_replication are for members of pg_read_all_stats; others see that a standby is there.
_LOOK: Final = text("""
    SELECT current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
        count(*) FILTER (WHERE state IS NULL OR state IN ('catchup', 'streaming')),
        count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')), count(*) FILTER (WHERE sync_state IS NULL)
    FROM pg_stat_replication
""")
#: In the log of every wal_level; only logical decoding would look at it.
_NOTHING: Final = text("SELECT pg_logical_emit_message(true, 'fernamt', '')")
#: Values of synchronous_commit with which a commit is acknowledged before a standby has it.
_HASTY: Final = frozenset({"off", "local"})


@dataclass(frozen=True, slots=True)
class Standbys:
    """`commit` and `named`: synchronous_commit and synchronous_standby_names. `following`: standbys that are
    connected; `waited_for`: those that commits wait for, None where our account may not see it."""

    commit: str
    named: str
    following: int
    waited_for: int | None

    @property
    def safe(self) -> bool:
        """Whether what is committed is on a standby."""
        return bool(self.named) and self.commit not in _HASTY and not self.stuck

    @property
    def stuck(self) -> bool:
        """Whether commits wait for a standby that is not there."""
        there = self.following if self.waited_for is None else self.waited_for
        return bool(self.named) and self.commit not in _HASTY and not there


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """One of the servers that the URL names: whether it takes writes. None: it does not say, `why`."""

    place: str
    takes_writes: bool | None
    why: str = ""


def wait_for_known(connection: Connection) -> None:
    """Have this transaction's commit wait for the standby although it wrote nothing, because the row was
    there: whoever asks whether a row is stored throws the original away when it is.

    The row may be seen and be on the primary alone: its own commit still waits, or lost its session while it
    did. A commit that wrote nothing does not wait (PostgreSQL: RecordTransactionCommit); a message in the log
    that nobody reads makes it one that wrote, behind the row's commit.
    """
    connection.execute(_NOTHING)


def standbys(engine: Engine) -> Standbys:
    """What the primary says. Raises DatabaseError's children."""
    with database_errors("looking for standbys"), engine.connect() as connection:
        commit, named, following, waited_for, hidden = connection.execute(_LOOK).one()
    return Standbys(commit, named.strip(), following, None if hidden else waited_for)


def servers_seen(url: str) -> tuple[ServerSeen, ...]:
    """Each of several servers of the URL, asked by itself; none of one. Raises DatabaseAddressInvalid."""
    there = database_url(url)
    servers = servers_of(there, USUAL_PORT)
    if len(servers) == 1:
        return ()
    found: list[ServerSeen] = []
    for server in servers:
        place = f"{server[0]}:{server[1]}"
        only = make_engine(
            alone(there, server).render_as_string(hide_password=False), pool_size=1, name="fernamt doctor"
        )
        try:
            with database_errors("asking a server"), only.connect() as connection:
                in_recovery = connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one()
            found.append(ServerSeen(place, not in_recovery))
        except StoreError as error:
            found.append(ServerSeen(place, None, without_address(error.what)))
        finally:
            only.dispose()
    return tuple(found)

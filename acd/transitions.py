"""Which state may follow which. What is not in a table is a programming error and raises `Impossible`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acd.errors import Impossible
from acd.names import AgentState as A
from acd.names import MemberState as M
from acd.names import OfferState as O

#: An agent. Idle: logged out or on break; every state leads there, because logging out and a lost phone come
#: at any time, but a call in progress is never ended by it.
AGENT: Final[Mapping[A, frozenset[A]]] = {
    A.IDLE: frozenset({A.WAITING, A.IN_ANOTHER_CALL}),
    A.WAITING: frozenset({A.IDLE, A.RECEIVING, A.RESERVED, A.IN_ANOTHER_CALL}),
    A.RECEIVING: frozenset({A.IDLE, A.WAITING, A.RESERVED, A.IN_A_QUEUE_CALL, A.WRAP_UP, A.IN_ANOTHER_CALL}),
    A.RESERVED: frozenset({A.IDLE, A.WAITING, A.IN_A_QUEUE_CALL, A.WRAP_UP, A.IN_ANOTHER_CALL, A.RECEIVING}),
    A.IN_A_QUEUE_CALL: frozenset({A.IDLE, A.WAITING, A.WRAP_UP, A.IN_ANOTHER_CALL, A.RECEIVING, A.RESERVED}),
    A.WRAP_UP: frozenset({A.IDLE, A.WAITING, A.IN_ANOTHER_CALL}),
    A.IN_ANOTHER_CALL: frozenset({A.IDLE, A.WAITING, A.RECEIVING, A.IN_A_QUEUE_CALL, A.WRAP_UP}),
}

#: A caller. None: no longer in the contact centre.
MEMBER: Final[Mapping[M, frozenset[M]]] = {
    M.WAITING: frozenset({M.TRYING, M.ABANDONED}),
    M.TRYING: frozenset({M.WAITING, M.ANSWERED, M.ABANDONED}),
    M.ANSWERED: frozenset({M.WAITING}),
    M.ABANDONED: frozenset(),
}

#: An offer. It ends from every state.
OFFER: Final[Mapping[O, frozenset[O]]] = {
    O.RINGING: frozenset({O.CONNECTING}),
    O.CONNECTING: frozenset({O.TALKING}),
    O.TALKING: frozenset(),
}


def checked(table: Mapping[A, frozenset[A]], before: A, after: A) -> A:
    """`after`, when it is `before` or may follow it."""
    if after is not before and after not in table[before]:
        raise Impossible(f"an agent cannot go from {before} to {after}")
    return after


def checked_member(before: M, after: M) -> M:
    """`after`, when it is `before` or may follow it."""
    if after is not before and after not in MEMBER[before]:
        raise Impossible(f"a caller cannot go from {before} to {after}")
    return after


def checked_offer(before: O, after: O) -> O:
    """`after`, when it may follow `before`."""
    if after not in OFFER[before]:
        raise Impossible(f"an offer cannot go from {before} to {after}")
    return after

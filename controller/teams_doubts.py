"""Whether what the question about one tenant got is about this tenant alone, or about all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

from numbering.tenancy_orders import Away

#: So many tenants in a row, and no answer about anybody between them, are not each one's own trouble.
MANY_SILENT: Final = 3
_T = TypeVar("_T")


class Doubts:
    """Of one round."""

    def __init__(self) -> None:
        self._silent: dict[str, Away] = {}
        self._in_a_row: set[str] = set()

    def silent(self, tenant_id: str) -> Away | None:
        """What the tenant's question got in this round, where that was no answer: its orders wait."""
        return self._silent.get(tenant_id)

    def judged(self, tenant_id: str, answer: _T | Away) -> _T | Away:
        """The answer; one that is doubtful about this tenant alone, until many tenants in a row get it."""
        if not isinstance(answer, Away) or not answer.everything:
            self._in_a_row.clear()
            return answer
        if not answer.doubtful:
            return answer
        self._in_a_row.add(tenant_id)
        if len(self._in_a_row) >= MANY_SILENT:
            return replace(answer, doubtful=False)
        self._silent[tenant_id] = alone = replace(answer, everything=False, doubtful=False, next_step="")
        return alone

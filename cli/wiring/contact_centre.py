"""A tenant's lease and journal in Redis, as `controller.contact_centre` wants them."""

from __future__ import annotations

from collections.abc import Sequence

from cli.wiring.adapters import store_errors
from controller.errors import StoreAway
from store.acd_journals import AcdJournals
from store.leases import Lease, Leases


class TenantJournal:
    """controller.contact_centre.Journal on Redis. `holder` is unique for each run of a controller."""

    def __init__(self, leases: Leases, journals: AcdJournals, tenant: str, holder: str) -> None:
        self._leases = leases
        self._journals = journals
        self._tenant = tenant
        self._holder = holder
        self._lease: Lease | None = None
        self._run = 0
        self._logged = self._written = 0

    def acquire(self) -> tuple[str | None, Sequence[str]] | None:
        with store_errors():
            self._lease = self._leases.acquire(f"acd-{self._tenant}", self._holder)
            if self._lease is None:
                return None
            kept = self._journals.kept(self._tenant)
            self._run, self._logged = self._journals.new_run(self._tenant), 0
            self._written = 0
        return kept.checkpoint, kept.records

    def renew(self) -> bool:
        with store_errors():
            return self._leases.renew(self._held())

    def append(self, records: Sequence[str], log: Sequence[str]) -> int | None:
        """Again with the same after StoreAway: records and the log's entries keep their numbers."""
        numbered = [((self._run, self._logged + place), each) for place, each in enumerate(log, start=1)]
        with store_errors():
            count = self._journals.append(
                self._held(), self._tenant, records, numbered, written=self._written
            )
        self._written += len(records)
        self._logged += len(log)
        return count

    def checkpoint(self, state: str) -> bool:
        with store_errors():
            return self._journals.checkpoint(self._held(), self._tenant, state, written=self._written)

    def release(self) -> None:
        with store_errors():
            self._leases.release(self._held())

    def _held(self) -> Lease:
        if self._lease is None:
            raise StoreAway(f"the lease of {self._tenant} was never held")
        return self._lease

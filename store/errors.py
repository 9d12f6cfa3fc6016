"""What the store can refuse or fail at.

StoreError
├── DatabaseError
│   ├── DatabaseUnavailable      not reachable, restarting, connection lost: try again
│   ├── DatabaseTimeout          it answers too slowly, or every connection is in use: try again
│   ├── DatabaseConflict         two writers met: try again
│   ├── DatabaseFull             disk or memory is used up
│   ├── DatabaseLoginRefused     wrong password, no such database, missing right
│   ├── DatabaseAddressInvalid   the URL in the configuration is not usable
│   ├── SchemaMismatch           tables are older or newer than this program
│   ├── VersionConflict          somebody applied another configuration in between
│   ├── VersionUnknown           there is no configuration version of this number
│   ├── RecordRefused            a value breaks a rule of the tables: trying again is pointless
│   └── DatabaseDefect           anything else the database reports
├── LiveStateError
│   ├── LiveStateUnavailable     Redis not reachable, loading, too slow: try again
│   ├── LiveStateFull            Redis is out of memory or disk
│   ├── LiveStateLoginRefused    wrong password or missing right
│   ├── LiveStateAddressInvalid  the URL in the configuration is not usable
│   ├── LiveStateLimit           more than the store keeps at once
│   └── LiveStateDefect          anything else Redis reports
├── EmbeddedServerError
│   ├── ServerProgramMissing     no usable server program on this machine
│   ├── StateDirectoryClosed     the server's account cannot enter the state directory
│   ├── StateDirectoryInUse      another fernamt uses it
│   ├── StateDirectoryFull       the disk is full
│   ├── DataVersionMismatch      the data was written by another major version
│   ├── DataDamaged              the server refuses its own files
│   ├── PortTaken                another program listens on the remembered port
│   └── ServerStartFailed        anything else that kept the server from starting
├── BackupError
│   ├── BackupFailed             pg_dump or pg_restore refused
│   ├── BackupDamaged            a backup is not whole, or not what its list says
│   └── DatabaseInUse            it holds data, or programs work on it
├── BillingError
│   ├── TariffMissing            no price list was imported
│   ├── TariffBackwards          a price that was valid would change
│   ├── RateChanged              an exchange rate that is published would change
│   ├── ChargeUnknown            there is no charge of this leg
│   ├── RecordsGone              call records that a month was charged by are deleted
│   ├── InvoiceBlocked           legs of the month are not rated
│   ├── InvoiceExists            the month was invoiced, or the invoice credited
│   ├── InvoiceUnknown           there is no invoice of this number
│   └── ItemGone                 an item is on an invoice already, or was withdrawn
└── InventoryError
    ├── NumbersRefused           orders that the life cycle of numbers does not allow; nothing changed
    ├── AlreadyBlocked           the customer or user is blocked
    ├── NotBlocked               the customer or user is not blocked
    ├── CustomerUnknown          the applied configuration has no such customer
    ├── CaseUnknown              there is no abuse case of this number
    └── CaseReleased             the abuse case was released before
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from numbering.e164 import E164
from numbering.errors import LifeCycleError


class StoreError(Exception):
    """Base: `place` says where, `what` happened, `next_step` what to do; `id` is stable for programs."""

    id: ClassVar[str] = "store"
    #: Whether the same operation may succeed later without anybody changing anything.
    retry: ClassVar[bool] = False

    def __init__(self, place: str, what: str, next_step: str) -> None:
        super().__init__(place, what, next_step)
        self.place = place
        self.what = what
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.place}: {self.what}. {self.next_step}"


class DatabaseError(StoreError):
    """PostgreSQL did not do what was asked."""

    id = "database"


class DatabaseUnavailable(DatabaseError):
    """The server is not reachable, is restarting, or the connection was lost."""

    id = "database-unavailable"
    retry = True


class DatabaseTimeout(DatabaseError):
    """The statement, a lock or a free connection took longer than its limit."""

    id = "database-timeout"
    retry = True


class DatabaseConflict(DatabaseError):
    """Two transactions got in each other's way (deadlock, serialisation); this one was undone."""

    id = "database-conflict"
    retry = True


class DatabaseFull(DatabaseError):
    """The server has no disk or memory left."""

    id = "database-full"
    retry = True


class DatabaseLoginRefused(DatabaseError):
    """The server knows us not, or not for this."""

    id = "database-login-refused"


class DatabaseAddressInvalid(DatabaseError):
    """The configured URL cannot be used."""

    id = "database-address-invalid"


class SchemaMismatch(DatabaseError):
    """Tables and program are of different versions."""

    id = "schema-mismatch"


class VersionConflict(DatabaseError):
    """The configuration that a change was made for is not the one in force any more."""

    id = "config-version-conflict"


class VersionUnknown(DatabaseError):
    """There is no configuration version of this number."""

    id = "config-version-unknown"


class RecordRefused(DatabaseError):
    """A value breaks a rule of the tables; `constraint` names the rule where the database gives it."""

    id = "record-refused"

    def __init__(self, place: str, what: str, next_step: str, constraint: str | None = None) -> None:
        super().__init__(place, what, next_step)
        self.constraint = constraint


class DatabaseDefect(DatabaseError):
    """The database reported something that this program does not expect."""

    id = "database-defect"


class LiveStateError(StoreError):
    """Redis did not do what was asked."""

    id = "live-state"


class LiveStateUnavailable(LiveStateError):
    """Redis is not reachable, still loading, or does not answer in time."""

    id = "live-state-unavailable"
    retry = True


class LiveStateFull(LiveStateError):
    """Redis has no memory or disk left and refuses to write."""

    id = "live-state-full"
    retry = True


class LiveStateLoginRefused(LiveStateError):
    """Redis knows us not, or not for this."""

    id = "live-state-login-refused"


class LiveStateAddressInvalid(LiveStateError):
    """The configured URL cannot be used."""

    id = "live-state-address-invalid"


class LiveStateLimit(LiveStateError):
    """More was to be kept than the bound of this store allows."""

    id = "live-state-limit"


class LiveStateDefect(LiveStateError):
    """Redis reported something that this program does not expect."""

    id = "live-state-defect"


class EmbeddedServerError(StoreError):
    """An embedded server could not be started or kept."""

    id = "embedded-server"


class ServerProgramMissing(EmbeddedServerError):
    """No usable server program on this machine."""

    id = "server-program-missing"


class StateDirectoryClosed(EmbeddedServerError):
    """The server's unprivileged account cannot get into the state directory."""

    id = "state-directory-closed"


class StateDirectoryInUse(EmbeddedServerError):
    """Another running program holds this state directory."""

    id = "state-directory-in-use"


class StateDirectoryFull(EmbeddedServerError):
    """There is not enough disk for the server to work."""

    id = "state-directory-full"
    retry = True


class DataVersionMismatch(EmbeddedServerError):
    """The data directory was written by another major version of the server."""

    id = "data-version-mismatch"


class DataDamaged(EmbeddedServerError):
    """The server refuses to read its own files."""

    id = "data-damaged"


class PortTaken(EmbeddedServerError):
    """Another program listens on the port that this server must keep."""

    id = "port-taken"
    retry = True


class ServerStartFailed(EmbeddedServerError):
    """The server ended, or did not get ready in time."""

    id = "server-start-failed"
    retry = True


#: Refusals that a message names; the rest is counted.
_SHOWN: Final = 5


class BackupError(StoreError):
    """A backup was not made or not restored; what was there before is untouched."""

    id = "backup"


class BackupFailed(BackupError):
    """PostgreSQL's own program refused."""

    id = "backup-failed"


class BackupDamaged(BackupError):
    """Files are missing or changed, or the restored database differs from what was saved."""

    id = "backup-damaged"


class DatabaseInUse(BackupError):
    """A backup is restored into an empty database that nobody uses."""

    id = "database-in-use"


class BillingError(StoreError):
    """Something about prices, charges or invoices was refused, and nothing changed."""

    id = "billing"


class TariffMissing(BillingError):
    """There is nothing to rate by."""

    id = "tariff-missing"


class TariffBackwards(BillingError):
    """Prices do not change backwards (E4)."""

    id = "tariff-backwards"


class RateChanged(BillingError):
    """A published exchange rate does not change."""

    id = "exchange-rate-changed"


class ChargeUnknown(BillingError):
    """The leg was not rated and waits nowhere."""

    id = "charge-unknown"


class RecordsGone(BillingError):
    """A month whose call records are deleted cannot be rated again."""

    id = "call-records-gone"


class InvoiceBlocked(BillingError):
    """A month is not invoiced while a leg of it is unrated."""

    id = "invoice-blocked"


class InvoiceExists(BillingError):
    """A month is invoiced once, and an invoice credited once."""

    id = "invoice-exists"


class InvoiceUnknown(BillingError):
    """There is no invoice of this number."""

    id = "invoice-unknown"


class ItemGone(BillingError):
    """What an invoice has taken cannot be withdrawn."""

    id = "invoice-item-gone"


class InventoryError(StoreError):
    """The inventory did not do what was asked, and changed nothing."""

    id = "inventory"


class NumbersRefused(InventoryError):
    """Orders that may not be carried out. `refusals`: each number with its reason, at most as many as were
    looked at before giving up."""

    id = "numbers-refused"

    def __init__(self, place: str, refusals: Sequence[tuple[E164, LifeCycleError]]) -> None:
        said = "; ".join(f"{number}: {error.what}" for number, error in refusals[:_SHOWN])
        more = f"; and {len(refusals) - _SHOWN} more" if len(refusals) > _SHOWN else ""
        super().__init__(place, said + more, refusals[0][1].next_step)
        self.refusals = tuple(refusals)


class AlreadyBlocked(InventoryError):
    """Who is blocked is not blocked again."""

    id = "customer-already-blocked"


class NotBlocked(InventoryError):
    """Who is not blocked cannot be unblocked."""

    id = "customer-not-blocked"


class CustomerUnknown(InventoryError):
    """There is no such customer in the applied configuration."""

    id = "customer-unknown"


class CaseUnknown(InventoryError):
    """There is no abuse case of this number."""

    id = "abuse-case-unknown"


class CaseReleased(InventoryError):
    """A released abuse case is not released again."""

    id = "abuse-case-released"

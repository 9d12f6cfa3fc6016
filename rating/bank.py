"""What the bank says happened on our account, and whose fault a returned debit is (E9, TC 11.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from rating.money import Money


class Fault(StrEnum):
    """Who pays for the return: the fee is the customer's only when it is the customer's fault (TC 11.5)."""

    CUSTOMER = "customer"
    OURS = "ours"
    #: Depends on whether the claim was right: a person looks.
    EXAMINE = "examine"


#: Reasons of returns (ISO 20022 external code set, SEPA core and B2B rule books) and whose fault they are.
FAULTS: Final = {
    "AC01": Fault.CUSTOMER,  # account number wrong
    "AC04": Fault.CUSTOMER,  # account closed
    "AC06": Fault.CUSTOMER,  # account blocked
    "AC13": Fault.OURS,  # B2B debit of a consumer's account
    "AG01": Fault.CUSTOMER,  # account may not be debited
    "AG02": Fault.OURS,  # wrong transaction code or sequence
    "AM04": Fault.CUSTOMER,  # insufficient funds
    "AM05": Fault.OURS,  # collected twice
    "BE05": Fault.OURS,  # creditor id not known
    "CNOR": Fault.OURS,  # creditor's bank not reachable
    "DNOR": Fault.EXAMINE,  # debtor's bank not reachable
    "FF01": Fault.OURS,  # wrong file format
    "FF05": Fault.OURS,  # wrong scheme
    "MD01": Fault.EXAMINE,  # no mandate, says the debtor
    "MD02": Fault.OURS,  # mandate data missing or wrong
    "MD06": Fault.EXAMINE,  # refund asked for within eight weeks
    "MD07": Fault.EXAMINE,  # debtor has died
    "MS02": Fault.EXAMINE,  # refused by the debtor
    "MS03": Fault.EXAMINE,  # bank gives no reason
    "RC01": Fault.OURS,  # BIC wrong
    "RR01": Fault.OURS,  # regulatory: account or identification of the debtor missing
    "RR02": Fault.OURS,  # regulatory: name or address of the debtor missing
    "RR03": Fault.OURS,  # regulatory: name or address of the creditor missing
    "RR04": Fault.EXAMINE,  # regulatory
    "SL01": Fault.CUSTOMER,  # debtor's bank was told not to pay us
}  # fmt: skip

NO_CHARGES: Final = Money(Decimal("0.00"))


@dataclass(frozen=True, slots=True)
class Back:
    """A debit that came back. `collected` is what had been collected, None where the bank does not say;
    `charges` is what the banks take for it."""

    reason: str
    collected: Money | None
    charges: Money

    @property
    def fault(self) -> Fault:
        """A reason that the table does not have is examined, never charged."""
        return FAULTS.get(self.reason, Fault.EXAMINE)


@dataclass(frozen=True, slots=True)
class BankLine:
    """One amount on our account, in euro; positive: it came in.

    `key` is the same whenever the same amount is told, so that nothing is booked twice. `end_to_end` is that
    of a debit of ours, empty where the bank gives none. `batch`: the part of a file of ours that the bank
    booked as one sum (its payment information id). `form`: in which form of the bank's it was told (camt,
    mt940). Texts are empty where nothing is known.
    """

    key: str
    booked_on: date
    amount: Money
    party: str = ""
    iban: str = ""
    purpose: str = ""
    end_to_end: str = ""
    mandate: str = ""
    batch: str = ""
    back: Back | None = None
    form: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """What the bank did not take of a file of ours (`run`), and why: all of it, a part (`batch`), or one
    debit (`end_to_end`); what is empty is not named."""

    run: str
    batch: str
    end_to_end: str
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A file of the bank. `account`: ours, as the file writes it. `problems`: amounts that could not be read,
    each with its place; the others go on."""

    account: str
    lines: tuple[BankLine, ...]
    problems: tuple[str, ...]

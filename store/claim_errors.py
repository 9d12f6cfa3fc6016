"""What the store refuses about debits, the bank's lines, fees and objections; nothing changed.

BillingError (store/errors.py)
├── RunUnknown         there is no file of debits of this name
├── RunUsed            the bank booked something of a file, or it was withdrawn
├── BankLineUnknown    the bank told no such line
├── BankLineUnfit      a line of the bank is not what was asked of it
├── FeeSettled         a return-debit fee is billed or waived
└── ObjectionSettled   there is no open objection of this number
"""

from __future__ import annotations

from store.errors import BillingError


class RunUnknown(BillingError):
    """There is no file of debits of this name."""

    id = "sepa-run-unknown"


class RunUsed(BillingError):
    """A file that the bank has is not withdrawn."""

    id = "sepa-run-used"


class BankLineUnknown(BillingError):
    """The bank told no such line."""

    id = "bank-line-unknown"


class BankLineUnfit(BillingError):
    """A line of the bank is settled, or its amount is another."""

    id = "bank-line-unfit"


class FeeSettled(BillingError):
    """A return-debit fee is waived or raised once."""

    id = "return-fee-settled"


class ObjectionSettled(BillingError):
    """An objection is settled once."""

    id = "objection-settled"

"""What can be wrong with documents.

DocumentError
├── DocumentUnreadable   a file that is no invoice, list, or bank file as we read them; the place is named
├── GlyphMissing         a text has characters that the font does not have
├── CheckerMissing       the program that checks business rules is not installed
├── CollectionRefused    a direct debit that the rules of SEPA or the contract do not allow
└── MailRefused          an e-mail that could not be handed over, or not be encrypted
"""

from __future__ import annotations


class DocumentError(Exception):
    """Base: the message says the place and the next step; `id` is stable."""

    id = "document"


class DocumentUnreadable(DocumentError):
    """Nothing was taken from the file."""

    id = "document.unreadable"


class GlyphMissing(DocumentError):
    """The document would show boxes: give fonts that have the characters."""

    id = "document.glyph"


class CheckerMissing(DocumentError):
    """Install the extra `check`."""

    id = "document.checker"


class CollectionRefused(DocumentError):
    """No file was written."""

    id = "document.collection"


class MailRefused(DocumentError):
    """The e-mail was not sent."""

    id = "document.mail"

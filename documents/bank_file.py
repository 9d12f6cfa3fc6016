"""Files of the bank: camt.053 and camt.054 of ISO 20022, and MT940 of SWIFT as German banks write it (E9)."""

from __future__ import annotations

from typing import Final

from documents.bank_texts import MAX_BYTES
from documents.camt import camt
from documents.errors import DocumentUnreadable
from documents.swift import mt940
from rating.bank import Statement

_BEFORE: Final = b"\xef\xbb\xbf \r\n\t"


def read_bank_file(content: bytes) -> Statement:
    """Raise DocumentUnreadable for what is none of these files, or is cut off."""
    if len(content) > MAX_BYTES:
        raise DocumentUnreadable(f"larger than {MAX_BYTES >> 20} MiB")
    return camt(content) if content.lstrip(_BEFORE).startswith(b"<") else mt940(content)

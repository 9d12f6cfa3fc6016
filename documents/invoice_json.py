"""An invoice as JSON, the form in which it is stored and handed on: the same invoice, the same bytes."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from documents.errors import DocumentUnreadable
from rating.errors import RatingError
from rating.invoice import Invoice

MAX_BYTES: Final = 20 << 20
_INVOICE: Final = TypeAdapter(Invoice)


def to_json(invoice: Invoice) -> bytes:
    """UTF-8, one space of indentation, fields in the order of the value."""
    document = _INVOICE.dump_python(invoice, mode="json")
    if not invoice.set_off.ticks:
        # Came later than the first invoices: their bytes stay as they are.
        del document["set_off"]
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def from_json(content: bytes) -> Invoice:
    """The invoice of `to_json`; raise DocumentUnreadable for anything else, sums that do not add up included.

    What it does not know is refused too: a field that is dropped in silence is a changed invoice.
    """
    if len(content) > MAX_BYTES:
        raise DocumentUnreadable(f"larger than {MAX_BYTES >> 20} MiB")
    try:
        invoice = _INVOICE.validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(each) for each in first["loc"]) or "the file"
        raise DocumentUnreadable(f"{place}: {first['msg']}") from error
    except RatingError as error:
        raise DocumentUnreadable(str(error)) from error
    known = json.loads(to_json(invoice))
    unknown = _first_difference(json.loads(content), known, "")
    if unknown is not None:
        raise DocumentUnreadable(f"{unknown}: not as `to_json` writes it. Write the invoice out anew")
    return invoice


def _first_difference(given: Any, known: Any, place: str) -> str | None:
    """The place of the first value that was not taken as it stands."""
    if isinstance(given, dict) and isinstance(known, dict):
        for name in [*given, *known]:
            below = f"{place}.{name}".lstrip(".")
            if name not in given or name not in known:
                return below
            found = _first_difference(given[name], known[name], below)
            if found is not None:
                return found
        return None
    if isinstance(given, list) and isinstance(known, list) and len(given) == len(known):
        return next(
            (
                found
                for index, pair in enumerate(zip(given, known, strict=True))
                if (found := _first_difference(*pair, f"{place}.{index}")) is not None
            ),
            None,
        )
    return None if given == known else place

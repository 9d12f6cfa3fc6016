"""An itemised bill as CSV: UTF-8, `;`, a decimal point; amounts net and exact."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from rating.berlin import local
from rating.evn import Evn
from rating.money import ticks_text

#: An interface: columns are added at the end, never renamed or moved.
COLUMNS: Final = (
    "invoice", "group", "start", "own", "number", "destination", "seconds", "bundle_s", "amount", "currency",
    "month", "taken_back",
)  # fmt: skip
NOT_SHOWN: Final = "nicht einzeln ausgewiesen"


def evn_csv(evn: Evn) -> bytes:
    """A line for each call shown, and one for each section with amounts of calls that are not."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_rows(evn))
    return out.getvalue().encode()


def _rows(evn: Evn) -> Iterator[tuple[object, ...]]:
    for section in evn.sections:
        head = evn.invoice_number, section.usage.group.value
        for each in section.entries:
            start = local(each.start_ms).isoformat(timespec="seconds")
            yield (
                *head, start, each.own, each.other, each.destination, each.seconds, each.bundle_s,
                ticks_text(each.ticks), each.currency, section.month, "yes" if each.back else "",
            )  # fmt: skip
        if section.hidden_ticks:
            amount, currency = ticks_text(section.hidden_ticks), section.usage.total.currency
            yield (*head, "", "", NOT_SHOWN, "", "", "", amount, currency, section.month, "")

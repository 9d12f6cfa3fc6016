"""An itemised bill for people: one table for each line of the invoice, with the sum that the line has."""

from __future__ import annotations

from collections.abc import Iterator

from documents.evn_csv import NOT_SHOWN
from documents.page import PLAIN, Flowable, Stationery, Writer, on_stationery
from rating.berlin import local
from rating.evn import Detail, Evn, Section
from rating.fx import EURO
from rating.increments import minutes_and_seconds
from rating.invoice import Party
from rating.invoice_compose import GROUPS, late_name
from rating.invoice_facts import Group
from rating.invoice_notes import german_amount, german_day
from rating.money import Stage, ticks_text

_HEADER = ("Beginn", "Rufnummer", "Ziel", "", "Dauer", "inklusive", "Betrag netto")
_WIDTHS = (29, 28, 29, 28, 14, 19, 25)
_GAP = 8


def evn_pdf(evn: Evn, seller: Party, buyer: Party, stationery: Stationery = PLAIN) -> bytes:
    """The pages; raise GlyphMissing. The same itemised bill gives the same bytes."""
    write = Writer(stationery)
    title = f"Einzelverbindungsnachweis zur Rechnung {evn.invoice_number}"
    first, last = german_day(evn.month.first_day), german_day(evn.month.last_day)
    story = [
        write.text(f"{buyer.name}\n{buyer.street}\n{buyer.postcode} {buyer.city}", after=2 * _GAP),
        write.text(title, bold=True, size=13, after=_GAP),
        write.text(
            f"Zeitraum: {first} bis {last}\nKundennummer: {evn.customer_id}\n{_shown(evn)}", after=_GAP
        ),
    ]
    for section in evn.sections:
        story += _section(section, _name(evn, section), write)
    pages = write.pdf(story, title, seller.name, f"{seller.name} · {title}")
    return on_stationery(pages, stationery)


def _shown(evn: Evn) -> str:
    if evn.detail is Detail.SHORTENED:
        return "Zielrufnummern sind um die letzten drei Ziffern gekürzt."
    return "Zielrufnummern sind vollständig."


def _name(evn: Evn, section: Section) -> str:
    """As the line of the invoice is called."""
    group = section.usage.group
    if group is Group.FREE:
        return "Entgeltfreie Verbindungen"
    return GROUPS[group] if section.month == evn.month else late_name(section.month, group)


def _section(section: Section, name: str, write: Writer) -> Iterator[Flowable]:
    yield write.text(name, bold=True, size=10, after=_GAP // 2)
    currency = section.usage.total.currency
    rows = [
        [
            write.text(local(each.start_ms).strftime("%d.%m.%Y %H:%M:%S"), size=7),
            write.text(each.own, size=7),
            write.text(each.other, size=7),
            write.text(f"{'Storno: ' if each.back else ''}{each.destination}", size=7),
            write.text(_duration(each.seconds), size=7, right=True),
            write.text(_duration(each.bundle_s) if each.bundle_s else "", size=7, right=True),
            write.text(_amount(each.ticks, each.currency), size=7, right=True),
        ]
        for each in section.entries
    ]
    if section.hidden_ticks:
        cells = ("", "", NOT_SHOWN, "", "", "", _amount(section.hidden_ticks, currency))
        rows.append([write.text(each, size=7, right=index == 6) for index, each in enumerate(cells)])
    if rows:
        yield write.table(_HEADER, rows, _WIDTHS, frozenset({4, 5, 6}))
    yield write.text(_sum(section), right=True, after=_GAP)


def _sum(section: Section) -> str:
    total = section.usage.total
    text = f"Summe: {_amount(section.ticks, total.currency)}"
    if section.usage.group is Group.FREE:
        return text
    if total.rounding.stage is not Stage.CALL:
        text += " (einzelne Beträge sind auf sechs Stellen gerundet, die Summe ist exakt)"
    if total.currency == EURO:
        return f"{text}; Rechnungsposition: {german_amount(total.line())}"
    return f"{text}; umgerechnet auf der Rechnung"


def _duration(seconds: int) -> str:
    minutes, rest = minutes_and_seconds(seconds)
    return f"{minutes}:{rest:02}"


def _amount(ticks: int, currency: str) -> str:
    return f"{ticks_text(ticks).replace('.', ',')} {currency}"

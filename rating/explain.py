"""A charge as sentences: German for the customer who pays it, English for operators."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from rating.berlin import local
from rating.charge import Charge, Free, Unrated
from rating.fx import Rate
from rating.increments import minutes_and_seconds
from rating.money import Mode, Stage, micro_text, ticks_text, written
from rating.price import Kind, Price


class Language(IntEnum):
    """Languages of explanations: the index into each pair of texts."""

    GERMAN = 0
    ENGLISH = 1


_TEXTS: Final = {
    "call": (
        "Verbindung zu {called}{to} am {at}, Dauer {duration}",
        "Call to {called}{to} on {at}, duration {duration}",
    ),
    "unrated": (
        "Verbindung zu {called} am {at}: noch nicht bepreist ({why})",
        "Call to {called} on {at} is not rated: {sentence} ({why})",
    ),
    "free": ("Kostenlos: {free}", "Free: {free}"),
    "within": (
        "Kostenlos: die ersten {free_s} Sekunden sind frei",
        "Free: the first {free_s} seconds are",
    ),
    "price": ("Preisliste {list}, Vorwahl {prefix}{window}", "Price list {list}, prefix {prefix}{window}"),
    "per_call": (
        "{price} je Verbindung, unabhängig von der Dauer",
        "{price} per call, whatever its duration",
    ),
    "blocks": (
        "Takt {steps}{free}: begonnene Takte {blocks}, zusammen {billed} Sekunden",
        "Increments {steps}{free}: begun {blocks}, {billed} seconds together",
    ),
    "free_first": (
        " nach {free_s} freien Sekunden",
        " after {free_s} free seconds",
    ),
    "bundle": (
        "Davon {seconds} Sekunden aus den Inklusivminuten {quota}",
        "Of these {seconds} seconds are in the quota for {quota}",
    ),
    "nothing": ("Zu zahlen ist nichts", "Nothing is to be paid"),
    "sum": ("Zu zahlen: {sum} = {exact}", "To be paid: {sum} = {exact}"),
    "minimum": ("mindestens aber {minimum}", "but {minimum} at least"),
    "rounded": (
        "Gerundet {mode} auf {places} Nachkommastellen: {amount} netto",
        "Rounded {mode} to {places} decimals: {amount} net",
    ),
    "line": (
        "Gerundet wird erst die Summe der Rechnungsposition ({mode})",
        "Only the sum of the invoice line is rounded ({mode})",
    ),
    "invoice": (
        "Gerundet wird erst die Rechnungssumme ({mode})",
        "Only the invoice's total is rounded ({mode})",
    ),
    "rate": (
        "Umgerechnet wird zum Kurs vom {day}: 1 EUR = {per_euro} {currency}",
        "Converted at the rate of {day}: 1 EUR = {per_euro} {currency}",
    ),
    "rate_later": (
        "Umgerechnet wird zum Kurs des letzten Tages des Rechnungsmonats",
        "Converted at the rate of the last day of the invoice month",
    ),
}
_FREE: Final = {
    Free.UNANSWERED: ("nicht angenommen", "not answered"),
    Free.INCOMING: ("ankommende Verbindung", "incoming call"),
    Free.ON_NET: ("Verbindung innerhalb unseres Netzes", "call within our network"),
    Free.EMERGENCY: ("Notruf", "emergency call"),
    Free.FREEPHONE: ("entgeltfreie Rufnummer", "freephone number"),
    Free.UIFN: ("international entgeltfreie Rufnummer", "international freephone number"),
    Free.AUTHORITY: ("Behördennummer 115", "authority number 115"),
    Free.HARMONISED: ("Dienst von sozialem Wert (116xyz)", "service of social value (116xyz)"),
}
_QUOTAS: Final = {
    "fixed_minutes": ("Festnetz", "the fixed network"),
    "mobile_minutes": ("Mobilfunk", "mobile networks"),
    "fixed_and_mobile_minutes": ("Festnetz und Mobilfunk", "fixed and mobile networks"),
}
_MODES: Final = {
    Mode.HALF_UP: ("kaufmännisch", "half-up"),
    Mode.HALF_EVEN: ("zur geraden Ziffer", "half-even"),
    Mode.UP: ("aufwärts", "up"),
}
_MOMENT: Final = ("%d.%m.%Y um %H:%M:%S Uhr", "%Y-%m-%d at %H:%M:%S")
_DAY: Final = ("%d.%m.%Y", "%Y-%m-%d")


def explain(result: Charge | Unrated, language: Language = Language.GERMAN, rate: Rate | None = None) -> str:
    """Sentences with every figure of the charge, so that it can be done again by hand.

    `rate`: the exchange rate of the invoice month, once it is known, for charges in another currency.
    """
    return ". ".join(_Writer(language).sentences(result, rate)) + "."


class _Writer:
    """Puts figures into the texts of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def sentences(self, result: Charge | Unrated, rate: Rate | None) -> Iterator[str]:
        leg = result.leg
        at = local(leg.start_ms).strftime(_MOMENT[self._language])
        if isinstance(result, Unrated):
            yield self._say(
                "unrated", called=leg.called or "-", at=at, why=result.why.value, sentence=result.sentence
            )
            return
        price = result.price
        to = f" ({price.destination})" if price else ""
        yield self._say("call", called=leg.called or "-", to=to, at=at, duration=_duration(result.seconds))
        if result.free is not None:
            yield self._say("free", free=_FREE[result.free][self._language])
        if price is not None:
            yield from self._priced(result, price)
            if price.currency != "EUR" and result.exact:
                yield self._rate(rate, price)

    def _priced(self, charge: Charge, price: Price) -> Iterator[str]:
        version = f"{price.list_id} {price.version}"
        window = f" ({price.window})" if price.window else ""
        yield self._say("price", list=version, prefix=price.prefix, window=window)
        if charge.seconds <= price.free_s:
            yield self._say("within", free_s=price.free_s)
            return
        if price.kind is Kind.CALL:
            yield self._say("per_call", price=self._micro(price.price, price))
        else:
            yield from self._timed(charge, price)
        if charge.exact:
            yield self._rounding(charge, price)

    def _timed(self, charge: Charge, price: Price) -> Iterator[str]:
        free = self._say("free_first", free_s=price.free_s) if price.free_s else ""
        yield self._say(
            "blocks", steps=price.increments, free=free, blocks=charge.blocks, billed=charge.billed_s
        )
        if charge.bundle is not None:
            yield self._say("bundle", seconds=charge.bundle_s, quota=_QUOTAS[charge.bundle][self._language])
        if not charge.paid_s:
            yield self._say("nothing")
            return
        pieces = [(each.price, each.seconds) for each in charge.pieces] or [(price, charge.paid_s)]
        parts = [f"{seconds} s × {self._micro(each.price, price)}/min" for each, seconds in pieces]
        if price.fee and not charge.bundle_blocks:
            parts.insert(0, self._micro(price.fee, price))
        least = (
            ", " + self._say("minimum", minimum=self._micro(price.minimum, price)) if price.minimum else ""
        )
        yield self._say("sum", sum=" + ".join(parts) + least, exact=self._ticks(charge.exact, price))

    def _rounding(self, charge: Charge, price: Price) -> str:
        rounding = charge.rounding
        mode = _MODES[rounding.mode][self._language]
        if rounding.stage is Stage.CALL:
            amount = self._ticks(charge.ticks, price)
            return self._say("rounded", mode=mode, places=rounding.places, amount=amount)
        return self._say(rounding.stage.value, mode=mode)

    def _rate(self, rate: Rate | None, price: Price) -> str:
        if rate is None:
            return self._say("rate_later")
        day = rate.day.strftime(_DAY[self._language])
        per_euro = self._decimal(written(rate.per_euro))
        return self._say("rate", day=day, per_euro=per_euro, currency=price.currency)

    def _say(self, name: str, **figures: object) -> str:
        return _TEXTS[name][self._language].format(**figures)

    def _micro(self, micro: int, price: Price) -> str:
        return f"{self._decimal(micro_text(micro))} {price.currency}"

    def _ticks(self, ticks: int, price: Price) -> str:
        return f"{self._decimal(ticks_text(ticks))} {price.currency}"

    def _decimal(self, text: str) -> str:
        return text.replace(".", ",") if self._language is Language.GERMAN else text


def _duration(seconds: int) -> str:
    minutes, rest = minutes_and_seconds(seconds)
    return f"{minutes}:{rest:02} min"

"""A directory of CSV files as a `Tariff`: read together, checked together, taken as a whole or not at all.

lists.csv      versions of price lists with their files (rating/price_file.py)
models.csv     how each price model rounds
customers.csv  price model, quotas and individual list of each customer
notices.csv    proof that a customer was told of a version (optional)
trunks.csv     cost list of each carrier trunk (optional)
fx.csv         exchange rates (optional)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from rating.errors import FieldRefused, Problem, TariffRefused
from rating.fields import choice, currency, day, exchange_rate, identifier, label, whole
from rating.fx import EURO, Rate, Rates
from rating.lists_file import LISTS, NamedVersion, with_prices
from rating.money import MAX_PLACES, Mode, Rounding, Stage
from rating.notice import NOTICE_DAYS, Notice
from rating.strict_csv import Columns, read
from rating.tariff import Tariff
from rating.tariff_checks import Placed, by_customer, cross_checks, standard_of
from rating.terms import Model
from rating.terms_file import CUSTOMERS, terms_of

Value = TypeVar("Value")
Values = Mapping[str, str]

MODELS: Final = Columns(("model", "rounded", "mode"), ("places",))
NOTICES: Final = Columns(("customer", "list", "version", "notified_on", "proof"))
TRUNKS: Final = Columns(("trunk", "list"))
FX: Final = Columns(("day", "currency", "per_euro"))
#: Without these there is nothing to rate by.
REQUIRED: Final = ("lists.csv", "models.csv", "customers.csv")


def tariff_of(files: Mapping[str, bytes], notice_days: int = NOTICE_DAYS) -> Tariff:
    """Contents by file name. Raise TariffRefused with everything that is wrong."""
    problems = [_missing(name) for name in REQUIRED if name not in files]
    named = _rows(files, "lists.csv", LISTS, NamedVersion.parse, problems)
    models = _rows(files, "models.csv", MODELS, _rounding, problems)
    terms = _rows(files, "customers.csv", CUSTOMERS, terms_of, problems)
    notices = _rows(files, "notices.csv", NOTICES, _notice, problems)
    trunks = _rows(files, "trunks.csv", TRUNKS, _trunk, problems)
    rates = _rows(files, "fx.csv", FX, _rate, problems)
    versions = with_prices(named, files, problems)
    if not problems:
        problems += cross_checks(versions, models, terms, notices, trunks, rates)
    if problems:
        raise TariffRefused(tuple(problems))
    return Tariff(
        standard_of(versions),
        versions,
        {model: rounding for _, (model, rounding) in models},
        by_customer(terms),
        {(each.customer_id, each.list_id, each.version): each for _, each in notices},
        {trunk: list_id for _, (trunk, list_id) in trunks},
        Rates({(each.currency, each.day): each.per_euro for _, each in rates}),
        notice_days,
    )


def _missing(name: str) -> Problem:
    return Problem(name, 0, "", "tariff.file-missing", "the file is missing. docs/rating.md shows one")


def _rows(
    files: Mapping[str, bytes],
    name: str,
    columns: Columns,
    parse: Callable[[Values], Value],
    problems: list[Problem],
) -> list[Placed[Value]]:
    """The lines of a file with their numbers; a file that is not there has none."""
    if name not in files:
        return []
    found = read(files[name], name, columns, may_be_empty=name not in REQUIRED)
    problems += found.problems
    rows: list[Placed[Value]] = []
    for line in found.lines:
        try:
            rows.append((line.number, parse(line.values)))
        except FieldRefused as refused:
            problems.append(Problem(name, line.number, "", refused.rule, str(refused)))
    return rows


def _rounding(values: Values) -> tuple[Model, Rounding]:
    stage = choice(values["rounded"], Stage)
    places = whole(values["places"], MAX_PLACES)
    if bool(values["places"]) != (stage is Stage.CALL):
        raise FieldRefused("tariff.places", "places are given for `call` only: invoices have two decimals")
    rounding = Rounding(stage, choice(values["mode"], Mode), places if stage is Stage.CALL else 2)
    return choice(values["model"], Model), rounding


def _notice(values: Values) -> Notice:
    return Notice(
        identifier(values["customer"]),
        identifier(values["list"]),
        identifier(values["version"]),
        day(values["notified_on"]),
        label(values["proof"]),
    )


def _trunk(values: Values) -> tuple[str, str]:
    return identifier(values["trunk"]), identifier(values["list"])


def _rate(values: Values) -> Rate:
    code = currency(values["currency"])
    if code == EURO:
        raise FieldRefused("tariff.rate-of-euro", "one euro is one euro: leave the line out")
    return Rate(code, day(values["day"]), exchange_rate(values["per_euro"]))

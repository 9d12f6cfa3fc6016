"""Rating one leg: what it is, what it costs, which quota it uses, and the record that says so.

The rules, in the order in which they are asked (docs/rating.md tells them with examples):

1. A record that cannot be true goes to quarantine; so does one without price: never free, never lost.
2. Unanswered, incoming, on-net, emergency and free numbers cost nothing.
3. The individual list goes before the standard list; in a list one number before prefixes, longer before
   shorter. The price is that of the moment of the answer.
4. Free seconds, then increments. The quota covers whole increments from the first on while they fit; the
   first that does not fit, and all behind it, are paid.
5. The connection fee goes with the first increment; the minimum holds if any increment is paid.
6. The amount is rounded as the price model says.
"""

from __future__ import annotations

from rating.book import Book, Chain, price_at
from rating.charge import Charge, Cost, Free, Piece, Unrated, Why
from rating.errors import BookMismatch
from rating.free import BY_DIRECTION, free_number
from rating.increments import whole_seconds
from rating.leg import MAX_BILLED_MS, BillableLeg, Direction
from rating.money import TICKS_PER_MICRO, Stage, rounded
from rating.price import Kind, Price
from rating.table import Windowed

#: Seconds used of each quota of a book, in its order.
Used = tuple[int, ...]


def rate(leg: BillableLeg, book: Book, used: Used) -> Charge | Unrated:
    """The charge of a leg, given the seconds that earlier calls of the month have used of the quotas.

    Pure: the same arguments give an equal result. `spent` gives the state for the next call. Raise
    BookMismatch when the book is not that of the leg's customer and month.
    """
    if leg.customer_id != book.customer_id or not book.start_ms <= leg.start_ms < book.end_ms:
        raise BookMismatch(
            f"leg {leg.leg_id}: not of {book.customer_id} in {book.month}. Choose its own book"
        )
    wrong = _impossible(leg)
    if wrong:
        return wrong
    free = _free(leg)
    cost = _cost(leg, book) if leg.carrier_id else None
    if free:
        seconds = whole_seconds(leg.billed_ms)
        return Charge(leg, free, None, seconds, 0, 0, None, 0, 0, (), 0, 0, book.rounding, cost)
    chain = book.chain(leg.called, leg.start_ms)
    entry = price_at(chain, leg.called, leg.start_ms, book.clock)
    if entry is None:
        return Unrated(leg, Why.NO_PRICE, _no_price(leg, book, chain))
    return _charge(leg, book, used, entry, cost)


def spent(used: Used, charge: Charge, book: Book) -> Used:
    """The seconds used of each quota after a charge."""
    if charge.bundle is None or charge.price is None:
        return used
    index = book.quota_of[charge.price.zone]
    return (*used[:index], used[index] + charge.bundle_s, *used[index + 1 :])


def _impossible(leg: BillableLeg) -> Unrated | None:
    if leg.billed_ms < 0 or leg.carrier_ms < 0:
        return Unrated(leg, Why.NEGATIVE, f"the duration is {leg.billed_ms} ms. Look at the raw record")
    if leg.billed_ms > MAX_BILLED_MS:
        days = "more than 31 days. Look at the raw record: was the end of the call lost?"
        return Unrated(leg, Why.TOO_LONG, f"the call lasted {days}")
    if not leg.billed_ms:
        return None
    if leg.direction is Direction.NONE:
        return Unrated(leg, Why.NO_DIRECTION, "answered, but nobody knows who called whom. See the decision")
    if not leg.called and leg.direction is Direction.OUTGOING:
        return Unrated(leg, Why.NO_NUMBER, "answered, but the called number is missing. See the raw record")
    return None


def _free(leg: BillableLeg) -> Free | None:
    if not leg.billed_ms:
        return Free.UNANSWERED
    if leg.direction is not Direction.OUTGOING:
        return BY_DIRECTION[leg.direction]
    return free_number(leg.called)


def _no_price(leg: BillableLeg, book: Book, chain: Chain) -> str:
    if not chain:
        return f"no version of a price list is valid on that day for {book.customer_id}. Import one"
    return f"no price for {leg.called}. Add its prefix to the price list, then rate again"


def _charge(
    leg: BillableLeg, book: Book, used: Used, entry: Price | tuple[Windowed, Price], cost: Cost | None
) -> Charge:
    windowed, price = (None, entry) if isinstance(entry, Price) else entry
    seconds = whole_seconds(leg.billed_ms)
    rounding = book.rounding
    bundle, covered, bundle_s, blocks, billed_s = None, 0, 0, 0, 0
    pieces: tuple[Piece, ...] = ()
    if seconds <= price.free_s:
        exact = 0
    elif price.kind is Kind.CALL:
        exact = price.price * TICKS_PER_MICRO
    else:
        steps = price.increments
        blocks = steps.count(seconds - price.free_s)
        billed_s = steps.length_s(blocks)
        index = book.quota_of.get(price.zone)
        if index is not None:
            quota = book.quotas[index]
            covered = min(blocks, steps.fitting(quota.seconds - used[index]))
            if covered:
                bundle, bundle_s = quota.name, steps.length_s(covered)
        if covered == blocks:
            exact = 0
        else:
            if windowed is not None and windowed.split:
                pieces = _pieces(leg, book, windowed, price, covered, blocks)
                exact = sum(piece.price.price * piece.seconds for piece in pieces)
            else:
                exact = price.price * (billed_s - bundle_s)
            if not covered:
                exact += price.fee * TICKS_PER_MICRO
            exact = max(exact, price.minimum * TICKS_PER_MICRO)
    ticks = rounded(exact, rounding.quantum, rounding.mode) if rounding.stage is Stage.CALL else exact
    return Charge(
        leg, None, price, seconds, blocks, billed_s, bundle, covered, bundle_s, pieces, exact, ticks,
        rounding, cost,
    )  # fmt: skip


def _pieces(
    leg: BillableLeg, book: Book, windowed: Windowed, price: Price, done: int, blocks: int
) -> tuple[Piece, ...]:
    """The paid increments by the price of the moment that each begins; their length is the first price's."""
    steps = price.increments
    first_ms = leg.start_ms + price.free_s * 1000
    found: list[Piece] = []
    while done < blocks:
        begin_ms = first_ms + steps.length_s(done) * 1000
        edge_ms = windowed.until(begin_ms, book.clock)
        upto = min(blocks, steps.begun_before_ms(edge_ms - first_ms))
        piece = Piece(windowed.at(begin_ms, book.clock), steps.length_s(upto) - steps.length_s(done))
        if found and found[-1].price is piece.price:
            piece = Piece(piece.price, found.pop().seconds + piece.seconds)
        found.append(piece)
        done = upto
    return tuple(found)


def _cost(leg: BillableLeg, book: Book) -> Cost | None:
    """What the carrier takes; None when its prices are not known: that is no reason not to rate."""
    chain = book.cost_chain(leg.carrier_id, leg.start_ms)
    entry = price_at(chain, leg.called, leg.start_ms, book.clock)
    if entry is None or not leg.carrier_ms:
        return None
    price = entry if isinstance(entry, Price) else entry[1]
    seconds = whole_seconds(leg.carrier_ms)
    if seconds <= price.free_s:
        return Cost(price, 0, 0)
    if price.kind is Kind.CALL:
        return Cost(price, seconds, price.price * TICKS_PER_MICRO)
    billed_s = price.increments.length_s(price.increments.count(seconds - price.free_s))
    exact = price.price * billed_s + price.fee * TICKS_PER_MICRO
    return Cost(price, billed_s, max(exact, price.minimum * TICKS_PER_MICRO))


def unused(book: Book) -> Used:
    """The state at the beginning of a month."""
    return (0,) * len(book.quotas)

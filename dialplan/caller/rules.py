"""The caller id matrix: which number a call shows, in both directions, row by row with its source.

For each concern the first row whose condition holds decides. `caller.py` gathers the facts, asks here and
acts; docs/caller-id.md is printed from this table. B2, B3, B4; german-rules.md section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from dialplan.caller.facts import CalledNumber, CustomerCall, NetworkCall
from numbering.classes import NumberClass
from numbering.dial import Clir

#: TKG § 120(1): never a caller's number. Short codes of mobile networks are known by their digits.
FORBIDDEN_CLASSES: Final = frozenset(
    {NumberClass.PREMIUM, NumberClass.DIRECTORY, NumberClass.MASS_CALLING, NumberClass.EMERGENCY}
)
#: Vfg 44/2022: EU with its outermost regions and overseas territories, EFTA, and four small states.
STATES_OF_VFG_44_2022: Final = frozenset(
    (
        *(
            "AT",
            "BE",
            "BG",
            "CY",
            "CZ",
            "DK",
            "EE",
            "ES",
            "FI",
            "FR",
            "GR",
            "HR",
            "HU",
            "IE",
            "IT",
            "LT",
            "LU",
        ),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
        *("GF", "GP", "MF", "MQ", "RE", "YT", "AW", "BL", "BQ", "CW", "GL", "NC", "PF", "PM", "SX", "WF"),
        *("CH", "IS", "LI", "NO", "AD", "MC", "SM", "VA"),
    )
)


class Act(Enum):
    """What becomes of it, in words for the table."""

    ASSERT_CLAIMED = "It is the network-provided number."
    ASSERT_LINE = "The line's own number stands in: the phone's, or the customer's main number."
    REFUSE_NUMBER = "Refused with 403."
    SHOW_NETWORK = "The network-provided number is shown."
    SHOW_ASKED = "It is shown; the network-provided number is asserted beside it."
    SHOW_ORIGINAL = (
        "The original caller is shown, the own number asserted and named in Diversion and History-Info."
    )
    DROP = "It is dropped and the network-provided number shown; refused with 403 where the line says so."
    WITHHOLD = "Withheld: anonymous From; the identity with Privacy: id to trusted peers only."
    SHOW = "Shown."
    FORCE = "Shown, with Privacy: none."
    OVERRIDE = "Shown all the same; refused with 403 where the line says so."
    BREAK_OFF = "Broken off with 403, cause 21."
    SUPPRESS = "The display is suppressed: anonymous, Privacy: id. The record keeps the number and this row."
    HIDE = "Hidden from the called party."
    SHOW_FROM = "From's number is shown."
    SHOW_ASSERTED = "The asserted number is shown."
    SHOW_NOTHING = "Nothing is shown."
    REJECT_ANONYMOUS = "433 Anonymity Disallowed."
    LET = "Put through."


Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class CallerRule(Generic[Facts]):
    """A row. `id` is stable: it is kept with the call."""

    id: str
    condition: str
    act: Act
    source: str
    holds: Callable[[Facts], bool]


@dataclass(frozen=True, slots=True)
class Concern(Generic[Facts]):
    """Rows that answer one question, in the order in which they are tried; the last one always holds."""

    direction: str
    question: str
    rules: tuple[CallerRule[Facts], ...]

    def ask(self, facts: Facts) -> CallerRule[Facts]:
        """The first row that holds."""
        for rule in self.rules:
            if rule.holds(facts):
                return rule
        raise AssertionError(f"no row holds: {self.question}")


def _asks_to_hide(call: CustomerCall) -> bool:
    return call.clir is Clir.WITHHOLD or call.hides


_OUT: Final = "customer to network"
_IN: Final = "network to us"
_ALL: Final = "any to a number of ours"

NETWORK_NUMBER: Final[Concern[CustomerCall]] = Concern(
    _OUT,
    "Which number do we vouch for?",
    (
        CallerRule(
            "network.own",
            "A claimed number is assigned to the customer.",
            Act.ASSERT_CLAIMED,
            "TKG § 120(1); B2",
            lambda call: call.claimed,
        ),
        CallerRule(
            "network.none",
            "No number is claimed.",
            Act.ASSERT_LINE,
            "TKG § 120(1); B2",
            lambda call: not call.claims,
        ),
        CallerRule(
            "network.refused",
            "No claimed number is assigned to the customer, and the line refuses wrong numbers.",
            Act.REFUSE_NUMBER,
            "TKG § 120(1), practice of German trunks (403); B2",
            lambda call: call.policy.refuse,
        ),
        CallerRule(
            "network.replaced",
            "No claimed number is assigned to the customer.",
            Act.ASSERT_LINE,
            "TKG § 120(1); B2",
            lambda call: True,
        ),
    ),
)

SHOWN_NUMBER: Final[Concern[CustomerCall]] = Concern(
    _OUT,
    "Which number is shown?",
    (
        CallerRule(
            "shown.original",
            "We pass the call on, and its caller was checked when it came in.",
            Act.SHOW_ORIGINAL,
            "TKG § 120(2): call forwarding",
            lambda call: call.original,
        ),
        CallerRule(
            "shown.network",
            "No user-provided number.",
            Act.SHOW_NETWORK,
            "TKG § 120(1)",
            lambda call: call.asked is None,
        ),
        CallerRule(
            "shown.forbidden",
            "The user-provided number is 0900, 118xy, 0137, a short code, 110 or 112.",
            Act.DROP,
            "TKG § 120(1), (2); TC 6.3",
            lambda call: call.asked is not None and call.asked.forbidden,
        ),
        CallerRule(
            "shown.line-only",
            "The called party is 110, 112, 116117 or 124124.",
            Act.SHOW_NETWORK,
            "TDDDG § 15(1) sentence 4; practice (the line's own number)",
            lambda call: call.always_shown,
        ),
        CallerRule(
            "shown.own",
            "The user-provided number is assigned to the customer.",
            Act.SHOW_ASKED,
            "TKG § 120(2)",
            lambda call: call.own,
        ),
        CallerRule(
            "shown.advertising",
            "The call is advertising.",
            Act.DROP,
            "TDDDG § 15(2): the number assigned to the caller; TC 8.3",
            lambda call: call.advertising,
        ),
        CallerRule(
            "shown.forwarded",
            "The customer's equipment forwards a call to one of its numbers, and the trunk may show callers.",
            Act.SHOW_ORIGINAL,
            "TKG § 120(2): call forwarding",
            lambda call: call.diverted and call.policy.forwards,
        ),
        CallerRule(
            "shown.no-right",
            "No right of use is recorded for the user-provided number.",
            Act.DROP,
            "TKG § 120(2)",
            lambda call: call.right is None,
        ),
        CallerRule(
            "shown.right-over",
            "The recorded right of use has not begun or is over.",
            Act.DROP,
            "TKG § 120(2)",
            lambda call: not call.right_holds,
        ),
        CallerRule(
            "shown.right",
            "A right of use is recorded for the user-provided number, and it is German.",
            Act.SHOW_ASKED,
            "TKG § 120(2)",
            lambda call: call.asked is not None and call.asked.german,
        ),
        CallerRule(
            "shown.foreign-home",
            "It is foreign, the contract excepts it, and the call goes to its own state: EU, EFTA, Andorra, "
            "Monaco, San Marino or Vatican.",
            Act.SHOW_ASKED,
            "Vfg 44/2022",
            lambda call: (
                call.right is not None
                and call.right.foreign_allowed
                and call.asked is not None
                and call.asked.country in STATES_OF_VFG_44_2022
                and call.asked.country == call.destination_country
            ),
        ),
        CallerRule(
            "shown.foreign",
            "Any other foreign number.",
            Act.DROP,
            "TKG § 120(2); TC 6.3",
            lambda call: True,
        ),
    ),
)

WITHHOLDING: Final[Concern[CustomerCall]] = Concern(
    _OUT,
    "Is the number withheld?",
    (
        CallerRule(
            "clir.must-see",
            "The called party is 110, 112, 116117 or 124124.",
            Act.SHOW,
            "TDDDG § 15(1) sentence 4; B4",
            lambda call: call.always_shown,
        ),
        CallerRule(
            "clir.advertising",
            "The call is advertising, and line or call withhold the number.",
            Act.OVERRIDE,
            "TDDDG § 15(2); TC 8.3; B4",
            lambda call: call.advertising and (_asks_to_hide(call) or call.policy.withhold),
        ),
        CallerRule(
            "clir.forced",
            "The caller dialled #31#.",
            Act.FORCE,
            "TDDDG § 15(1); RFC 3323 section 4.2; B4",
            lambda call: call.clir is Clir.SHOW,
        ),
        CallerRule(
            "clir.call",
            "The caller dialled *31#, or the call has Privacy (id, user, header) or an anonymous From.",
            Act.WITHHOLD,
            "TDDDG § 15(1); RFC 3323; B4",
            _asks_to_hide,
        ),
        CallerRule(
            "clir.line",
            "The line withholds its number always, and the call is its own.",
            Act.WITHHOLD,
            "TDDDG § 15(1); B4",
            lambda call: call.policy.withhold and not call.original,
        ),
        CallerRule("clir.none", "Nobody asks for it.", Act.SHOW, "TDDDG § 15(1); B4", lambda call: True),
    ),
)

NETWORK_CALLER: Final[Concern[NetworkCall]] = Concern(
    _IN,
    "What does the called party see?",
    (
        CallerRule(
            "in.forbidden",
            "P-Asserted-Identity or From is 0900, 118xy, 0137, a short code, 110 or 112.",
            Act.BREAK_OFF,
            "TKG § 120(3)",
            lambda call: any(each.forbidden for each in call.claims),
        ),
        CallerRule(
            "in.foreign-entry",
            "The trunk comes from a foreign network and either number is German and not mobile.",
            Act.SUPPRESS,
            "TKG § 120(4)",
            lambda call: call.foreign_entry and any(each.german and not each.mobile for each in call.claims),
        ),
        CallerRule(
            "in.withheld",
            "The caller withholds the number: Privacy (id, user, header) or an anonymous From.",
            Act.HIDE,
            "TDDDG § 15(1), (5); RFC 3323; B3",
            lambda call: call.hides,
        ),
        CallerRule(
            "in.from",
            "From has a number. Also a German mobile one from a foreign network (roaming).",
            Act.SHOW_FROM,
            "TKG § 120(2), (4): roaming; B3",
            lambda call: call.shown is not None and call.shown.number is not None,
        ),
        CallerRule(
            "in.asserted",
            "Only P-Asserted-Identity has a number.",
            Act.SHOW_ASSERTED,
            "RFC 3325 section 8; B3",
            lambda call: call.asserted is not None and call.asserted.number is not None,
        ),
        CallerRule("in.unknown", "Neither has a number.", Act.SHOW_NOTHING, "B3", lambda call: True),
    ),
)

CALLED_PARTY: Final[Concern[CalledNumber]] = Concern(
    _ALL,
    "Does the called number take anonymous calls?",
    (
        CallerRule(
            "acr.open",
            "It takes them.",
            Act.LET,
            "TDDDG § 15(1)",
            lambda call: not call.rejects_anonymous,
        ),
        CallerRule(
            "acr.call-back",
            "It rejects them, and called 110 or 112 within the last hour: the control centre may call back.",
            Act.LET,
            "RFC 7090; our decision (TKG § 164)",
            lambda call: call.called_emergency,
        ),
        CallerRule(
            "acr.withheld",
            "It rejects them, and the number is withheld or suppressed.",
            Act.REJECT_ANONYMOUS,
            "TDDDG § 15(1); TKG § 120(4); RFC 5079",
            lambda call: call.withheld,
        ),
        CallerRule(
            "acr.unknown",
            "It rejects them, and the number is not known, though nobody withholds it.",
            Act.LET,
            "RFC 5079 section 3: only a request for anonymity",
            lambda call: call.unknown,
        ),
        CallerRule(
            "acr.shown", "It rejects them, and the number is shown.", Act.LET, "RFC 5079", lambda call: True
        ),
    ),
)

#: The whole matrix in the order of the documentation.
MATRIX: Final = (NETWORK_NUMBER, SHOWN_NUMBER, WITHHOLDING, NETWORK_CALLER, CALLED_PARTY)

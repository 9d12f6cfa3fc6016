"""The German numbering plan as a table, and the class of a national significant number.

Structure: the national significant number (NSN) has at most 13 digits, has no fixed length, and its prefix
alone says what it is (BNetzA Vfg 29/2015, 25/2016). Nothing here is derived from `phonenumbers` at run time;
its types mix barred and allowed classes (0137 with 0180) and its fixed-line pattern invents area codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.data_onkz import AREA_CODES
from numbering.e164 import E164

#: Digits of a German national significant number, without 0 or +49 (BNetzA Vfg 25/2006 § 2.3c).
LONGEST_NSN: Final = 13
#: Geographic numbers assigned since 2011-07-01 have this many; longer ones were lengthened by their holders.
LONGEST_ASSIGNED_NSN: Final = 11
#: The whole international number without "+" (ITU-T E.164).
LONGEST_INTERNATIONAL: Final = 15


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A range of the plan: all numbers whose NSN begins with `prefix`, unless a longer prefix fits.

    `shortest` and `longest` count the digits of the NSN. They are checked where the class is reachable by
    default: a barred number is barred at any length. `as_of` is the date of the source or when it was read.
    """

    prefix: str
    name: str
    number_class: NumberClass
    shortest: int
    longest: int
    source: str
    as_of: str

    @property
    def policy(self) -> Policy:
        """What holds by default for the row's class."""
        return DEFAULT_POLICY[self.number_class]


_BNETZA: Final = "BNetzA, list of number ranges"
_LIB: Final = "lengths: libphonenumber 9.0.43"
_ELKO: Final = "ElKo list of ranges, secondary"

#: Numbers inside an area code. Short old numbers stay in use; since 2011-07-01 new ones have 11 digits.
GEOGRAPHIC: Final = PlanRow(
    "", "Ortsnetz", NumberClass.GEOGRAPHIC, 4, LONGEST_NSN, "BNetzA, Ortsnetzrufnummern, Länge", "2011-07-01"
)

ROWS: Final[tuple[PlanRow, ...]] = (
    PlanRow("10", "Call-by-Call, Preselection", NumberClass.CALL_BY_CALL, 4, 13, _BNETZA, "2024"),
    PlanRow("11", "free", NumberClass.UNASSIGNED, 2, 13, _ELKO, "2011"),
    PlanRow("110", "Polizei", NumberClass.EMERGENCY, 3, 3, "TKG § 164, NotrufV § 4", "2022"),
    PlanRow(
        "112", "Feuerwehr, Rettungsdienst", NumberClass.EMERGENCY, 3, 3, "TKG § 164, NotrufV § 4", "2022"
    ),
    PlanRow("115", "Behördennummer", NumberClass.AUTHORITY_115, 3, 3, "teltarif 44480, secondary", "2012"),
    PlanRow(
        "116",
        "harmonised service of social value",
        NumberClass.HARMONISED_116,
        6,
        6,
        "BNetzA Vfg 61/2004",
        "2004",
    ),
    PlanRow("118", "Auskunft", NumberClass.DIRECTORY, 5, 6, "TKG § 3 Nr. 5; TC 6.7", "2022"),
    PlanRow("12", "free, formerly Neuartige Dienste", NumberClass.UNASSIGNED, 2, 13, _ELKO, "2011"),
    PlanRow("13", "free", NumberClass.UNASSIGNED, 2, 13, _BNETZA, "2024"),
    PlanRow(
        "137",
        "Massenverkehr (MABEZ)",
        NumberClass.MASS_CALLING,
        10,
        10,
        f"TKG § 3 Nr. 29; TC 6.7; {_LIB}",
        "2022",
    ),
    PlanRow("138", "Teledialog", NumberClass.TELEDIALOG_0138, 7, 7, f"TC 6.7; {_LIB}", "2011"),
    PlanRow("14", "free", NumberClass.UNASSIGNED, 2, 13, _ELKO, "2011"),
    # 12 and 13 digits: the mailbox of a mobile number has two digits more inside (libphonenumber, voicemail).
    PlanRow("15", "Mobilfunk", NumberClass.MOBILE, 11, 13, f"teltarif 31273; {_LIB}", "2024"),
    PlanRow("16", "free", NumberClass.UNASSIGNED, 2, 13, _BNETZA, "2024"),
    PlanRow("160", "Mobilfunk", NumberClass.MOBILE, 10, 13, _LIB, "2024"),
    PlanRow("162", "Mobilfunk", NumberClass.MOBILE, 10, 13, _LIB, "2024"),
    PlanRow("163", "Mobilfunk", NumberClass.MOBILE, 10, 13, _LIB, "2024"),
    PlanRow("164", "Funkruf (Cityruf)", NumberClass.PAGING, 4, 13, f"{_ELKO}; {_LIB}", "2011"),
    PlanRow("168", "Funkruf (Scall)", NumberClass.PAGING, 4, 13, f"{_ELKO}; {_LIB}", "2011"),
    PlanRow("169", "Funkruf (Cityruf, Skyper)", NumberClass.PAGING, 4, 13, f"{_ELKO}; {_LIB}", "2011"),
    PlanRow("17", "Mobilfunk", NumberClass.MOBILE, 10, 13, _LIB, "2024"),
    PlanRow(
        "18", "Nutzergruppen, VPN", NumberClass.VPN, 8, 13, "BNetzA, Nummernplan (0)18; TC 6.7", "2014-10-01"
    ),
    PlanRow(
        "180", "free beside the Service-Dienste", NumberClass.UNASSIGNED, 8, 13, "TKG § 3 Nr. 51", "2022"
    ),
    *(
        PlanRow(
            f"180{digit}",
            f"Service-Dienste 0180-{digit}",
            NumberClass.SHARED_COST,
            8,
            13,
            f"TKG § 3 Nr. 51; {_LIB}",
            "2022",
        )
        for digit in "1234567"
    ),
    PlanRow("19", "free", NumberClass.UNASSIGNED, 2, 13, _BNETZA, "2024"),
    PlanRow(
        "190", "free, formerly Premium-Dienste", NumberClass.UNASSIGNED, 2, 13, "verivox, secondary", "2006"
    ),
    *(
        PlanRow(
            f"19{digit}", "Online-Dienste", NumberClass.ONLINE_019X, 4, 13, "cantoo list, secondary", "2024"
        )
        for digit in "1234"
    ),
    PlanRow("198", "Verkehrslenkung", NumberClass.ROUTING_0198_0199, 3, 13, "BNetzA, (0)19x", "2024"),
    PlanRow("199", "network-internal", NumberClass.ROUTING_0198_0199, 3, 13, "BNetzA, (0)19x", "2024"),
    PlanRow("31", "Prüfrufnummern", NumberClass.TEST_031, 3, 13, "BNetzA, (0)31", "2024"),
    PlanRow(
        "32",
        "Nationale Teilnehmerrufnummern",
        NumberClass.NATIONAL_SUBSCRIBER,
        9,
        13,
        f"TKG § 3 Nr. 31; {_LIB}",
        "2022",
    ),
    PlanRow("700", "Persönliche Rufnummer", NumberClass.PERSONAL, 11, 11, f"TKG § 3 Nr. 46; {_LIB}", "2022"),
    # Numbers of 9 digits from before the present length are still in use; the library calls them invalid.
    PlanRow("800", "entgeltfrei", NumberClass.FREEPHONE, 9, 13, f"BNetzA, (0)800; {_LIB}", "2024"),
    PlanRow("900", "Premium-Dienste", NumberClass.PREMIUM, 10, 11, f"TKG § 3 Nr. 47; TC 6.7; {_LIB}", "2022"),
)

#: Called parties who must see the caller's number: it cannot be withheld from them (TDDDG § 15(1)).
ALWAYS_SHOWN_TO: Final = frozenset({"110", "112", "116117", "124124"})

#: Short codes of German mobile networks by length (libphonenumber 9.0.43, carrier-specific; TKG § 3 Nr. 27).
MOBILE_SHORT_CODES: Final[dict[int, tuple[str, ...]]] = {
    4: ("331", "333", "746"),
    5: ("220", "225", "229", "448", "600", "70", "808"),
    6: ("227",),
}

_AREA_CODES: Final = frozenset(AREA_CODES.split())
_BY_PREFIX: Final[dict[str, PlanRow]] = dict.fromkeys(_AREA_CODES, GEOGRAPHIC) | {
    row.prefix: row for row in ROWS
}


def is_area_code(text: str) -> bool:
    """Whether `text` is one of the 5,202 area codes (ONKZ), written without the leading 0."""
    return text in _AREA_CODES


def area_code_of(number: E164) -> str | None:
    """The area code (ONKZ, without 0) that a German geographic number begins with; None for all others."""
    found = find(number[3:]) if number.startswith("+49") else None
    return number[3 : 3 + found[1]] if found is not None and found[0] is GEOGRAPHIC else None


def find(nsn: str) -> tuple[PlanRow, int] | None:
    """The row of the longest prefix that fits and its length; None: there is no area code like that."""
    get = _BY_PREFIX.get
    # Five digits come last: no area code of five digits begins with another prefix of the plan (tested).
    if row := get(nsn[:4]):
        return row, min(4, len(nsn))
    if row := get(nsn[:3]):
        return row, 3
    if row := get(nsn[:2]):
        return row, 2
    if row := get(nsn[:5]):
        return row, 5
    return None

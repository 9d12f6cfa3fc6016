"""What an emergency call needs of the configuration: addresses of lines, areas, and how trunks want the
INVITE.

The text of TR Notruf 2.1 (Vfg 66/2025) is not public enough to be quoted here: everything in which peers
differ is a setting of the trunk (`EmergencyForm`), with the RFC's meaning as the default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from numbering.emergency_areas import Area, AreaTable

#: First two digits of community keys (AGS) by Land (ISO 3166-2:DE).
LAND_KEYS: Final = {
    "SH": "01", "HH": "02", "NI": "03", "HB": "04", "NW": "05", "HE": "06", "RP": "07", "BW": "08",
    "BY": "09", "SL": "10", "BE": "11", "BB": "12", "MV": "13", "SN": "14", "ST": "15", "TH": "16",
}  # fmt: skip
#: Without a time: the newest areas.
_LATEST: Final = datetime(9999, 1, 1, tzinfo=UTC)
_LANDS: Final = {key: land for land, key in LAND_KEYS.items()}


@dataclass(frozen=True, slots=True)
class LineAddress:
    """The contract address of lines, the only one by which emergency calls are routed (B8, TC 6.4).

    `ags`: community key of 8 digits, with a letter for a part (AGS_N); `state`: Land as in ISO
    3166-2:DE. Either
    may be None. `abroad`: lines here have their origin outside Germany (NotrufV § 4(5) sentence 4).
    """

    street: str
    house_number: str | None
    postcode: str
    town: str
    state: str | None = None
    ags: str | None = None
    abroad: bool = False

    @property
    def area_key(self) -> str | None:
        """The key to look the area up by: the community's, else the Land's."""
        return self.ags or (LAND_KEYS.get(self.state) if self.state else None)

    @property
    def land(self) -> str | None:
        """The Land, also when only the community is known."""
        return self.state or (_LANDS.get(self.ags[:2]) if self.ags else None)

    def __str__(self) -> str:
        street = " ".join(filter(None, (self.street, self.house_number)))
        return f"{street}, {self.postcode} {self.town}"


class EmergencyTarget(StrEnum):
    """What a trunk's Request-URI carries for an emergency call."""

    DIALLED = "dialled"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class UserToUser:
    """User-to-User Information (RFC 7433). `template`: text in which {area}, {provider}, {number}, {dialled},
    {code} and {centre} are filled in; written in hexadecimal behind the octet `discriminator` (RFC 7434
    section 5;
    04: characters of IA5), with `purpose` when there is one."""

    template: str
    discriminator: str = "04"
    purpose: str | None = "isdn-uui"


@dataclass(frozen=True, slots=True)
class EmergencyForm:
    """How one trunk wants emergency calls.

    `prefix` stands before the code (`+49` or nothing). `location`: Geolocation (RFC 6442) with the address as
    PIDF-LO in the body. `routing`: value of Geolocation-Routing, None for none. `source`: loc-src (RFC 8787),
    the host name that vouches for the location. `method`: how it was found (RFC 4119 section 2.2.3).
    `provider_header`: name of a header with the carrier's id (Anbieterkennung, NotrufV § 4(4)).
    `provider_in_location`: the id as provided-by of the PIDF-LO. `claimed_location`: the PIDF-LO that the
    caller's own system sent goes on as a further, optional body.
    """

    target: EmergencyTarget = EmergencyTarget.DIALLED
    prefix: str = ""
    location: bool = True
    routing: bool | None = True
    source: str | None = None
    method: str = "Manual"
    provider_header: str | None = None
    provider_in_location: bool = False
    user_to_user: UserToUser | None = None
    claimed_location: bool = False


#: For trunks that do not say how they want it.
DEFAULT_FORM: Final = EmergencyForm()


@dataclass(frozen=True, slots=True)
class EmergencyRouting:
    """The carrier's part: its id (Anbieterkennung), the areas, and where calls go that no area is known for.

    `static_at`: the time whose areas the dialplan without a controller is rendered with; whoever keeps the
    snapshot moves it on when areas change.
    """

    provider_id: str | None = None
    areas: AreaTable = field(default_factory=AreaTable)
    default_codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    static_at: datetime = _LATEST

    def route(self, address: LineAddress | None, dialled: str, at: datetime) -> EmergencyRoute:
        """Where 110 or 112 goes from this address at this time."""
        key = address.area_key if address else None
        area = self.areas.find(key, dialled, at) if key else None
        if area is not None:
            return EmergencyRoute(area.code, area)
        return EmergencyRoute(self.default_codes.get(dialled), None)


@dataclass(frozen=True, slots=True)
class EmergencyRoute:
    """The code (Notrufcodierung) that takes the call, None when none is known; `area` None: it is the
    default."""

    code: str | None
    area: Area | None


NO_EMERGENCY_ROUTING: Final = EmergencyRouting()

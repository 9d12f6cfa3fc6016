"""Calls to 110 and 112: where they go, and how each trunk wants them (B8)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, model_validator

from numbering.emergency_areas import CODE, Area, AreaUnreadable, parse_area
from provisioning.notation.entry import Entry, Many, refusal
from provisioning.notation.form import Form

_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,63}", re.ASCII)
#: Headers that FreeSWITCH or we write already.
_TAKEN: Final = frozenset(
    {
        *(
            "via",
            "from",
            "to",
            "call-id",
            "cseq",
            "contact",
            "max-forwards",
            "route",
            "record-route",
            "allow",
        ),
        *("supported", "require", "content-type", "content-length", "p-asserted-identity", "privacy"),
        *("p-preferred-identity", "geolocation", "geolocation-routing", "user-to-user", "reason"),
    }
)
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", re.ASCII)
_PREFIX: Final = re.compile(r"\+?[0-9A-F]{0,8}", re.ASCII)
_PROVIDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,62}", re.ASCII)
_TOKEN: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_TEMPLATE: Final = re.compile(
    r"(?:[A-Za-z0-9 .,:;/+=*#_-]|\{(?:area|provider|number|dialled|code|centre)\}){1,128}", re.ASCII
)


def _parse_area(value: Any) -> Area:
    if isinstance(value, str) and len(value) <= 160:
        try:
            return parse_area(value)
        except AreaUnreadable as error:
            raise refusal("config.emergency-area", f"not an emergency area: {error}", _AREA) from None
    raise refusal("config.emergency-area", "not an emergency area", _AREA)


def _matching(pattern: re.Pattern[str], id_: str, noun: str, allowed: str) -> BeforeValidator:
    def parse(value: Any) -> str:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise refusal(id_, f"not {noun}", allowed)

    return BeforeValidator(parse)


def _parse_header(value: Any) -> str:
    if isinstance(value, str) and _HEADER.fullmatch(value) and value.lower() not in _TAKEN:
        return value
    raise refusal("config.header-name", "not a header that can be added", "X-Provider-Id")


_AREA: Final = (
    '"05315000 112 49CC221112 2026-01-01": AGS, dialled, code, valid from, control centre if wanted'
)
EmergencyArea = Annotated[
    Area,
    PlainValidator(_parse_area),
    PlainSerializer(str),
    Form("emergency area", "`AGS DIALLED CODE VALID_FROM [CENTRE]`, in quotes"),
]
EmergencyCode = Annotated[
    str,
    _matching(
        CODE, "config.emergency-code", "a code (Notrufcodierung)", "3 to 24 of 0-9 and A-F, one of A-F"
    ),
    Form("code", "3 to 24 digits 0-9 and A-F, at least one of them A-F, in quotes"),
]
ProviderId = Annotated[
    str,
    _matching(_PROVIDER, "config.provider-id", "a provider id", "letters, digits, space and . _ / -"),
    Form("text", "1 to 63 letters, digits, spaces and `. _ / -`"),
]
HostName = Annotated[
    str, _matching(_HOST, "config.host-name", "a host name", "carrier.example"), Form("host name")
]
CodePrefix = Annotated[
    str,
    _matching(_PREFIX, "config.emergency-prefix", "a prefix", '"", "+49"'),
    Form("text", "`+` and up to 8 digits 0-9 and A-F, in quotes"),
]
LocationMethod = Annotated[
    str,
    _matching(_TOKEN, "config.location-method", "a method token", "Manual"),
    Form("token", "1 to 64 letters, digits and `. _ -`"),
]
HeaderName = Annotated[
    str, BeforeValidator(_parse_header), Form("header name", "one that is not ours to set")
]
UuiTemplate = Annotated[
    str,
    _matching(
        _TEMPLATE,
        "config.uui-template",
        "a template",
        "text with {area}, {provider}, {number}, {dialled}, {code}, {centre}",
    ),
    Form("template", "text with `{area} {provider} {number} {dialled} {code} {centre}`"),
]


class UserToUserEntry(Entry):
    """The header User-to-User (RFC 7433): what the ISDN's user-to-user information carried (TR Notruf
    2.0)."""

    template: UuiTemplate = Field(description="What it says; written in hexadecimal (B8).")
    discriminator: Literal["00", "04", "05"] = Field(
        "04", description="Protocol discriminator, the first octet: 04 stands for characters (RFC 7434)."
    )
    purpose: LocationMethod | None = Field("isdn-uui", description="The parameter `purpose`; null for none.")


class EmergencyInviteEntry(Entry):
    """How the trunk wants calls to 110 and 112. What TR Notruf 2.1 prescribes is agreed with the peer
    (B8)."""

    request_uri: Literal["dialled", "code"] = Field(
        "dialled",
        description="What the Request-URI carries: what was dialled, and the peer finds the control "
        "centre; or "
        "the area's code (Notrufcodierung). Without a known code it is what was dialled (B8).",
    )
    prefix: CodePrefix = Field("", description="Stands before the code in the Request-URI (B8).")
    location: bool = Field(
        True, description="Geolocation header and the line's address as PIDF-LO in the body (B8)."
    )
    geolocation_routing: Literal["yes", "no", "absent"] = Field(
        "yes", description="Header Geolocation-Routing (RFC 6442): whether the peer may route by it (B8)."
    )
    loc_src: HostName | None = Field(
        None, description="Parameter loc-src of Geolocation (RFC 8787): our host name. Default: absent (B8)."
    )
    method: LocationMethod = Field(
        "Manual", description="How the location was found, as the PIDF-LO says it (RFC 4119) (B8)."
    )
    provider_header: HeaderName | None = Field(
        None, description="Header that carries provider_id (Anbieterkennung). Default: none (B8)."
    )
    provider_in_location: bool = Field(
        False, description="Whether the PIDF-LO names provider_id as provided-by (RFC 4119) (B8)."
    )
    user_to_user: UserToUserEntry | None = Field(
        None, description="Header User-to-User. Default: none; one of the caller never passes (B8)."
    )
    claimed_location: bool = Field(
        False,
        description="Whether a PIDF-LO that the caller's own system sent (Teams) goes along as a further "
        "body. It "
        "is kept in the record of the call in any case and never routes (B8).",
    )


class EmergencyEntry(Entry):
    """Where calls to 110 and 112 go."""

    provider_id: ProviderId | None = Field(
        None, description="Our id among providers (Anbieterkennung, NotrufV § 4(4)) (B8)."
    )
    default_110: EmergencyCode | None = Field(
        None, description="Code for 110 from lines whose address has no area. Default: none (B8)."
    )
    default_112: EmergencyCode | None = Field(
        None, description="Code for 112 from lines whose address has no area. Default: none (B8)."
    )
    areas: Many[EmergencyArea] = Field(
        (),
        description="The directory of emergency areas; `fernamt emergency areas import` writes it from a "
        "file. The "
        "newest row that is valid counts; an AGS of 5, 3 or 2 digits stands for all communities in it (B8).",
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        seen: dict[tuple[str, str, object], str] = {}
        for each in self.areas:
            name = (each.key, each.dialled, each.valid_from)
            if seen.setdefault(name, each.code) != each.code:
                raise refusal(
                    "config.emergency-area-twice",
                    f"two codes for {each.dialled} from {each.key} from the same time on",
                    "one of them",
                )
        return self

"""Microsoft Teams: our side of it, and the customers' tenants (A4, B1)."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from dialplan.carrier import SipAddress, Transport
from provisioning.notation.entry import Choices, Entry, refusal
from provisioning.notation.form import Form
from provisioning.notation.values import Id
from provisioning.schema.address import Address
from provisioning.schema.caller_id import TrunkCallerIdEntry, Which, WhichOrNone
from provisioning.schema.codes import TenantId
from provisioning.schema.trunk import Codec

_FQDN: Final = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.ASCII)
_NETWORK_ALLOWED: Final = "an address with the length of its prefix: 52.112.0.0/14"
#: Direct Routing's servers, in the order that Microsoft wants, and the networks of their calls.
_ADDRESSES: Final = tuple(
    SipAddress(f"{name}.pstnhub.microsoft.com", 5061, Transport.TLS) for name in ("sip", "sip2", "sip3")
)
_NETWORKS: Final = ("52.112.0.0/14", "52.122.0.0/15")
#: Formats of other trunks' numbers (caller_id.FormatName).
_FORMATS_BESIDE: Final = ("digits", "international", "national")
#: Keys of other trunks' headers, and why Teams' have none.
_NOT_FOR_TEAMS: Final = {
    "host": "Microsoft finds the tenant by our host name, which is the trunk's fqdn",
    "preset": "the kinds are those of telephone systems and carriers",
    "preferred_number": "Microsoft does not read P-Preferred-Identity",
    "trusted": "withheld numbers must not leave our trust domain (RFC 3325 section 7, TDDDG § 15(1))",
}
_CODECS: Final[tuple[Codec, ...]] = ("G722", "PCMA", "PCMU")


def _parse_fqdn(value: Any) -> str:
    if isinstance(value, str) and _FQDN.fullmatch(value.lower()):
        return value.lower()
    raise refusal("config.host-name", "not a full host name", "sbc.example.com")


def _parse_network(value: Any) -> str:
    if isinstance(value, str) and len(value) <= 64 and "/" in value:
        try:
            return str(ipaddress.ip_network(value))
        except ValueError:
            pass
    raise refusal("config.network", "not a network", _NETWORK_ALLOWED)


Fqdn = Annotated[str, BeforeValidator(_parse_fqdn), Form("host name", "with its domain")]
Network = Annotated[str, BeforeValidator(_parse_network), Form("network", "`address/length`")]


class TeamsEntry(Entry):
    """Microsoft's side of all Teams trunks. Needs `node.tls` in the settings (B1)."""

    fqdn: Fqdn = Field(
        description="Our host name towards Microsoft: stands in Via, in Contact and in OPTIONS; the node's "
        "certificate is for it and for those of the customers (B1)."
    )
    addresses: Choices[Address] = Field(
        _ADDRESSES,
        description="Where calls are sent, in this order; the next one after 408, 503, 504 or silence (B1).",
    )
    accepts_from: Choices[Network] = Field(
        _NETWORKS, description="Networks that Microsoft's calls come from (B1)."
    )
    ping_s: int = Field(
        60,
        ge=5,
        le=3_600,
        description="Seconds between two OPTIONS to each; Microsoft wants 60 (B1).",
    )

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if any(each.transport is not Transport.TLS for each in self.addresses):
            raise refusal("config.teams-without-tls", "Teams is reached by TLS alone", "addresses with /tls")
        return self


def _parse_teams_format(value: Any) -> Any:
    if value in _FORMATS_BESIDE:
        raise refusal("config.teams-headers", "Teams finds no user by a number without +", "e164 or plus")
    return value


class TeamsHeadersEntry(Entry):
    """What may be chosen in the headers of calls to Microsoft Teams; the rest is as Microsoft wants it.

    Its servers look for the customer by the host name and for the user by +49221…, and they are outside our
    trust domain (RFC 3325): what is withheld stays here.
    """

    from_number: Which = Field(
        "shown", description="Number in From, which Teams shows: `shown` or `network` (B2)."
    )
    asserted_number: WhichOrNone = Field("shown", description="Number in P-Asserted-Identity (B2).")
    diversion: bool = Field(False, description="Whether Diversion names who forwarded a call (B2).")
    history_info: bool = Field(False, description="Whether History-Info names who forwarded a call (B2).")
    number_format: Annotated[Literal["e164", "plus"], BeforeValidator(_parse_teams_format)] = Field(
        "plus", description="How numbers are written: `plus` +49221…, `e164` the same with user=phone."
    )

    @model_validator(mode="before")
    @classmethod
    def _as_microsoft_wants(cls, value: Any) -> Any:
        for key, why in _NOT_FOR_TEAMS.items():
            if isinstance(value, dict) and key in value:
                allowed = ", ".join(cls.model_fields)
                raise refusal("config.teams-headers", f"{key} is not for Teams: {why}", allowed)
        return value


class TeamsTrunkEntry(Entry):
    """The customer's Microsoft Teams, reached by Operator Connect or Direct Routing (A4, B1)."""

    id: Id = Field(description="Name of the trunk, unique among all trunks.")
    tenant_id: TenantId = Field(
        description="The customer's Microsoft tenant. Its calls must show a number linked to it (A4)."
    )
    fqdn: Fqdn = Field(description="Our host name towards Teams for this customer (B1).")
    codecs: Choices[Codec] = Field(
        _CODECS,
        description="Codecs of its calls: PCMA, PCMU, G722, OPUS. Which of them a call has, both sides agree "
        "on; calls from Teams may have those of any Teams trunk, and PCMA and PCMU in any case.",
    )
    no_progress_s: int = Field(
        20,
        ge=1,
        le=60,
        description="Seconds without ringing, early media or answer before Microsoft's next server is tried; "
        "100 Trying does not count. A server without any response is left after 3 s.",
    )
    no_answer_s: int = Field(
        120, ge=10, le=600, description="Seconds of ringing before the call is given up."
    )
    capacity: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Calls at once, both ways, over all of Microsoft's servers. What is beyond: as of the "
        "customer's other trunks. Default: no limit (B1, B8).",
    )
    headers: TeamsHeadersEntry | None = Field(
        None, description="Which number stands in which header of calls to Teams (B2)."
    )
    caller_id: TrunkCallerIdEntry | None = Field(
        None,
        description="What holds for the caller id of its calls; a number of somebody else's is refused in "
        "any case (A4, B2, B4).",
    )

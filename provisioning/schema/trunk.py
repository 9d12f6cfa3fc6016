"""SIP trunks: what carriers' and customers' have in common."""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from dialplan.carrier import REGISTRATION_S, Transport
from provisioning.notation.entry import Choices, Entry, Few, refusal
from provisioning.notation.secret import SecretRef
from provisioning.notation.values import Id, Login, Username
from provisioning.schema.address import Address, HostName, Source, is_ip
from provisioning.schema.caller_id import HeadersEntry

Codec = Literal["PCMA", "PCMU", "G722", "OPUS"]
#: mod_sofia refuses shorter ones.
_LEAST_PING_S: Final = 5
DEFAULT_CODECS: Final[tuple[Codec, ...]] = ("PCMA", "PCMU")


class RegistrationEntry(Entry):
    """We register at the trunk's address as `username` of `domain`. Calls over the trunk are of that domain
    too: it stands behind all numbers in them. The peer's challenges to them are answered."""

    username: Login = Field(
        description="User name that we register, before the @ of our SIP address there: often the trunk's "
        "number as `+49…` or the name of the account."
    )
    secret: SecretRef = Field(description="Where the password is: `{env: NAME}` or `{file: path}`.")
    domain: HostName | None = Field(
        None,
        description="The peer's SIP domain where that is not the host of `address`: `tel.carrier.example`. "
        "All is sent to `address` (outbound proxy) even so. Default: the host of `address`.",
    )
    auth_username: Username | None = Field(
        None,
        description="User name for digest authentication (RFC 8760), if it is another. Default: `username`.",
    )
    expires_s: int = Field(
        REGISTRATION_S,
        ge=60,
        le=86_400,
        description="Seconds that a registration is asked for. A registrar that grants less is asked again "
        "in time, and one that wants more (423) gets it.",
    )

    @field_validator("username", mode="before")
    @classmethod
    def _has_no_domain(cls, value: Any) -> Any:
        if isinstance(value, str) and "@" in value:
            raise refusal(
                "config.username",
                "a user name and its domain",
                "username: before the @, domain: behind it; the whole only as auth_username",
            )
        return value


class TrunkEntry(Entry):
    """A SIP connection to someone's equipment."""

    id: Id = Field(description="Name of the trunk, unique among all trunks.")
    address: Address | None = Field(
        None,
        description="Where calls are sent: `host:port`, or `host:port/tcp` or `/tls`. With `login` it may be "
        "left out: calls go to where the system has registered.",
    )
    accepts_from: Few[Source] | None = Field(
        None,
        description="Sources whose calls are this trunk's: `ip` or `ip:port`. Default: the address itself, "
        "from any port where no other trunk has it; with `login` none.",
    )
    registration: RegistrationEntry | None = Field(
        None, description="Only where the other side wants us to register; else it knows us by our address."
    )
    codecs: Choices[Codec] = Field(
        DEFAULT_CODECS,
        description="Codecs of its calls, both ways, the preferred one first: PCMA, PCMU, G722, OPUS.",
    )
    no_progress_s: int | None = Field(
        None,
        ge=1,
        le=60,
        description="Post-dial delay: seconds without ringing, early media or answer before the next trunk "
        "is tried; 100 Trying does not count. Default: 20, and 4 for a system that is called where it has "
        "registered, which nothing else finds dead. Another peer without any response is left after 3 s.",
    )
    no_answer_s: int = Field(
        120, ge=10, le=600, description="Seconds of ringing before the call is given up."
    )

    headers: HeadersEntry | None = Field(
        None, description="Which number stands in which header of calls that leave here (B2)."
    )
    ping_s: int = Field(
        0,
        ge=0,
        le=3_600,
        description="Seconds between two OPTIONS that ask whether the peer is there, 5 at least; 0: none.",
    )

    srtp: Literal["off", "optional", "required"] = Field(
        "off",
        description="Encrypted sound (SRTP): `optional` offers it, `required` refuses calls without it but "
        "those to 110 and 112; `off` takes it where the peer offers it. Wants `/tls` in `address`; "
        "`required` wants TLS of a system that registers too, which is not called without (B1).",
    )

    @property
    def logs_in(self) -> bool:
        """Whether the system at the other end proves itself by digest."""
        return False

    @model_validator(mode="after")
    def _calls_have_somewhere_to_go(self) -> Self:
        if self.address is not None:
            return self
        if not self.logs_in:
            raise refusal(
                "config.address-missing",
                "calls to the trunk have nowhere to go",
                "an address, or a login for a system that registers with us",
            )
        if self.registration is not None or self.ping_s:
            raise refusal(
                "config.address-missing",
                "without an address there is nobody to register with or to ask by OPTIONS",
                "an address, or neither registration nor ping_s",
            )
        return self

    @model_validator(mode="after")
    def _pings_as_the_switch_can(self) -> Self:
        if 0 < self.ping_s < _LEAST_PING_S:
            raise refusal("config.ping", "too often for the switch", f"0, or {_LEAST_PING_S} to 3600")
        return self

    @model_validator(mode="after")
    def _keys_are_not_heard(self) -> Self:
        if self.srtp == "off" or (self.address is None and self.logs_in):
            return self  # whether a system registers by TLS is seen when it does
        if self.address is None or self.address.transport is not Transport.TLS:
            raise refusal(
                "config.srtp-without-tls",
                "keys of encrypted sound would travel in clear text (RFC 4568 section 7)",
                "an address with /tls, a login without address, or srtp: off",
            )
        return self

    @model_validator(mode="after")
    def _sources_are_known(self) -> Self:
        if self.accepts_from is not None or self.address is None or self.logs_in:
            return self
        if not is_ip(self.address.host):
            raise refusal(
                "config.accepts-from-missing",
                "a trunk whose address is a name must say which IP addresses its calls come from",
                "accepts_from: [192.0.2.10]",
            )
        return self

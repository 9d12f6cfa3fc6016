"""Everything a test wants to know about one call of a robot, as a value."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from lab.media.detect import ToneHeard
from lab.media.rtp_receiver import RtpStats

CallState = Literal["calling", "ringing", "answered", "ended"]
Party = Literal["us", "peer"]


@dataclass(frozen=True, slots=True)
class Provisional:
    """A 1xx response, received or sent; `at_ms` after the first INVITE; `early_media`: it had SDP."""

    code: int
    reason: str
    at_ms: int
    early_media: bool


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One body of a message; `headers` are the part's own, without Content-Type."""

    content_type: str
    content: str
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CallReport:
    """One call as its robot saw it; times are monotonic milliseconds since the first INVITE.

    `headers`, `body`, `parts` belong to the INVITE (received or sent), `response_headers` to the final
    response (sent or received). `reason_headers` are the Reason headers (RFC 3326) of the response,
    CANCEL or BYE that ended the call. `ended_by` "peer" means that the peer refused, cancelled or hung up.
    `post_dial_delay_ms` is INVITE to the first 180, 183 or 200. `problem` is what went wrong inside the
    robot (no usable SDP, no ACK, unreachable peer), None in a good call. `refer_code` is the answer to our
    REFER, `refer_results` the SIP codes that NOTIFY reported of it (RFC 3515). `replaces` is what a Replaces
    header says of this call to the peer (RFC 3891). `began_ms` is the first INVITE by the monotonic clock of
    the robots' process, so that moments of two calls can be compared. `codec` is what the robot sends.
    `offers` is how many re-INVITEs and UPDATEs the peer sent.
    """

    call: str
    phone: str
    direction: Literal["outgoing", "incoming"]
    state: CallState
    sip_call_id: str
    request_uri: str
    from_header: str
    to_header: str
    headers: tuple[tuple[str, str], ...]
    body: str
    parts: tuple[BodyPart, ...]
    provisionals: tuple[Provisional, ...]
    final_code: int | None
    final_reason: str
    response_headers: tuple[tuple[str, str], ...]
    reason_headers: tuple[str, ...]
    answered_ms: int | None
    ended_ms: int | None
    ended_by: Party | None
    post_dial_delay_ms: int | None
    digits: str
    tones: tuple[ToneHeard, ...]
    rtp: RtpStats
    problem: str | None
    refer_code: int | None = None
    refer_results: tuple[int, ...] = ()
    offers: int = 0
    replaces: str = ""
    began_ms: int = 0
    codec: str = ""

    def header(self, name: str) -> str | None:
        """The first header of the INVITE with this name, whatever its case."""
        return next(iter(self.header_values(name)), None)

    def header_values(self, name: str) -> tuple[str, ...]:
        """All headers of the INVITE with this name, in their order."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def asserted_identities(self) -> tuple[str, ...]:
        """P-Asserted-Identity as on the wire (RFC 3325)."""
        return self.header_values("P-Asserted-Identity")

    @property
    def privacy(self) -> str | None:
        """Privacy as on the wire (RFC 3323)."""
        return self.header("Privacy")

    @property
    def q850_cause(self) -> int | None:
        """The cause of the first `Reason: Q.850` header, None without one."""
        for header in self.reason_headers:
            protocol, *params = (part.strip() for part in header.split(";"))
            for param in params:
                name, _, value = param.partition("=")
                if (
                    protocol.upper() == "Q.850"
                    and name.strip().lower() == "cause"
                    and value.strip().isdecimal()
                ):
                    return int(value)
        return None

    @property
    def talked_ms(self) -> int:
        """From the answer to the end, 0 when it was never answered or goes on."""
        if self.answered_ms is None or self.ended_ms is None:
            return 0
        return self.ended_ms - self.answered_ms

    def heard(self, frequency_hz: int, min_ms: int = 200, tolerance_hz: int = 12) -> bool:
        """Whether a steady tone of about this frequency was heard for at least `min_ms`."""
        return any(
            abs(tone.frequency_hz - frequency_hz) <= tolerance_hz and tone.duration_ms >= min_ms
            for tone in self.tones
        )


def report_to_wire(report: CallReport) -> dict[str, Any]:
    """The report as a JSON object."""
    return asdict(report)


def report_from_wire(fields: Mapping[str, Any]) -> CallReport:
    """The report that `report_to_wire` wrote, after its way through JSON."""
    values = dict(fields)
    values["headers"] = _pairs(values["headers"])
    values["response_headers"] = _pairs(values["response_headers"])
    values["parts"] = tuple(
        BodyPart(part["content_type"], part["content"], _pairs(part["headers"])) for part in values["parts"]
    )
    values["provisionals"] = tuple(Provisional(**one) for one in values["provisionals"])
    values["reason_headers"] = tuple(values["reason_headers"])
    values["tones"] = tuple(ToneHeard(**one) for one in values["tones"])
    values["refer_results"] = tuple(values["refer_results"])
    values["rtp"] = RtpStats(**values["rtp"])
    return CallReport(**values)


def _pairs(rows: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in rows)

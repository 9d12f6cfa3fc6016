"""SIP that torments parsers, after RFC 4475 (the section stands beside each) and what was seen since.

Written anew with our addresses: each is one datagram to a port of the node, from a socket of a peer or of a
stranger. `{to}` is the node, `{here}` the sender, `{mark}` a text that no other message has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_HEAD: Final = (
    "Via: SIP/2.0/UDP {here};branch=z9hG4bK{mark};rport\r\n"
    "From: <sip:+4915228817386@{here}>;tag={mark}\r\n"
    "To: <sip:+492214710104@{to}>\r\n"
    "Call-ID: {mark}\r\n"
    "Max-Forwards: 70\r\n"
    "Contact: <sip:carrier@{here}>\r\n"
)
_SDP: Final = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
)


@dataclass(frozen=True, slots=True)
class Torture:
    """One message. `section` of RFC 4475; `valid`: a correct parser has to read it."""

    section: str
    name: str
    text: bytes
    valid: bool = False

    def written(self, to: str, here: str, mark: str) -> bytes:
        """The datagram."""
        places = {b"{to}": to, b"{here}": here, b"{mark}": mark}
        text = self.text
        for name, value in places.items():
            text = text.replace(name, value.encode())
        return text


def _invite(
    head: str = _HEAD,
    *,
    line: str = "INVITE sip:+492214710104@{to} SIP/2.0",
    more: str = "",
    cseq: str = "1 INVITE",
    body: str = _SDP,
    length: str | None = None,
) -> bytes:
    size = str(len(body)) if length is None else length
    tail = f"CSeq: {cseq}\r\nContent-Type: application/sdp\r\nContent-Length: {size}\r\n\r\n{body}"
    return f"{line}\r\n{head}{more}{tail}".encode()


def _register(more: str) -> bytes:
    return (
        f"REGISTER sip:{{to}} SIP/2.0\r\n{_HEAD}{more}CSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n".encode()
    )


MESSAGES: Final = (
    Torture(
        "3.1.1.1",
        "folded and oddly spaced headers",
        _invite(
            "TO :\r\n sip:+492214710104@{to} ;   tag    = \r\n"
            'From:  "J Rosenberg \\\\\\""       <sip:+4915228817386@{here}>\r\n  ;\r\n  tag = {mark}\r\n'
            "MaX-fOrWaRdS: 0068\r\nCall-ID: {mark}\r\n"
            "v:  SIP  / 2.0  / UDP     {here}  ;branch=  z9hG4bK{mark}\r\n"
            'm:"Quoted string \\"\\"" <sip:carrier@{here}> ; newparam =\r\n      newvalue\r\n'
        ),
    ),
    Torture(
        "3.1.1.2", "a wide range of valid characters", _invite(more="extensionHeader-!.%*+_`'~: ﻿大停電\r\n")
    ),
    Torture(
        "3.1.1.3",
        "escapes in a URI",
        _invite(line="INVITE sip:sips%3Auser%40example.invalid@{to} SIP/2.0"),
        valid=True,
    ),
    Torture("3.1.1.4", "escaped nulls in a URI", _register("Contact: <sip:%00@{here}>\r\n")),
    Torture("3.1.1.5", "percent signs that escape nothing", _register("Contact: <sip:%Z%45@{here}>\r\n")),
    Torture(
        "3.1.1.6",
        "no space between name and angle bracket",
        _invite(_HEAD.replace("From: <", "From: caller<")),
        valid=True,
    ),
    Torture(
        "3.1.1.7", "long values", _invite(more=f"Unknown-{'long' * 60}-name: {'value' * 600}\r\n"), valid=True
    ),
    Torture(
        "3.1.1.8", "bytes behind the message", _invite() + b"REGISTER sip:joe@example.invalid SIP/2.0\r\n"
    ),
    Torture(
        "3.1.1.9",
        "semicolons in the user part",
        _invite(line="INVITE sip:user;par=u%40e.invalid@{to} SIP/2.0"),
    ),
    Torture(
        "3.1.1.10",
        "many transports in Via",
        _invite(more="Via: SIP/2.0/UNKNOWN t1.invalid;branch=z9hG4bKx\r\n"),
    ),
    Torture(
        "3.1.1.11", "multipart body", _invite(body="--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n")
    ),
    Torture(
        "3.1.1.12",
        "an unusual reason phrase",
        b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xb0\r\nCall-ID: {mark}\r\n\r\n",
    ),
    Torture("3.1.1.13", "an empty reason phrase", b"SIP/2.0 100 \r\nCall-ID: {mark}\r\n\r\n"),
    Torture(
        "3.1.2.1",
        "a separator that does not belong there",
        _invite(more="Contact: sip:user@{here};;,;,,\r\n"),
    ),
    Torture("3.1.2.2", "a length larger than the message", _invite(length="9999")),
    Torture("3.1.2.3", "a negative length", _invite(length="-999")),
    Torture(
        "3.1.2.4",
        "numbers that are too large",
        _register("Expires: 1000000000000\r\nContact: <sip:u@{here}>;expires=280297596632815\r\n").replace(
            b"CSeq: 1 ", b"CSeq: 36893488147419103232 "
        ),
    ),
    Torture(
        "3.1.2.5",
        "a response with numbers too large",
        b"SIP/2.0 999999 x\r\nCSeq: 99999999999 INVITE\r\n\r\n",
    ),
    Torture("3.1.2.6", "an unterminated quote", _invite(more='To: "Mr. J. User <sip:j.user@{to}>\r\n')),
    Torture(
        "3.1.2.7", "angle brackets around the request URI", _invite(line="INVITE <sip:user@{to}> SIP/2.0")
    ),
    Torture(
        "3.1.2.8", "white space inside the request URI", _invite(line="INVITE sip:user@{to}; lr SIP/2.0")
    ),
    Torture("3.1.2.9", "many spaces in the request line", _invite(line="INVITE  sip:user@{to}  SIP/2.0")),
    Torture("3.1.2.10", "spaces behind the request line", _invite(line="INVITE sip:user@{to} SIP/2.0  ")),
    Torture(
        "3.1.2.11",
        "escaped headers in the request URI",
        _invite(line="INVITE sip:u@{to}?Route=%3Csip:e%3E SIP/2.0"),
    ),
    Torture("3.1.2.12", "a date that is none", _invite(more="Date: Fri, 01 Jan 2010 16:00:00 EST\r\n")),
    Torture("3.1.2.13", "an unquoted name with a colon", _register("Contact: Bell: X <sip:j@{here}>\r\n")),
    Torture("3.1.2.14", "spaces within an address", _invite(more='Reply-To: "x"  < sip:j@{here} >\r\n')),
    Torture(
        "3.1.2.15",
        "a display name that is no token",
        _invite(_HEAD.replace("From: <", "From: Bell@x.invalid <")),
    ),
    Torture("3.1.2.16", "an unknown version", _invite(line="INVITE sip:+492214710104@{to} SIP/7.0")),
    Torture("3.1.2.17", "methods that differ", _invite(cseq="1 OPTIONS")),
    Torture("3.1.2.18", "an unknown method that differs", _invite(line="NEWMETHOD sip:u@{to} SIP/2.0")),
    Torture(
        "3.1.2.19",
        "a status beyond all classes",
        b"SIP/2.0 4294967301 better not break\r\nCall-ID: {mark}\r\n\r\n",
    ),
    Torture("3.2.1", "no transaction identifier", _invite(_HEAD.replace("z9hG4bK{mark}", "z9hG4bK"))),
    Torture(
        "3.3.1", "no From, To, Call-ID, CSeq", b"INVITE sip:u@{to} SIP/2.0\r\nVia: SIP/2.0/UDP {here}\r\n\r\n"
    ),
    Torture("3.3.2", "an unknown scheme", _invite(line="INVITE nobodyknowsthisscheme:totallyopaque SIP/2.0")),
    Torture(
        "3.3.3",
        "an unknown scheme that looks known",
        _invite(line="INVITE soap.beep://192.0.2.103:3002 SIP/2.0"),
    ),
    Torture("3.3.4", "an unknown scheme in To", _invite(_HEAD.replace("To: <sip:", "To: <isbn:"))),
    Torture(
        "3.3.5",
        "Proxy-Require and Require of nothing known",
        _invite(more="Require: nothingSupportsThis\r\n"),
    ),
    Torture(
        "3.3.6",
        "an unknown content type",
        _invite(body="<x/>").replace(b"application/sdp", b"application/unknown"),
    ),
    Torture("3.3.7", "an unknown authorization scheme", _register("Authorization: NoOneKnowsThis x=y\r\n")),
    Torture(
        "3.3.8",
        "single headers twice",
        _invite(more="Call-ID: other\r\nMax-Forwards: 5\r\nFrom: <sip:x@y>\r\n"),
    ),
    Torture("3.3.9", "Content-Length twice", _invite(more="Content-Length: 5\r\n")),
    Torture(
        "3.3.10", "200 OK with a broadcast Via", b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 255.255.255.255\r\n\r\n"
    ),
    Torture(
        "3.3.11", "Max-Forwards of nothing", _invite(_HEAD.replace("Max-Forwards: 70", "Max-Forwards: 0"))
    ),
    Torture(
        "3.3.12",
        "REGISTER with a contact's header parameters",
        _register("Contact: sip:u@{here}?Route=%3Csip%3E\r\n"),
    ),
    Torture("3.3.15", "an Accept of what nobody sends", _invite(more="Accept: text/nobodyKnowsThis\r\n")),
    Torture("3.4.1", "RFC 2543 without branch", _invite(_HEAD.replace(";branch=z9hG4bK{mark};rport", ""))),
    Torture("-", "nothing but line ends", b"\r\n" * 500),
    Torture("-", "an empty datagram", b""),
    Torture("-", "64 KB of one header", _invite(more="X: " + "x" * 60_000 + "\r\n")),
    Torture("-", "ten thousand headers", _invite(more="a: b\r\n" * 9_000)),
    Torture("-", "noughts", b"\0" * 1_200),
)

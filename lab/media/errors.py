"""Errors of the media engine.

LabMediaError
├── PortsExhaustedError   no even UDP port could be bound
├── DigitsRefusedError    digits, duration or payload type that cannot be sent
├── ToneSyntaxError       a tone_stream text that is not understood
├── SoundFileError        missing, not a WAV file, unsupported shape, too long
└── SdpRejectedError      a session description without usable G.711 audio
"""

from typing import ClassVar


class LabMediaError(Exception):
    """Root of the tree; `id` is stable, the message says the place and the next step."""

    id: ClassVar[str] = "lab.media"


class PortsExhaustedError(LabMediaError):
    """No even UDP port was free on the address within the attempts allowed."""

    id = "lab.media.ports_exhausted"


class DigitsRefusedError(LabMediaError):
    """The digits cannot be sent as telephone-events."""

    id = "lab.media.digits_refused"


class ToneSyntaxError(LabMediaError):
    """The tone_stream text is outside the subset of `lab.media.tones`."""

    id = "lab.media.tone_syntax"


class SoundFileError(LabMediaError):
    """The file cannot be played or recorded."""

    id = "lab.media.sound_file"


class SdpRejectedError(LabMediaError):
    """The session description has no G.711 audio we can use."""

    id = "lab.media.sdp_rejected"

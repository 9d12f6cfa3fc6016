"""Where audio comes from and where it goes: tones, WAV files, silence, recordings, mixing.

A source gives frames of 160 samples (20 ms) until it has no more. Nothing here knows RTP or a clock.
"""

import wave
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from lab.media.errors import SoundFileError
from lab.media.g711 import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples
from lab.media.tones import one_second, parse_tone

MAX_FILE_S = 1200
MAX_RECORDING_S = 4 * 3600
SILENT_FRAME: Samples = array("h", bytes(2 * FRAME_SAMPLES))


class Source(Protocol):
    """Something that plays."""

    def read(self) -> Samples | None:
        """The next 160 samples, or None when it has ended (and from then on)."""


class SilenceSource:
    """Silence for `duration_ms` (rounded up to frames), or for ever."""

    def __init__(self, duration_ms: int | None = None) -> None:
        self._frames_left = None if duration_ms is None else -(-duration_ms // FRAME_MS)

    def read(self) -> Samples | None:
        if self._frames_left is not None:
            if self._frames_left <= 0:
                return None
            self._frames_left -= 1
        return SILENT_FRAME[:]


class ToneSource:
    """Plays a tone_stream text (see `lab.media.tones`); raises ToneSyntaxError at once when it is not one."""

    def __init__(self, text: str) -> None:
        self._spec = parse_tone(text)
        self._loops_left = self._spec.loops
        self._segment = 0
        self._position = 0  # samples into the segment

    def read(self) -> Samples | None:
        frame: Samples = array("h")
        while len(frame) < FRAME_SAMPLES and self._loops_left != 0:
            frame.extend(self._piece(FRAME_SAMPLES - len(frame)))
        if not frame:
            return None
        frame.extend(SILENT_FRAME[len(frame) :])
        return frame

    def _piece(self, wanted: int) -> Samples:
        """Up to `wanted` samples of one stretch of tone or silence; moves on at its end."""
        segment = self._spec.segments[self._segment]
        on = segment.on_ms * SAMPLE_RATE_HZ // 1000
        end = on + segment.off_ms * SAMPLE_RATE_HZ // 1000
        sounding = self._position < on and bool(segment.frequencies_hz)
        length = min(wanted, (on if self._position < on else end) - self._position)
        if sounding:
            start = self._position % SAMPLE_RATE_HZ
            piece = one_second(segment.frequencies_hz, self._spec.level_db)[start : start + length]
        else:
            piece = SILENT_FRAME[:length]
        self._position += length
        if self._position >= end:
            self._next_segment()
        return piece

    def _next_segment(self) -> None:
        self._position = 0
        self._segment += 1
        if self._segment == len(self._spec.segments):
            self._segment = 0
            if self._loops_left > 0:
                self._loops_left -= 1


class FileSource:
    """Plays a WAV file: 8 or 16 bit PCM, any number of channels (mixed down), 8 to 48 kHz (interpolated).

    The file is read whole (at most 20 minutes). From a sample on, one that it has. Raises SoundFileError with
    path and reason.
    """

    def __init__(self, path: Path, start: int = 0) -> None:
        self._samples = _read_wav(path)
        self._position = start if start < len(self._samples) else 0

    @property
    def duration_ms(self) -> int:
        return len(self._samples) * 1000 // SAMPLE_RATE_HZ

    def read(self) -> Samples | None:
        frame = self._samples[self._position : self._position + FRAME_SAMPLES]
        if not frame:
            return None
        self._position += FRAME_SAMPLES
        frame.extend(SILENT_FRAME[len(frame) :])
        return frame


class Recorder:
    """Writes 16 bit, 8 kHz WAV: both directions mixed into one channel, or heard left and said right.

    Call `write` once per 20 ms with what each direction had (None: silence). After four hours it stops
    taking frames and says so in `full`. Raises SoundFileError when the file cannot be made.
    """

    def __init__(self, path: Path, stereo: bool = False) -> None:
        try:
            self._raw = path.open("wb")
        except OSError as problem:
            raise SoundFileError(
                f"recording {path}: {problem.strerror}; choose a folder that exists"
            ) from None
        self._file = wave.open(self._raw, "wb")  # noqa: SIM115 (closed by close)
        self._file.setnchannels(2 if stereo else 1)
        self._file.setsampwidth(2)
        self._file.setframerate(SAMPLE_RATE_HZ)
        self._stereo = stereo
        self._frames = 0
        self._closed = False

    @property
    def duration_ms(self) -> int:
        return self._frames * FRAME_MS

    @property
    def full(self) -> bool:
        return self.duration_ms >= MAX_RECORDING_S * 1000

    def write(self, heard: Samples | None, said: Samples | None) -> None:
        if self._closed or self.full:
            return
        left, right = heard or SILENT_FRAME, said or SILENT_FRAME
        if self._stereo:
            frame: Samples = array("h", bytes(4 * FRAME_SAMPLES))
            frame[0::2], frame[1::2] = _whole(left), _whole(right)
        else:
            frame = mix((left, right))
        self._file.writeframesraw(frame.tobytes())
        self._frames += 1

    def close(self) -> None:
        """Complete the header; the file is playable from here on. Closing twice is harmless."""
        if self._closed:
            return
        self._closed = True
        self._file.close()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


def mix(frames: Sequence[Samples]) -> Samples:
    """The frames added up, limited to 16 bit; the result has 160 samples whatever the inputs have."""
    if len(frames) == 1:
        return _whole(frames[0])
    sums = map(sum, zip(*(_whole(frame) for frame in frames), strict=True))
    mixed: Samples = array("h", (max(-32768, min(32767, value)) for value in sums))
    return mixed if frames else SILENT_FRAME[:]


def _whole(frame: Samples) -> Samples:
    if len(frame) == FRAME_SAMPLES:
        return frame
    return frame[:FRAME_SAMPLES] + SILENT_FRAME[len(frame) :]


def _read_wav(path: Path) -> Samples:
    try:
        with path.open("rb") as raw, wave.open(raw, "rb") as sound:
            channels, width, rate = sound.getnchannels(), sound.getsampwidth(), sound.getframerate()
            if width not in (1, 2) or not 8000 <= rate <= 48000 or not 1 <= channels <= 8:
                raise SoundFileError(
                    f"{path}: {width * 8} bit, {channels} channels, {rate} Hz; use 16 bit 8 kHz mono"
                )
            if sound.getnframes() > MAX_FILE_S * rate:
                raise SoundFileError(f"{path}: longer than {MAX_FILE_S} s; cut it")
            data = sound.readframes(sound.getnframes())
    except OSError as problem:
        raise SoundFileError(f"{path}: {problem.strerror}; check the path") from None
    except (wave.Error, EOFError) as problem:
        raise SoundFileError(f"{path}: not a PCM WAV file ({problem}); convert it") from None
    samples = _to_16_bit(data, width)
    mono = samples if channels == 1 else _mix_down(samples, channels)
    return mono if rate == SAMPLE_RATE_HZ else _resample(mono, rate)


def _to_16_bit(data: bytes, width: int) -> Samples:
    if width == 1:
        return array("h", ((value - 128) << 8 for value in data))
    samples: Samples = array("h")
    samples.frombytes(data[: len(data) // 2 * 2])
    return samples


def _mix_down(samples: Samples, channels: int) -> Samples:
    tracks = [samples[channel::channels] for channel in range(channels)]
    return array("h", (sum(together) // channels for together in zip(*tracks, strict=False)))


def _resample(samples: Samples, rate_hz: int) -> Samples:
    """Linear interpolation: good enough for speech and tones on a test bench, no anti-alias filter."""
    wanted = len(samples) * SAMPLE_RATE_HZ // rate_hz
    resampled: Samples = array("h", bytes(2 * wanted))
    last = len(samples) - 1
    for place in range(wanted):
        whole, rest = divmod(place * rate_hz, SAMPLE_RATE_HZ)
        here, there = samples[whole], samples[min(whole + 1, last)]
        resampled[place] = here + (there - here) * rest // SAMPLE_RATE_HZ
    return resampled

"""Bytes of one file to text, before any YAML: encoding, tabs, control characters."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from provisioning.errors import Finding
from provisioning.tree import pack

#: Lines with a tab that are reported per file.
_MAX_TABS: Final = 20

#: What no file may hold: C0 but for tab, LF and CR; DEL; C1 with NEL; line and paragraph separators
#: (libyaml counts NEL and those as line ends, editors do not); the BOM anywhere but at the start.
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
#: What no value may hold: the above, tab, line ends, and characters that reverse or hide the text.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_BREAK: Final = re.compile("\r\n|\r|\n")

_WIDE_MARKS: Final = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableError(Exception):
    """The text cannot be parsed at all; carries the finding and its mark."""

    def __init__(self, finding: Finding, mark: int) -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.mark = mark


def decode(data: bytes, file: int) -> str:
    """UTF-8 to text, a byte order mark dropped. Raise `UnreadableError` at the first wrong character."""
    if data.startswith(_WIDE_MARKS) or (data and data.count(0, 0, 4096) * 3 >= min(len(data), 4096)):
        raise UnreadableError(
            Finding("config.encoding", (), "the file is UTF-16 or UTF-32", allowed="UTF-8"), pack(file, 0, 0)
        )
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = data.removeprefix(codecs.BOM_UTF8)[: error.start].decode("utf-8")
        finding = Finding(
            "config.encoding",
            (),
            "the file is not UTF-8",
            found=f"byte 0x{error.object[error.start]:02x}",
            allowed="UTF-8 (save the file with this encoding)",
        )
        raise UnreadableError(finding, _mark(before, len(before), file)) from None
    if control := _CONTROL.search(text):
        finding = Finding(
            "config.control-character",
            (),
            "a control character in the file",
            found=f"U+{ord(control.group()):04X}",
            allowed="printable text",
        )
        raise UnreadableError(finding, _mark(text, control.start(), file))
    return text


def tabs(text: str, file: int) -> Iterator[tuple[Finding, int]]:
    """One finding with its mark for each of the first lines that hold a tab."""
    start = 0
    for _ in range(_MAX_TABS):
        at = text.find("\t", start)
        if at < 0:
            return
        yield Finding("config.tab", (), "a tab character", allowed="spaces"), _mark(text, at, file)
        end = _BREAK.search(text, at)
        if end is None:
            return
        start = end.end()


def hidden_character(text: str) -> str | None:
    """`U+000A` for the first character that a value may not hold, or None."""
    if text.isprintable():
        return None
    hidden = _HIDDEN.search(text)
    return f"U+{ord(hidden.group()):04X}" if hidden else None


def _mark(text: str, index: int, file: int) -> int:
    """The mark of a character of the text."""
    line, start = 0, 0
    for found in _BREAK.finditer(text, 0, index):
        line, start = line + 1, found.end()
    return pack(file, line, index - start)

"""Pages of our PDF files: fonts, styles, footers, the company's stationery behind them.

Fonts are embedded. The default is Bitstream Vera, which comes with reportlab and has the characters of
Western Europe; who has customers with others names font files that have them. Same input, same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle

from documents.errors import DocumentUnreadable, GlyphMissing

WIDTH: Final = A4[0] - 40 * mm
_MARGIN: Final = 20 * mm
#: Room for the letterhead of the stationery, and for ours.
_TOP: Final = 32 * mm
_BOTTOM: Final = 28 * mm
_SMALL: Final = 7
_SIZE: Final = 9
_RULE: Final = 0.4
#: Something of reportlab that stands on a page; the package has no types.
Flowable = Any


@dataclass(frozen=True, slots=True)
class Stationery:
    """How the company's paper looks. `background`: a PDF whose first page lies behind every page."""

    background: bytes | None = None
    regular: Path = Path("Vera.ttf")
    bold: Path = Path("VeraBd.ttf")


PLAIN: Final = Stationery()


@cache
def _font(path: Path) -> tuple[str, frozenset[int]]:
    """The name under which the font is known, and the characters that it has."""
    try:
        font = TTFont(str(path), str(path))
    except (TTFError, OSError) as error:
        raise DocumentUnreadable(f"{path}: no TrueType font that can be embedded: {error}") from error
    pdfmetrics.registerFont(font)
    return str(path), frozenset(font.face.charToGlyph)


class Writer:
    """Paragraphs and tables in the fonts of the stationery; no text with characters that they lack."""

    def __init__(self, stationery: Stationery) -> None:
        self._regular, self._known = _font(stationery.regular)
        self._bold, also = _font(stationery.bold)
        self._known &= also

    def text(
        self, text: str, *, bold: bool = False, size: int = _SIZE, right: bool = False, after: int = 0
    ) -> Flowable:
        """A paragraph; line breaks are kept. GlyphMissing when the font lacks a character."""
        missing = sorted({each for each in text if ord(each) not in self._known and each != "\n"})
        if missing:
            raise GlyphMissing(
                f"the font has no {' '.join(missing)[:60]!r} ({text[:40]!r}). Name fonts that have it, "
                "regular and bold"
            )
        style = ParagraphStyle(
            "text",
            fontName=self._bold if bold else self._regular,
            fontSize=size,
            leading=size * 1.3,
            alignment=2 if right else 0,
            spaceAfter=after,
        )
        return Paragraph(escape(text).replace("\n", "<br/>"), style)

    def table(
        self, header: Sequence[str], rows: Iterable[Sequence[Flowable]], widths_mm: Sequence[int],
        right: frozenset[int] = frozenset(),
    ) -> Flowable:  # fmt: skip
        """A table whose header is repeated on every page."""
        head = [self.text(each, bold=True, right=index in right) for index, each in enumerate(header)]
        style = TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), _RULE, "black"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
        return Table([head, *rows], [each * mm for each in widths_mm], repeatRows=1, style=style)

    def pdf(self, story: Sequence[Flowable], title: str, author: str, footer: str) -> bytes:
        """The pages, each with the footer and its number of how many."""
        out = io.BytesIO()
        template = SimpleDocTemplate(
            out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_TOP, bottomMargin=_BOTTOM,
            title=title, author=author, invariant=1, lang="de-DE",
        )  # fmt: skip
        font = self._regular

        class Numbered(Canvas):  # type: ignore[misc]
            """Keeps its pages until it knows how many there are."""

            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self._kept: list[dict[str, Any]] = []

            def showPage(self) -> None:  # noqa: N802
                self._kept.append(dict(self.__dict__))
                self._startPage()

            def save(self) -> None:
                for page in self._kept:
                    self.__dict__.update(page)
                    self._foot(len(self._kept))
                    super().showPage()
                super().save()

            def _foot(self, pages: int) -> None:
                self.setFont(font, _SMALL)
                self.drawString(_MARGIN, 14 * mm, footer)
                self.drawRightString(A4[0] - _MARGIN, 14 * mm, f"Seite {self._pageNumber} von {pages}")

        template.build(list(story), canvasmaker=Numbered)
        return out.getvalue()


def on_stationery(pdf: bytes, stationery: Stationery) -> bytes:
    """The pages upon the stationery's first page; the very same bytes without one."""
    if stationery.background is None:
        return pdf
    try:
        behind = PdfReader(io.BytesIO(stationery.background)).pages[0]
    except (PyPdfError, IndexError, ValueError, KeyError) as error:
        raise DocumentUnreadable(f"the stationery is no PDF with a page: {error}") from error
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    for page in writer.pages:
        page.merge_page(behind, over=False)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()

"""Commands that make files of an invoice and check those of others; they need no database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from cli.stationery import stationery_of, with_stationery
from documents.check import MAX_BYTES, invoice_xml
from documents.check import check as found_in
from documents.cii import Flavour, cii
from documents.errors import DocumentUnreadable
from documents.hybrid import zugferd as hybrid
from documents.invoice_json import from_json
from documents.invoice_pdf import invoice_pdf

_WRONG: Final = 1
_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_TO: Final = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("source", metavar="INVOICE.json", type=_FILE)
@click.option("--pdf", type=_TO, help="A PDF for people only.")
@click.option("--zugferd", type=_TO, help="PDF/A-3 with the XML inside.")
@click.option("--xrechnung", type=_TO, help="XRechnung, the XML alone.")
@click.option("--xml", type=_TO, help="The XML of ZUGFeRD alone.")
@with_stationery
def render(
    source: Path, pdf: Path | None, zugferd: Path | None, xrechnung: Path | None, xml: Path | None,
    background: Path | None, font: Path | None, font_bold: Path | None,
) -> None:  # fmt: skip
    """Make files of a stored invoice. The same invoice gives the same bytes, today and in ten years.

    \b
    Example: fernamt invoice render RE-2026-000042.json --zugferd RE-2026-000042.pdf
    """
    if not (pdf or zugferd or xrechnung or xml):
        raise click.UsageError("nothing to make. Give --pdf, --zugferd, --xrechnung or --xml")
    invoice = from_json(_content(source))
    paper = stationery_of(background, font, font_bold)
    made: tuple[tuple[Path | None, Callable[[], bytes]], ...] = (
        (pdf, lambda: invoice_pdf(invoice, paper)),
        (zugferd, lambda: hybrid(invoice, paper)),
        (xrechnung, lambda: cii(invoice, Flavour.XRECHNUNG)),
        (xml, lambda: cii(invoice)),
    )
    for path, content in [(path, make()) for path, make in made if path is not None]:
        path.write_bytes(content)
        click.echo(f"{path}: {len(content)} bytes")


@click.command()
@click.argument("source", metavar="FILE", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, source: Path, as_json: bool) -> None:
    """Check an electronic invoice: XML in the syntax CII, or a ZUGFeRD PDF. Needs `fernamt[check]`.

    Checked are the XML schema and the business rules of EN 16931, and some of XRechnung; not whether the PDF
    is PDF/A (docs/invoices.md). Exit status 1: something is wrong.

    \b
    Example: fernamt invoice check RE-2026-000042.pdf
    """
    findings = found_in(invoice_xml(_content(source)))
    if as_json:
        rows = [{"rule": each.rule, "place": each.place, "text": each.text} for each in findings]
        click.echo(json.dumps({"file": str(source), "findings": rows}, ensure_ascii=False, indent=1))
    else:
        for each in findings:
            click.echo(f"{each.rule}: {each.text}\n  at {each.place}")
        click.echo(f"{source}: " + (f"{len(findings)} rules broken" if findings else "no rule broken"))
    ctx.exit(_WRONG if findings else 0)


def _content(path: Path) -> bytes:
    if path.stat().st_size > MAX_BYTES:
        raise DocumentUnreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    return path.read_bytes()

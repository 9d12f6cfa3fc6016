"""`fernamt invoice render|check`: files made of invoices, and checks of those of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import click

from cli.auditing import entries, entry_first
from cli.billing.invoice_source import SOME_FAILED, Source, Sources, Wanted, with_invoices
from cli.billing.stationery import stationery_of, with_stationery
from cli.changes import actor_option
from cli.whole_files import write_whole
from documents.check import MAX_BYTES, Finding, invoice_xml
from documents.check import check as found_in
from documents.cii import Flavour, cii
from documents.errors import DocumentUnreadable
from documents.hybrid import zugferd as hybrid
from documents.invoice_json import to_json
from documents.invoice_pdf import invoice_pdf
from documents.page import Stationery
from rating.invoice import Invoice

_WRONG: Final = 1
_TO: Final = click.Path(path_type=Path, dir_okay=False)


class Form(StrEnum):
    """What is made of an invoice."""

    ZUGFERD = "zugferd"
    XRECHNUNG = "xrechnung"
    PDF = "pdf"
    XML = "xml"
    JSON = "json"


#: How the files in a directory end: each form of an invoice has a name of its own.
ENDS: Final = {
    Form.ZUGFERD: ".pdf",
    Form.XRECHNUNG: ".xrechnung.xml",
    Form.PDF: ".print.pdf",
    Form.XML: ".cii.xml",
    Form.JSON: ".json",
}


def made(form: Form, invoice: Invoice, paper: Stationery) -> bytes:
    """The file; the same invoice gives the same bytes. Raise GlyphMissing."""
    match form:
        case Form.ZUGFERD:
            return hybrid(invoice, paper)
        case Form.XRECHNUNG:
            return cii(invoice, Flavour.XRECHNUNG)
        case Form.PDF:
            return invoice_pdf(invoice, paper)
        case Form.XML:
            return cii(invoice)
        case Form.JSON:
            return to_json(invoice)


@click.command()
@with_invoices
@click.option("--pdf", type=_TO, help="A PDF for people only.")
@click.option("--zugferd", type=_TO, help="PDF/A-3 with the XML inside.")
@click.option("--xrechnung", type=_TO, help="XRechnung, the XML alone.")
@click.option("--xml", type=_TO, help="The XML of ZUGFeRD alone.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Directory for files named after numbers."
)
@click.option(
    "--form", "forms", type=click.Choice([each.value for each in Form]), multiple=True,
    help="With --out, may be given several times. Default: zugferd.",
)  # fmt: skip
@with_stationery
@actor_option
@click.pass_context
def render(
    ctx: click.Context, wanted: Wanted, pdf: Path | None, zugferd: Path | None, xrechnung: Path | None,
    xml: Path | None, out: Path | None, forms: tuple[str, ...], background: Path | None, font: Path | None,
    font_bold: Path | None, actor: str,
) -> None:  # fmt: skip
    """Make files of issued invoices. The same invoice gives the same bytes, today and in ten years.

    The files of an invoice appear when they are complete, or not at all; those of an invoice in the database
    leave an entry in the audit. Exit status 3: some of several could not be made, they are named.

    \b
    Examples:
      fernamt invoice render R2026-000042 --zugferd R2026-000042.pdf
      fernamt invoice render --month 2026-11 --out november --form zugferd --form xrechnung
    """
    asked = {Form.PDF: pdf, Form.ZUGFERD: zugferd, Form.XRECHNUNG: xrechnung, Form.XML: xml}
    paths = {form: path for form, path in asked.items() if path is not None}
    if not paths and out is None:
        raise click.UsageError("nothing to make. Give --out, --pdf, --zugferd, --xrechnung or --xml")
    if forms and out is None:
        raise click.UsageError("--form goes with --out")
    sources = Sources(ctx.obj, wanted)
    if paths and sources.many:
        raise click.UsageError("a path is for one invoice. For several: --out DIRECTORY")
    paper = stationery_of(background, font, font_bold)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    chosen = [Form(each) for each in forms] or [Form.ZUGFERD]
    count = 0

    def write(source: Source) -> None:
        nonlocal count
        invoice = sources.read(source)
        targets = dict(paths)
        if out is not None:
            targets |= {form: out / f"{invoice.number}{ENDS[form]}" for form in chosen}
        files = [(path, made(form, invoice, paper)) for form, path in targets.items()]
        if source.number is None:
            write_whole(files)
        else:
            note = entries(sources.database(), actor, "invoice", source.number)
            with entry_first(note, "invoice.render", {"files": [path.name for path, _ in files]}):
                write_whole(files)
        count += len(files)
        if not sources.many:
            for path, content in files:
                click.echo(f"{path}: {len(content)} bytes")

    failed = sources.do("rendering", write)
    if sources.many:
        click.echo(f"{out}: {count} files of {len(sources.found) - len(failed)} invoices")
    ctx.exit(SOME_FAILED if failed else 0)


@click.command()
@with_invoices
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_context
def check(ctx: click.Context, wanted: Wanted, as_json: bool) -> None:
    """Check electronic invoices by the rules of EN 16931: files, or what was issued. Needs `fernamt[check]`.

    A file is XML in the syntax CII or a ZUGFeRD PDF, of whomever. Of a number, ZUGFeRD and XRechnung are
    checked. Checked are the XML schema and the business rules of EN 16931, and some of XRechnung; not whether
    the PDF is PDF/A (docs/invoices.md). Exit status 1: something is wrong.

    \b
    Examples:
      fernamt invoice check RE-2026-000042.pdf
      fernamt invoice check --month 2026-11
    """
    sources = Sources(ctx.obj, wanted)
    found: list[tuple[str, Finding]] = []

    def look(source: Source) -> None:
        for name, xml in _to_check(sources, source):
            broken = found_in(xml)
            found.extend((name, each) for each in broken)
            if not as_json and not sources.many:
                click.echo(f"{name}: " + (f"{len(broken)} rules broken" if broken else "no rule broken"))

    failed = sources.do("checking", look)
    if as_json:
        rows = [
            {"file": name, "rule": each.rule, "place": each.place, "text": each.text} for name, each in found
        ]
        click.echo(json.dumps({"findings": rows, "failed": failed}, ensure_ascii=False, indent=1))
    else:
        for name, each in found:
            click.echo(f"{name}: {each.rule}: {each.text}\n  at {each.place}")
        if sources.many:
            wrong = len({name for name, _ in found})
            click.echo(f"{len(sources.found)} invoices checked, {wrong} documents with rules broken")
    ctx.exit(_WRONG if found else SOME_FAILED if failed else 0)


def _to_check(sources: Sources, source: Source) -> Iterator[tuple[str, bytes]]:
    """(name, XML) of what is to be checked: a file as it is, a stored invoice in both forms."""
    path = source.path
    if path is None:
        invoice = sources.read(source)
        yield f"{source.name} (ZUGFeRD)", cii(invoice)
        yield f"{source.name} (XRechnung)", cii(invoice, Flavour.XRECHNUNG)
        return
    if path.stat().st_size > MAX_BYTES:
        raise DocumentUnreadable(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    yield str(path), invoice_xml(path.read_bytes())

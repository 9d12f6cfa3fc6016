"""All about a customer in one ZIP: each table as CSV, what was said as WAV, a list of what is in it."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from cli.errors import ExportThere
from cli.export_rows import no_formula
from cli.times import written
from store.customer_export import TableRows, rows_of_customer
from store.customer_sounds import message_ids, recording_ids
from store.errors import RecordRefused
from store.mailbox_messages import MailboxMessages
from store.recordings import RecordingArchive

_REASON: Final = "export of the customer's data"
Sounds = tuple[MailboxMessages, RecordingArchive]


def write_export(
    target: Path, engine: Engine, customer_id: str, sounds: Sounds, at: datetime, actor: str
) -> dict[str, int]:
    """Write the file whole, readable by its owner alone; rows of each table. Raises OSError, ExportThere
    when there is such a file, DatabaseError's children."""
    if target.exists():
        raise ExportThere(f"{target} is there already. Name another file, or delete that one")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with (
            os.fdopen(descriptor, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            counts = {each.name: _table(archive, each) for each in rows_of_customer(engine, customer_id, at)}
            names, gone = _sounds(archive, engine, customer_id, sounds, at, actor)
            about = {
                "customer": customer_id, "made_at": written(at), "rows": counts, "sounds": names,
                "sounds_gone_meanwhile": gone,
            }  # fmt: skip
            archive.writestr("contents.json", json.dumps(about, indent=1))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return counts


def _table(archive: zipfile.ZipFile, table: TableRows) -> int:
    count = 0
    with (
        archive.open(f"{table.name}.csv", "w", force_zip64=True) as file,
        io.TextIOWrapper(file, encoding="utf-8", newline="") as lines,
    ):
        writer = csv.writer(lines, delimiter=";")
        writer.writerow(table.columns)
        for row in table.rows:
            writer.writerow([no_formula(each) for each in row])
            count += 1
    return count


def _sounds(
    archive: zipfile.ZipFile, engine: Engine, customer_id: str, sounds: Sounds, at: datetime, actor: str
) -> tuple[list[str], list[str]]:
    """Messages and recordings as files, each in the audit as heard; and those that were not there any more
    when their turn came, because their time was over."""
    messages, recordings = sounds
    names: list[str] = []
    gone: list[str] = []

    def heard(name: str, parts: Callable[[], Iterator[bytes]]) -> None:
        try:
            sound = parts()
            first = next(sound)
        except RecordRefused:
            gone.append(name)
            return
        names.append(name)
        with archive.open(name, "w", force_zip64=True) as file:
            for part in chain((first,), sound):
                file.write(part)

    def message(number: str) -> Iterator[bytes]:
        yield messages.hear(number, at, actor)

    for number in message_ids(engine, customer_id, at):
        heard(f"mailbox/{number}.wav", partial(message, number))
    for number in recording_ids(engine, customer_id, at):
        heard(f"recordings/{number}.wav", partial(recordings.hear, number, actor, _REASON))
    return names, gone

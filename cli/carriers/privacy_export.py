"""All about a customer in one ZIP: each table as CSV, what was said as WAV, a list of what is in it."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from cli.errors import ExportThere
from cli.times import written
from store.customer_export import TableRows, rows_of_customer
from store.mailbox_messages import MAX_MESSAGES, MailboxMessages
from store.recordings import MAX_RECORDINGS, RecordingArchive

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
            counts = {each.name: _table(archive, each) for each in rows_of_customer(engine, customer_id)}
            names = _sounds(archive, customer_id, sounds, at, actor)
            about = {"customer": customer_id, "made_at": written(at), "rows": counts, "sounds": names}
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
            writer.writerow(row)
            count += 1
    return count


def _sounds(
    archive: zipfile.ZipFile, customer_id: str, sounds: Sounds, at: datetime, actor: str
) -> list[str]:
    """Messages and recordings as files; each stands in the audit as heard."""
    messages, recordings = sounds
    names = []
    for message in messages.messages(customer_id, limit=MAX_MESSAGES):
        names.append(f"mailbox/{message.id}.wav")
        archive.writestr(names[-1], messages.hear(message.id, at, actor))
    for recording in recordings.recordings(customer_id, limit=MAX_RECORDINGS):
        if recording.erased_at is None:
            names.append(f"recordings/{recording.id}.wav")
            with archive.open(names[-1], "w", force_zip64=True) as file:
                for part in recordings.hear(recording.id, actor, _REASON):
                    file.write(part)
    return names

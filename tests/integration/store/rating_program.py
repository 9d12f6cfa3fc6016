"""A rating worker for tests that kill it.

    python -m tests.integration.store.rating_program DATABASE_URL before-commit|after-commit|never BATCHES

It kills itself with SIGKILL before or after the commit of the batch of that number, and takes any calls until
then; else it ends when nothing of its part is due.
"""

from __future__ import annotations

import os
import signal
import sys

from sqlalchemy import Connection, event

from store.database import make_engine
from store.rating_run import RatingRun
from store.rating_shares import ALONE, Row
from store.rating_tariffs import TariffStore
from tests.integration.store.billing import Fixed


def main() -> None:
    url, moment, batches = sys.argv[1], sys.argv[2], int(sys.argv[3])
    engine = make_engine(url)
    run = RatingRun(engine, Fixed(TariffStore(engine)), most=3)
    commits = 0
    with engine.connect() as in_row:
        row = Row(in_row)
        row.join()

        @event.listens_for(engine, "commit")
        def _committing(connection: Connection) -> None:
            nonlocal commits
            if connection is in_row:
                return
            commits += 1
            if moment == "before-commit" and commits == batches:
                os.kill(os.getpid(), signal.SIGKILL)

        while run.batch(part=row.part() if moment == "never" else ALONE).calls:
            if moment == "after-commit" and commits == batches:
                os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()

"""A small fernamt for tests that kill it: embedded servers, one committed row, then it waits.

    python -m tests.integration.store.program STATE_DIR [plain|gevent] [tied|untied]

Prints one JSON line with the servers' pids when both run. "untied" starts them from a thread, so that
they do not end with it: the orphans of a program that was killed.
"""

from __future__ import annotations

import sys

if "gevent" in sys.argv:
    from gevent import monkey

    monkey.patch_all()

import json
import threading
from pathlib import Path

from sqlalchemy import text

from store.database import cooperate_with_gevent, make_engine
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.redis_client import call_path_client


def main() -> None:
    state_dir = Path(sys.argv[1])
    if "gevent" in sys.argv:
        cooperate_with_gevent()
    postgres, redis_server = EmbeddedPostgres(state_dir), EmbeddedRedis(state_dir)

    def start() -> None:
        postgres.start()
        redis_server.start()

    if "untied" in sys.argv:
        starter = threading.Thread(target=start)
        starter.start()
        starter.join()
    else:
        start()
    engine = make_engine(postgres.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS kept (n bigint)"))
        connection.execute(text("INSERT INTO kept SELECT count(*) FROM kept"))
    call_path_client(redis_server.url).incr("kept")
    print(json.dumps({"postgres": postgres.pid, "redis": redis_server.pid}), flush=True)  # noqa: T201
    sys.stdin.read()
    engine.dispose()
    postgres.stop()
    redis_server.stop()


if __name__ == "__main__":
    main()

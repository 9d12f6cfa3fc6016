"""A real Redis (or Valkey) under a state directory, for a machine without one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.embedded.accounts import Account
from store.embedded.programs import redis_program, runnable_by
from store.embedded.server import EmbeddedServer
from store.errors import ServerStartFailed

MAX_MEMORY_MB = 256

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
dir {data}
daemonize no
databases 16
maxclients 200
maxmemory {memory_mb}mb
maxmemory-policy noeviction
save ""
appendonly yes
appendfsync everysec
aof-load-truncated yes
auto-aof-rewrite-min-size 16mb
"""


class EmbeddedRedis(EmbeddedServer):
    """Redis 7 or newer in STATE/redis on 127.0.0.1, with a password.

    Durability: every write is in the append-only file (handed to the kernel) before it is answered, so
    nothing is lost when the server or this program is killed. The file is synced once a second, not at
    each write: what Redis keeps (calls in progress, leases, the contact centre's journal) describes calls
    on this same machine, and the power cut that would lose that second ends those calls too; a sync per
    write would add milliseconds to each step of each call. What must outlive a power cut is in PostgreSQL.

    Memory is bounded and nothing is evicted: a full Redis refuses writes (LiveStateFull) instead of
    forgetting a lease.
    """

    name = "redis"
    programs = frozenset(
        # Debian's redis-server is a link to redis-check-rdb.
        {"redis-server", "valkey-server", "redis-check-rdb", "redis-check-aof", "valkey-check-rdb"}
    )
    stop_steps = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
    ready_timeout_s = 60.0

    def _prepare(self, account: Account) -> Path:
        program = redis_program(str(self._home.path))
        self._home.data.mkdir(mode=0o700, exist_ok=True)
        self._configuration.touch(mode=0o600)
        if account.changes_user:
            os.chown(self._home.data, account.uid, account.gid)
            os.chown(self._configuration, account.uid, account.gid)
        return runnable_by(account, program, self._home.path / "program")

    @property
    def _configuration(self) -> Path:
        return self._home.path / "redis.conf"

    def _command(self, program: Path, port: int) -> list[str]:
        """The password is in a file that only the server's account reads: command lines are public."""
        data = str(self._home.data)
        quoted = '"' + "".join(f"\\{letter}" if letter in '"\\' else letter for letter in data) + '"'
        text = _CONFIGURATION.format(
            port=port, password=self._home.password(), data=quoted, memory_mb=MAX_MEMORY_MB
        )
        self._configuration.write_text(text, encoding="utf-8")
        return [str(program), str(self._configuration)]

    def _ready(self, port: int) -> bool:
        """It answers PING with our password; while it loads its file it says so and is not ready."""
        client = redis.Redis(
            host="127.0.0.1",
            port=port,
            password=self._home.password(),
            socket_timeout=1.0,
            socket_connect_timeout=1.0,
            retry=Retry(NoBackoff(), 0),
        )
        try:
            return bool(client.ping())
        except redis.AuthenticationError as error:
            raise ServerStartFailed(
                str(self._home.path), "another Redis answers on its port", "Start again for another port"
            ) from error
        except (redis.ConnectionError, redis.TimeoutError):
            return False
        finally:
            client.close()

    def _url(self, port: int) -> str:
        return f"redis://:{self._home.password()}@127.0.0.1:{port}/0"

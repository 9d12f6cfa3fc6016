"""Which of several Redis servers says that it is the primary, for the doctor."""

from __future__ import annotations

from typing import cast

from store.errors import StoreError
from store.foreign_errors import redis_errors
from store.redis_client import call_path_client, each_alone
from store.standby import ServerSeen


def redis_servers_seen(url: str) -> tuple[ServerSeen, ...]:
    """Each of several servers of the URL, asked by itself; none of one."""
    found: list[ServerSeen] = []
    for (host, port), alone in each_alone(url):
        place = f"{host}:{port}"
        client = call_path_client(alone)
        try:
            with redis_errors("asking a server"):
                role = cast(list[object], client.role())[0]
            found.append(ServerSeen(place, role in (b"master", "master")))
        except StoreError as error:
            found.append(ServerSeen(place, None, error.what))
        finally:
            client.close()
    return tuple(found)

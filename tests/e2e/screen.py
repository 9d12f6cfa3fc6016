"""A program that works with the HTTP interface, as screens of agents and supervisors do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class Screen:
    """A screen of one user."""

    def __init__(self, port: int, token: str) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._token = token.strip()

    def open(self, path: str, body: Any = None) -> Any:
        asked = urllib.request.Request(  # noqa: S310 - our own server
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        return urllib.request.urlopen(asked, timeout=10)  # noqa: S310 - our own server

    def get(self, path: str) -> Any:
        with self.open(path) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any) -> int:
        try:
            with self.open(path, body) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

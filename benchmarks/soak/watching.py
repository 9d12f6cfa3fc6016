"""What each process of an exchange holds: memory, open files, threads, and greenlets of the controllers."""

from __future__ import annotations

import re
import statistics
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_GREENLETS: Final = re.compile(rb"^fernamt_greenlets (\d+(?:\.\d+)?)$", re.MULTILINE)
_TIMEOUT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Held:
    """By one process. `greenlets` None: it does not tell."""

    rss_kib: int
    files: int
    threads: int
    greenlets: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """All processes by name after `at_s` seconds of load."""

    at_s: float
    held: dict[str, Held]


@dataclass(frozen=True, slots=True)
class Growth:
    """Of one process, from a quarter of the time to the end of the load: KiB, files, threads, greenlets."""

    name: str
    first: Held
    last: Held

    @property
    def rss_kib(self) -> int:
        return self.last.rss_kib - self.first.rss_kib

    @property
    def files(self) -> int:
        return self.last.files - self.first.files


def held(processes: Mapping[str, int], metrics: Mapping[str, tuple[str, int]]) -> dict[str, Held]:
    """Of all that run now. PostgreSQL is its main process and all sessions."""
    found = {}
    for name, process in processes.items():
        try:
            found[name] = _whole(process, _greenlets(metrics.get(name)))
        except (OSError, ValueError):
            continue
    return found


def growth(samples: Sequence[Sample]) -> list[Growth]:
    """Of the processes that were there all the time. Each end is the median of its neighbourhood (a twelfth
    of all samples): a helper process that comes and goes is no growth."""
    width = max(1, len(samples) // 12)
    quarter = len(samples) // 4
    first, last = samples[quarter : quarter + width], samples[-width:]
    everywhere = set.intersection(*(set(each.held) for each in (*first, *last)))
    return [Growth(name, _middle(name, first), _middle(name, last)) for name in sorted(everywhere)]


def _middle(name: str, samples: Sequence[Sample]) -> Held:
    """What the process held in the middle of them."""
    found = [each.held[name] for each in samples]
    told = [each.greenlets for each in found if each.greenlets is not None]
    return Held(
        statistics.median_low(each.rss_kib for each in found),
        statistics.median_low(each.files for each in found),
        statistics.median_low(each.threads for each in found),
        statistics.median_low(told) if told else None,
    )


def _whole(process: int, greenlets: int | None) -> Held:
    family = [process, *_children(process)]
    parts = [_one(each) for each in family]
    return Held(
        sum(each.rss_kib for each in parts),
        sum(each.files for each in parts),
        sum(each.threads for each in parts),
        greenlets,
    )


def _one(process: int) -> Held:
    """Anonymous memory alone: what it shares with others (PostgreSQL's buffers) would count many times."""
    folder = Path(f"/proc/{process}")
    fields = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines() if ":" in line)
    return Held(
        int(fields["RssAnon"].split()[0]), len(list((folder / "fd").iterdir())), int(fields["Threads"])
    )


def _children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(each) for each in text.split()]


def _greenlets(address: tuple[str, int] | None) -> int | None:
    if address is None:
        return None
    url = "http://{}:{}/metrics".format(*address)
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - our own address
            found = _GREENLETS.search(answer.read())
    except OSError:
        return None
    return round(float(found[1])) if found else None

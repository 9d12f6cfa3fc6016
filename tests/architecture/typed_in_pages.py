"""Commands as pages name them: in a code block behind its margin or `$`, else in backticks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from cli.main import fernamt

_IN_BLOCK: Final = re.compile(r"^(?:\$ )?fernamt ([^#;|\n]+)", re.MULTILINE)
_IN_TEXT: Final = re.compile(r"`fernamt ([^`]+)`")


def wrong_in(page: Path) -> Iterator[str]:
    """What is no command, or no option of it."""
    parts = page.read_text().split("```")
    for block in parts[1::2]:
        for words in _IN_BLOCK.findall(block):
            yield from _wrong(words.split())
    for words in _IN_TEXT.findall("".join(parts[0::2])):
        yield from _wrong(words.split())


def _wrong(words: list[str]) -> Iterator[str]:
    """`a|b` is either of both, brackets are around what may be left out."""
    command: click.Command = fernamt
    known = _options(command)
    for number, word in enumerate(words):
        bare = word.strip("[](),.")
        if bare.startswith("--"):
            wrong = [each for each in bare.partition("=")[0].split("|") if each not in known]
            yield from (f"fernamt {' '.join(words[: number + 1])}: no option {each}" for each in wrong)
        elif isinstance(command, click.Group) and words[number - 1] != "--settings":
            found = [command.get_command(click.Context(command), each) for each in bare.split("|")]
            there = [each for each in found if each is not None]
            if len(there) < len(found) or not bare:
                if bare not in ("…", "..."):
                    yield f"fernamt {' '.join(words[: number + 1])}: no such command"
                return
            command = there[0]
            known = known.union(*map(_options, there))


def _options(command: click.Command) -> frozenset[str]:
    names = (name for each in command.params for name in (*each.opts, *each.secondary_opts))
    return frozenset({"--help", *names})

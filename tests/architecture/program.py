"""The program as data for the tests about it: its source files, syntax trees, commands."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import click

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = (
    "acd",
    "availability",
    "cli",
    "controller",
    "dialplan",
    "documents",
    "firewall",
    "freeswitch",
    "lab",
    "numbering",
    "privacy",
    "provisioning",
    "rating",
    "store",
    "teams",
    "web",
)
DOMAIN: Final = ("acd", "availability", "dialplan", "numbering", "privacy", "rating")


def sources(*packages: str) -> list[Path]:
    """The Python files of these packages, all of them if none is named; relative to the repository."""
    found = [path for name in packages or PACKAGES for path in sorted((ROOT / name).rglob("*.py"))]
    return [path.relative_to(ROOT) for path in found]


def sources_of_tests() -> list[Path]:
    """The Python files of the tests."""
    return [path.relative_to(ROOT) for path in sorted((ROOT / "tests").rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse((ROOT / path).read_text(), filename=str(path))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that is in a file's syntax tree."""
    return tuple(ast.walk(tree(path)))


@cache
def calls(path: Path) -> tuple[tuple[str, int], ...]:
    """What a file calls, as dotted text, and in which line."""
    return tuple(
        (ast.unparse(node.func), node.lineno)
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    )


def commands(group: click.Command, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command below a group by its words, the groups included: ("cdr export", command)."""
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            each = group.get_command(context, name)
            assert each is not None
            words = f"{prefix} {name}".strip()
            yield words, each
            yield from commands(each, words)

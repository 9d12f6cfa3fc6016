"""The error trees: every class has a stable id of its own."""

from __future__ import annotations

import importlib
from collections import Counter
from types import ModuleType

import pytest

from tests.architecture.program import ROOT, sources

MODULES = [
    ".".join(path.with_suffix("").parts)
    for path in sources()
    if path.name == "errors.py" or path.name == "refusals.py"
]


def classes(module: ModuleType) -> list[type[Exception]]:
    """The exceptions that a module defines."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Exception) and each.__module__ == module.__name__
    ]


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith(".errors")])
def test_every_error_says_a_stable_id_of_its_own(name: str) -> None:
    found = classes(importlib.import_module(name))
    assert found
    without = [each.__name__ for each in found if "id" not in vars(each)]
    assert not without, f"errors without an id of their own: {without}"
    assert all(isinstance(each.__dict__["id"], str) and each.__doc__ for each in found)


def test_no_two_errors_share_an_id() -> None:
    every = [
        each
        for name in MODULES
        if name.endswith(".errors")
        for each in classes(importlib.import_module(name))
    ]
    counted = Counter(str(vars(each)["id"]) for each in every if "id" in vars(each))
    assert not [error_id for error_id, count in counted.items() if count > 1]


@pytest.mark.parametrize("name", [name for name in MODULES if name.endswith(".errors")])
def test_the_tree_at_the_top_of_the_file_names_every_error(name: str) -> None:
    module = importlib.import_module(name)
    drawn = module.__doc__ or ""
    missing = [each.__name__ for each in classes(module) if each.__name__ not in drawn]
    assert not missing, f"{ROOT / name.replace('.', '/')}.py: not in the tree of its docstring: {missing}"

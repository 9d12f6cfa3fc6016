"""docs/configuration.md is what the schema says."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel

from provisioning import schema

ROOT = Path(__file__).parents[3]


def test_the_reference_of_all_keys_is_current() -> None:
    reference: Callable[[], str] = runpy.run_path(
        str(ROOT / "tools" / "generate_configuration_reference.py")
    )["reference"]
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == reference(), (
        "run tools/generate_configuration_reference.py and read the difference"
    )


def test_every_key_is_in_the_reference() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    models = [getattr(schema, name) for name in schema.__all__]
    keys = {key for model in models if issubclass(model, BaseModel) for key in model.model_fields}
    assert [key for key in sorted(keys) if f"| `{key}` |" not in text] == []

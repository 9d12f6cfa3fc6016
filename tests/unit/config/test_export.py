"""Export and apply are each other's inverse: what is written out reads back as no change."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings

from provisioning.canonical import items_of
from provisioning.export import export_files, item_text
from provisioning.load import load, load_documents
from provisioning.plan import make_plan
from provisioning.schema import Config
from tests.unit.config.configs import configs

EXAMPLE = Path(__file__).parents[3] / "examples/carrier"


def _read_back(config: Config) -> Config:
    return load_documents((name, text.encode()) for name, text in export_files(config, 7)).config


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs())
def test_an_exported_configuration_plans_to_no_change(config: Config) -> None:
    back = _read_back(config)
    assert items_of(back) == items_of(config)
    assert make_plan(7, items_of(config), back).is_empty


def test_the_example_survives_two_exports_unchanged() -> None:
    config = load([EXAMPLE]).config
    files = list(export_files(config, 7))
    assert [name for name, _ in files] == [
        "carrier.yaml",
        "customer-kunde-bau.yaml",
        "customer-kunde-kanzlei.yaml",
        "customer-kunde-praxis.yaml",
        "customer-kunde-versand.yaml",
    ]
    assert list(export_files(_read_back(config), 7)) == files


def test_one_part_is_shown_as_its_file_would_have_it() -> None:
    config = load([EXAMPLE]).config
    texts = dict(export_files(config, 7))
    for item, text in zip(items_of(config).values(), texts.values(), strict=True):
        assert text.endswith(item_text(item))

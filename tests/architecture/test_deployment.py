"""What is deployed is this program: the image has every package, the units call commands that exist."""

from __future__ import annotations

import configparser
import shlex

import click
import pytest
import yaml

from cli.main import fernamt
from tests.architecture.program import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


def test_the_image_has_every_package() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    packages = {line.rstrip("*") for line in setup["options.packages.find"]["include"].split()}
    copied = {
        line.split()[1] for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("COPY ")
    }
    assert packages <= copied


@pytest.mark.parametrize(
    "unit", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name
)
def test_a_unit_calls_a_command_with_options_that_exist(unit) -> None:
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    words = shlex.split(line.removeprefix("ExecStart="))
    assert words[1:3] == ["--settings", "/etc/fernamt/fernamt.yaml"]
    command: click.Command = fernamt
    words = words[3:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, line
        command = found
    command.make_context(unit.name, [word.replace("%i", "127.0.0.1:8084") for word in words])


@pytest.mark.parametrize(
    ("file", "name", "words"),
    [
        (file, name, service["command"])
        for file in ("compose.yaml", "deploy/site.compose.yaml")
        for name, service in yaml.safe_load((ROOT / file).read_text())["services"].items()
        if service.get("command", [""])[0] == "--settings"
    ],
)
def test_a_service_calls_a_command_with_options_that_exist(file: str, name: str, words: list[str]) -> None:
    assert words[1] == "/etc/fernamt/fernamt.yaml", file
    command: click.Command = fernamt
    left = words[2:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), left.pop(0))
        assert found is not None, f"{file}: {name}"
        command = found
    command.make_context(name, left)

"""What we are made of is known: every package is on the list, and an audit says what it could not ask."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.program import ROOT
from tools import sbom

Audited = Callable[..., subprocess.CompletedProcess[str]]


def on_disk() -> set[tuple[str, str]]:
    """Name and version of each package by the directories that pip made."""
    places = {Path(sysconfig.get_path(each)) for each in ("purelib", "platlib")}
    stems = [path.name.removesuffix(".dist-info") for place in places for path in place.glob("*.dist-info")]
    cut = (stem.rpartition("-") for stem in stems)
    return {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, _, version in cut}


def test_the_list_names_every_installed_package_with_version_and_licence(tmp_path: Path) -> None:
    """Issue 7: SBOM in CI. CycloneDX 1.6."""
    began = time.perf_counter()
    count = sbom.main(tmp_path)
    took_s = time.perf_counter() - began
    made = json.loads((tmp_path / "sbom.json").read_text())
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    named = {(each["name"], each["version"]): each for each in made["components"]}
    assert on_disk() <= set(named)
    assert len(named) == len(made["components"]) == count
    for (name, version), each in named.items():
        (licence,) = each["licenses"]
        said = licence.get("expression") or licence["license"]["name"]
        assert said, name
        assert said != sbom.NOT_STATED, f"{name} does not state its licence: look it up and add it to STATED"
        assert each["purl"] == each["bom-ref"] == f"pkg:pypi/{name}@{version}"
    assert made["metadata"]["component"]["name"] == "fernamt"
    assert took_s < 2 * 5, "a part of `make test`; five times its time on a busy machine"


def test_the_same_packages_make_the_same_list(tmp_path: Path) -> None:
    for place in ("a", "b"):
        sbom.main(tmp_path / place)
    assert (tmp_path / "a/sbom.json").read_bytes() == (tmp_path / "b/sbom.json").read_bytes()
    wanted = (tmp_path / "a/installed.txt").read_text().splitlines()
    assert not any(line.startswith("fernamt==") for line in wanted), "we are in no registry"
    assert all(line.count("==") == 1 for line in wanted)


def test_our_own_word_on_a_licence_is_for_packages_that_say_none() -> None:
    for name, (licence, where) in sbom.STATED.items():
        assert licence
        assert where
        if (found := sbom.installed().get(name)) is not None:
            assert not found.metadata.get("License-Expression"), f"{name} says it itself now"


@pytest.fixture
def audited(tmp_path: Path) -> Audited:
    """tools/audit with a pip-audit that answers this, or fails as without a network."""

    def audit(answer: object) -> subprocess.CompletedProcess[str]:
        program = tmp_path / "audit" / "bin" / "pip-audit"
        program.parent.mkdir(parents=True, exist_ok=True)
        lines = ["#!/bin/sh", "echo 'ConnectionError: no route' >&2", "exit 1"]
        if answer is not None:
            (tmp_path / "answer.json").write_text(json.dumps(answer))
            lines = ["#!/bin/sh", f"cp {tmp_path}/answer.json {tmp_path}/advisories.json"]
        program.write_text("\n".join([*lines, ""]))
        program.chmod(0o755)
        return subprocess.run(
            [str(ROOT / "tools" / "audit"), str(Path(sys.prefix)), str(tmp_path)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return audit


def test_an_audit_that_nobody_answers_says_so_in_one_sentence_and_is_no_pass(audited: Audited) -> None:
    for answer in (None, {"dependencies": [{"name": "gevent", "skip_reason": "not found"}], "fixes": []}):
        done = audited(answer)
        assert done.returncode == 3, done.stderr
        (sentence,) = done.stderr.splitlines()
        assert sentence.startswith("Known weaknesses were not looked up: ")
        assert "make audit" in sentence


def test_a_known_weakness_fails_the_audit_and_is_named(audited: Audited, tmp_path: Path) -> None:
    weakness = {"id": "PYSEC-2026-1", "fix_versions": ["9.9"], "aliases": []}
    done = audited({"dependencies": [{"name": "gevent", "version": "1.0", "vulns": [weakness]}], "fixes": []})
    assert done.returncode == 1
    assert "gevent 1.0: PYSEC-2026-1, mended in 9.9" in done.stdout
    well = audited({"dependencies": [{"name": "gevent", "version": "26.9", "vulns": []}], "fixes": []})
    assert (well.returncode, well.stderr) == (0, "")
    assert "1 of 1 packages were looked up, 0 weaknesses are known" in well.stdout
    assert (tmp_path / "sbom.json").exists()


def test_ci_makes_the_list_and_asks_what_is_known_against_it() -> None:
    steps = (ROOT / ".ci" / "run").read_text()
    assert "make test" in steps
    assert "tools/audit .venv || true" in steps
    test = (ROOT / "Makefile").read_text().partition("\ntest: ")[2].partition("\n\n")[0]
    assert "lint sbom" in test

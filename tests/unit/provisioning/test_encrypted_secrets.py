"""F5: secrets in files encrypted with sops and age, decrypted by these programs when they are read.

The programs here are stand-ins of a few lines: which arguments they get and what becomes of their answers.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provisioning.decrypt import CannotDecrypt
from provisioning.schema import SecretRef
from provisioning.secrets import SecretMissing, Secrets

TREE = '{"phones": {"phone-1": "geheim", "long": "%s"}, "count": 1}' % ("x" * 1_025)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A directory with encrypted files; programs go to `bin` below it."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "passwords.yaml").write_text("ENC[…]")
    (tmp_path / "phone.age").write_text("age-encryption.org/v1")
    return tmp_path


def program(machine: Path, name: str, script: str) -> None:
    """Install a program that notes its arguments in the file `calls`."""
    path = machine / "bin" / name
    path.write_text(f'#!/bin/sh\necho "$@" >> "{machine}/calls"\n{script}\n')
    path.chmod(0o755)


def secrets(machine: Path, **environment: str) -> Secrets:
    """Secrets of a machine with our programs first in its path."""
    return Secrets({"PATH": f"{machine}/bin:{os.defpath}", **environment}, machine)


def ref(**keys: str) -> SecretRef:
    """A reference as it stands in the YAML."""
    return SecretRef.model_validate(keys)


def test_a_key_of_a_sops_file_is_read_and_the_file_decrypted_once(machine: Path) -> None:
    program(machine, "sops", f"echo '{TREE}'")
    source = secrets(machine)
    assert source.read(ref(sops="passwords.yaml#phones.phone-1")) == "geheim"
    assert source.read(ref(sops="passwords.yaml#phones.phone-1")) == "geheim"
    assert (machine / "calls").read_text().splitlines() == [
        f"--decrypt --output-type json {machine}/passwords.yaml"
    ]


def test_an_age_file_is_read_with_the_identity_of_the_environment(machine: Path) -> None:
    program(machine, "age", "echo geheim")
    assert secrets(machine, FERNAMT_AGE_IDENTITY="/keys/id").read(ref(age="phone.age")) == "geheim"
    assert (machine / "calls").read_text() == f"--decrypt --identity /keys/id {machine}/phone.age\n"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("phones.phone-2", "passwords.yaml has no text at the key phones.phone-2"),
        ("phones", "passwords.yaml has no text at the key phones"),
        ("count", "passwords.yaml has no text at the key count"),
        ("count.x", "passwords.yaml has no text at the key count.x"),
    ],
)
def test_a_key_that_is_not_there_is_named(machine: Path, key: str, message: str) -> None:
    program(machine, "sops", f"echo '{TREE}'")
    with pytest.raises(CannotDecrypt) as caught:
        secrets(machine).read(ref(sops=f"passwords.yaml#{key}"))
    assert str(caught.value) == message


def test_a_decrypted_secret_has_the_limits_of_every_other(machine: Path) -> None:
    program(machine, "sops", f"echo '{TREE}'")
    with pytest.raises(SecretMissing, match="longer than 1024 bytes"):
        secrets(machine).read(ref(sops="passwords.yaml#phones.long"))


def test_a_program_that_is_not_installed_is_named(machine: Path) -> None:
    with pytest.raises(CannotDecrypt) as caught:
        Secrets({"PATH": str(machine / "bin")}, machine).read(ref(sops="passwords.yaml#a"))
    assert str(caught.value) == (
        "passwords.yaml is encrypted with sops, and there is no such program: install it"
    )


def test_age_without_an_identity_says_what_is_missing(machine: Path) -> None:
    with pytest.raises(CannotDecrypt, match="FERNAMT_AGE_IDENTITY does not name a key file"):
        secrets(machine).read(ref(age="phone.age"))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'no key found' >&2; exit 1", "sops does not decrypt passwords.yaml: no key found"),
        ("exit 3", "sops does not decrypt passwords.yaml: no reason given"),
        ("echo geheim", "what sops gives for passwords.yaml is not JSON"),
        ("printf '\\377'", "what sops gives for passwords.yaml is not UTF-8"),
    ],
)
def test_what_the_program_says_is_passed_on_without_the_secret(
    machine: Path, script: str, message: str
) -> None:
    program(machine, "sops", script)
    with pytest.raises(CannotDecrypt) as caught:
        secrets(machine).read(ref(sops="passwords.yaml#a"))
    assert str(caught.value) == message
    assert "geheim" not in str(caught.value)


def test_a_file_that_cannot_be_decrypted_is_tried_once(machine: Path) -> None:
    """Ten thousand phones in one file must not wait ten thousand times."""
    program(machine, "sops", "exit 1")
    source = secrets(machine)
    for key in ("a", "b"):
        with pytest.raises(CannotDecrypt, match="no reason given"):
            source.read(ref(sops=f"passwords.yaml#{key}"))
    assert len((machine / "calls").read_text().splitlines()) == 1


def test_a_file_that_is_not_there_starts_no_program(machine: Path) -> None:
    program(machine, "sops", "exit 0")
    with pytest.raises(CannotDecrypt, match=r"the secret file other\.yaml is not there"):
        secrets(machine).read(ref(sops="other.yaml#a"))
    assert not (machine / "calls").exists()

"""Secrets by reference: read from environment and files, in clear text in the lab only."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.schema import SecretRef
from provisioning.secrets import LabSecret, SecretMissing, Secrets


def ref(**keys: str) -> SecretRef:
    """A reference as it stands in the YAML."""
    return SecretRef.model_validate(keys)


def test_the_lab_s_secrets_are_refused_in_production() -> None:
    with pytest.raises(LabSecret, match=r"^a secret in clear text is for the lab only: use \{env: NAME\} or"):
        Secrets({}, Path()).read(ref(lab="geheim"))
    assert Secrets({}, Path(), lab=True).read(ref(lab="geheim")) == "geheim"


@pytest.mark.parametrize("content", [b"geheim", b"geheim\n", b"geheim\r\n"])
def test_a_secret_file_may_end_with_a_line_end(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "password").write_bytes(content)
    assert Secrets({}, tmp_path).read(ref(file="password")) == "geheim"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the secret file password is empty"),
        (b"\n", "the secret file password is empty"),
        (b"x" * 1_025, "the secret file password is longer than 1024 bytes"),
        (b"two\nlines\n", "the secret file password holds a line end or control character"),
        (b"\xff", "the secret file password is not UTF-8"),
    ],
)
def test_a_secret_file_with_something_else_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "password").write_bytes(content)
    with pytest.raises(SecretMissing) as caught:
        Secrets({}, tmp_path).read(ref(file="password"))
    assert str(caught.value) == message


def test_a_secret_file_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing) as caught:
        Secrets({}, tmp_path).read(ref(file="."))
    assert str(caught.value) == "the secret file . is not a regular file"


def test_an_empty_variable_is_no_secret() -> None:
    with pytest.raises(SecretMissing) as caught:
        Secrets({"NAME": ""}, Path()).read(ref(env="NAME"))
    assert str(caught.value) == "the environment variable NAME is empty"

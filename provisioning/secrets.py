"""Reading secrets from where the configuration says they are."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from provisioning.decrypt import Decryption
from provisioning.errors import ProvisioningError
from provisioning.notation.secret import SecretRef

#: Bytes of a secret; a password that is longer is more likely the wrong file.
MAX_SECRET_BYTES: Final = 1_024


class SecretMissing(ProvisioningError):
    """A secret cannot be read. The message says where it was looked for, never what was found."""

    id = "config.secret-missing"


class LabSecret(ProvisioningError):
    """A secret in clear text outside the lab."""

    id = "config.lab-secret"


class SecretSource(Protocol):
    """Gives the text of a secret."""

    def read(self, ref: SecretRef) -> str:
        """Raise `SecretMissing`, `LabSecret` or `CannotDecrypt`."""
        ...


class Secrets:
    """Secrets of this machine: environment, files, encrypted files, and those of the lab where it is one.

    `directory` is where relative file names start. Environment and directory are given, not looked up; the
    programs sops and age are searched in the environment's PATH. Make a new one to read secrets again.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path, *, lab: bool = False) -> None:
        self._environment = environment
        self._directory = directory
        self._decryption = Decryption(environment, directory)
        self._lab = lab

    def read(self, ref: SecretRef) -> str:
        if ref.env is not None:
            return self._from_environment(ref.env)
        if ref.file is not None:
            return self._from_file(ref.file)
        if ref.sops is not None:
            return _checked(self._decryption.sops(ref.sops), f"the secret {ref.sops}")
        if ref.age is not None:
            return _checked(self._decryption.age(ref.age), f"the secret file {ref.age}")
        if not self._lab:
            raise LabSecret("a secret in clear text is for the lab only: use {env: NAME} or {file: path}")
        return _checked(ref.lab or "", "the secret")

    def _from_environment(self, name: str) -> str:
        text = self._environment.get(name)
        if text is None:
            raise SecretMissing(f"the environment variable {name} is not set")
        return _checked(text, f"the environment variable {name}")

    def _from_file(self, name: str) -> str:
        path = self._directory / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                raise SecretMissing(f"the secret file {name} is not a regular file")
            with path.open("rb") as stream:
                data = stream.read(MAX_SECRET_BYTES + 3)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "wrong name"
            raise SecretMissing(f"the secret file {name} cannot be read: {reason}") from None
        try:
            return _checked(
                data.decode("utf-8").removesuffix("\n").removesuffix("\r"), f"the secret file {name}"
            )
        except UnicodeDecodeError:
            raise SecretMissing(f"the secret file {name} is not UTF-8") from None


def _checked(text: str, where: str) -> str:
    if not text:
        raise SecretMissing(f"{where} is empty")
    if len(text.encode("utf-8", "replace")) > MAX_SECRET_BYTES:
        raise SecretMissing(f"{where} is longer than {MAX_SECRET_BYTES} bytes")
    if not text.isprintable():
        raise SecretMissing(f"{where} holds a line end or control character")
    return text

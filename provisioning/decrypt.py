"""Encrypted files of secrets, decrypted by the programs `sops` and `age` when they are read.

Neither is needed while no secret refers to it. What they give stays in memory: nothing is written.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from provisioning.errors import ProvisioningError, cut

#: Bytes of an encrypted file.
MAX_ENCRYPTED_BYTES: Final = 4 * 1024 * 1024
#: Seconds that a program may take; sops may ask a key service over the network.
TIMEOUT_S: Final = 20
#: Environment variable that names age's identity file (its private key).
AGE_IDENTITY: Final = "FERNAMT_AGE_IDENTITY"


class CannotDecrypt(ProvisioningError):
    """An encrypted secret cannot be read. The message names file and reason, never what was found."""

    id = "config.secret-encrypted"


class Decryption:
    """Runs the programs with this environment, which says where they and their keys are.

    Each sops file is decrypted once and kept for the life of this object: make a new one to read again.
    """

    def __init__(self, environment: Mapping[str, str], directory: Path) -> None:
        self._environment = environment
        self._directory = directory
        self._trees: dict[str, Any] = {}

    def age(self, name: str) -> str:
        """The text in a file encrypted with age. Raise `CannotDecrypt`."""
        identity = self._environment.get(AGE_IDENTITY)
        if not identity:
            raise CannotDecrypt(f"{name} is encrypted with age, and {AGE_IDENTITY} does not name a key file")
        return self._run("age", ("--decrypt", "--identity", identity), name).removesuffix("\n")

    def sops(self, reference: str) -> str:
        """The text at `path#key.key` of a file encrypted with sops. Raise `CannotDecrypt`."""
        name, _, key = reference.partition("#")
        value = self._once(name)
        for step in key.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if not isinstance(value, str):
            raise CannotDecrypt(f"{name} has no text at the key {key}")
        return value

    def _once(self, name: str) -> Any:
        """A file that cannot be decrypted is not tried again for each of its keys."""
        if name not in self._trees:
            try:
                self._trees[name] = self._tree(name)
            except CannotDecrypt as error:
                self._trees[name] = error
        if isinstance(tree := self._trees[name], CannotDecrypt):
            raise CannotDecrypt(str(tree))
        return tree

    def _tree(self, name: str) -> Any:
        text = self._run("sops", ("--decrypt", "--output-type", "json"), name)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise CannotDecrypt(f"what sops gives for {name} is not JSON") from None

    def _run(self, program: str, options: Sequence[str], name: str) -> str:
        path = self._directory / name
        found = shutil.which(program, path=self._environment.get("PATH", ""))
        if found is None:
            raise CannotDecrypt(
                f"{name} is encrypted with {program}, and there is no such program: install it"
            )
        try:
            if not path.is_file() or path.stat().st_size > MAX_ENCRYPTED_BYTES:
                raise CannotDecrypt(f"the secret file {name} is not there, or larger than 4 MiB")
            done = subprocess.run(
                [found, *options, str(path)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
                env=dict(self._environment),
            )
        except (OSError, ValueError) as error:
            raise CannotDecrypt(f"{program} cannot be run for {name}: {type(error).__name__}") from None
        except subprocess.TimeoutExpired:
            raise CannotDecrypt(f"{program} has not decrypted {name} within {TIMEOUT_S} s") from None
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
            raise CannotDecrypt(f"{program} does not decrypt {name}: {cut(lines[0])}")
        try:
            return done.stdout.decode("utf-8")
        except UnicodeDecodeError:
            raise CannotDecrypt(f"what {program} gives for {name} is not UTF-8") from None

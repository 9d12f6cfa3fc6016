"""References to secrets. A secret itself never stands in the YAML, but for the lab's (F5)."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, Field, model_validator

from provisioning.notation.entry import Entry, refusal
from provisioning.notation.form import Form
from provisioning.notation.values import MAX_TEXT, EnvName, Text

_ALLOWED: Final = "{env: NAME}, {file: path}, {sops: path#key}, {age: path}, or {lab: text} for the lab only"
_SOPS: Final = re.compile(r"[^#]+#[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,9}", re.ASCII)


def _parse_sops(value: Any) -> str:
    if isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable() and _SOPS.fullmatch(value):
        return value
    raise refusal(
        "config.secret", "not a file and a key in it", "path#key, path#key.key for a key within another"
    )


SopsRef = Annotated[str, BeforeValidator(_parse_sops), Form("text", "`path#key` or `path#key.key`")]


class SecretRef(Entry):
    """Where a secret is to be read: exactly one of the keys."""

    env: EnvName | None = Field(
        None, description="Name of the environment variable that holds the secret (F5)."
    )
    file: Text | None = Field(
        None,
        description="File that holds the secret and nothing else; relative to `secrets` in the state "
        "directory (F5).",
    )
    sops: SopsRef | None = Field(
        None,
        description="Key in a file encrypted with sops: `passwords.yaml#phones.phone-1`. The program sops "
        "decrypts it when it is read (F5).",
    )
    age: Text | None = Field(
        None,
        description="File encrypted with age that holds the secret and nothing else. The program age "
        "decrypts it with the identity file that FERNAMT_AGE_IDENTITY names (F5).",
    )
    lab: Text | None = Field(
        None,
        repr=False,
        description="The secret itself. For the lab and the examples: refused in production.",
    )

    @model_validator(mode="before")
    @classmethod
    def _no_plain_secret(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise refusal("config.plain-secret", "a secret does not stand in the configuration", _ALLOWED)
        return value

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        sources = (self.env, self.file, self.sops, self.age, self.lab)
        if len([each for each in sources if each is not None]) != 1:
            raise refusal("config.secret", "a secret has one source", _ALLOWED)
        return self

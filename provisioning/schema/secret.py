"""References to secrets. A secret itself never stands in the YAML, but for the lab's."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from provisioning.schema.entry import Entry, refusal
from provisioning.schema.values import EnvName, Text

_ALLOWED = "{env: NAME}, {file: path}, or {lab: text} for the lab only"


class SecretRef(Entry):
    """Where a secret is to be read: exactly one of the keys."""

    env: EnvName | None = Field(None, description="Name of the environment variable that holds the secret.")
    file: Text | None = Field(
        None,
        description="File that holds the secret and nothing else; relative to the secrets directory.",
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
        if len([each for each in (self.env, self.file, self.lab) if each is not None]) != 1:
            raise refusal("config.secret", "a secret has one source", _ALLOWED)
        return self

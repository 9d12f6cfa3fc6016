"""What all models of the schema share."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from provisioning.notation.form import Items

T = TypeVar("T")


class Entry(BaseModel):
    """A mapping of the YAML: unknown keys refused, nothing converted, frozen, input never in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


def refusal(id_: str, message: str, allowed: str, **context: Any) -> PydanticCustomError:
    """The error a validator raises; `schema_errors` turns it into a finding with this id."""
    # Braces would be taken as fields of pydantic's message template.
    return PydanticCustomError(id_, "{message}", {"message": message, "allowed": allowed, **context})


def _at_most(most: int) -> BeforeValidator:
    """Refuses a longer list before its items are looked at, so a million wrong ones are one problem."""

    def check(value: Any) -> Any:
        if isinstance(value, list) and len(value) > most:
            raise refusal("config.too-many", "a list is too long", f"at most {most}")
        return value

    return BeforeValidator(check)


#: A YAML list as a tuple; `strict=False` is for list -> tuple only, the items stay strict.
Few = Annotated[tuple[T, ...], Field(strict=False), _at_most(1_000), Items(1_000)]
Many = Annotated[tuple[T, ...], Field(strict=False), _at_most(100_000), Items(100_000)]
#: Choices in order of preference: at least one.
Choices = Annotated[tuple[T, ...], Field(strict=False, min_length=1), _at_most(20), Items(20, 1)]

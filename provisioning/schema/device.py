"""What people speak with: phones, and agents of the contact centre with their softphones."""

from __future__ import annotations

from pydantic import Field

from provisioning.schema.caller_id import PhoneCallerIdEntry
from provisioning.schema.entry import Entry, Few
from provisioning.schema.secret import SecretRef
from provisioning.schema.values import Id, Login, Number, Text


class PhoneEntry(Entry):
    """A device that registers with us."""

    id: Id = Field(description="Name of the phone, unique among all phones.")
    number: Number = Field(
        description="The phone's own number: shown by its calls. Rings it unless `numbers` says otherwise."
    )
    username: Login | None = Field(None, description="User name it registers with. Default: the id.")
    secret: SecretRef = Field(description="Where the password is that it registers with (F5).")
    no_answer_s: int = Field(
        60, ge=5, le=600, description="Seconds of ringing before the next phone is tried."
    )
    site: Id | None = Field(
        None,
        description="Site of the phone. Default: that of its number, else the customer's only site (B8).",
    )
    own_line: bool = Field(
        True,
        description="False for a softphone of the contact centre that has no line of its own and only "
        "shows the "
        "number: 110 and 112 get an announcement to use a fixed or mobile line (B9).",
    )
    barring: Few[Id] = Field((), description="Barring profiles of this phone, with the customer's (B6).")
    caller_id: PhoneCallerIdEntry | None = Field(
        None, description="What holds for its caller id. Default: shown as it is (B4)."
    )
    limits: Id | None = Field(
        None, description="Limits of the calls that this phone places, beside the customer's (B11)."
    )


class AgentEntry(Entry):
    """Somebody who takes calls of the contact centre (C1)."""

    id: Id = Field(description="Name of the agent, unique among all agents.")
    name: Text | None = Field(None, description="Name as supervisors see it.")
    username: Login | None = Field(None, description="User name of the login. Default: the id.")
    secret: SecretRef = Field(description="Where the password of the login is (F5).")
    phone: Id | None = Field(
        None,
        description="Phone the agent works with. Default: the softphone, which cannot call 110 and 112 (B9).",
    )
    site: Id | None = Field(None, description="Site of the agent. Default: the customer's only site.")
    barring: Few[Id] = Field((), description="Barring profiles of this agent, with the customer's (B6).")

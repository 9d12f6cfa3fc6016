"""What people speak with: phones, and agents of the contact centre with their softphones."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from provisioning.notation.entry import Choices, Entry, Few
from provisioning.notation.secret import SecretRef
from provisioning.notation.values import Id, Login, Number, Text
from provisioning.schema.caller_id import PhoneCallerIdEntry
from provisioning.schema.dates import Day
from provisioning.schema.queue import MembershipEntry, SkillEntry
from provisioning.schema.trunk import Codec


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
    webrtc: bool = Field(
        False,
        description="A browser: it registers over WSS, its sound is encrypted (DTLS-SRTP) and may be Opus or "
        "G.722 too. Needs `node.tls` in the settings (C6).",
    )
    codecs: Choices[Codec] | None = Field(
        None,
        description="Codecs of its calls: PCMA, PCMU, G722, OPUS; PCMA and PCMU are there in any case. "
        "Which of them a call has, both sides agree on. Default: `[G722, PCMA, PCMU]`, of a browser "
        "`[OPUS, G722, PCMA, PCMU]`.",
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
    role: Literal["agent", "supervisor", "admin"] = Field(
        "agent", description="Supervisors and admins may listen to conversations of the customer (C8)."
    )
    recording_consent: Day | None = Field(
        None,
        description="Day on which the agent agreed in writing to be recorded. Default: never recorded (C4).",
    )
    site: Id | None = Field(None, description="Site of the agent. Default: the customer's only site.")
    barring: Few[Id] = Field((), description="Barring profiles of this agent, with the customer's (B6).")
    queues: Few[MembershipEntry] = Field((), description="Queues that the agent serves; needs `phone` (C1).")
    skills: Few[SkillEntry] = Field((), description="What the agent is good at (C1).")
    capacity: int = Field(
        1,
        ge=1,
        le=10,
        description="Calls of queues that the agent may have at a time, on a phone with as many lines: one "
        "is talked with, the others are on hold (C1).",
    )
    wrap_up_s: int = Field(
        0, ge=0, le=3_600, description="Seconds after a call, where that is more than the queue's (C1)."
    )
    max_no_answer: int = Field(
        3, ge=0, le=100, description="So many calls in a row not answered pause the agent; 0 never does (C1)."
    )
    no_answer_delay_s: int = Field(10, ge=0, le=3_600, description="Rest after a call not answered (C1).")
    reject_delay_s: int = Field(10, ge=0, le=3_600, description="Rest after a call declined (C1).")
    busy_delay_s: int = Field(30, ge=0, le=3_600, description="Rest when the phone was busy (C1).")
    unreachable_delay_s: int = Field(
        30, ge=0, le=3_600, description="Rest when the phone could not be reached (C1)."
    )

"""Routing plans of a customer, compiled for the call path (C2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from dialplan.causes import Cause
from dialplan.mailbox import Access, Mailbox
from dialplan.plans.hours import Hours
from dialplan.plans.nodes import (
    WAITING_TONE,
    AnnouncementNode,
    CallbackNode,
    CallerBranch,
    CallerNode,
    EndNode,
    ForwardNode,
    HolidayNode,
    HoursNode,
    ListenNode,
    MailboxNode,
    MenuNode,
    Node,
    PercentNode,
    Plan,
    QueueNode,
    RingNode,
    Sound,
)
from dialplan.week import WeekTimes
from numbering.classes import NumberClass
from numbering.e164 import E164
from provisioning import mailbox_access
from provisioning.holiday_dates import public_holidays
from provisioning.queue_sentences import callback_speech
from provisioning.schema import CustomerEntry, MailboxEntry, OpeningHoursEntry, QueueEntry
from provisioning.schema.plan import CallbackNodeEntry, CallerBranchEntry, NodeEntry, QueueNodeEntry
from provisioning.sounds import SoundBook
from provisioning.week_times import week_times

#: What the caller's network is told; FreeSWITCH sends the SIP code of each.
END_CAUSES: Final[Mapping[str, Cause]] = {
    "normal": Cause.NORMAL_CLEARING,
    "busy": Cause.USER_BUSY,
    "no_answer": Cause.NO_ANSWER,
    "rejected": Cause.CALL_REJECTED,
    "unallocated": Cause.UNALLOCATED_NUMBER,
    "unavailable": Cause.SUBSCRIBER_ABSENT,
}


def compile_hours(entry: OpeningHoursEntry) -> Hours:
    """Opening hours with their holidays and exceptions."""
    closed = public_holidays(entry.holidays_of) if entry.holidays_of is not None else frozenset()
    if entry.closed_on or entry.open_on:
        closed = (closed | frozenset(entry.closed_on)) - frozenset(entry.open_on)
    # Without slots it is never open.
    return Hours(week_times(entry.slots) or WeekTimes.of(()), closed)


def compile_plans(
    customer: CustomerEntry,
    sounds: SoundBook,
    usable: Callable[[str], bool] = lambda _: True,
    pins: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Plan]:
    """The plans of a customer that was checked, by id.

    `usable` says whether a phone or trunk is in service: others are left out. Only announcements of plans are
    made to sounds. `pins` are those of the mailboxes that may be listened to by phone.
    """
    if not customer.plans:
        return {}
    hours = {each.id: compile_hours(each) for each in customer.opening_hours}
    prompts = {each.id: sounds.sound(each) for each in customer.prompts}
    mailboxes = {
        each.id: _mailbox(each, customer.id, prompts, mailbox_access.access(each, pins.get(each.id), sounds))
        for each in customer.mailboxes
    }
    music = {each.id: prompts[each.music] if each.music else WAITING_TONE for each in customer.queues}
    queues = {each.id: each for each in customer.queues}
    compiler = _Nodes(hours, prompts, mailboxes, music, usable, queues, sounds, customer.id)
    return {
        plan.id: Plan(plan.id, customer.id, plan.start, {each.id: compiler.node(each) for each in plan.nodes})
        for plan in customer.plans
    }


class _Nodes:
    """Node by node; `hours` are the customer's own, the carrier's are found when the call comes."""

    def __init__(
        self,
        hours: Mapping[str, Hours],
        prompts: Mapping[str, Sound],
        mailboxes: Mapping[str, Mailbox],
        music: Mapping[str, Sound],
        usable: Callable[[str], bool],
        queues: Mapping[str, QueueEntry],
        sounds: SoundBook,
        customer_id: str,
    ) -> None:
        self._hours = hours
        self._mailboxes = mailboxes
        self._music = music
        self._prompts = prompts
        self._usable = usable
        self._queues = queues
        self._sounds = sounds
        self._customer_id = customer_id

    def node(self, entry: NodeEntry) -> Node:
        """The node as the call path reads it. A node has one key that says what it is."""
        return self._choosing(entry) or self._acting(entry)

    def _choosing(self, entry: NodeEntry) -> Node | None:
        """Nodes that only lead elsewhere."""
        if (hours := entry.hours) is not None:
            return HoursNode(self._hours.get(hours.of, hours.of), hours.open, hours.closed)
        if (day := entry.holiday) is not None:
            days = public_holidays(day.of) | frozenset(day.days)
            return HolidayNode(days, day.holiday, day.otherwise)
        if entry.percent is not None:
            return PercentNode(tuple((each.share, each.to) for each in entry.percent))
        if (caller := entry.caller) is not None:
            return CallerNode(tuple(map(_branch, caller.branches)), caller.otherwise)
        if (queue := entry.queue) is not None:
            return self._queue(queue)
        if (back := entry.callback) is not None:
            return self._callback(back)
        return None

    def _callback(self, entry: CallbackNodeEntry) -> CallbackNode:
        speech = callback_speech(self._queues[entry.queue], self._sounds)
        hours = self._hours.get(entry.hours, entry.hours) if entry.hours is not None else None
        return CallbackNode(self._customer_id, entry.queue, entry.otherwise, speech, hours)

    def _queue(self, entry: QueueNodeEntry) -> QueueNode:
        queue = self._queues[entry.name]
        return QueueNode(
            queue.id,
            entry.overflow,
            self._music[queue.id],
            exits={each.key: each.to for each in entry.exits},
            hours=self._hours.get(queue.hours, queue.hours) if queue.hours is not None else None,
            priority=entry.priority,
            agent=entry.agent,
            remembers=queue.preferred_s > 0,
        )

    def _acting(self, entry: NodeEntry) -> Node:
        if (menu := entry.menu) is not None:
            return MenuNode(
                prompt=self._prompts[menu.prompt],
                choices={each.keys: each.to for each in menu.choices},
                silent=menu.silent,
                wrong=menu.wrong or menu.silent,
                repeats=menu.repeats,
                timeout_s=menu.timeout_s,
                invalid=self._sound(menu.invalid),
                consent=menu.consent,
            )
        if (said := entry.announcement) is not None:
            return AnnouncementNode(self._prompts[said.prompt], said.to, said.answer)
        if (phones := entry.phones) is not None:
            return RingNode(phone_ids=self._usable_of(phones.ring), otherwise=phones.otherwise)
        if (trunks := entry.trunks) is not None:
            return RingNode(trunk_ids=self._usable_of(trunks.ring), otherwise=trunks.otherwise)
        if (forward := entry.forward) is not None:
            return ForwardNode(E164(forward.number), forward.otherwise)
        if entry.mailbox is not None:
            return MailboxNode(self._mailboxes[entry.mailbox])
        if entry.listen is not None:
            return ListenNode(self._mailboxes[entry.listen])
        end = entry.end
        assert end is not None  # noqa: S101 - a node has one kind
        return EndNode(END_CAUSES[end.cause], self._sound(end.prompt))

    def _sound(self, prompt: str | None) -> Sound | None:
        return self._prompts[prompt] if prompt is not None else None

    def _usable_of(self, ids: Sequence[str]) -> tuple[str, ...]:
        return tuple(each for each in ids if self._usable(each))


def _mailbox(
    entry: MailboxEntry, customer_id: str, prompts: Mapping[str, Sound], access: Access | None
) -> Mailbox:
    return Mailbox(
        id=entry.id,
        customer_id=customer_id,
        greeting=prompts[entry.greeting] if entry.greeting is not None else None,
        max_message_s=entry.max_message_s,
        silence_s=entry.silence_s,
        retention_days=entry.retention_days,
        notify=tuple(entry.notify),
        access=access,
    )


def _branch(entry: CallerBranchEntry) -> CallerBranch:
    return CallerBranch(
        to=entry.to,
        numbers=frozenset(map(E164, entry.numbers)),
        prefixes=tuple(entry.prefixes),
        classes=frozenset(map(NumberClass, entry.classes)),
        withheld=entry.withheld,
    )

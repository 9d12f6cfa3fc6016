"""The contact centre: every queue, agent's phone and announcement that is named is there (C1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioning.errors import Finding, KeyPath, Severity
from provisioning.nearest import listed
from provisioning.schema import AgentEntry, CarrierEntry, CustomerEntry, QueueEntry
from provisioning.schema.plan import QueueNodeEntry
from provisioning.validate import Parts


def check_queues(parts: Parts) -> Iterator[Finding]:
    """Queues of all customers, the agents who serve them, the plans that lead to them."""
    for i, customer in parts.customers.items():
        path: KeyPath = ("customers", i)
        names = tuple(each.id for each in customer.queues)
        yield from _once((*path, "queues"), names, "id", "two queues have the same name")
        yield from _queues(path, customer, names, parts.carrier)
        yield from _circles((*path, "queues"), customer.queues)
        for k, agent in enumerate(customer.agents):
            yield from _agent((*path, "agents", k), agent, names)
        for p, plan in enumerate(customer.plans):
            for n, node in enumerate(plan.nodes):
                if node.queue is not None:
                    at = (*path, "plans", p, "nodes", n, "queue")
                    yield from _node(at, node.queue, customer, names)
                if (back := node.callback) is not None:
                    at = (*path, "plans", p, "nodes", n, "callback")
                    if back.queue not in names:
                        yield _unknown((*at, "queue"), "queue", back.queue, names)
                    yield from _hours((*at, "hours"), back.hours, customer, parts.carrier)


def _node(
    path: KeyPath, node: QueueNodeEntry, customer: CustomerEntry, names: tuple[str, ...]
) -> Iterator[Finding]:
    """A plan's way into a queue; where its exits lead the plans' own check says."""
    if node.name not in names:
        yield _unknown((*path, "name"), "queue", node.name, names)
    yield from _once((*path, "exits"), [each.key for each in node.exits], "key", "a key leads out twice")
    serving = tuple(
        each.id for each in customer.agents if any(seat.queue == node.name for seat in each.queues)
    )
    if node.agent is not None and node.agent not in serving:
        yield _unknown((*path, "agent"), "agent", node.agent, serving)


def _hours(
    path: KeyPath, name: str | None, customer: CustomerEntry, carrier: CarrierEntry | None
) -> Iterator[Finding]:
    if name is not None and carrier is not None:
        hours = tuple(each.id for each in (*customer.opening_hours, *carrier.opening_hours))
        if name not in hours:
            yield _unknown(path, "opening-hours", name, hours)


def _prompts_of(queue: QueueEntry) -> Iterator[tuple[KeyPath, str]]:
    said = queue.announcements
    named = (("music",), queue.music), (("greeting",), queue.greeting), (("whisper",), queue.whisper)
    for path, prompt in (*named, (("announcements", "hint"), said.hint if said is not None else None)):
        if prompt is not None:
            yield path, prompt


def _queues(
    path: KeyPath, customer: CustomerEntry, names: tuple[str, ...], carrier: CarrierEntry | None
) -> Iterator[Finding]:
    prompts = tuple(each.id for each in customer.prompts)
    served = {each.queue for agent in customer.agents for each in agent.queues}
    for k, queue in enumerate(customer.queues):
        at = (*path, "queues", k)
        for place, prompt in _prompts_of(queue):
            if prompt not in prompts:
                yield _unknown((*at, *place), "prompt", prompt, prompts)
        yield from _hours((*at, "hours"), queue.hours, customer, carrier)
        yield from _once(
            (*at, "skills"), [each.name for each in queue.skills], "name", "a skill stands twice"
        )
        other = queue.overflow.to_queue if queue.overflow is not None else None
        if other is not None and other not in names:
            yield _unknown((*at, "overflow", "to_queue"), "queue", other, names)
        elif other == queue.id:
            yield Finding(
                "config.queue-overflow",
                (*at, "overflow", "to_queue"),
                "a queue that overflows into itself",
                repr(other),
                "another queue, or none for the plan's node",
            )
        if queue.id not in served:
            yield Finding(
                "config.queue-unserved",
                (*at, "id"),
                "no agent serves the queue",
                repr(queue.id),
                "an agent with this queue",
                severity=Severity.WARNING,
            )


def _circles(path: KeyPath, queues: Sequence[QueueEntry]) -> Iterator[Finding]:
    """Overflows of callers who wait that lead round: they come into each queue once, then out by the plan.
    Full queues that help each other are none, for nobody who waits is sent on."""
    places = {each.id: k for k, each in enumerate(queues)}
    leads: dict[str, str] = {}
    for each in queues:
        rule = each.overflow
        if rule is None or rule.to_queue is None or (rule.after_s, rule.no_agents_s) == (None, None):
            continue
        leads[each.id] = rule.to_queue
    seen: set[str] = set()
    for start in leads:
        way = [start]
        while way[-1] in leads and way[-1] not in seen:
            seen.add(way[-1])
            way.append(leads[way[-1]])
        first = way.index(way[-1])
        if len(way) - first < 3:  # no circle; one queue that leads into itself is refused elsewhere
            continue
        yield Finding(
            "config.queue-circle",
            (*path, places[way[-2]], "overflow", "to_queue"),
            "the overflows of these queues lead round in a circle; callers are sent round once, then to the "
            "`overflow` of the plan's node",
            " -> ".join(way[first:]),
            "an overflow without `to_queue` in one of them",
            severity=Severity.WARNING,
            other=(*path, places[way[-1]], "id"),
        )


def _agent(path: KeyPath, agent: AgentEntry, names: tuple[str, ...]) -> Iterator[Finding]:
    queues = [each.queue for each in agent.queues]
    yield from _once((*path, "queues"), queues, "queue", "a queue stands twice")
    yield from _once((*path, "skills"), [each.name for each in agent.skills], "name", "a skill stands twice")
    for m, name in enumerate(queues):
        if name not in names:
            yield _unknown((*path, "queues", m, "queue"), "queue", name, names)
    if queues and agent.phone is None:
        yield Finding(
            "config.agent-phone",
            (*path, "queues"),
            "an agent who serves queues and has no phone that could ring",
            repr(agent.id),
            "phone",
        )


def _once(path: KeyPath, names: Sequence[str], key: str, message: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for k, name in enumerate(names):
        if (before := first.setdefault(name, k)) != k:
            other = (*path, before, key)
            yield Finding("config.id-twice", (*path, k, key), message, repr(name), "each once", other=other)


def _unknown(path: KeyPath, noun: str, name: str, known: tuple[str, ...]) -> Finding:
    message = f"there {'are' if noun == 'opening-hours' else 'is'} no such {noun.replace('-', ' ')}"
    return Finding(f"config.unknown-{noun}", path, message, repr(name), listed(known), known)

"""The contact centre: every queue, agent's phone and announcement that is named is there (C1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from provisioning.errors import Finding, KeyPath, Severity
from provisioning.nearest import listed
from provisioning.schema import AgentEntry, CustomerEntry
from provisioning.validate import Parts


def check_queues(parts: Parts) -> Iterator[Finding]:
    """Queues of all customers, the agents who serve them, the plans that lead to them."""
    for i, customer in parts.customers.items():
        path: KeyPath = ("customers", i)
        names = tuple(each.id for each in customer.queues)
        yield from _once((*path, "queues"), names, "id", "two queues have the same name")
        yield from _queues(path, customer, names)
        for k, agent in enumerate(customer.agents):
            yield from _agent((*path, "agents", k), agent, names)
        for p, plan in enumerate(customer.plans):
            for n, node in enumerate(plan.nodes):
                if node.queue is not None and node.queue.name not in names:
                    at = (*path, "plans", p, "nodes", n, "queue", "name")
                    yield _unknown(at, "queue", node.queue.name, names)


def _queues(path: KeyPath, customer: CustomerEntry, names: tuple[str, ...]) -> Iterator[Finding]:
    prompts = tuple(each.id for each in customer.prompts)
    served = {each.queue for agent in customer.agents for each in agent.queues}
    for k, queue in enumerate(customer.queues):
        at = (*path, "queues", k)
        if queue.music is not None and queue.music not in prompts:
            yield _unknown((*at, "music"), "prompt", queue.music, prompts)
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
    message = f"there is no such {noun}"
    return Finding(f"config.unknown-{noun}", path, message, repr(name), listed(known), known)

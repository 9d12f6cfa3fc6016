"""Routing plans: every name is there, every call ends, nothing leads to a number that is barred (C2)."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning.checks.plan_graph import automatic, edges, nodes_of, walked
from provisioning.checks.plan_targets import check_forward, check_forwarding
from provisioning.errors import Finding, KeyPath, Severity
from provisioning.nearest import listed
from provisioning.schema import CustomerEntry, NodeEntry, PlanEntry
from provisioning.validate import Parts


def check_plans(parts: Parts) -> Iterator[Finding]:
    """All plans of all customers, and the numbers that go to plans."""
    for i, customer in parts.customers.items():
        path: KeyPath = ("customers", i)
        yield from _numbers(path, customer)
        for j, entry in enumerate(customer.numbers):
            yield from check_forwarding((*path, "numbers", j), entry, customer, parts.carrier)
        yield from _twice((*path, "prompts"), [each.id for each in customer.prompts], "announcements")
        yield from _mailboxes(path, customer)
        yield from _twice((*path, "plans"), [each.id for each in customer.plans], "plans")
        for k, plan in enumerate(customer.plans):
            at = (*path, "plans", k)
            yield from _twice((*at, "nodes"), [each.id for each in plan.nodes], "nodes of a plan")
            yield from _edges(at, plan)
            yield from _graph(at, plan)
            for n, node in enumerate(plan.nodes):
                yield from _names((*at, "nodes", n), node, customer, parts)
                yield from _kind((*at, "nodes", n), node)
                yield from check_forward((*at, "nodes", n), node, customer, parts.carrier)


def _numbers(path: KeyPath, customer: CustomerEntry) -> Iterator[Finding]:
    names = tuple(each.id for each in customer.plans)
    used = set()
    for j, entry in enumerate(customer.numbers):
        if entry.plan is None:
            continue
        used.add(entry.plan)
        if entry.plan not in names:
            yield _unknown((*path, "numbers", j, "plan"), "plan", entry.plan, names)
    for k, name in enumerate(names):
        if name not in used:
            yield Finding(
                "config.plan-unused",
                (*path, "plans", k, "id"),
                "no number goes to the plan",
                repr(name),
                "a number with this plan",
                severity=Severity.WARNING,
            )


def _mailboxes(path: KeyPath, customer: CustomerEntry) -> Iterator[Finding]:
    prompts = tuple(each.id for each in customer.prompts)
    yield from _twice((*path, "mailboxes"), [each.id for each in customer.mailboxes], "mailboxes")
    for k, box in enumerate(customer.mailboxes):
        if box.greeting is not None and box.greeting not in prompts:
            yield _unknown((*path, "mailboxes", k, "greeting"), "prompt", box.greeting, prompts)


def _twice(path: KeyPath, names: list[str], what: str) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for k, name in enumerate(names):
        if (before := first.setdefault(name, k)) != k:
            yield Finding(
                "config.id-twice",
                (*path, k, "id"),
                f"two {what} have the same name",
                repr(name),
                "a name of its own",
                other=(*path, before, "id"),
            )


def _edges(path: KeyPath, plan: PlanEntry) -> Iterator[Finding]:
    """Every node that is named is there."""
    names = tuple(each.id for each in plan.nodes)
    known = frozenset(names)
    if plan.start not in known:
        yield _unknown((*path, "start"), "plan-node", plan.start, names)
    for n, node in enumerate(plan.nodes):
        for edge in edges(node):
            if edge.to not in known:
                yield _unknown((*path, "nodes", n, *edge.path), "plan-node", edge.to, names)


def _graph(path: KeyPath, plan: PlanEntry) -> Iterator[Finding]:
    nodes = nodes_of(plan)
    reached = walked(plan.start, nodes)
    for n, node in enumerate(plan.nodes):
        if node.id not in reached and plan.start in nodes:
            yield Finding(
                "config.plan-unreachable",
                (*path, "nodes", n, "id"),
                "no call ever comes to the node",
                repr(node.id),
                "a node that leads to it, or none of it",
            )
    for loop in automatic(nodes):
        n = next(n for n, node in enumerate(plan.nodes) if node.id == loop[0])
        yield Finding(
            "config.plan-loop",
            (*path, "nodes", n, "id"),
            "calls go round for ever without a caller's action",
            " -> ".join((*loop, loop[0]))[:200],
            "a way out that needs no key",
        )


def _names(path: KeyPath, node: NodeEntry, customer: CustomerEntry, parts: Parts) -> Iterator[Finding]:
    """Announcements, hours, phones and trunks that a node names."""
    prompts = tuple(each.id for each in customer.prompts)
    for at, name in _prompts(node):
        if name not in prompts:
            yield _unknown((*path, *at), "prompt", name, prompts)
    if node.hours is not None and parts.carrier is not None:
        hours = tuple(each.id for each in (*customer.opening_hours, *parts.carrier.opening_hours))
        if node.hours.of not in hours:
            yield _unknown((*path, "hours", "of"), "opening-hours", node.hours.of, hours)
    boxes = tuple(each.id for each in customer.mailboxes)
    if node.mailbox is not None and node.mailbox not in boxes:
        yield _unknown((*path, "mailbox"), "mailbox", node.mailbox, boxes)
    if node.listen is not None:
        yield from _listening((*path, "listen"), node.listen, customer)
    phones = tuple(each.id for each in customer.phones)
    trunks = tuple(each.id for each in customer.trunks)
    for key, entry, known in (("phones", node.phones, phones), ("trunks", node.trunks, trunks)):
        for k, name in enumerate(entry.ring if entry is not None else ()):
            if name not in known:
                yield _unknown((*path, key, "ring", k), key[:-1], name, known)


def _listening(path: KeyPath, name: str, customer: CustomerEntry) -> Iterator[Finding]:
    """The mailbox is there, and has a PIN."""
    box = next((each for each in customer.mailboxes if each.id == name), None)
    if box is None:
        yield _unknown(path, "mailbox", name, tuple(each.id for each in customer.mailboxes))
    elif box.pin is None:
        message = "nobody may listen to a mailbox without a PIN"
        yield Finding("config.mailbox-without-pin", path, message, repr(name), "pin: { env: NAME } there")


def _prompts(node: NodeEntry) -> Iterator[tuple[KeyPath, str]]:
    if node.menu is not None:
        yield ("menu", "prompt"), node.menu.prompt
        if node.menu.invalid is not None:
            yield ("menu", "invalid"), node.menu.invalid
    if node.announcement is not None:
        yield ("announcement", "prompt"), node.announcement.prompt
    if node.end is not None and node.end.prompt is not None:
        yield ("end", "prompt"), node.end.prompt


def _kind(path: KeyPath, node: NodeEntry) -> Iterator[Finding]:
    """What a node must hold by itself."""
    if node.percent is not None and sum(each.share for each in node.percent) != 100:
        total = sum(each.share for each in node.percent)
        yield Finding(
            "config.plan-percent", (*path, "percent"), "the shares are not the whole", str(total), "100"
        )
    if node.menu is None:
        return
    if not node.menu.choices:
        yield Finding(
            "config.plan-dead-end", (*path, "menu", "choices"), "a menu without choices", "none", "keys"
        )
    keys = tuple(each.keys for each in node.menu.choices)
    if node.menu.consent is not None and node.menu.consent not in keys:
        at = (*path, "menu", "consent")
        message = "the consent is none of the menu's choices"
        yield Finding("config.plan-consent", at, message, repr(node.menu.consent), listed(keys))
    first: dict[str, int] = {}
    for k, choice in enumerate(node.menu.choices):
        at = (*path, "menu", "choices", k, "keys")
        if (before := first.setdefault(choice.keys, k)) != k:
            other = (*path, "menu", "choices", before, "keys")
            message = "keys that lead to two nodes"
            yield Finding("config.plan-key-twice", at, message, repr(choice.keys), "each once", other=other)


def _unknown(path: KeyPath, noun: str, name: str, known: tuple[str, ...]) -> Finding:
    said = "are no such" if noun == "opening-hours" else "is no such"
    message = f"there {said} {noun.replace('-', ' ')}"
    return Finding(f"config.unknown-{noun}", path, message, repr(name), listed(known), known)

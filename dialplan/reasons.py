"""Every reason a call can go or fail for: stable id, sentence. The ids are an interface: never rename one.

Ids that begin with `static.` are written by the rendered dialplan when no controller answered.
"""

from __future__ import annotations

from typing import Final

from dialplan.decision import Reason

_SENTENCES: Final = {
    "in.trunk": "Incoming call to {number}: to the trunks of customer {customer}.",
    "in.phone": "Incoming call to {number}: to the phones of customer {customer}.",
    "in.not-ours": "Incoming call to {number}, which is not a number of ours.",
    "in.unassigned": "Incoming call to {number}, which is ours but not assigned to a customer.",
    "in.number-blocked": "Incoming call to {number} of customer {customer}; the number is blocked.",
    "in.not-a-number": "Incoming call to something that is no number: {why}",
    "out.carrier": "Outgoing call of customer {customer} to {number} over carrier trunks.",
    "out.no-carrier": "Outgoing call of customer {customer} to {number}, but no carrier trunk takes it now.",
    "out.carriers-full": "Outgoing call of customer {customer} to {number}, but full are {trunks}.",
    "out.not-a-number": "Customer {customer} dialled something that is no number: {why}",
    "out.barred": "Customer {customer} dialled {number}; {class_name} is barred by default.",
    "out.barred-by-profile": "Customer {customer} dialled {number}; the profile {profile} bars it ({part}).",
    "out.unreachable": "Customer {customer} dialled {number}; {class_name} cannot be reached.",
    "out.customer-blocked": "Customer {customer} is blocked; only 110 and 112 are possible.",
    "out.user-blocked": "Phone {phone} of customer {customer} is blocked; only 110 and 112 are possible.",
    "out.number-blocked": "{number} of customer {customer} is blocked; only 110 and 112 are possible.",
    "out.caller-not-assigned": "Customer {customer} calls as a number that is not assigned to the customer.",
    "out.caller-no-right": "Customer {customer} may not show the number of this call: {why}",
    "out.caller-advertising": "Customer {customer} withholds the number of an advertising call.",
    "in.not-encrypted": "Incoming call over {trunk} without SRTP, which the trunk requires.",
    "out.not-encrypted": "Call of customer {customer} over {trunk} without SRTP, which the trunk requires.",
    "in.trunk-in-clear": "Incoming call to {number} of customer {customer}: {trunk} requires SRTP and has "
    "registered without TLS, so it is not called.",
    "in.trunks-full": "Incoming call to {number} of customer {customer}, but full are {trunk}.",
    "in.caller-forbidden": "The call came with {number} as its caller, which no call may carry.",
    "in.anonymous": "Incoming anonymous call to {number} of customer {customer}, which takes none.",
    "onnet.anonymous": "Customer {customer} called {number} anonymously, which takes no such calls.",
    "onnet.number-blocked": "Customer {customer} dialled {number}; that number is blocked.",
    "onnet.trunk": "Call inside our network to {number}: to the trunks of customer {customer}.",
    "onnet.phone": "Call inside our network to {number}: to the phones of customer {customer}.",
    "onnet.trunk-in-clear": "Call inside our network to {number} of customer {customer}: {trunk} requires "
    "SRTP and has registered without TLS, so it is not called.",
    "onnet.trunks-full": "Call inside our network to {number} of customer {customer}, but full are {trunk}.",
    "onnet.unassigned": "Customer {customer} dialled {number}, which is ours but not assigned to a customer.",
    "teams.unknown-tenant": "A call from Teams of the tenant {tenant!r}, which is no customer's.",
    "teams.number-not-assigned": "Customer {customer} calls from Teams as a number that is not its own.",
    "teams.number-of-no-tenant": "Customer {customer} calls from Teams as {number}, which is not linked to "
    "this tenant.",
    "teams.taken-back": "Teams of customer {customer} sent a call on and takes it back itself to do so.",
    "emergency.route": "Emergency call of customer {customer} to {number} over all emergency trunks.",
    "emergency.default-area": "Emergency call of customer {customer} to {number}; no area is known for its "
    "address, the default control centre takes it.",
    "emergency.no-area": "Emergency call of customer {customer} to {number}; no area is known for its "
    "address "
    "and there is no default: the trunks get what was dialled.",
    "emergency.no-line": "Phone {phone} of customer {customer} has no line of its own and cannot call 110 "
    "and "
    "112; an announcement says so.",
    "emergency.abroad": "Customer {customer} called {number} from abroad; it must not reach a German control "
    "centre (NotrufV § 4(5)).",
    "emergency.no-trunk": "Emergency call of customer {customer}, but no emergency trunk is configured.",
    "emergency.automatic": "Customer {customer}: {number} by {via}, and no human dialled it (NotrufV § 4).",
    "place.no-customer": "A leg was asked for by {via} on behalf of {customer!r}, which is no customer.",
    "place.no-user": "Customer {customer} has no phone {phone}, on whose behalf a call was asked for.",
    "place.no-phone": "{number} cannot be rung for a call of customer {customer}: it leads to a "
    "plan or queue.",
    "forward.loop": "{number} of customer {customer} passed the call on for the {times}th time: a loop.",
    "limit.simultaneous-calls": "Customer {customer} has {limit} calls at the same time already.",
    "limit.user-simultaneous-calls": "Phone {detail} of customer {customer} has {limit} calls already.",
    "limit.country-simultaneous-calls": "Customer {customer} has {limit} calls to {detail} already.",
    "limit.calls-per-second": "Customer {customer} places more than {limit} calls a second.",
    "limit.user-calls-per-second": "Phone {detail} of customer {customer} places more than {limit} calls "
    "a second.",
    "limit.country-calls-per-second": "Customer {customer} places more than {limit} calls a second to "
    "{detail}.",
    "limit.spend-per-day": "Customer {customer} has spent the {limit} of {detail}; free calls go on.",
    "limit.spend-per-month": "Customer {customer} has spent the {limit} of {detail}; free calls go on.",
    "limit.user-spend-per-day": "Customer {customer} has spent the {limit} of phone {detail}; free calls go "
    "on.",
    "limit.user-spend-per-month": "Customer {customer} has spent the {limit} of phone {detail}; free calls "
    "go on.",
    "limit.country-spend-per-day": "Customer {customer} has spent the {limit} for calls to {detail}; others "
    "go on.",
    "limit.country-spend-per-month": "Customer {customer} has spent the {limit} for calls to {detail}; "
    "others go on.",
    "limit.called-party-busy": "Call to {number}, but customer {customer} has {limit} calls already.",
    "limit.trunk-simultaneous-calls": "Trunk {trunk} of customer {customer} carries {limit} calls already.",
    "limit.throttled": "Customer {customer} is slowed down to {limit} calls by an abuse rule.",
    "plan.ring": "Call to {number} by plan {plan} of customer {customer} ({path}): rings.",
    "plan.forward": "Call to {number} by plan {plan} of customer {customer} ({path}): {why}",
    "plan.menu": "Call to {number} by plan {plan} of customer {customer} ({path}): asks for keys.",
    "plan.mailbox": "Call to {number} by plan {plan} of customer {customer} ({path}): mailbox {mailbox}.",
    "plan.queue": "Call to {number} by plan {plan} of customer {customer} ({path}): waits in queue {queue}.",
    "queue.agent": "Queue {queue} of customer {customer} offers a waiting call to agent {agent}.",
    "queue.code": "Agent {agent} of customer {customer} dialled {code}: done.",
    "queue.code-refused": "Agent {agent} of customer {customer} dialled {code}: {why}.",
    "queue.supervisor": "Supervisor {agent} of customer {customer} attends to a call of queue {queue}.",
    "plan.callback-offered": "Call to {number} by plan {plan} of customer {customer} ({path}): asks "
    "whether to call back for queue {queue}.",
    "plan.callback": "Call to {number} by plan {plan} of customer {customer} ({path}): to be "
    "called back, place kept in queue {queue}.",
    "plan.listen": "Call to {number} by plan {plan} of customer {customer} ({path}): listens to mailbox "
    "{mailbox}.",
    "plan.menus-full": "Call to {number}: too many calls are in menus and mailboxes at the moment.",
    "plan.end": "Call to {number} by plan {plan} of customer {customer} ({path}): ends there.",
    "plan.nobody": "Call to {number} by plan {plan} of customer {customer} ({path}): nobody is in service.",
    "plan.trunk-in-clear": "Call to {number} by plan {plan} of customer {customer} ({path}): {trunk} "
    "requires SRTP and has registered without TLS, so it is not called.",
    "plan.trunks-full": "Call to {number} by plan {plan} of customer {customer} ({path}), but full are "
    "{trunk}.",
    "plan.too-long": "Call to {number} by plan {plan} of customer {customer} ({path}): too many nodes.",
    "peer.unknown": "The call came from {peer}, which is no trunk of ours.",
    "phone.unknown": "The call came from a phone that is not configured.",
    "node.overloaded": "The node does not keep up and refuses new calls but those to 110 and 112, so that "
    "the other side takes another node.",
    "trunk.unknown": "The call came from a system that logged in for {trunk!r}, which is no trunk with a "
    "login.",
    "static.drained": "The node takes no new calls but those to 110 and 112 (`fernamt node drain`): "
    "refused, so that the other side takes another node.",
    "static.no-controller": "No controller answered twice; the call was refused with an announcement.",
    "static.emergency": "No controller answered; the emergency call took the static part of the dialplan.",
}


def reason(reason_id: str, /, **facts: str) -> Reason:
    """The reason with its sentence filled in. Raises KeyError for an id or a fact that does not exist."""
    return Reason(reason_id, _SENTENCES[reason_id].format(**facts))


def sentence(reason_id: str) -> str:
    """The sentence of an id with its placeholders, for lists and documentation; the id itself if unknown."""
    return _SENTENCES.get(reason_id, reason_id)


def all_ids() -> frozenset[str]:
    """Every reason id there is."""
    return frozenset(_SENTENCES)

"""Running applications: expansion, events around them, the log for the record."""

from __future__ import annotations

from lab.errors import ApplicationFailedError, ApplicationUnknownError
from lab.switch.apps.table import APPLICATIONS
from lab.switch.channel import MAX_NESTING, AppLogEntry, Channel, new_uuid
from lab.switch.clock import now_us
from lab.switch.dialplan import Action, Plan
from lab.switch.states import State


async def execute_plan(channel: Channel, plan: Plan) -> None:
    """Run a plan's applications from its position on; stops when the channel is sent elsewhere."""
    while plan.position < len(plan.applications):
        channel.check()
        action = plan.applications[plan.position]
        await execute(channel, action.application, action.data)
        channel.check()
        plan.position += 1
        if channel.state is not State.EXECUTE:
            return


async def execute(channel: Channel, name: str, data: str, application_uuid: str | None = None) -> None:
    """Expand `data` and run one application, with CHANNEL_EXECUTE and CHANNEL_EXECUTE_COMPLETE around it.

    Raises ApplicationUnknownError for one that the lab does not have, ApplicationFailedError for one that
    cannot do what it was told or is nested too deep, and what `Channel.check` raises.
    """
    application = APPLICATIONS.get(name)
    if application is None:
        place = f"context {channel.profile.context}, destination {channel.profile.destination_number[:40]}"
        raise ApplicationUnknownError(
            f"application {name[:60]!r} ({place}) is not in the lab; "
            f"render one of: {', '.join(sorted(APPLICATIONS))}"
        )
    if channel.nesting >= MAX_NESTING:
        raise ApplicationFailedError(f"{name}: applications are nested deeper than {MAX_NESTING}")
    argument = channel.expand(data)
    uuid = application_uuid or channel.variables.get("app_uuid") or new_uuid()
    channel.set("app_uuid", None)
    channel.set("current_application_data", argument)
    channel.set("current_application", name)
    channel.app_log.append(AppLogEntry(name, argument, now_us()))
    about = (("Application", name), ("Application-Data", argument), ("Application-UUID", uuid))
    channel.fire("CHANNEL_EXECUTE", *about)
    channel.set("current_application_response", None)
    channel.nesting += 1
    try:
        await application(channel, argument)
    finally:
        channel.nesting = max(0, channel.nesting - 1)
        response = channel.variables.get("current_application_response") or "_none_"
        channel.fire("CHANNEL_EXECUTE_COMPLETE", *about[:2], ("Application-Response", response), about[2])


def execute_now(channel: Channel, action: Action) -> None:
    """Run an application that waits for nothing; ApplicationFailedError for one that would."""
    running = execute(channel, action.application, action.data)
    try:
        running.send(None)
    except StopIteration:
        return
    running.close()
    raise ApplicationFailedError(f"{action.application} waits for something and cannot be inline")

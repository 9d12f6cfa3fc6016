"""The applications that the lab has: those that fernamt's rendered dialplan and controller use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from lab.switch.apps import answering, bridging, listening, moving, playing, recording, setting
from lab.switch.apps.park import park_application
from lab.switch.channel import Channel
from lab.switch.esl.outbound import socket_application

Application = Callable[[Channel, str], Awaitable[None]]

APPLICATIONS: Final[Mapping[str, Application]] = {
    "answer": answering.answer,
    "bridge": bridging.bridge_application,
    "deflect": answering.deflect,
    "eavesdrop": listening.eavesdrop,
    "endless_playback": playing.endless_playback,
    "event": setting.event,
    "execute_extension": moving.execute_extension,
    "export": setting.export,
    "hangup": answering.hangup,
    "info": setting.info,
    "log": setting.write_log,
    "multiset": setting.multiset,
    "multiunset": setting.multiunset,
    "park": park_application,
    "play_and_get_digits": playing.play_and_get_digits,
    "playback": playing.playback,
    "pre_answer": answering.pre_answer,
    "read": playing.read,
    "record": recording.record,
    "record_session": recording.record_session,
    "redirect": answering.redirect,
    "respond": answering.respond,
    "ring_ready": answering.ring_ready,
    "sched_hangup": answering.sched_hangup,
    "send_dtmf": playing.send_dtmf,
    "set": setting.set_application,
    "sleep": answering.sleep,
    "socket": socket_application,
    "stop_record_session": recording.stop_record_session,
    "transfer": moving.transfer_application,
    "unset": setting.unset,
}

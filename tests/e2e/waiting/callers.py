"""What tests know of the contact centre in waiting.yaml, and what its callers do and hear."""

from __future__ import annotations

from cli.demonstration.stage import Stage
from lab.robots import RobotCall
from tests.e2e.desk import waiting
from tests.e2e.exchange import Exchange, eventually

CALLER = "+4915228817386"
NUMBER, NIGHT, SERVICE, SHORT = "+493023125300", "+493023125301", "+493023125302", "+493023125303"
LONG, LONG_HZ, LATER_HZ = "+493023125304", 740, 1250
MUSIC_HZ, KEYS_HZ = 620, 540
#: Recordings of the customer's own in place of the sentences.
FIRST_HZ, SECOND_HZ, SOME_MINUTES_HZ, FREE_HZ, FIXED_HZ = 1300, 1700, 1500, 1900, 2100
OFFER_HZ, ENTER_HZ, CHECK_HZ, REFUSED_HZ, NOTED_HZ, TOLD_AGENT_HZ = 2300, 2400, 2500, 2600, 2700, 2800
AGENT_HZ, RECEPTION_HZ, AT_HOME_HZ = 1000, 700, 1150


def call(stage: Stage, number: str = NUMBER) -> RobotCall:
    return stage.call("carrier-a", number, from_user=CALLER, play="%(30000,0,300)")


def in_queue(centre: Exchange, queue: str = "verkauf", count: int = 1) -> None:
    eventually(lambda: len(waiting(centre, queue)) == count, 10, f"{count} in queue {queue}")


def heard_times(caller: RobotCall, hertz: int) -> int:
    return sum(abs(each.frequency_hz - hertz) <= 12 for each in caller.report().tones)

"""The end of a controller that is frozen, so that the callers it holds are let go (guarantee 2).

FreeSWITCH gives a controller whose kernel took the connection 25 s to say something, calls to 110 and 112
too, and one in the middle of a decision any time (mod_event_socket, read_packet); the next controller, or the
static dialplan, is asked as soon as the process ends. `fernamt up` ends it from outside. Under systemd
and in a container a thread of its own does: it needs nothing of the loop that it watches. A process that is
frozen with all its threads is left to systemd, who is told each second that we live (sd_notify(3)).
"""

from __future__ import annotations

import faulthandler
import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final

from gevent import monkey

from cli.wiring.child import patience_s
from controller.rounds import Rounds

_BEAT_S: Final = 1.0
_LOOK_S: Final = 0.25
_SAYING_S: Final = 0.5
_SAID_LOOK_S: Final = 0.02
_MOST_SAID: Final = 100_000
#: sysexits(3), EX_SOFTWARE.
STATUS: Final = 70


class Heartbeat(Rounds):
    """`start` it when calls can be taken: from then on the loop must come round, or the program ends with
    `STATUS` and says on stderr where it stood. `patience` is how long it may be silent, in seconds, by the
    time since its last beat and the processor time it used since."""

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        patience: Callable[[float, float], float] = patience_s,
    ) -> None:
        super().__init__(self._beat, _BEAT_S, "telling that the loop runs failed")
        self._patience = patience
        self._notify = environment.get("NOTIFY_SOCKET", "")
        self._beats = 0
        self._over = False

    def start(self) -> None:
        """We are ready; begin to watch."""
        self._tell("READY=1")
        super().start()
        # A thread of the kernel's, also where gevent has patched threads.
        monkey.get_original("_thread", "start_new_thread")(self._watch, ())

    def stop(self, timeout_s: float) -> None:
        """End watching."""
        self._over = True
        super().stop(timeout_s)

    def _beat(self) -> None:
        self._beats += 1
        self._tell("WATCHDOG=1")

    def _watch(self) -> None:
        sleep = monkey.get_original("time", "sleep")
        heard, silent_s, used_s = -1, 0.0, 0.0
        while not self._over:
            sleep(_LOOK_S)
            if heard != self._beats:
                heard, silent_s, used_s = self._beats, 0.0, time.process_time()
                continue
            # Our own looks and not the clock: a machine that was away for a minute has no frozen loop.
            silent_s += _LOOK_S
            if silent_s >= self._patience(silent_s, time.process_time() - used_s):
                self._end(f"the loop has not come round for {silent_s:g} s; it stands here:\n".encode())

    def _end(self, why: bytes) -> None:
        """End the program. What it says may find a standing pipe, perhaps the one that the loop stands at:
        another thread says it, and has `_SAYING_S` for it."""
        over = [False]

        def say() -> None:
            try:
                # Not to stderr itself: a dump that stands lets no thread go on.
                stands = os.memfd_create("stands")
                faulthandler.dump_traceback(stands, all_threads=True)
                text = memoryview(why + os.pread(stands, _MOST_SAID, 0))
                while text:
                    text = text[os.write(2, text) :]
            except OSError:
                pass  # nobody reads it
            finally:
                over[0] = True

        monkey.get_original("_thread", "start_new_thread")(say, ())
        sleep = monkey.get_original("time", "sleep")
        for _ in range(round(_SAYING_S / _SAID_LOOK_S)):
            if over[0]:
                break
            sleep(_SAID_LOOK_S)
        os._exit(STATUS)

    def _tell(self, state: str) -> None:
        """To the service manager, where there is one; it does not matter to calls whether it hears us."""
        if not self._notify:
            return
        # A leading @ stands for a socket without a file (sd_notify(3)).
        address = "\0" + self._notify[1:] if self._notify.startswith("@") else self._notify
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.sendto(state.encode(), address)

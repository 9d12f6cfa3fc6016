"""Become a server: give up root, tie our life to the parent's, then exec. A script, imports nothing of ours.

    python -I -S launch.py UID GID PARENT_PID DEATH_SIGNAL WORKING_DIRECTORY PROGRAM ARGUMENT...

A script of its own instead of a `preexec_fn`: nothing runs between fork and exec in a process that has
threads or greenlets, and the parent-death signal is set after the change of user, which clears it
(prctl(2)). DEATH_SIGNAL 0 sets none. UID -1 keeps the user. Exit status 126 when something is refused.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    uid, gid, parent, death_signal = (int(text) for text in arguments[:4])
    directory, command = arguments[4], arguments[5:]
    os.setsid()  # an interrupt typed at the terminal is for the program; it stops its servers in order
    os.umask(0o077)
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.chdir(directory)
    if death_signal:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
        if os.getppid() != parent:  # it died before we asked to be told
            sys.exit(0)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606 - an argument list that store.embedded.process built


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.stderr.write(f"cannot start {sys.argv[6:7]}: {error}\n")
        sys.exit(126)

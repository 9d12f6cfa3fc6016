"""Everything of one machine, in the order in which each part needs the one before it.

    PostgreSQL, Redis -> schema -> configuration -> switch -> controller -> intake -> rating

Parts that die are started again with growing pauses. Stopping goes the other way round, so that the last
calls' records are still taken in.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import gevent
from gevent.event import Event as Flag

from cli.bootstrap import engine, switch_settings
from cli.layout import run_settings_path, write_private
from cli.settings import Settings, load_settings
from cli.wiring.carrier import applied_carrier, applied_version, version_at_start
from cli.wiring.certificates import install_certificates
from cli.wiring.child import Child
from cli.wiring.node_configuration import NodeConfiguration, not_running
from cli.wiring.switch import switch_child
from freeswitch.probe import takes_calls
from store.config_versions import ConfigStore
from store.embedded import EmbeddedPostgres, EmbeddedRedis
from store.embedded.supervisor import Server, ServerState, supervise
from store.schema import upgrade
from web.probe import answers

_HERE: Final = Path(__file__).resolve().parents[2]
#: The intake empties the spool before it ends.
_INTAKE_GRACE_S: Final = 20.0
#: A switch with too much to do has hundreds of threads that want the processor; who decides what is refused
#: must not wait behind them.
_BEFORE_THE_SWITCH: Final = -5

Progress = Callable[[str], None]


class Part(Server, Protocol):
    """A server or program that is kept alive, and its process."""

    @property
    def pid(self) -> int | None: ...


class Stack:
    """The parts of one machine. Use as a context manager: everything is stopped, whatever happens.

    `controllers` are started as processes of their own, one for each configured address up to this number.
    """

    def __init__(
        self, settings: Settings, progress: Progress = lambda _: None, *, controllers: int = 1
    ) -> None:
        self._configured = settings
        self._progress = progress
        self._wanted = controllers
        self._ended = Flag()
        self._servers: list[Part] = []
        self._stops: list[Callable[[], None]] = []
        self._watcher: gevent.Greenlet[[], None] | None = None
        self.settings = settings
        self.switch: Child | None = None
        self.controllers: list[Child] = []
        self.intake: Child | None = None
        self.rating: Child | None = None

    def __enter__(self) -> Stack:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything. Raises what the first part that fails raises."""
        self._start_stores()
        self._start_switch()
        self._start_controllers()
        self._start_rating()
        self._start_guard()
        self._start_web()
        self._start_teams()
        self._note_processes()
        self._watcher = gevent.spawn(self._supervise)

    def stop(self) -> None:
        """Stop everything in reverse order. Harmless when nothing runs."""
        self._ended.set()
        if self._watcher is not None:
            self._watcher.join(timeout=30)
        while self._stops:
            self._stops.pop()()
        run_settings_path(self._configured.state_dir).unlink(missing_ok=True)

    def _keep(self, server: Part, stop: Callable[[], None]) -> None:
        self._stops.append(stop)
        server.start()
        self._servers.append(server)

    def _note_processes(self) -> None:
        """run/processes.json: the process of every part, for operators and for tests that kill them."""
        found = {server.name: server.pid for server in self._servers}
        write_private(self.settings.state_dir / "run" / "processes.json", json.dumps(found))

    def _start_stores(self) -> None:
        tree = self._configured.model_dump(mode="json", exclude_none=True)
        if self._configured.database is None:
            self._progress("starting PostgreSQL")
            postgres = EmbeddedPostgres(self._configured.state_dir)
            self._keep(postgres, postgres.stop)
            tree["database"] = {"url": postgres.url}
        if self._configured.redis is None:
            self._progress("starting Redis")
            redis = EmbeddedRedis(self._configured.state_dir)
            self._keep(redis, redis.stop)
            tree["redis"] = {"url": redis.url}
        if self._configured.node.program != "external":
            tree["node"].setdefault(
                "conf_dir", str(self._configured.state_dir.absolute() / "switch" / "conf")
            )
        path = run_settings_path(self._configured.state_dir)
        write_private(path, json.dumps(tree, indent=1))
        self.settings = load_settings(path)
        self._progress("bringing the database's schema up to date")
        upgrade(engine(self.settings, "fernamt up"))

    def _start_switch(self) -> None:
        self._progress("reading the carrier's configuration")
        database = engine(self.settings, "fernamt up")
        store = ConfigStore(database)
        version_at_start(self.settings, database)
        snapshot = applied_carrier(self.settings).compile(applied_version(self.settings, store))
        database.dispose()
        state = self.settings.state_dir
        node = self.settings.node
        node.cdr_dir.mkdir(parents=True, exist_ok=True)
        conf_dir = node.conf_dir or state / "switch" / "conf"
        install_certificates(self.settings)
        NodeConfiguration(conf_dir, switch_settings(self.settings), not_running).write(snapshot)
        if self.settings.node.program != "external":
            self._progress(f"starting the switch ({self.settings.node.program})")
            self.switch = switch_child(self.settings, state / "switch", state / "log" / "switch.log")
            self._keep(self.switch, self.switch.stop)

    def _start_controllers(self) -> None:
        self._progress("starting controller and CDR intake")
        path = str(run_settings_path(self.settings.state_dir))
        for number, address in enumerate(self.settings.controllers[: self._wanted], start=1):
            listen = f"{address[0]}:{address[1]}"
            controller = self._program(
                f"controller-{number}",
                ["--settings", path, "controller", "run", "--listen", listen],
                ready=partial(takes_calls, address),
                probe=partial(takes_calls, address),
                nice=_BEFORE_THE_SWITCH,
            )
            self.controllers.append(controller)
            self._keep(controller, controller.stop)
        self.intake = self._program(
            "intake", ["--settings", path, "cdr", "intake"], ready=lambda: True, grace_s=_INTAKE_GRACE_S
        )
        # Below the switch in the list of stops: it ends after the switch has written its last record.
        self.intake.start()
        self._servers.append(self.intake)
        self._stops.insert(self._switch_position(), self.intake.stop)

    def _start_guard(self) -> None:
        if self._configured.guard is None:
            return
        path = str(run_settings_path(self.settings.state_dir))
        guard = self._program("guard", ["--settings", path, "guard", "run"], ready=lambda: True)
        self._keep(guard, guard.stop)

    def _start_rating(self) -> None:
        path = str(run_settings_path(self.settings.state_dir))
        self.rating = self._program(
            "rating", ["--settings", path, "rate", "run", "--follow"], ready=lambda: True
        )
        self._keep(self.rating, self.rating.stop)

    def _start_web(self) -> None:
        entry = self.settings.web
        if entry is None:
            return
        self._progress("starting the HTTP interface")
        path = str(run_settings_path(self.settings.state_dir))
        serves = partial(answers, entry.listen)
        web = self._program("web", ["--settings", path, "web", "run"], ready=serves, probe=serves)
        self._keep(web, web.stop)

    def _start_teams(self) -> None:
        if self.settings.operator_connect is None:
            return
        path = str(run_settings_path(self.settings.state_dir))
        arguments = ["--settings", path, "teams", "sync", "--follow"]
        teams = self._program("teams", arguments, ready=lambda: True)
        self._keep(teams, teams.stop)

    def _switch_position(self) -> int:
        return self._stops.index(self.switch.stop) if self.switch else 0

    def _program(
        self,
        name: str,
        arguments: list[str],
        *,
        ready: Callable[[], bool],
        probe: Callable[[], bool] | None = None,
        grace_s: float = 10.0,
        nice: int = 0,
    ) -> Child:
        return Child(
            name,
            [sys.executable, "-m", "cli.entry", *arguments],
            directory=_HERE,
            log=self.settings.state_dir / "log" / f"{name}.log",
            ready=ready,
            probe=probe,
            grace_s=grace_s,
            environment=os.environ,
            nice=nice,
        )

    def _supervise(self) -> None:
        supervise(
            self._servers, ended=lambda seconds: bool(self._ended.wait(seconds)), report=self._restarted
        )

    def _restarted(self, state: ServerState) -> None:
        if state.alive:
            self._note_processes()
            self._progress(f"{state.name} runs again")
        else:
            self._progress(f"{state.name} ended: {state.failure}")

"""The lease thread: moves this runner's counter, and gives back the claims of runners that are gone.

It is a thread of its own, so that a job which blocks the event loop delays no rescue. It holds no lock that users see
and needs no slot. Whatever fails is tried again at the next tick, until every claim has a decision.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.ids import JobId, RunnerId
from spacedrive_jobs._runtime import presence, processes
from spacedrive_jobs._store import rescue
from spacedrive_jobs._store.store import Store

BLOCKED_AFTER: Final = 2.0
"""Seconds without a turn of the event loop after which it is called blocked."""
TICK: Final = 0.25
"""Seconds between looks at the other runners' locks."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Observation:
    """A runner seen stopped: since when (our own monotonic clock) its counter has not moved."""

    beats: int
    since: float


class Leases:
    """Start and stop from the event loop; `on_rescue` is called in the lease thread with the jobs given back."""

    failures: int

    def __init__(
        self,
        store: Store,
        folder: Path,
        runner: RunnerId,
        clock: Clock,
        *,
        lease: float,
        max_crashes: int,
        on_rescue: Callable[[list[JobId]], None],
        on_block: Callable[[float, str], None],
    ) -> None:
        self._store, self._folder, self._runner, self._clock = store, folder, runner, clock
        self._lease, self._max_crashes, self._on_rescue = lease, max_crashes, on_rescue
        self._on_block = on_block
        self._loop_thread = threading.get_ident()
        self._loop_ran_at = clock.monotonic()
        self._blocked = False
        self._lock = presence.LockFile(presence.runner_path(folder, runner))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs-leases", daemon=True)
        self._beats = 0
        self._looked_at = clock.monotonic()
        self._stopped: dict[RunnerId, Observation] = {}
        self.no_space = False
        self.failures = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread, which reads from the store: before that is closed."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def let_go(self) -> None:
        """Release the lock: from now on any claim left is given back by others."""
        self._lock.close()

    def beat(self) -> None:
        """Show that this process runs; also called where a claim is verified, so that no observation spans it."""
        self._beats += 1
        self._lock.pulse(presence.Pulse(self._beats, self.no_space, self._blocked))

    def loop_runs(self) -> None:
        """Called on the event loop, a few times a second."""
        self._loop_ran_at = self._clock.monotonic()

    def _watch_loop(self, now: float) -> None:
        """A job that blocks the event loop cannot be stopped; it can be named, with the line at which it stands."""
        silent = now - self._loop_ran_at
        if silent < BLOCKED_AFTER:
            self._blocked = False
        elif not self._blocked:
            self._blocked = True
            # The one way to another thread's stack; documented, for debuggers, despite its name.
            frame = sys._current_frames().get(self._loop_thread)  # pyright: ignore[reportPrivateUsage]
            self._on_block(silent, "".join(traceback.format_stack(frame)) if frame is not None else "")

    def _run(self) -> None:
        while True:
            try:
                self.run_once()
                self.failures = 0
            except Exception:
                if not self._stop.is_set():
                    self.failures += 1
                    _log.exception("looking after other runners failed (%d times in a row)", self.failures)
            if self._stop.wait(TICK):
                return

    def run_once(self) -> list[JobId]:
        """One tick: beat, look at every other runner, give back what the dead and the stopped hold."""
        self.beat()
        now = self._clock.monotonic()
        if now - self._looked_at > min(self._lease / 2, BLOCKED_AFTER / 2):  # we stood still ourselves
            self._loop_ran_at = now
        if now - self._looked_at > self._lease / 2:  # nothing was observed meanwhile
            self._stopped.clear()
        self._looked_at = now
        self._watch_loop(now)
        rescued: list[JobId] = []
        for runner in self._others():
            if self._stop.is_set():
                break
            path = presence.runner_path(self._folder, runner)
            if presence.is_held(path):
                rescued += self._look_at_living(runner, path, now)
            else:
                rescued += self._rescue_dead(runner, path)
        if rescued:
            self._on_rescue(rescued)
        return rescued

    def _others(self) -> set[RunnerId]:
        """Runners with a file, and those without one that have a row or hold claims: it was deleted from outside, or
        their process could not write its last words."""
        holders = self._store.read_blocking(rescue.read_holders)
        return ({runner for runner, _ in presence.runner_files(self._folder)} | set(holders)) - {self._runner}

    # --- dead ---------------------------------------------------------------------------------------------------------

    def _rescue_dead(self, runner: RunnerId, path: Path) -> list[JobId]:
        descriptor = presence.take_over(path)
        if descriptor is None and path.exists():
            return []  # another observer is at it
        try:
            if not self._end_orphans(runner):
                return []  # seen again at the next tick
            rescued = self._store.rescue(
                runner, "the process that ran it died", crashed=True, max_crashes=self._max_crashes
            )
            path.unlink(missing_ok=True)
            path.with_suffix(".bell").unlink(missing_ok=True)
        finally:
            if descriptor is not None:
                os.close(descriptor)
        self._stopped.pop(runner, None)
        return rescued

    def _end_orphans(self, runner: RunnerId) -> bool:
        """Kill what outlived its runner; True when no process of any of its attempts is left."""
        all_gone = True
        for one in self._store.read_blocking(lambda connection: rescue.read_attempt_processes(connection, runner)):
            path = presence.attempt_path(self._folder, one.job, one.attempt)
            if presence.is_held(path):
                processes.kill_group(one.process)
                all_gone = False
            else:
                path.unlink(missing_ok=True)
        return all_gone

    # --- stopped ------------------------------------------------------------------------------------------------------

    def _look_at_living(self, runner: RunnerId, path: Path, now: float) -> list[JobId]:
        """A held lock means alive, however silent, unless its process was stopped (state T) for a whole lease."""
        pulse = presence.read_pulse(path)
        process = self._process_of(runner)
        if pulse is None or process is None or not processes.is_stopped(process):
            self._stopped.pop(runner, None)
            return []
        seen = self._stopped.get(runner)
        if seen is None or seen.beats != pulse.beats:
            self._stopped[runner] = Observation(pulse.beats, now)
            return []
        if now - seen.since < self._lease:
            return []
        for one in self._store.read_blocking(lambda connection: rescue.read_attempt_processes(connection, runner)):
            processes.kill_group(one.process)
        return self._store.rescue(
            runner, "the process that ran it stood still for too long", crashed=False, max_crashes=self._max_crashes
        )

    def _process_of(self, runner: RunnerId) -> rescue.ProcessFacts | None:
        for row in self._store.read_blocking(rescue.read_runners):
            if row.id == runner:
                return row.process
        return None

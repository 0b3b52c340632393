"""Is the computer idle: does nobody type, and do other programs leave the processor alone?

The load of our own jobs must not count, or a job that waits for an idle computer would stop itself as soon as it works.
So it is not the load average that decides (it cannot be divided by program) but processor time: all that was used
since a look a little earlier, less what this program and its children used. The load average stands in at the first
look, when there is nothing to compare with.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.readings import Condition
from spacedrive_jobs._runtime.probe.roots import Roots, entries_of, text_of

BUSY_SHARE: Final = 0.2
"""Of all cores: other programs that use more are work that somebody waits for."""

QUIET: Final = 300.0
"""Seconds without input after which nobody is there."""

SHORTEST: Final = 5.0
LONGEST: Final = 60.0
"""Seconds between the two looks that are compared."""

TERMINAL: Final = re.compile(r"tty[0-9]+|[0-9]+")


class Sample(NamedTuple):
    """Seconds: of the monotonic clock, of processor time of all programs, and of ours."""

    at: float
    busy: float
    own: float


class Activity:
    """Looks at the computer's use. Each look is remembered for the next, for at most a minute.

    `own` gives the process ids whose work is ours, with all their descendants; by default this process.
    `input_age` gives the seconds since the last input, None where it does not know; by default the terminals tell,
    so a desktop program that knows better passes its own.
    """

    def __init__(
        self,
        roots: Roots,
        clock: Clock,
        *,
        own: Callable[[], Iterable[int]] = lambda: (os.getpid(),),
        input_age: Callable[[], float | None] | None = None,
        ticks: int | None = None,
    ) -> None:
        self._roots, self._clock, self._own = roots, clock, own
        self._input_age = input_age or self._terminal_age
        self._ticks = ticks or os.sysconf("SC_CLK_TCK")
        self._samples: deque[Sample] = deque(maxlen=64)

    def read(self) -> Condition:
        """Met if there was no input for 5 minutes, as far as that is known, and others use under 20 % of the cores."""
        age = self._input_age()
        if age is not None and age < QUIET:
            return Condition(False, "somebody is using it")
        share = self._share_of_others()
        if share is None:
            return Condition(None, f"{self._roots.proc / 'stat'} does not say how busy it is")
        if share > BUSY_SHARE:
            return Condition(False, f"other programs use {share:.0%} of the processor")
        return Condition(True, "nobody is using it")

    # --- processor time

    def _share_of_others(self) -> float | None:
        lines = (text_of(self._roots.proc / "stat") or "").splitlines()
        cores = sum(1 for line in lines if re.match(r"cpu[0-9]", line))
        if not lines or not cores:
            return None
        now = Sample(self._clock.monotonic(), self._busy(lines[0]), self._own_seconds())
        before = self._earlier(now)
        self._samples.append(now)
        if before is None:
            return self._load() / cores
        others = (now.busy - before.busy) - max(0.0, now.own - before.own)
        return max(0.0, others) / (now.at - before.at) / cores

    def _earlier(self, now: Sample) -> Sample | None:
        """The oldest look that is recent enough; None where the last one was too long, or too short a time, ago."""
        while self._samples and not 0 <= now.at - self._samples[0].at <= LONGEST:
            self._samples.popleft()
        oldest = self._samples[0] if self._samples else None
        return oldest if oldest is not None and now.at - oldest.at >= SHORTEST else None

    def _busy(self, line: str) -> float:
        user, nice, system, _idle, _waiting, irq, softirq = (int(field) for field in line.split()[1:8])
        return (user + nice + system + irq + softirq) / self._ticks

    def _load(self) -> float:
        return float((text_of(self._roots.proc / "loadavg") or "0").split()[0])

    def _own_seconds(self) -> float:
        """Of our processes, their descendants, and those of their children that have ended."""
        parents: dict[int, int] = {}
        used: dict[int, int] = {}
        for entry in entries_of(self._roots.proc):
            if entry.name.isdecimal() and (text := text_of(entry / "stat")):
                fields = text.rpartition(")")[2].split()  # the program's name before it may hold anything
                parents[int(entry.name)] = int(fields[1])
                used[int(entry.name)] = sum(int(field) for field in fields[11:15])
        ours = set(self._own())
        return sum(used[pid] for pid in used if _descends(pid, parents, ours)) / self._ticks

    # --- input

    def _terminal_age(self) -> float | None:
        """Since somebody typed at a terminal: the kernel sets a terminal's access time at input, to about 8 s.

        None where there is no terminal. Mouse and keyboard of a desktop are not seen.
        """
        now = self._clock.now_ms() / 1000
        times: list[float] = []
        for entry in [*entries_of(self._roots.dev), *entries_of(self._roots.dev / "pts")]:
            if TERMINAL.fullmatch(entry.name):
                with suppress(OSError):  # closed meanwhile
                    times.append(entry.stat().st_atime)
        past = [now - moment for moment in times if moment <= now]  # later ones were set by another clock
        return min(past, default=None)


def _descends(pid: int, parents: dict[int, int], ancestors: set[int]) -> bool:
    seen: set[int] = set()
    while pid not in ancestors:
        seen.add(pid)
        pid = parents.get(pid, 0)
        if not pid or pid in seen:
            return False
    return True

"""SystemProbe: what this machine has, and which conditions hold on it now."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final, final

from spacedrive_jobs._model.clock import Clock, SystemClock
from spacedrive_jobs._model.readings import Amount, Condition, Readings, Space
from spacedrive_jobs._model.resources import Resource
from spacedrive_jobs._runtime.probe.activity import Activity
from spacedrive_jobs._runtime.probe.asking import LIMIT, Answer, Asker, Question
from spacedrive_jobs._runtime.probe.counts import allowed_cores, read_cpu, read_memory
from spacedrive_jobs._runtime.probe.gpus import LoadNvml, load_nvml, read_gpus
from spacedrive_jobs._runtime.probe.hours import read_hours
from spacedrive_jobs._runtime.probe.power import read_mains_power
from spacedrive_jobs._runtime.probe.roots import Roots
from spacedrive_jobs._runtime.probe.volumes import PLACES, Volumes

KEEP: Final[Mapping[str, float]] = {"cpu": 30.0, "gpu": 60.0, "memory": 2.0, "mains_power": 2.0, "idle": 2.0}
"""Seconds for which an answer serves. Free space is asked each time: reservations are reckoned against it."""

KEEP_VOLUME: Final = 2.0


@final
class SystemProbe:
    """Looks at the machine that runs it. One serves a whole process; any thread may call.

    `library` is the folder whose file system `disk_space` without a path means. `limit` seconds is what one `read` may
    take. `own` gives the process ids whose work does not count against "idle" (default: this process; descendants
    always go with them); a program with other runners of the same library gives theirs too. `input_age` gives the
    seconds since the last input, None where it does not know (default: the terminals' access times). The others are for
    tests: a recorded tree instead of the kernel's, another affinity, another NVML.
    """

    def __init__(
        self,
        library: Path,
        *,
        clock: Clock | None = None,
        limit: float = LIMIT,
        own: Callable[[], Iterable[int]] = lambda: (os.getpid(),),
        input_age: Callable[[], float | None] | None = None,
        roots: Roots | None = None,
        places: Sequence[Path] = PLACES,
        affinity: Callable[[], int] = allowed_cores,
        nvml: LoadNvml = load_nvml,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._library, self._roots = library, roots or Roots()
        self._clock = clock or SystemClock()
        self._asker = Asker(self._clock, limit=limit)
        self._volumes = Volumes(self._roots, places=places)
        activity = Activity(self._roots, self._clock, own=own, input_age=input_age)
        environment = os.environ if environment is None else environment
        self._amounts: dict[str, Callable[[], Amount]] = {
            "cpu": partial(read_cpu, self._roots, affinity),
            "memory": partial(read_memory, self._roots),
            "gpu": partial(read_gpus, self._roots, nvml, environment),
        }
        self._conditions: dict[str, Callable[[], Condition]] = {
            "mains_power": partial(read_mains_power, self._roots),
            "idle": activity.read,
        }

    def read(self, asked: Collection[Resource]) -> Readings:
        """As `Probe.read`. What is neither asked for nor known by name is left out."""
        questions = {question.key: question for one in asked if (question := self._question(one)) is not None}
        answers = self._asker.answers(list(questions.values()))
        amounts: dict[str, Amount] = {}
        spaces: dict[Path | None, Space] = {}
        conditions = {one: self._hours(one) for one in asked if one.window is not None}
        for one in asked:
            match answers.get(_key(one)):
                case Amount() as amount:
                    amounts[one.name] = amount
                case Space() as space:
                    spaces[one.at] = space
                case Condition() as condition:
                    conditions[one] = condition
                case None:
                    pass
        return Readings(amounts=amounts, spaces=spaces, conditions=conditions)

    def _hours(self, one: Resource) -> Condition:
        assert one.window is not None
        return read_hours(one.window, self._clock.now_ms())

    def _question(self, one: Resource) -> Question | None:
        key = _key(one)
        if one.family == "space":
            ask: Callable[[], Answer] = partial(self._volumes.space, one.at or self._library)
            return Question(key=key, ask=ask, unknown=lambda words: Space(None, words=words), keep=0.0)
        if one.name == "volume" and one.at is not None:
            ask = partial(self._volumes.present, one.at)
            return Question(key=key, ask=ask, unknown=lambda words: Condition(None, words), keep=KEEP_VOLUME)
        if one.name in self._conditions:
            ask = self._conditions[one.name]
            return Question(key=key, ask=ask, unknown=lambda words: Condition(None, words), keep=KEEP[one.name])
        if one.name in self._amounts:
            ask = self._amounts[one.name]
            return Question(key=key, ask=ask, unknown=lambda words: Amount(None, words), keep=KEEP[one.name])
        return None


def _key(one: Resource) -> str:
    """What is asked, without how much of it."""
    return f"{one.name}@{one.at}" if one.at is not None else one.name

"""Questions to a machine that may not answer: a dead network mount, a driver that hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias, Union, final

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.readings import Amount, Condition, Space

Answer: TypeAlias = Union[Amount, Space, Condition]

LIMIT: Final = 2.0
MOST: Final = 64


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`ask` runs in a thread of its own. Its answer serves for `keep` seconds; `unknown` makes the answer of one that
    did not come, with the words that say why."""

    key: str
    ask: Callable[[], Answer]
    unknown: Callable[[str], Answer]
    keep: float


class Asker:
    """Asks questions side by side, each in a daemon thread, and waits for all together no longer than `limit` seconds.

    A thread in a call that never returns cannot be ended: it is left behind, and while it lives its question is not
    asked again but answered as unknown at once. An answer that comes late serves the next caller. At most `most`
    threads exist; while all of them hang nothing new is asked. Any thread may call.
    """

    def __init__(self, clock: Clock, *, limit: float = LIMIT, most: int = MOST) -> None:
        self._clock, self._limit, self._most = clock, limit, most
        self._changed = threading.Condition()
        self._kept: dict[str, tuple[float, Answer]] = {}
        self._asking: set[str] = set()
        self._late: set[str] = set()

    def answers(self, questions: Sequence[Question]) -> dict[str, Answer]:
        """An answer for the key of each question. Never raises."""
        found: dict[str, Answer] = {}
        with self._changed:
            self._forget(questions)

            def complete() -> bool:
                for question in questions:
                    self._settle(question, found)
                return len(found) == len({question.key for question in questions})

            if not self._changed.wait_for(complete, timeout=self._limit):
                for question in questions:
                    if question.key not in found:
                        self._late.add(question.key)
                        found[question.key] = question.unknown("not answering")
        return found

    def _forget(self, questions: Sequence[Question]) -> None:
        now = self._clock.monotonic()
        for question in questions:
            kept = self._kept.get(question.key)
            if kept is not None and not 0 <= now - kept[0] < question.keep:
                del self._kept[question.key]

    def _settle(self, question: Question, found: dict[str, Answer]) -> None:
        key = question.key
        if key in found:
            return
        if key in self._kept:
            found[key] = self._kept[key][1]
        elif key in self._late and key in self._asking:
            found[key] = question.unknown("not answering")
        elif key not in self._asking and len(self._asking) < self._most:
            self._asking.add(key)
            threading.Thread(target=self._ask, args=(question,), name=f"jobs-probe {key}", daemon=True).start()

    def _ask(self, question: Question) -> None:
        try:
            answer = question.ask()
        except Exception as error:  # a file of the kernel that reads otherwise than expected
            answer = question.unknown(f"{type(error).__name__}: {error}")
        with self._changed:
            self._kept[question.key] = (self._clock.monotonic(), answer)
            self._asking.discard(question.key)
            self._late.discard(question.key)
            self._changed.notify_all()

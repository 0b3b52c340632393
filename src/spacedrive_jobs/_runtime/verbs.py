"""The plain verbs, shared by both contexts."""

from __future__ import annotations

from datetime import datetime

from spacedrive_jobs._definition.context import ItemPath, PlainVerbs
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.progress import JobMetrics, Progress
from spacedrive_jobs._model.record import ItemOutcome
from spacedrive_jobs._runtime.attempt import Attempt

OUTCOMES: tuple[ItemOutcome, ...] = ("ok", "skipped", "warning", "error")


class AttemptVerbs(PlainVerbs):
    """PlainVerbs over an attempt. Not made by users."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    @property
    def id(self) -> JobId:
        return self._attempt.claim.job

    @property
    def attempt(self) -> int:
        return self._attempt.claim.attempt

    @property
    def parent(self) -> JobId | None:
        return self._attempt.parent

    @property
    def deadline(self) -> datetime | None:
        return self._attempt.deadline

    @property
    def metrics(self) -> JobMetrics:
        return self._attempt.metrics

    def progress(self, progress: Progress, /) -> None:
        self._attempt.progress(progress)

    def add_warning(self, message: str, /) -> None:
        self._attempt.note("warning", message)

    def add_non_critical_error(self, error: str | Exception, /) -> None:
        self._attempt.note("error", error if isinstance(error, str) else f"{type(error).__name__}: {error}")

    def increment_bytes(self, count: int, /) -> None:
        self._attempt.add_bytes(count)

    def increment_items(self, count: int = 1, /) -> None:
        self._attempt.add_items(count)

    def log(self, message: str, /) -> None:
        self._attempt.log(message)

    def item(self, item: ItemPath, outcome: str = "ok", /, reason: str = "") -> None:
        for known in OUTCOMES:
            if outcome == known:
                if outcome != "ok" and not reason:
                    raise ValueError(f"an item that is {outcome!r} needs a reason")
                self._attempt.item(item, known, reason)
                return
        raise ValueError(f"{outcome!r} is none of {', '.join(OUTCOMES)}")

    def keep(self, key: bytes, value: bytes, /) -> None:
        self._attempt.keep(key, value)

    @property
    def retry_of(self) -> JobId | None:
        return self._attempt.retry_of

    def reserved_written(self, count: int, /) -> None:
        self._attempt.reserved_written(count)

    def check_claim(self) -> None:
        self._attempt.check_claim()

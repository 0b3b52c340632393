"""What an ending attempt leaves behind, by how it ended."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from spacedrive_jobs._definition.progress_codec import encode_progress, encode_view
from spacedrive_jobs._model.transition import Complete, Crash, Pause, Requeue, Retry, Trace, Transition
from spacedrive_jobs._runtime.body import Remains
from spacedrive_jobs._runtime.running import RunningAttempt

PLAIN: Final = Trace(stored=False)


def with_trace(transition: Transition, running: RunningAttempt, remains: Remains, now: float) -> Transition:
    """An ended job keeps everything that was gathered; one that will run again keeps only what was marked, because
    it repeats the rest."""
    if isinstance(transition, (Pause, Requeue, Retry, Crash)):
        return replace(transition, trace=Trace(flush=remains.flush))
    return replace(transition, trace=_final(running, remains, now, completed=isinstance(transition, Complete)))


def _final(running: RunningAttempt, remains: Remains, now: float, *, completed: bool) -> Trace:
    progress, tracker = remains.progress, running.tracker
    if progress is None or tracker is None:
        if not remains.stored and remains.flush is None and remains.metrics is None:
            return PLAIN
        return Trace(flush=remains.flush, metrics=remains.metrics, stored=remains.stored)
    view = replace(tracker.view(progress, now), eta=None)
    if completed:
        view = replace(view, fraction=1.0, growing=False, catching_up=False)
    return Trace(
        flush=remains.flush, metrics=remains.metrics, progress=encode_progress(progress), view=encode_view(view)
    )

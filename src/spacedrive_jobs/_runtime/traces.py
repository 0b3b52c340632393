"""What an ending attempt leaves behind, by how it ended."""

from __future__ import annotations

from dataclasses import replace

from spacedrive_jobs._definition.progress_codec import encode_progress, encode_view
from spacedrive_jobs._model.transition import Cancel, Complete, Fail, Pause, Requeue, Retry, Trace, Transition
from spacedrive_jobs._runtime.attempt import Attempt
from spacedrive_jobs._runtime.running import RunningAttempt

PLAIN = Trace(stored=False)


def with_trace(
    transition: Transition | None, running: RunningAttempt, attempt: Attempt, now: float
) -> Transition | None:
    """An ended job keeps everything that was gathered; one that will run again keeps only what was marked, because
    it repeats the rest."""
    if transition is None:
        return None
    if isinstance(transition, (Complete, Fail, Cancel)):
        return replace(transition, trace=_final(running, attempt, now, completed=isinstance(transition, Complete)))
    if isinstance(transition, (Pause, Requeue, Retry)):
        return replace(transition, trace=Trace(flush=attempt.last_mark(notes=True)))
    return transition


def _final(running: RunningAttempt, attempt: Attempt, now: float, *, completed: bool) -> Trace:
    flush = attempt.everything()
    metrics = attempt.encoded_metrics()
    progress, tracker = attempt.latest, running.tracker
    if progress is None or tracker is None:
        if not attempt.stored and flush is None and metrics is None:
            return PLAIN
        return Trace(flush=flush, metrics=metrics, stored=attempt.stored or flush is not None)
    view = tracker.view(progress, now)
    if completed:
        view = replace(view, fraction=1.0, growing=False, catching_up=False, eta=None)
    return Trace(
        flush=flush,
        metrics=metrics,
        progress=encode_progress(progress),
        view=encode_view(replace(view, eta=None)),
        stored=True,
    )

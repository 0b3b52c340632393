"""What tells an interruption from an error, and what a run came to."""

from __future__ import annotations

import asyncio

import pytest

from spacedrive_jobs._model.interruption import Interruption, JobInterrupted
from spacedrive_jobs._tasks.interrupt import interruption_of, is_cancellation
from spacedrive_jobs._tasks.task import Cancelled, CancelledItself, Crashed, Paused, outcome_of

PAUSE, SUSPEND = JobInterrupted(Interruption.PAUSE), JobInterrupted(Interruption.SUSPEND)
CANCEL, TIMEOUT = JobInterrupted(Interruption.CANCEL), JobInterrupted(Interruption.TIMEOUT)
SHUTDOWN = JobInterrupted(Interruption.SHUTDOWN)
ERROR = ValueError("an error of its own")


def group(*errors: BaseException) -> BaseExceptionGroup[BaseException]:
    return BaseExceptionGroup("", errors)


class TestInterruptionOf:
    @pytest.mark.parametrize("kind", Interruption)
    def test_the_error_itself(self, kind: Interruption) -> None:
        assert interruption_of(JobInterrupted(kind)) is kind

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            (group(PAUSE), Interruption.PAUSE),
            (group(PAUSE, asyncio.CancelledError()), Interruption.PAUSE),
            (group(SUSPEND, group(PAUSE, group(SHUTDOWN))), Interruption.SHUTDOWN),
            (group(PAUSE, CANCEL, TIMEOUT), Interruption.CANCEL),
            (group(SHUTDOWN, TIMEOUT), Interruption.TIMEOUT),
            (group(SUSPEND, PAUSE), Interruption.PAUSE),
        ],
    )
    def test_a_group_is_its_strongest(self, error: BaseException, kind: Interruption) -> None:
        assert interruption_of(error) is kind

    @pytest.mark.parametrize(
        "error",
        [ERROR, asyncio.CancelledError(), group(asyncio.CancelledError()), group(PAUSE, ERROR), group(group(ERROR))],
    )
    def test_none(self, error: BaseException) -> None:
        assert interruption_of(error) is None

    def test_a_real_task_group(self) -> None:
        async def branch(error: BaseException) -> None:
            raise error

        async def run(*errors: BaseException) -> None:
            async with asyncio.TaskGroup() as tasks:
                for error in errors:
                    tasks.create_task(branch(error))

        with pytest.raises(BaseExceptionGroup) as caught:
            asyncio.run(run(PAUSE, SUSPEND))
        assert interruption_of(caught.value) is Interruption.PAUSE
        with pytest.raises(BaseExceptionGroup) as caught:
            asyncio.run(run(PAUSE, ERROR))
        assert interruption_of(caught.value) is None

    def test_cancellation(self) -> None:
        assert is_cancellation(asyncio.CancelledError())
        assert is_cancellation(group(asyncio.CancelledError(), group(asyncio.CancelledError())))
        assert not is_cancellation(group(asyncio.CancelledError(), PAUSE))
        assert not is_cancellation(ERROR)


STOP = asyncio.CancelledError()


@pytest.mark.parametrize(
    ("error", "requested", "forced", "outside", "outcome"),
    [
        # An interruption is the strongest of what was raised and what was asked for.
        (PAUSE, None, None, False, Paused(Interruption.PAUSE)),
        (PAUSE, Interruption.CANCEL, None, False, Cancelled()),
        (CANCEL, Interruption.PAUSE, None, False, Cancelled()),
        (TIMEOUT, Interruption.TIMEOUT, None, False, Cancelled(Interruption.TIMEOUT)),
        (group(PAUSE, STOP), Interruption.PAUSE, None, False, Paused()),
        # An error is an error, unless a cancel was asked for.
        (ERROR, None, None, False, Crashed(ERROR)),
        (ERROR, Interruption.PAUSE, None, False, Crashed(ERROR)),
        (ERROR, Interruption.TIMEOUT, None, False, Crashed(ERROR)),
        (ERROR, Interruption.CANCEL, None, False, Cancelled(error=ERROR)),
        # A cancellation belongs to whoever asked for it.
        (STOP, Interruption.CANCEL, Interruption.CANCEL, False, Cancelled(forced=True)),
        (STOP, Interruption.SHUTDOWN, Interruption.SHUTDOWN, False, Paused(Interruption.SHUTDOWN, forced=True)),
        (STOP, Interruption.TIMEOUT, Interruption.TIMEOUT, True, Cancelled(Interruption.TIMEOUT, forced=True)),
        (ERROR, Interruption.TIMEOUT, Interruption.TIMEOUT, False, Cancelled(Interruption.TIMEOUT, True, ERROR)),
        (STOP, Interruption.PAUSE, None, False, Paused()),
        (STOP, None, None, True, Paused(Interruption.SHUTDOWN, forced=True)),
        (group(STOP), None, None, True, Paused(Interruption.SHUTDOWN, forced=True)),
    ],
)
def test_outcome(
    error: BaseException,
    requested: Interruption | None,
    forced: Interruption | None,
    outside: bool,
    outcome: Paused | Cancelled | Crashed,
) -> None:
    assert outcome_of(error, requested=requested, forced=forced, from_outside=outside) == outcome


def test_a_cancellation_of_its_own() -> None:
    outcome = outcome_of(STOP, requested=None, forced=None, from_outside=False)
    assert isinstance(outcome, Crashed)
    assert isinstance(outcome.error, CancelledItself)
    assert outcome.error.__cause__ is STOP

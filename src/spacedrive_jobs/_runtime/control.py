"""What people ask of jobs, from the call to what runs here: stored first, then passed on."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from spacedrive_jobs._definition.codec import decode_plain, encode
from spacedrive_jobs._model.errors import QuestionNotOpen
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.interruption import Interruption
from spacedrive_jobs._model.placement import Placement
from spacedrive_jobs._model.status import check_priority
from spacedrive_jobs._store import again, control, placing, steps
from spacedrive_jobs._store.control import Asked

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.engine import Engine


class Control:
    """Of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def pause(self, job: JobId) -> None:
        asked = await self._engine.store.pause(job)
        await self._asked(job, asked)

    async def resume(self, job: JobId) -> None:
        await self._engine.store.resume(job)
        self._withdraw_pauses([job])
        self._engine.own(job)
        self._engine.scheduler.wake()
        self._engine.hub.changed((job,))

    def _withdraw_pauses(self, jobs: Collection[JobId]) -> None:
        """Of jobs that run here and are not asked to pause any more."""
        for running in self._engine.running:
            if running.claimed.claim.job in jobs and running.body is not None:
                running.body.withdraw(Interruption.PAUSE)

    async def cancel(self, job: JobId, reason: str) -> None:
        asked = await self._engine.store.cancel(job, reason)
        if asked is Asked.REQUESTED:
            self._engine.own(job)
        self._engine.scheduler.wake()
        await self._asked(job, asked)

    async def retry(self, job: JobId) -> JobId:
        new_id = self._engine.dispatcher.new_id()
        now = self._engine.clock.now_ms()
        beside = await self._engine.relay.state_of(job)
        trace = self._engine.trace_here()
        id_ = JobId.from_bytes(
            await self._engine.store.ask(lambda tx: again.retry(tx, job, new_id, now, beside, trace))
        )
        self._engine.stored_new([id_], with_deadline=False)
        return id_

    async def set_priority(self, job: JobId, priority: int) -> None:
        """Raises ValueError for one that is out of bounds."""
        check_priority(priority)
        now = self._engine.clock.now_ms()
        await self._engine.store.write(lambda tx: control.set_priority(tx, job, priority, now), urgent=True)
        self._engine.scheduler.wake()

    async def put_first(self, job: JobId) -> None:
        await self._engine.store.write(lambda tx: control.put_first(tx, job), urgent=True)
        self._engine.scheduler.wake()

    async def place(self, jobs: Collection[JobId], where: Placement) -> None:
        given, now = list(jobs), self._engine.clock.now_ms()
        await self._engine.store.write(lambda tx: placing.place(tx, given, where, now), urgent=True)
        self._engine.scheduler.wake()

    async def pause_queue(self, kind: str | None, reason: str) -> None:
        now = self._engine.clock.now_ms()
        await self._engine.store.write(lambda tx: control.pause_kind(tx, kind, now, reason), urgent=True)
        await self._engine.look()

    async def resume_queue(self, kind: str | None) -> None:
        await self._engine.store.write(lambda tx: control.resume_kind(tx, kind), urgent=True)
        self._engine.scheduler.wake()

    async def answer_checked(self, question: str, answer: object, by: str, *, for_all: bool) -> None:
        """See JobSystem.answer."""
        try:
            id_ = bytes.fromhex(question)
        except ValueError as error:
            raise QuestionNotOpen(question) from error
        found = await self._engine.store.read(lambda connection: steps.read_open(connection, id_))
        if found is None:
            raise QuestionNotOpen(question)
        choices: Any = decode_plain(found[1])
        given = decode_plain(encode(answer))
        if choices and given not in choices:
            raise ValueError(f"{answer!r} is not among the answers: {', '.join(map(str, choices))}")
        if not choices and not isinstance(given, str):
            raise ValueError(f"the answer is a text, not {answer!r}")
        await self.answer(id_, encode(given), by, for_all=for_all)

    async def answer(self, question: bytes, given: bytes, by: str, *, for_all: bool) -> None:
        now = self._engine.clock.now_ms()
        jobs = await self._engine.store.ask(lambda tx: steps.answer(tx, question, given, by, now, for_all=for_all))
        self._engine.own(*jobs)
        self._engine.hub.changed(jobs)
        self._engine.scheduler.wake()

    async def abort(self, job: JobId, reason: str) -> None:
        await self._asked(job, await self._engine.store.abort(job, reason))

    async def asked_of(self, jobs: list[JobId], *, resumed: bool) -> None:
        """The same was asked of many, and is committed."""
        engine = self._engine
        engine.own(*jobs)
        engine.scheduler.wake()
        if resumed:
            self._withdraw_pauses(jobs)
        elif jobs and engine.settings.runs != "none":
            await engine.pass_on_requests()
        engine.hub.changed(jobs)

    async def _asked(self, job: JobId, asked: Asked) -> None:
        if asked is Asked.REQUESTED and self._engine.settings.runs != "none":
            await self._engine.pass_on_requests()
        if asked is not Asked.ENDED_BEFORE:
            self._engine.hub.changed((job,))

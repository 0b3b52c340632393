"""DeduplicateJob."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Final, Literal

import msgspec

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobId, JobNotFound, interrupt_requested, job
from spacedrive_ops.duplicates.act import Means, Outcome, act, recover_planned
from spacedrive_ops.duplicates.opened import LeftAlone
from spacedrive_ops.duplicates.plan import Pair, plan_deduplication
from spacedrive_ops.duplicates.rules import Action, Keep, Rule
from spacedrive_ops.file_delete.guard import protected
from spacedrive_ops.file_delete.trash import Trash
from spacedrive_ops.library_index import copies
from spacedrive_ops.library_index.copies import Mark, Planned
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.paths.given import TakesPaths

PHASES: Final = (("plan", 5.0), ("act", 95.0))
PAIRS_AT_ONCE: Final = 1_000
LONGEST: Final = 0.2
"""Seconds of work between two looks at what else is wanted."""


@dataclass(slots=True)
class DeduplicateState:
    """`content`, `entry`: the place of the last pair that was planned; `number`: how many were, and then which of them
    was acted on last. `total`, `bytes`: of what was planned."""

    phase: Literal["plan", "act"] = "plan"
    content: int = 0
    entry: int = 0
    number: int = 0
    total: int = 0
    bytes: int = 0
    done: int = 0
    skipped: int = 0
    failed: int = 0
    done_bytes: int = 0
    saved: int = 0


class DeduplicateOutput(msgspec.Struct, frozen=True):
    """What became of the files that were not to be kept. `saved`: the bytes that are no longer taken up twice; after
    the action `trash` they are free when the trash is emptied."""

    done: int
    skipped: int
    failed: int
    saved: int


# One at a time: two with different rules could each remove what the other one keeps.
@job(
    name="deduplicate",
    description="Clear up duplicate files",
    max_concurrent=1,
    checkpoint_interval=timedelta(seconds=0.5),
)
class DeduplicateJob(TakesPaths):
    """Of each group of files that hold the same bytes, as far as the index knows, keep one and act on the others.

    First the plan is made and stored (`plan_deduplication` gives the same one, and changes nothing). Then each file is
    acted on, but only after a new comparison of all its bytes with those of the kept one, and if both are what they
    were when they were indexed. What is left alone is an item with its reason. `action`, `keep`, `prefer`, `root`,
    `least`: see Rule. `lose_metadata`: link also where the owner, mode or attributes of a file go with it.
    """

    action: Action
    keep: Keep = "oldest"
    prefer: tuple[Path, ...] = ()
    root: Path | None = None
    least: int = 1
    lose_metadata: bool = False

    @property
    def rule(self) -> Rule:
        return Rule(self.action, self.keep, self.prefer, self.root, self.least)

    async def run(self, ctx: JobContext[DeduplicateState]) -> DeduplicateOutput:
        state = await _Run(self, ctx).to_the_end()
        return DeduplicateOutput(state.done, state.skipped, state.failed, state.saved)

    async def on_cancel(self, ctx: JobContext[DeduplicateState]) -> None:
        """Take up what a killed process may have left of its last files."""
        state = await ctx.load_state()
        if state is None or state.phase == "plan" or self.action != "hardlink":
            return
        await _recover_some(ctx, ctx.id, state.number)


class _Run:
    """One attempt."""

    def __init__(self, job: DeduplicateJob, ctx: JobContext[DeduplicateState]) -> None:
        self._job, self._ctx, self._db, self._name = job, ctx, ctx.library_db, str(ctx.id)

    async def to_the_end(self) -> DeduplicateState:
        await ensure_index(self._db)
        await copies.ensure_plans(self._db)
        state = await self._ctx.load_state()
        if self._ctx.retry_of is not None and self._ctx.attempt == 1:
            state = await self._again(state, self._ctx.retry_of)
        state = state or DeduplicateState()
        if state.phase == "plan":
            await self._plan(state)
        await self._act_on_all(state)
        async with self._db.transaction() as tx:
            await copies.forget_plan(tx, self._name, keep_failed=True)
            await self._ctx.checkpoint(state, tx=tx)
        return state

    async def _again(self, old: DeduplicateState | None, earlier: JobId) -> DeduplicateState:
        """What failed in the job that this one does again, and what that one did not come to."""
        if old is not None and old.phase == "act" and self._job.action == "hardlink":
            await _recover_some(self._ctx, earlier, old.number)
        async with self._db.transaction() as tx:
            total, size = await copies.take_over(tx, self._name, str(earlier))
            if old is not None and old.phase == "plan":
                state = DeduplicateState("plan", old.content, old.entry, old.number, total, size)
            else:
                state = DeduplicateState("act" if total else "plan", total=total, bytes=size)
            await self._ctx.checkpoint(state, tx=tx)
        return state

    # --- the plan

    async def _plan(self, state: DeduplicateState) -> None:
        await self._forget_plans_of_others()
        waiting: list[Pair] = []
        async for pair in plan_deduplication(self._db, self._job.rule, (state.content, state.entry)):
            waiting.append(pair)
            if len(waiting) >= PAIRS_AT_ONCE:
                await self._store(state, waiting)
                waiting = []
                self._show(state, b"")
        await self._store(state, waiting)
        state.phase, state.number = "act", 0
        await self._ctx.save_state(state)

    async def _store(self, state: DeduplicateState, pairs: Sequence[Pair]) -> None:
        rows: list[Planned] = []
        for pair in pairs:
            state.number += 1
            state.total += 1
            state.bytes += pair.doomed.size
            state.content, state.entry = pair.place
            rows.append(Planned(state.number, pair.kept, pair.doomed, pair.names))
        async with self._db.transaction() as tx:
            await copies.store_plan(tx, self._name, rows)
            await self._ctx.checkpoint(state, tx=tx)
        await self._ctx.check_interrupt()

    async def _forget_plans_of_others(self) -> None:
        """Those of jobs that the history has no more: nobody can do them again."""
        for other in await copies.jobs_with_plans(self._db):
            try:
                await self._ctx.library.jobs.info(JobId.parse(other))
            except JobNotFound:
                async with self._db.transaction() as tx:
                    await copies.forget_plan(tx, other, keep_failed=False)

    # --- the action

    async def _act_on_all(self, state: DeduplicateState) -> None:
        trash = Trash(
            await self._ctx.run_in_pool(protected, self._ctx.library.path),
            self._ctx.check_claim,
            resumed=self._ctx.attempt > 1,
        )
        means = Means(
            self._job.action,
            self._job.lose_metadata,
            self._ctx.attempt > 1,
            self._ctx.id.short,
            trash,
            self._ctx.check_claim,
            interrupt_requested,
        )
        try:
            while page := await copies.planned_after(self._db, self._name, state.number):
                while page:
                    outcomes = await self._ctx.run_in_pool(_some, page, means)
                    await self._account(state, list(zip(page, outcomes, strict=False)))
                    page = page[len(outcomes) :]
                    await self._ctx.check_interrupt()
        finally:
            trash.close()

    async def _account(self, state: DeduplicateState, some: list[tuple[Planned, Outcome]]) -> None:
        ctx = self._ctx
        marks: list[tuple[int, Mark]] = []
        for planned, outcome in some:
            marks.append((planned.number, outcome.ending))
            state.number = planned.number
            state.done_bytes += planned.doomed.size
            state.saved += outcome.saved
            ctx.increment_items()
            ctx.increment_bytes(planned.doomed.size)
            match outcome.ending:
                case "done":
                    state.done += 1
                    ctx.item(planned.doomed.path)
                case "skipped":
                    state.skipped += 1
                    ctx.item(planned.doomed.path, "skipped", outcome.reason)
                case "failed":
                    state.failed += 1
                    ctx.item(planned.doomed.path, "error", outcome.reason)
        if some:
            async with self._db.transaction() as tx:
                await copies.mark(tx, self._name, marks)
                await ctx.checkpoint(state, tx=tx)
            self._show(state, some[-1][0].doomed.path)

    def _show(self, state: DeduplicateState, current: bytes) -> None:
        finished = state.done + state.skipped + state.failed
        self._ctx.progress(
            GenericProgress(
                phase=state.phase,
                phases=PHASES,
                current_path=Path(os.fsdecode(current)) if current else None,
                items=Count(finished, max(state.total, finished), growing=state.phase == "plan"),
                bytes=Bytes(state.done_bytes, max(state.bytes, state.done_bytes)),
            )
        )


def _some(page: Sequence[Planned], means: Means) -> list[Outcome]:
    """Work for a moment, or until an interruption. In a thread."""
    end = monotonic() + LONGEST
    outcomes: list[Outcome] = []
    for planned in page:
        if monotonic() > end or means.interrupted():
            break
        outcome = act(planned, means)
        if outcome is None:
            break
        outcomes.append(outcome)
    return outcomes


async def _recover_some(ctx: JobContext[DeduplicateState], job: JobId, after: int) -> None:
    """Take up what the last attempt of a job left, if it was killed: that can only be of the files that came next."""
    for planned in await copies.planned_after(ctx.library_db, str(job), after):
        await ctx.run_in_pool(_recover_quietly, planned, job.short)


def _recover_quietly(planned: Planned, job: str) -> None:
    try:
        recover_planned(planned, job)
    except (OSError, LeftAlone):
        pass  # all its bytes are there, under one name or the other

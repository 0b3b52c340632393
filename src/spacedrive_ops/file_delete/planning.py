"""DeletePlanJob: what a deletion would remove."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from spacedrive_jobs import Count, GenericProgress, JobContext, interrupt_requested, job
from spacedrive_ops.file_delete.guard import Protected, check, protected
from spacedrive_ops.file_delete.model import DeleteState, Event, Failure, Root, roots_of
from spacedrive_ops.file_delete.removal import Counting, Walk
from spacedrive_ops.file_delete.slices import Slices
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.planning.model import PlanOutput, PlanTally

MOST_TOLD = 1_000
"""Failures that become items; the rest is counted."""


@job(name="delete_plan", description="Plan a deletion")
class DeletePlanJob(TakesPaths):
    """Tell what a DeleteJob of these arguments would remove. `job.plan()` makes one.

    What would be refused as a whole is refused here as well. `bytes` are what the disk would get back; into the trash
    nothing is given back, and each path counts as one that is renamed.
    """

    paths: tuple[Path, ...]
    permanent: bool = False

    async def run(self, ctx: JobContext) -> PlanOutput:
        roots = roots_of(self.paths)
        state = DeleteState(await ctx.run_in_pool(check, roots, ctx.library.path))
        forbidden = await ctx.run_in_pool(protected, ctx.library.path)
        tally = PlanTally()
        failures = await self._count(ctx, roots, state, forbidden, tally)
        # Told at the end, at once: a plan that was stopped begins anew, and would tell them twice.
        for failure in failures:
            ctx.item(failure.path, "error", failure.reason)
        for number, root in enumerate(roots):
            if state.has_nothing_to_do(number) and not await ctx.run_in_pool(os.path.lexists, root.path):
                ctx.item(root.path, "error", "there is no such file or folder")
                tally.refused += 1
            elif not state.has_nothing_to_do(number) and not self.permanent:
                tally.renamed += 1
        if not self.permanent:
            tally.removed = 0
        return PlanOutput.of(tally, 0, None)

    async def _count(
        self, ctx: JobContext, roots: list[Root], state: DeleteState, forbidden: Protected, tally: PlanTally
    ) -> list[Failure]:
        failures: list[Failure] = []
        slices = Slices(_all(roots, state, forbidden), interrupt_requested)
        try:
            while True:
                await ctx.run_in_pool(slices.some)
                batch = slices.take()
                tally.entries += batch.removed + len(batch.failures)
                tally.removed += batch.removed
                tally.refused += len(batch.failures)
                tally.bytes += batch.bytes
                failures += batch.failures[: MOST_TOLD - len(failures)]
                if batch.ended:
                    return failures
                ctx.progress(GenericProgress(phase="scan", items=Count(tally.entries, None, growing=True)))
                await ctx.check_interrupt()
        finally:
            slices.close()


def _all(roots: list[Root], state: DeleteState, forbidden: Protected) -> Iterator[Event]:
    for number, root in enumerate(roots):
        if not state.has_nothing_to_do(number):
            yield from Walk(root, Counting(), forbidden).events()

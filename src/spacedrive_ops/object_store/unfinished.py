"""What is noted in the library of uploads in parts, and how those of jobs that are over are let go of.

A job's state says what it had begun, but nobody reads that once the job has failed for good: the worker that was killed
once too often runs nothing more. So each is noted in the library too, before the store hears of it.
"""

from __future__ import annotations

from typing import Any

from spacedrive_jobs import JobContext, JobId, JobNotFound
from spacedrive_ops.library_index import uploads
from spacedrive_ops.library_index.uploads import NotedUpload
from spacedrive_ops.object_store import large
from spacedrive_ops.object_store.model import Begun
from spacedrive_ops.object_store.multipart import Multipart


async def note(ctx: JobContext[Any], multipart: Multipart, begun: Begun) -> None:
    await uploads.note(ctx.library_db, _of(ctx, multipart, begun))


async def forget(ctx: JobContext[Any], multipart: Multipart, begun: Begun) -> None:
    await uploads.forget(ctx.library_db, _of(ctx, multipart, begun))


async def give_up(ctx: JobContext[Any], multipart: Multipart, begun: Begun) -> None:
    """Leave nothing of what this job had begun, in the store and in the library. Raises StoreError."""
    await throw_away(ctx, multipart, _of(ctx, multipart, begun))


async def let_go_of_ended(ctx: JobContext[Any], multipart: Multipart, key: str) -> None:
    """Throw away what jobs that are over had begun under this key. Raises StoreError."""
    for noted in await uploads.of_key(ctx.library_db, multipart.place, key):
        if noted.job != str(ctx.id) and await _is_over(ctx, noted.job):
            await throw_away(ctx, multipart, noted)
            ctx.log(f"{key!r}: what an earlier job had begun and not finished was thrown away")


async def throw_away(ctx: JobContext[Any], multipart: Multipart, noted: NotedUpload) -> None:
    """An upload, and its note. Raises StoreError."""
    await ctx.run_in_pool(large.give_up, multipart, noted.key, noted.upload, await _of_others(ctx, noted))
    await uploads.forget(ctx.library_db, noted)


async def size_of(ctx: JobContext[Any], multipart: Multipart, noted: NotedUpload) -> int | None:
    """The bytes that the store keeps of it; None where there is none any more. Raises StoreError."""
    others = await _of_others(ctx, noted)
    return await ctx.run_in_pool(large.kept, multipart, noted.key, noted.upload, others)


async def _of_others(ctx: JobContext[Any], noted: NotedUpload) -> frozenset[str]:
    """The uploads of the same key that other jobs have noted as theirs."""
    known = await uploads.of_key(ctx.library_db, noted.place, noted.key)
    return frozenset(one.upload for one in known if one.job != noted.job and one.upload)


async def _is_over(ctx: JobContext[Any], job: str) -> bool:
    try:
        return (await ctx.library.jobs.info(JobId.parse(job))).status.is_terminal
    except JobNotFound:  # the history has forgotten it
        return True


def _of(ctx: JobContext[Any], multipart: Multipart, begun: Begun) -> NotedUpload:
    return NotedUpload(str(ctx.id), multipart.place, multipart.bucket, begun.key, begun.upload)

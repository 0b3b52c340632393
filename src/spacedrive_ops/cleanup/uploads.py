"""Parts in object stores of uploads whose jobs have ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from spacedrive_jobs import JobContext, JobId
from spacedrive_ops.cleanup.found import Found
from spacedrive_ops.cleanup.owners import Owner, Owners
from spacedrive_ops.library_index import uploads
from spacedrive_ops.library_index.uploads import NotedUpload
from spacedrive_ops.object_store import unfinished
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.object_store.multipart import Multipart, access_from_environment


async def stale_uploads(ctx: JobContext[Any], owners: Owners) -> AsyncIterator[Found]:
    """Only what this library has noted as its own is looked for. A store that cannot be asked is an item."""
    for noted in await uploads.every(ctx.library_db):
        if await owners.of(JobId.parse(noted.job).short) is Owner.ALIVE:
            continue
        name = f"s3://{noted.bucket}/{noted.key}"
        try:
            multipart = _opened(noted)
            size = await unfinished.size_of(ctx, multipart, noted)
        except StoreError as error:
            ctx.item(name, "error", f"its unfinished upload cannot be removed: {error}")
            continue
        if size is None:  # it has ended after all
            await uploads.forget(ctx.library_db, noted)
            continue
        yield Found(name.encode(), size, "unfinished upload of a job that has ended", partial(_remove, ctx, noted))


def _opened(noted: NotedUpload) -> Multipart:
    """Raises StoreError where the environment leads elsewhere."""
    access = access_from_environment(noted.bucket)
    if access is None:
        raise StoreError("the environment has no keys for its store")
    multipart = Multipart(access)
    if multipart.place != noted.place:
        raise StoreError(f"it is in {noted.place}, and the environment leads to {multipart.place}")
    return multipart


async def _remove(ctx: JobContext[Any], noted: NotedUpload) -> bool:
    await unfinished.throw_away(ctx, _opened(noted), noted)
    return True

"""UploadJob and DownloadJob."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Final

from spacedrive_jobs import JobContext, job
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.object_store.download import Download, absolute, refuse, sweep_all
from spacedrive_ops.object_store.errors import TransferRefused
from spacedrive_ops.object_store.model import DownloadState, OnExisting, TransferOutput, UploadState
from spacedrive_ops.object_store.planning import UploadPlanJob
from spacedrive_ops.object_store.store import Store
from spacedrive_ops.paths.finding import Address, store_url
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.retries import failed_before

CHECKPOINT_EVERY: Final = timedelta(seconds=0.5)


@job(name="upload", description="Upload files and folders", checkpoint_interval=CHECKPOINT_EVERY)
class UploadJob(TakesPaths):
    """Upload `sources`, folders with all they hold, to `to`: `s3://bucket/prefix`, `gs://...`, `az://...`, `file:///...`,
    or an SdPath.

    Endpoint, region and credentials come from the environment of the process that runs the job (AWS_ACCESS_KEY_ID,
    AWS_ENDPOINT_URL, ...), never from its arguments. A key is the path from the source's name on; names that are no
    UTF-8 are percent-escaped, so that a download gives the same bytes. Time of change, mode and BLAKE3 are kept as
    metadata. What is there already with the same size and time of change is not sent again. Links and special files are
    skipped, empty folders are not kept.

    On S3 a file of more than 8 MiB goes in parts, and a later attempt goes on with the parts that S3 has; nothing
    unfinished stays there after success or cancel. Elsewhere a file that was interrupted is sent from its beginning.
    `verify`: read each object back and compare.
    """

    sources: tuple[Path, ...]
    to: Address
    on_conflict: OnExisting = "skip"
    verify: bool = False

    async def run(self, ctx: JobContext[UploadState]) -> TransferOutput:
        from spacedrive_ops.object_store.upload import Upload  # brings the modules of HTTP and XML

        new_hasher()  # refused at once where the extra is missing
        if not self.sources:
            raise TransferRefused(str(self.to), "no source was given")
        state = await _upload_state(ctx)
        failed = await failed_before(ctx) if state.again else None
        store = await ctx.run_in_pool(Store, await store_url(ctx.library_db, self.to))
        await Upload(self, ctx, store, state, failed).to_the_end()
        return TransferOutput.of(state.tally)

    async def on_cancel(self, ctx: JobContext[UploadState]) -> None:
        """Throw away the parts of an unfinished file."""
        from spacedrive_ops.object_store import unfinished
        from spacedrive_ops.object_store.parts import multipart_of

        state = await ctx.load_state(default=UploadState())
        if state.begun is not None:
            multipart = multipart_of(await ctx.run_in_pool(Store, await store_url(ctx.library_db, self.to)))
            if multipart is not None:
                await unfinished.give_up(ctx, multipart, state.begun)

    def plan(self) -> UploadPlanJob:
        """A job that tells what this one would do, and changes nothing."""
        return UploadPlanJob(sources=self.sources, to=self.to, on_conflict=self.on_conflict)


@job(name="download", description="Download files and folders", checkpoint_interval=CHECKPOINT_EVERY)
class DownloadJob(TakesPaths):
    """Download all that is below `source` (an address as UploadJob has it) into the folder `destination`.

    A final name is always a whole file, whose BLAKE3, where an upload left it, was compared (`verify`). Times of change
    and modes are restored. What is there already with the same size and time of change is left alone. No key leads out
    of the destination, and no link in it is followed.
    """

    source: Address
    destination: Path
    on_conflict: OnExisting = "skip"
    verify: bool = True

    async def run(self, ctx: JobContext[DownloadState]) -> TransferOutput:
        new_hasher()
        state = await _download_state(ctx)
        failed = await failed_before(ctx) if state.again else None
        destination = absolute(self.destination)
        store = await ctx.run_in_pool(Store, await store_url(ctx.library_db, self.source))
        await ctx.run_in_pool(refuse, destination, ctx.library.path)
        if ctx.attempt > 1:
            await ctx.run_in_pool(sweep_all, destination, ctx.id.short, ctx.attempt)
        await Download(ctx, store, state, destination, self.on_conflict, failed, verify=self.verify).to_the_end()
        return TransferOutput.of(state.tally)

    async def on_cancel(self, ctx: JobContext[DownloadState]) -> None:
        """Remove the partial files of an attempt whose process died."""
        await ctx.run_in_pool(sweep_all, absolute(self.destination), ctx.id.short, ctx.attempt)


async def _upload_state(ctx: JobContext[UploadState]) -> UploadState:
    """Where to go on. What did not complete is done again from its beginning: what is there by now is not sent."""
    stored = await ctx.load_state()
    if stored is None:
        return UploadState(again=ctx.retry_of is not None)
    return UploadState(begun=stored.begun) if ctx.retry_of is not None and ctx.attempt == 1 else stored


async def _download_state(ctx: JobContext[DownloadState]) -> DownloadState:
    stored = await ctx.load_state()
    if stored is None:
        return DownloadState(again=ctx.retry_of is not None)
    return DownloadState() if ctx.retry_of is not None and ctx.attempt == 1 else stored

"""Uploads in parts of jobs that ended without tidying up: they go, and nobody else's do."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spacedrive_jobs import JobFailed, Library
from spacedrive_ops import CleanupJob, UploadJob
from tests.acceptance.ops.s3_server import S3, emptied, keys, serving, unfinished
from tests.acceptance.ops.test_object_store import run_elsewhere

MIB = 1 << 20
pytestmark = pytest.mark.timeout(120)  # three processes each, one after the other


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    yield from serving()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    yield from emptied(endpoint, monkeypatch)


@asynccontextmanager
async def failed_for_good(folder: Path, point: str) -> AsyncIterator[Library]:
    """A library in which an upload was killed once too often."""
    (folder / "large.bin").write_bytes(os.urandom(9 * MIB))
    arguments: dict[str, object] = {"sources": (os.fsencode(folder / "large.bin"),), "to": "s3://bucket/x"}
    for where in (point, "attempt.start=kill", "attempt.start=kill"):
        assert run_elsewhere(folder, "UploadJob", arguments, where) == -signal.SIGKILL
    async with Library.open(folder / "library") as library:
        (info,) = (await library.jobs.list()).rows
        with pytest.raises(JobFailed, match="worker died 3 times"):
            await (await library.jobs.get(info.id)).wait(timeout=20)
        yield library


@pytest.mark.parametrize("point", ["upload.begun=kill", "upload.part=kill@1"])
async def test_the_next_upload_of_the_key_lets_go_of_a_dead_jobs_parts(disk_path: Path, s3: S3, point: str) -> None:
    async with failed_for_good(disk_path, point) as library:
        s3.create_multipart_upload(Bucket="bucket", Key="x/large.bin2")
        assert unfinished(s3) == ["x/large.bin", "x/large.bin2"]
        job = UploadJob(sources=(disk_path / "large.bin",), to="s3://bucket/x")
        assert (await (await library.jobs.dispatch(job)).wait(timeout=20)).transferred_count == 1
        assert unfinished(s3) == ["x/large.bin2"]
        done = await (await library.jobs.dispatch(CleanupJob())).wait(timeout=20)
        assert (done.uploads, done.failed) == (0, 0)
    assert (unfinished(s3), keys(s3)) == (["x/large.bin2"], ["x/large.bin"])


async def test_a_clean_up_lets_go_of_a_dead_jobs_parts_and_of_nobody_elses(disk_path: Path, s3: S3) -> None:
    async with failed_for_good(disk_path, "upload.part=kill@1") as library:
        s3.create_multipart_upload(Bucket="bucket", Key="x/large.bin")
        assert unfinished(s3) == ["x/large.bin", "x/large.bin"]
        planned = await (await library.jobs.dispatch(CleanupJob(plan=True))).wait(timeout=20)
        assert (planned.uploads, len(unfinished(s3))) == (1, 2)
        done = await (await library.jobs.dispatch(CleanupJob())).wait(timeout=20)
        assert (done.uploads, done.bytes_freed, done.failed) == (1, planned.bytes_freed, 0)
        assert len(unfinished(s3)) == 1


async def test_a_clean_up_spares_the_parts_of_a_job_that_goes_on(disk_path: Path, s3: S3) -> None:
    async with failed_for_good(disk_path, "upload.part=kill@1") as library:
        await library.jobs.pause_queue("upload")
        (info,) = (await library.jobs.list(kind="upload")).rows
        await (await library.jobs.get(info.id)).retry()
        done = await (await library.jobs.dispatch(CleanupJob())).wait(timeout=20)
        assert (done.uploads, unfinished(s3)) == (0, ["x/large.bin"])


async def test_a_store_that_the_environment_does_not_lead_to_is_an_item(
    disk_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with failed_for_good(disk_path, "upload.part=kill@1") as library:
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        handle = await library.jobs.dispatch(CleanupJob())
        assert (await handle.wait(timeout=20)).uploads == 0
        (item,) = (await library.jobs.items(handle.id)).rows
        assert (item.item, item.outcome) == ("s3://bucket/x/large.bin", "error")
        assert "the environment leads to http://127.0.0.1:9/bucket" in item.reason

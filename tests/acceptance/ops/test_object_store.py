"""UploadJob and DownloadJob against an S3 server of this machine (moto), in a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spacedrive_jobs import JobCancelled, JobFailed, Library, failpoint
from spacedrive_ops import DownloadJob, SdPath, TransferOutput, UploadJob
from spacedrive_ops.object_store import parts
from spacedrive_ops.object_store.multipart import Multipart, access_from_environment
from tests.acceptance.ops.s3_server import S3, emptied, keys, serving, unfinished

ROOT = Path(__file__).parents[3]
MIB = 1 << 20


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    yield from serving()


@pytest.fixture
def s3(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    yield from emptied(endpoint, monkeypatch)


def make_tree(root: Path) -> Path:
    """Odd names, an empty file, an old one, one of several parts, a link and a FIFO."""
    (root / "in ner" / "deeper").mkdir(parents=True)
    for number in range(20):
        (root / "in ner" / f"file {number:02} ü+&.txt").write_bytes(os.urandom(1000 + number))
    for name in (b"caf\xe9", b"caf%E9", b"100%", b"new\nline", b"...", b"#1", b"back\\slash"):
        (root / os.fsdecode(name)).write_bytes(name)
    (root / "empty").touch()
    (root / "script.sh").write_text("#!/bin/true")
    (root / "script.sh").chmod(0o750)
    os.utime(root / "empty", ns=(1_234_567_890_123_456_789, 1_234_567_890_123_456_789))
    (root / "in ner" / "deeper" / "large.bin").write_bytes(os.urandom(20 * MIB))
    (root / "link").symlink_to("empty")
    os.mkfifo(root / "fifo")
    return root


def contents(root: Path) -> dict[bytes, tuple[bytes, int, int]]:
    found: dict[bytes, tuple[bytes, int, int]] = {}
    for folder, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = Path(os.fsdecode(os.path.join(folder, name)))
            if path.is_file() and not path.is_symlink():
                status = path.stat()
                relative = os.path.relpath(os.path.join(folder, name), os.fsencode(root))
                found[relative] = (path.read_bytes(), status.st_mtime_ns, status.st_mode & 0o777)
    return found


def files_below(root: Path) -> list[bytes]:
    return [os.path.join(folder, name) for folder, _, names in os.walk(os.fsencode(root)) for name in names]


async def upload(folder: Path, *sources: Path, **options: Any) -> tuple[TransferOutput, list[tuple[str, str]]]:
    async with Library.open(folder / "library", create=True) as library:
        job = UploadJob(sources=sources, **{"to": "s3://bucket/pre fix/deep", **options})
        handle = await library.jobs.dispatch(job)
        output = await handle.wait(timeout=20)
        items = (await library.jobs.items(handle.id)).rows
        return output, [(os.path.basename(item.item), item.reason) for item in items if item.outcome != "ok"]


async def download(folder: Path, to: Path, **options: Any) -> tuple[TransferOutput, list[tuple[str, str]]]:
    async with Library.open(folder / "library", create=True) as library:
        job = DownloadJob(**{"source": "s3://bucket/pre fix/deep", "destination": to, **options})
        handle = await library.jobs.dispatch(job)
        output = await handle.wait(timeout=20)
        items = (await library.jobs.items(handle.id)).rows
        return output, [(item.item, item.reason) for item in items if item.outcome != "ok"]


@pytest.mark.parametrize("store", ["s3", "file"])
async def test_a_tree_goes_up_and_comes_down_as_it_was(disk_path: Path, s3: S3, store: str) -> None:
    tree = make_tree(disk_path / "tree")
    url = "s3://bucket/pre fix/deep" if store == "s3" else f"file://{disk_path / 'stored here'}"
    output, problems = await upload(disk_path, tree, to=url, verify=True)
    assert (output.transferred_count, output.failed_count, output.skipped_count) == (30, 0, 2), problems
    assert {name for name, _ in problems} == {"link", "fifo"}
    assert unfinished(s3) == []
    if store == "s3":
        assert "pre fix/deep/tree/caf%E9" in keys(s3)
        assert "pre fix/deep/tree/in ner/deeper/large.bin" in keys(s3)
    down, problems = await download(disk_path, disk_path / "back", source=url)
    assert problems == []
    assert (down.transferred_count, down.total_bytes) == (30, output.total_bytes)
    assert contents(disk_path / "back" / "tree") == contents(tree)
    again, _ = await upload(disk_path, tree, to=url)
    assert (again.transferred_count, again.unchanged_count) == (0, 30)
    again, _ = await download(disk_path, disk_path / "back", source=url)
    assert (again.transferred_count, again.unchanged_count) == (0, 30)


@pytest.mark.parametrize("policy", ["skip", "overwrite"])
async def test_what_differs_is_skipped_or_replaced(disk_path: Path, s3: S3, policy: str) -> None:
    (disk_path / "file").write_text("old")
    await upload(disk_path, disk_path / "file")
    (disk_path / "file").write_text("newer")
    output, problems = await upload(disk_path, disk_path / "file", on_conflict=policy)
    assert (output.transferred_count, output.skipped_count) == ((1, 0) if policy == "overwrite" else (0, 1))
    assert problems == ([] if policy == "overwrite" else [("file", "another one of that name is there")])
    (disk_path / "back").mkdir()
    (disk_path / "back" / "file").write_text("mine, and longer")
    _, problems = await download(disk_path, disk_path / "back", on_conflict=policy)
    there = (disk_path / "back" / "file").read_text()
    assert there == ("newer" if policy == "overwrite" else "mine, and longer")


def run_elsewhere(folder: Path, kind: str, arguments: dict[str, object], failpoints: str) -> int:
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": failpoints}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(folder / "library"), kind, repr(arguments)]
    return subprocess.run(
        command, check=False, cwd=ROOT, env=environment, timeout=30, stdout=subprocess.DEVNULL
    ).returncode


async def finish(folder: Path) -> TransferOutput:
    async with Library.open(folder / "library") as library:
        (info,) = (await library.jobs.list()).rows
        output = await (await library.jobs.get(info.id)).wait(timeout=20)
        assert isinstance(output, TransferOutput)
        return output


@pytest.mark.timeout(60)
async def test_killed_in_the_middle_of_a_large_file_it_goes_on_with_the_parts_that_are_there(
    disk_path: Path, s3: S3
) -> None:
    (disk_path / "large.bin").write_bytes(os.urandom(60 * MIB))
    arguments: dict[str, object] = {
        "sources": (os.fsencode(disk_path / "large.bin"),),
        "to": "s3://bucket/x",
        "verify": True,
    }
    assert run_elsewhere(disk_path, "UploadJob", arguments, "upload.part=kill@6") == -signal.SIGKILL
    (begun,) = s3.list_multipart_uploads(Bucket="bucket")["Uploads"]
    listed = s3.list_parts(Bucket="bucket", Key=begun["Key"], UploadId=begun["UploadId"])["Parts"]
    assert 4 <= len(listed) < 8
    counts = failpoint.count()
    output = await finish(disk_path)
    assert counts["upload.part"] == 8 - len(listed)
    assert (output.transferred_count, output.failed_count) == (1, 0)
    assert unfinished(s3) == []
    assert s3.get_object(Bucket="bucket", Key="x/large.bin")["Body"].read() == (disk_path / "large.bin").read_bytes()
    down, _ = await download(disk_path, disk_path / "back", source="s3://bucket/x")
    assert down.transferred_count == 1
    assert contents(disk_path / "back")[b"large.bin"] == contents(disk_path)[b"large.bin"]


async def test_a_file_that_changed_meanwhile_is_begun_anew_and_nothing_is_left(disk_path: Path, s3: S3) -> None:
    source = disk_path / "large.bin"
    source.write_bytes(os.urandom(20 * MIB))
    arguments: dict[str, object] = {"sources": (os.fsencode(source),), "to": "s3://bucket/x"}
    assert run_elsewhere(disk_path, "UploadJob", arguments, "upload.part=kill@2") == -signal.SIGKILL
    source.write_bytes(os.urandom(18 * MIB))
    assert (await finish(disk_path)).transferred_count == 1
    assert unfinished(s3) == []
    assert s3.get_object(Bucket="bucket", Key="x/large.bin")["Body"].read() == source.read_bytes()


async def test_killed_between_the_stores_answer_and_the_note_of_it_nothing_is_left(disk_path: Path, s3: S3) -> None:
    (disk_path / "large.bin").write_bytes(os.urandom(20 * MIB))
    arguments: dict[str, object] = {"sources": (os.fsencode(disk_path / "large.bin"),), "to": "s3://bucket/x"}
    assert run_elsewhere(disk_path, "UploadJob", arguments, "upload.begun=kill") == -signal.SIGKILL
    assert len(unfinished(s3)) == 1
    assert (await finish(disk_path)).transferred_count == 1
    assert unfinished(s3) == []


async def test_cancel_after_a_crash_leaves_no_parts(disk_path: Path, s3: S3) -> None:
    (disk_path / "large.bin").write_bytes(os.urandom(20 * MIB))
    arguments: dict[str, object] = {"sources": (os.fsencode(disk_path / "large.bin"),), "to": "s3://bucket/x"}
    assert run_elsewhere(disk_path, "UploadJob", arguments, "upload.part=kill@3") == -signal.SIGKILL
    assert len(unfinished(s3)) == 1
    async with Library.open(disk_path / "library", runs="none") as library:
        (info,) = (await library.jobs.list()).rows
        await (await library.jobs.get(info.id)).cancel()
    async with Library.open(disk_path / "library") as library:
        with pytest.raises(JobCancelled):
            await (await library.jobs.get(info.id)).wait(timeout=20)
    assert (unfinished(s3), keys(s3)) == ([], [])


async def test_cancel_leaves_no_parts(disk_path: Path, s3: S3) -> None:
    (disk_path / "large.bin").write_bytes(os.urandom(40 * MIB))
    loop, reached, gate = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def hold(_: str) -> None:
        loop.call_soon_threadsafe(reached.set)
        gate.wait(10)

    failpoint.arm("upload.part", failpoint.at_nth(hold, 3))
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(UploadJob(sources=(disk_path / "large.bin",), to="s3://bucket/x"))
        await asyncio.wait_for(reached.wait(), 10)
        assert unfinished(s3) == ["x/large.bin"]
        await handle.cancel()
        gate.set()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=20)
    assert (unfinished(s3), keys(s3)) == ([], [])


async def test_a_killed_download_leaves_only_whole_files_and_goes_on(disk_path: Path, s3: S3) -> None:
    tree = make_tree(disk_path / "tree")
    await upload(disk_path, tree)
    folder = disk_path / "other"
    folder.mkdir()
    arguments: dict[str, object] = {"source": "s3://bucket/pre fix/deep", "destination": os.fsencode(folder / "back")}
    assert run_elsewhere(folder, "DownloadJob", arguments, "download.piece=kill@25") == -signal.SIGKILL
    whole = contents(tree)
    for path, kept in contents(folder / "back" / "tree").items():
        assert os.path.basename(path).startswith(b".sd-") or kept == whole[path]
    await finish(folder)
    assert contents(folder / "back" / "tree") == whole


async def test_wrong_bytes_hostile_keys_and_links_in_the_way_are_refused(disk_path: Path, s3: S3) -> None:
    (disk_path / "file").write_text("right")
    await upload(disk_path, disk_path / "file")
    metadata = s3.head_object(Bucket="bucket", Key="pre fix/deep/file")["Metadata"]
    s3.put_object(Bucket="bucket", Key="pre fix/deep/file", Body=b"wrong", Metadata=metadata)
    s3.put_object(Bucket="bucket", Key="pre fix/deep/%2E%2E/%2E%2E/escaped", Body=b"x")
    s3.put_object(Bucket="bucket", Key="pre fix/deep/way/out", Body=b"x")
    (disk_path / "back").mkdir()
    (disk_path / "outside").mkdir()
    (disk_path / "back" / "way").symlink_to(disk_path / "outside")
    output, problems = await download(disk_path, disk_path / "back")
    assert (output.transferred_count, output.failed_count) == (0, 3)
    reasons = dict(problems)
    assert reasons["file"] == "its bytes are not those that were uploaded (BLAKE3 differs)"
    assert reasons["%2E%2E/%2E%2E/escaped"] == "its key is no path of a file below a folder"
    assert "its folder cannot be made" in reasons["way/out"]
    assert list((disk_path / "outside").iterdir()) == []
    assert [path.name for path in (disk_path / "back").iterdir()] == ["way"]


async def test_an_odd_key_is_an_item_and_the_marks_of_folders_are_none(disk_path: Path, s3: S3) -> None:
    odd = ["d//abs", "d/./dot", "d/../x", "d/no folder/"]
    for key in (*odd, "d/é +%26&/caf%E9", "ok", "z"):
        s3.put_object(Bucket="bucket", Key=f"pre fix/deep/{key}", Body=b"x")
    for mark in ("", "d/", "d/sub/"):
        s3.put_object(Bucket="bucket", Key=f"pre fix/deep/{mark}", Body=b"")
    output, problems = await download(disk_path, disk_path / "back")
    assert (output.transferred_count, output.skipped_count, output.failed_count) == (3, 0, 4)
    assert problems == [(key, "its key is no path of a file below a folder") for key in sorted(odd)]
    found = sorted(os.path.relpath(path, os.fsencode(disk_path / "back")) for path in files_below(disk_path / "back"))
    assert found == ["d/é +&&".encode() + b"/caf\xe9", b"ok", b"z"]


async def test_a_listing_of_several_pages_goes_on_after_a_key(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        s3.put_object(Bucket="bucket", Key=f"p/{number} +ü", Body=b"")
    access = access_from_environment("bucket")
    assert access is not None
    asked: list[dict[str, str]] = []
    request = Multipart._request

    def in_small_pages(self: Multipart, method: str, key: str, query: dict[str, str]) -> object:
        asked.append(query)
        return request(self, method, key, {**query, "max-keys": "2"})

    monkeypatch.setattr(Multipart, "_request", in_small_pages)
    assert list(Multipart(access).keys("p", None)) == [f"{number} +ü" for number in range(7)]
    assert len(asked) == 4
    assert list(Multipart(access).keys("p", "4 +ü")) == ["5 +ü", "6 +ü"]


async def test_a_bucket_that_is_not_there_is_said_in_words(disk_path: Path, s3: S3) -> None:
    (disk_path / "file").touch()
    _, problems = await upload(disk_path, disk_path / "file", to="s3://no-such-bucket/x")
    assert problems == [("file", "the store says: The specified bucket does not exist")]
    with pytest.raises(JobFailed, match="nothing can be fetched from 's3://no-such-bucket/x'") as raised:
        await download(disk_path, disk_path / "back", source="s3://no-such-bucket/x")
    assert str(raised.value).endswith("404: The specified bucket does not exist")


async def test_a_retry_does_only_what_failed(disk_path: Path, s3: S3) -> None:
    tree = disk_path / "tree"
    tree.mkdir()
    for name in ("a", "b", "c"):
        (tree / name).write_text(name)
    long = tree / ("x" * 250) / ("y" * 250) / ("z" * 250) / ("v" * 250)
    long.mkdir(parents=True)
    (long / ("w" * 60)).write_text("too long for a key")
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(UploadJob(sources=(tree,), to="s3://bucket/x"))
        output = await handle.wait(timeout=20)
        assert (output.transferred_count, output.failed_count) == (3, 1)
        (long / ("w" * 60)).unlink()
        (long.parent.parent / "short").write_text("s")
        again = await (await handle.retry()).wait(timeout=20)
        assert (again.transferred_count, again.unchanged_count, again.failed_count) == (0, 0, 0)
        s3.put_object(
            Bucket="bucket",
            Key="x/tree/a",
            Body=b"?",
            Metadata={"sd-mtime-ns": "1", "sd-mode": "644", "sd-blake3": "0"},
        )
        down = await library.jobs.dispatch(DownloadJob(source="s3://bucket/x", destination=disk_path / "back"))
        first = await down.wait(timeout=20)
        assert (first.transferred_count, first.failed_count) == (2, 1)
        await (
            await library.jobs.dispatch(
                UploadJob(sources=(tree / "a",), to="s3://bucket/x/tree", on_conflict="overwrite")
            )
        ).wait(timeout=20)
        second = await (await down.retry()).wait(timeout=20)
        assert (second.transferred_count, second.unchanged_count, second.failed_count) == (1, 0, 0)
    assert sorted(path.name for path in (disk_path / "back" / "tree").iterdir()) == ["a", "b", "c"]


async def test_a_store_that_takes_nothing_ends_the_job_soon(disk_path: Path, s3: S3) -> None:
    tree = make_tree(disk_path / "tree")
    with pytest.raises(JobFailed, match="nothing can be sent to 's3://no-such-bucket/x'"):
        await upload(disk_path, tree, to="s3://no-such-bucket/x")


async def test_in_a_folder_a_file_whose_time_was_not_set_yet_is_mended(disk_path: Path, s3: S3) -> None:
    """As an attempt leaves it that is killed between the file and its time."""
    (disk_path / "file").write_text("content")
    os.utime(disk_path / "file", ns=(10**18, 10**18))
    (disk_path / "store").mkdir()
    (disk_path / "store" / "file").write_text("content")
    output, _ = await upload(disk_path, disk_path / "file", to=f"file://{disk_path / 'store'}")
    assert (output.unchanged_count, output.skipped_count) == (1, 0)
    assert (disk_path / "store" / "file").stat().st_mtime_ns == 10**18


@pytest.mark.parametrize("to", ["ftp://host/x", "s3://key:secret@bucket/x", "bucket/x"])
async def test_an_address_that_is_none_is_refused(disk_path: Path, to: str) -> None:
    (disk_path / "file").touch()
    with pytest.raises(JobFailed, match="cannot transfer") as raised:
        await upload(disk_path, disk_path / "file", to=to)
    assert "secret" not in str(raised.value)


def test_the_parts_are_of_a_fixed_size() -> None:
    assert parts.PART == 8 * MIB


async def test_a_path_in_a_bucket_names_its_keys_exactly(tmp_path: Path, s3: S3) -> None:
    root = make_tree(tmp_path / "tree")
    place = SdPath.in_store("s3://bucket", "pre fix/caf\udce9/100%")
    out, _ = await upload(tmp_path, root, to=place, verify=True)
    assert out.failed_count == 0
    assert all(key.startswith("pre fix/caf%E9/100%25/tree/") for key in keys(s3))
    assert "pre fix/caf%E9/100%25/tree/in ner/deeper/large.bin" in keys(s3)
    async with Library.open(tmp_path / "library") as library:
        handle = await library.jobs.dispatch(DownloadJob(source=place, destination=tmp_path / "back"))
        await handle.wait(timeout=60)
    assert contents(tmp_path / "back" / "tree") == contents(root)

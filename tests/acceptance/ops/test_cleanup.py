"""CleanupJob removes what nobody needs, and nothing that a job may still want."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from spacedrive_jobs import JobContext, JobFilter, JobStatus, Library, job
from spacedrive_ops import CleanupJob, CleanupOutput, FileCopyJob, IndexerJob
from spacedrive_ops.library_index import sidecars
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.library_index.sidecars import Sidecar
from spacedrive_ops.thumbnails.places import thumbnail_path
from tests.waiting import aeventually

OLD = 10**18
"""A time long ago, in nanoseconds."""


@job(name="cleanup.nothing")
async def nothing(ctx: JobContext) -> None:
    ctx.log("a line")


async def clean(library: Library, *folders: Path, plan: bool = False) -> tuple[CleanupOutput, dict[str, str]]:
    handle = await library.jobs.dispatch(CleanupJob(folders=folders, plan=plan))
    out = await handle.wait(timeout=30)
    items = (await library.jobs.items(handle.id, limit=1000)).rows
    return out, {os.path.basename(item.item): item.outcome for item in items}


def partial_of(folder: Path, short: str, *, old: bool = True) -> Path:
    path = folder / f".sd-{short}-1-1.part"
    path.write_bytes(b"x" * 10_000)
    if old:
        os.utime(path, ns=(OLD, OLD))
    return path


def everything(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and "jobs.db" not in path.name and "library.db" not in path.name and "run" not in path.parts:
            yield str(path.relative_to(root)), path.read_bytes()


async def test_partials_go_with_their_jobs_and_no_sooner(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "deeper").mkdir(parents=True)
    (tmp_path / "source").write_bytes(b"1")
    async with Library.open(tmp_path / "library", create=True) as library:
        copy = FileCopyJob(sources=(tmp_path / "source",), destination=out)
        await (await library.jobs.dispatch(copy)).wait(timeout=20)
        await library.jobs.pause_queue("file_copy")
        ended = await library.jobs.dispatch(copy)
        await ended.cancel()
        waiting = await library.jobs.dispatch(copy)
        again = await ended.retry()
        stale = partial_of(out / "deeper", "0a0b0c0d")
        fresh = partial_of(out, "0a0b0c0e", old=False)
        held = partial_of(out, "0a0b0c0f")
        live = partial_of(out, waiting.id.short)
        done_again = partial_of(out, ended.id.short)
        no_partial = out / ".sd-0a0b0c0d-1.part"
        no_partial.write_bytes(b"")
        with held.open("rb") as writer:
            fcntl.flock(writer, fcntl.LOCK_EX)
            planned, items = await clean(library, plan=True)
            assert (planned.partials, items) == (2, {stale.name: "skipped", held.name: "skipped"})
            assert stale.exists()
            result, items = await clean(library)
            assert (result.partials, items) == (1, {stale.name: "ok"})
            assert result.bytes_freed >= 10_000
        assert not stale.exists()
        for path in (fresh, held, live, done_again, no_partial):
            assert path.exists(), path
        await again.cancel()
        await waiting.cancel()
        result, items = await clean(library)
        assert set(items) == {held.name, live.name, done_again.name}
        assert fresh.exists()


async def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "outside")
    kept = partial_of(tmp_path / "outside", "0a0b0c0d")
    async with Library.open(tmp_path / "library", create=True) as library:
        assert (await clean(library, tmp_path / "in"))[0].partials == 0
    assert kept.exists()


async def test_thumbnails_go_when_no_file_holds_their_content(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "kept").write_bytes(b"kept")
    (tree / "gone").write_bytes(b"gone")
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(IndexerJob(root=tree, mode="content"))).wait(timeout=20)
        rows = await library.db.query(
            "SELECT c.digest, c.size, e.name FROM ix_content c JOIN ix_entry e ON e.content_id = c.id"
        )
        known = {bytes(str(name), "ascii") if isinstance(name, str) else name: digest for digest, _, name in rows}
        kept, gone, never = known[b"kept"], known[b"gone"], os.urandom(32)
        assert isinstance(kept, bytes)
        assert isinstance(gone, bytes)
        await make(library, [kept, gone, never])
        lost = os.urandom(32)
        await make(library, [lost])
        thumbnail_path(library.path, lost, 256).unlink()
        stray = thumbnail_path(library.path, os.urandom(32), 256)
        new = thumbnail_path(library.path, os.urandom(32), 256)
        for path, old in ((stray, True), (new, False)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"w")
            if old:
                os.utime(path, ns=(OLD, OLD))
        before, _ = await clean(library, plan=True)
        assert before.sidecars == 2, "the row without a file, and the file without a row"
        (tree / "gone").unlink()
        await (await library.jobs.dispatch(IndexerJob(root=tree, mode="content"))).wait(timeout=20)
        result, items = await clean(library)
        assert result.sidecars == 3
        left = {name for digest in (kept, never) for name in (thumbnail_path(library.path, digest, 256).name,)}
        assert {path.name for path in (library.path / "thumbnails").rglob("*.webp")} == left | {new.name}
        assert thumbnail_path(library.path, gone, 256).name in items
        assert await library.db.query("SELECT count(*) FROM ix_sidecar") == [(2,)]
        assert (await clean(library))[0].sidecars == 0


async def make(library: Library, digests: list[bytes]) -> None:
    """As ThumbnailJob does."""
    await ensure_index(library.db)
    made: list[Sidecar] = []
    for digest in digests:
        path = thumbnail_path(library.path, digest, 256)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"webp")
        below = str(path.relative_to(library.path))
        made.append(Sidecar(digest, "thumbnail", "256", "made", below, 4, "", 0))
    async with library.db.transaction() as tx:
        await sidecars.store(tx, made)


async def test_old_history_goes_and_logs_without_a_job(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(nothing.new())
        await handle.wait(timeout=20)
        await library.jobs.logs(handle.id)
        orphan = library.path / "logs" / f"{uuid4().hex}.old.log"
        orphan.write_text("lines")
        (library.path / "logs" / "notes.txt").write_text("mine")
        result, _ = await clean(library)
        assert (result.history, result.logs) == (0, 1)
        assert sorted(path.name for path in (library.path / "logs").iterdir() if "log" in path.suffix)[:1] != [
            orphan.name
        ]
        assert (library.path / "logs" / "notes.txt").exists()
        assert await library.jobs.logs(handle.id) != []
    async with Library.open(tmp_path / "library", history_days=1e-9) as library:

        async def what_was_old_at_the_opening_has_gone() -> bool:  # by itself; what ends before that might go with it
            return (await library.jobs.counts())[JobStatus.COMPLETED] == 0

        async def some_have_ended() -> bool:
            await (await library.jobs.dispatch(nothing.new())).wait(timeout=20)
            return await library.jobs.expired() >= 3

        await aeventually(what_was_old_at_the_opening_has_gone)
        await aeventually(some_have_ended)
        planned, items = await clean(library, plan=True)
        assert (planned.history >= 1, items["history"]) == (True, "skipped")
        result, items = await clean(library)
        assert (result.history >= 1, items["history"]) == (True, "ok")
        assert (await library.jobs.counts())[JobStatus.COMPLETED] <= 1


async def test_a_plan_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        partial_of(out, "0a0b0c0d")
        await make(library, [os.urandom(32)])
        next((library.path / "thumbnails").rglob("*.webp")).unlink()
        (library.path / "logs" / f"{uuid4().hex}.log").write_text("lines")
        (library.path / "backup").mkdir()
        (library.path / "backup" / "0a0b0c0d.jsonl").write_text("{}")
        await (await library.jobs.dispatch(CleanupJob(plan=True))).wait(timeout=20)
        before = list(everything(tmp_path))
        planned, items = await clean(library, out, plan=True)
        assert list(everything(tmp_path)) == before
        assert (planned.partials, planned.sidecars, planned.logs, planned.spools) == (1, 1, 1, 1)
        assert set(items.values()) == {"skipped"}
        done, _ = await clean(library, out)
        assert (done.partials, done.sidecars, done.logs, done.spools) == (1, 1, 1, 1)
        assert await library.jobs.clear(JobFilter(kind="cleanup")) >= 1


async def test_what_cannot_be_removed_is_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    out.mkdir()
    partial_of(out, "0a0b0c0d")
    from spacedrive_ops.cleanup import partials

    def refused(path: bytes) -> bool:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(partials, "take_away", refused)
    async with Library.open(tmp_path / "library", create=True) as library:
        result, items = await clean(library, out)
        assert (result.failed, result.partials, list(items.values())) == (1, 0, ["error"])

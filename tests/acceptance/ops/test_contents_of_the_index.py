"""What is asked of the index, and the jobs that read what files hold: duplicates and validation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spacedrive_jobs import JobError, JobStatus, Library
from spacedrive_ops import Category, DuplicatesJob, IndexerJob, LibraryIndex, ValidateJob


async def index(library: Library, root: Path, mode: str = "shallow") -> None:
    await (await library.jobs.dispatch(IndexerJob(root=root, mode=mode))).wait(timeout=30)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """Equal files; near-equal ones of one size; one with the same head and tail; hard links; empty ones."""
    root = tmp_path / "tree"
    (root / "inner").mkdir(parents=True)
    body = os.urandom(300_000)
    for name in ("a", "b", "inner/c"):
        (root / name).write_bytes(body)
    (root / "near").write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    (root / "middle").write_bytes(body[:150_000] + bytes([body[150_000] ^ 1]) + body[150_001:])
    (root / "small 1").write_bytes(b"same")
    (root / "small 2").write_bytes(b"same")
    (root / "alone").write_bytes(b"alone here")
    (root / "linked").write_bytes(b"x" * 5_000)
    os.link(root / "linked", root / "inner" / "link of it")
    (root / "empty 1").touch()
    (root / "empty 2").touch()
    return root


async def test_duplicates_are_exactly_those_planted_and_only_what_may_be_one_is_read_whole(
    tmp_path: Path, planted: Path
) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, planted)
        out = await (await library.jobs.dispatch(DuplicatesJob())).wait(timeout=30)
        assert (out.groups, out.copies, out.wasted) == (2, 3, 600_004)
        assert out.sampled == 5, "three, and two near ones"
        assert out.read == 6, "three, the one with the same ends, and two small ones; not a file that has two names"
        found = await LibraryIndex(library.db).duplicates()
        names = [
            sorted(str(one.path.relative_to(planted)) for one in await LibraryIndex(library.db).files_of(group.digest))
            for group in found
        ]
        assert names == [["a", "b", "inner/c"], ["small 1", "small 2"]]
        assert [group.wasted for group in found] == [600_000, 4]
        again = await (await library.jobs.dispatch(DuplicatesJob())).wait(timeout=30)
        assert (again.sampled, again.read) == (0, 0)
        large = await (await library.jobs.dispatch(DuplicatesJob(least=1_000))).wait(timeout=30)
        assert large.groups == 1


async def test_a_file_whose_content_is_known_is_found_again_in_others(tmp_path: Path, planted: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, planted, "content")
        (planted / "late").write_bytes((planted / "a").read_bytes())
        await index(library, planted)
        out = await (await library.jobs.dispatch(DuplicatesJob())).wait(timeout=30)
        assert (out.groups, out.copies, out.read) == (2, 4, 1)


async def test_a_sample_tells_nothing_of_a_file_that_was_edited_since(tmp_path: Path, planted: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, planted)
        await (await library.jobs.dispatch(DuplicatesJob())).wait(timeout=30)
        (planted / "near").write_bytes((planted / "a").read_bytes())
        await index(library, planted)
        out = await (await library.jobs.dispatch(DuplicatesJob())).wait(timeout=30)
        assert (out.copies, out.sampled, out.read) == (4, 1, 1)


async def test_the_files_of_one_location_are_compared_among_themselves(tmp_path: Path, planted: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "a").write_bytes((planted / "a").read_bytes())
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, planted)
        await index(library, other)
        out = await (await library.jobs.dispatch(DuplicatesJob(root=other))).wait(timeout=30)
        assert (out.groups, out.sampled, out.read) == (0, 0, 0)
        out = await (await library.jobs.dispatch(DuplicatesJob(root=planted))).wait(timeout=30)
        assert (out.groups, out.copies) == (2, 3)
        out = await (await library.jobs.dispatch(DuplicatesJob())).wait(timeout=30)
        assert (out.groups, out.copies) == (2, 4)
        asked = LibraryIndex(library.db)
        assert [group.count for group in await asked.duplicates()] == [4, 2]
        assert [group.count for group in await asked.duplicates(root=planted)] == [3, 2]
        assert await asked.duplicates(root=other) == []
        digest = (await asked.duplicates())[0].digest
        assert [entry.path for entry in await asked.files_of(digest, root=other)] == [other / "a"]
        with pytest.raises(JobError, match="is not indexed"):
            await (await library.jobs.dispatch(DuplicatesJob(root=tmp_path))).wait(timeout=30)


async def test_a_duplicate_that_was_edited_is_one_no_more(tmp_path: Path, planted: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, planted, "content")
        (planted / "small 2").write_bytes(b"else")
        await index(library, planted)
        assert [group.size for group in await LibraryIndex(library.db).duplicates()] == [300_000]


async def test_bit_rot_is_told_from_an_edit(tmp_path: Path, planted: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await index(library, planted, "content")
        rotten, edited = planted / "near", planted / "alone"
        status = rotten.stat()
        with rotten.open("r+b") as file:
            file.write(b"\xff\x00\xff")
        os.utime(rotten, ns=(status.st_atime_ns, status.st_mtime_ns))
        edited.write_bytes(b"longer than before")
        (planted / "a").unlink()
        handle = await library.jobs.dispatch(ValidateJob(root=planted))
        out = await handle.wait(timeout=30)
        assert (out.intact, out.changed, out.damaged, out.unreadable) == (9, 1, 1, 1)
        items = {Path(row.item).name: row.reason for row in (await library.jobs.items(handle.id)).rows}
        assert items["near"].startswith("is damaged")
        assert items["alone"].startswith("was edited")
        assert items["a"] == "is no longer there"


async def test_what_is_not_indexed_is_not_validated(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        with pytest.raises(JobError, match="is not indexed"):
            await (await library.jobs.dispatch(ValidateJob(root=tmp_path / "nothing"))).wait(timeout=30)


async def test_the_index_answers(tmp_path: Path) -> None:
    root = tmp_path / "Bilder"
    (root / "Urlaub").mkdir(parents=True)
    for number, name in enumerate(["Straße_am_Meer.JPG", "IMG_1234.jpg", "notes.txt", "clip.mp4"]):
        path = root / "Urlaub" / name
        path.write_bytes(b"x" * (number + 1))
        os.utime(path, (1_000 + number, 1_000 + number))
    odd = os.path.join(os.fsencode(root), b"caf\xe9 menu")
    with open(odd, "wb") as file:
        file.write(b"123456")
    os.utime(odd, (500, 500))
    async with Library.open(tmp_path / "library", create=True) as library:
        asked = LibraryIndex(library.db)
        assert await asked.search("img") == []
        await index(library, root)

        async def names(text: str) -> list[str]:
            return [entry.name for entry in await asked.search(text)]

        assert await names("img 12") == ["IMG_1234.jpg"]
        assert await names("meer") == ["Straße_am_Meer.JPG"]
        assert await names('"; DROP * OR NEAR(') == []
        assert await names("menu") == ["caf\\xe9 menu"]
        assert os.fsencode((await asked.search("menu"))[0].path) == odd
        assert [entry.size for entry in await asked.largest(limit=2)] == [6, 4]
        assert [entry.name for entry in await asked.recent(limit=1)] == ["clip.mp4"]
        assert [entry.name for entry in await asked.stale(limit=1)] == ["caf\\xe9 menu"]
        assert (await asked.by_category())[Category.IMAGE] == (2, 3)
        assert [entry.name for entry in await asked.list(root)] == ["Urlaub", "caf\\xe9 menu"]
        first = await asked.list(root / "Urlaub", limit=1)
        assert [entry.name for entry in await asked.list(root / "Urlaub", after=first[0])] == [
            "Straße_am_Meer.JPG",
            "clip.mp4",
            "notes.txt",
        ]
        assert (await asked.list(root))[0].size == 10
        assert [location.path for location in await asked.locations()] == [root]


@pytest.mark.parametrize("nth", [1, 2, 3, 4])
async def test_a_search_for_duplicates_that_was_killed_goes_on_with_what_it_knew(
    tmp_path: Path, planted: Path, nth: int
) -> None:
    """At each of its commits: after the samples, between the phases, after the contents."""
    library_path = tmp_path / "library"
    async with Library.open(library_path, create=True) as library:
        await index(library, planted)
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(library_path), "DuplicatesJob", "{}"]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": f"library.committed=kill@{nth}"}
    subprocess.run(command, env=environment, check=False, timeout=60)
    async with Library.open(library_path) as library:
        (job,) = (await library.jobs.list(kind="duplicates")).rows
        assert job.status is not JobStatus.COMPLETED
        out = await (await library.jobs.get(job.id, DuplicatesJob)).wait(timeout=30)
        assert (out.groups, out.copies, out.wasted, out.sampled, out.read) == (2, 3, 600_004, 5, 6)

"""Paths that name a file system or a location are found where these are now, and jobs take them."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest

from spacedrive_jobs import JobFailed, Library
from spacedrive_ops import (
    DownloadJob,
    FileCopyJob,
    IndexerJob,
    LibraryIndex,
    PathNotHere,
    SdPath,
    UploadJob,
    find_path,
    name_path,
)
from tests.mounts import Mount, Mounts


def disk(mounts: Mounts, uuid: UUID) -> tuple[Mount, Path]:
    """One of this UUID, and its image. Two at a time must not have the same, in tests beside each other either."""
    mount = mounts.disk("ext4", make=("-U", str(uuid)))
    assert mount.image is not None
    (mount.path / "photos").mkdir()
    (mount.path / "photos" / "beach.jpg").write_bytes(b"a picture")
    return mount, mount.image


@pytest.mark.needs("ext4")
async def test_a_file_system_is_found_where_it_is_mounted(tmp_path: Path, mounts: Mounts) -> None:
    uuid = uuid4()
    mount, image = disk(mounts, uuid)
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        named = await name_path(library.db, mount.path / "photos" / "beach.jpg")
        assert str(named) == f"volume://{uuid}/photos/beach.jpg"
        assert await find_path(library.db, named) == mount.path / "photos" / "beach.jpg"
        mounts.unmount(mount)
        with pytest.raises(PathNotHere, match="connect its disk"):
            await find_path(library.db, named)
        elsewhere = mounts.again(image)
        assert (await find_path(library.db, named)).read_bytes() == b"a picture"
        assert (await find_path(library.db, named)).is_relative_to(elsewhere.path)


@pytest.mark.needs("ext4")
async def test_a_location_is_found_when_its_disk_comes_back_elsewhere(tmp_path: Path, mounts: Mounts) -> None:
    mount, image = disk(mounts, uuid4())
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(IndexerJob(root=mount.path / "photos"))).wait(timeout=30)
        named = await name_path(library.db, mount.path / "photos" / "beach.jpg")
        assert str(named) == "location://1/beach.jpg"
        mounts.unmount(mount)
        (mount.path / "photos").mkdir()
        with pytest.raises(PathNotHere, match="connect its disk"):  # an empty folder of that name is not it
            await find_path(library.db, named)
        elsewhere = mounts.again(image)
        assert await find_path(library.db, named) == elsewhere.path / "photos" / "beach.jpg"
        (tmp_path / "out").mkdir()
        copy = FileCopyJob(sources=(), destination=tmp_path / "out", located=(named,))
        output = await (await library.jobs.dispatch(copy)).wait(timeout=30)
        assert output.copied_count == 1
        assert (tmp_path / "out" / "beach.jpg").read_bytes() == b"a picture"


async def test_a_path_without_a_better_name_is_its_own(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        missing = tmp_path / "caf\udce9" / "not there"
        named = await name_path(library.db, missing)
        assert named.kind == "local"
        assert await find_path(library.db, named) == missing
        with pytest.raises(PathNotHere, match="no such location"):
            await find_path(library.db, SdPath.in_location(9))
        with pytest.raises(PathNotHere, match="object store"):
            await find_path(library.db, SdPath.in_store("s3://bucket"))
        assert await LibraryIndex(library.db).locations() == []


async def test_transfers_go_to_and_come_from_a_folder_that_a_path_names(tmp_path: Path) -> None:
    source, store = tmp_path / "source", tmp_path / "store %41"
    source.mkdir()
    store.mkdir()
    (source / "a").write_bytes(b"a")
    async with Library.open(tmp_path / "library", create=True) as library:
        up = UploadJob(sources=(source,), to=SdPath.local(store))
        assert (await (await library.jobs.dispatch(up)).wait(timeout=30)).transferred_count == 1
        assert (store / "source" / "a").read_bytes() == b"a"
        down = DownloadJob(source=str(SdPath.local(store)), destination=tmp_path / "back")
        assert (await (await library.jobs.dispatch(down)).wait(timeout=30)).transferred_count == 1
        assert (tmp_path / "back" / "source" / "a").read_bytes() == b"a"
        handle = await library.jobs.dispatch(UploadJob(sources=(source,), to=SdPath.in_location(5)))
        with pytest.raises(JobFailed, match="no such location"):
            await handle.wait(timeout=30)
        shown = (await library.jobs.info(handle.id)).arguments
        assert isinstance(shown, dict)
        assert shown["to"] == {"kind": "location", "place": "5", "path": "."}


async def test_arguments_stored_before_there_were_such_paths_are_read(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True, runs="none") as library:
        old = {"sources": ["/a"], "destination": "/b", "on_conflict": "skip", "verify": False, "durable": True}
        handle = await library.jobs.dispatch_named("file_copy", old)
        same = await library.jobs.unfinished(FileCopyJob(sources=(Path("/a"),), destination=Path("/b")))
        assert same is not None
        assert same.id == handle.id

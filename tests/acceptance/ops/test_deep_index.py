"""A deep index: what media are, too."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from spacedrive_jobs import JobStatus, Library
from spacedrive_ops import IndexerJob, LibraryIndex, ThumbnailJob, thumbnail_path
from spacedrive_ops.content.digest import digest_of
from spacedrive_ops.media import run as media_run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "pictures"
    root.mkdir()
    for number, name in enumerate(("one.jpg", "two.png")):
        Image.new("RGB", (320 + number, 240), (200, 30 * number, 40)).save(root / name)
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff and nothing more")
    (root / "notes.txt").write_text("no picture")
    return root


async def test_a_deep_index_has_thumbnails_and_facts_and_says_what_failed(tmp_path: Path, pictures: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(IndexerJob(root=pictures, mode="deep"))
        out = await handle.wait(timeout=60)
        assert (out.files, out.hashed, out.errors) == (4, 4, 0)
        facts = await LibraryIndex(library.db).facts(pictures / "two.png")
        assert facts is not None
        assert (facts.width, facts.height) == (321, 240)
        digest = digest_of(bytes(pictures / "one.jpg")).digest
        assert thumbnail_path(library.path, digest, 256).is_file()
        children = {info.kind: info for info in (await library.jobs.list()).rows if info.parent == handle.id}
        assert set(children) == {"thumbnails", "media_metadata"}
        assert {info.status for info in children.values()} == {JobStatus.COMPLETED}
        failed = (await library.jobs.items(children["thumbnails"].id, outcomes=["error"])).rows
        assert [Path(row.item).name for row in failed] == ["broken.jpg"]
        again = await (await library.jobs.dispatch(IndexerJob(root=pictures, mode="deep"))).wait(timeout=60)
        assert (again.new, again.hashed) == (0, 0)


async def test_a_file_whose_content_is_known_is_not_read_for_its_thumbnail(
    tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []

    def counted(path: bytes, *arguments: object) -> object:
        read.append(path)
        return digest_of(path)

    monkeypatch.setattr(media_run, "digest_of", counted)
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(IndexerJob(root=pictures, mode="content"))).wait(timeout=30)
        made = await (await library.jobs.dispatch(ThumbnailJob(paths=(pictures,)))).wait(timeout=60)
        assert (made.made, made.failed, read) == (2, 1, [])
        Image.new("RGB", (100, 100)).save(pictures / "one.jpg")  # unknown to the index
        made = await (await library.jobs.dispatch(ThumbnailJob(paths=(pictures,)))).wait(timeout=60)
        assert (made.made, read) == (1, [bytes(pictures / "one.jpg")])

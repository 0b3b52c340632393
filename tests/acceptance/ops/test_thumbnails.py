"""Thumbnails of real pictures, whole and broken; decoders that spin or die harm nothing but their own file."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from spacedrive_jobs import JobError, JobStatus, Library
from spacedrive_ops import ThumbnailJob, ThumbnailOutput, thumbnail_path
from spacedrive_ops.content.digest import digest_of
from spacedrive_ops.media.kinds import PICTURED
from spacedrive_ops.media.run import media_files
from tests.acceptance.ops.made_thumbnails import make, thumbnail
from tests.acceptance.ops.media_samples import looks_right, scene
from tests.waiting import aeventually, eventually


async def test_each_kind_of_picture_is_made_small(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for name in ("a.jpg", "b.png", "c.webp", "d.gif", "e.tiff", "f.bmp", "g.avif", "h.jfif"):
        scene(404 if name == "h.jfif" else 400, 200 if name != "h.jfif" else 202).save(
            root / name, format="JPEG" if name == "h.jfif" else None
        )
    scene().convert("CMYK").save(root / "cmyk.jpg")
    scene().convert("P").save(root / "palette.png")
    Image.new("RGBA", (300, 300), (0, 200, 0, 0)).save(root / "clear.png")
    Image.new("I;16", (300, 100), 30_000).save(root / "deep.png")
    Image.new("I;16B", (300, 100), 20_000).save(root / "deep.tif")
    (root / "notes.txt").write_text("no picture, no item")
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, sizes=(64, 256))
        assert (out, reasons) == (ThumbnailOutput(13, 0, 0), {})
        for name in ("a.jpg", "b.png", "c.webp", "d.gif", "e.tiff", "f.bmp", "g.avif", "h.jfif", "palette.png"):
            assert looks_right(thumbnail(library, root / name), 256, 128), name
            assert thumbnail(library, root / name, 64).size == (64, 32), name
        assert thumbnail(library, root / "cmyk.jpg").size == (256, 128)
        grey: Any = thumbnail(library, root / "deep.png").getpixel((10, 10))
        assert abs(grey[0] - 117) < 4
        clear = thumbnail_path(library.path, digest_of(os.fsencode(root / "clear.png")).digest, 256)
        with Image.open(clear) as image:
            assert image.mode == "RGBA"
        assert clear.stat().st_mode & 0o777 == 0o600
        again, _ = await make(library, root, sizes=(64, 256))
        assert again == ThumbnailOutput(0, 13, 0)
        assert not list((library.path / "thumbnails").rglob("*.part"))


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_picture_is_upright_however_the_camera_was_held(tmp_path: Path, orientation: int) -> None:
    """Whether its kind is turned by whoever looks, or by the decoder as it is loaded."""
    held = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what turns the scene into what the sensor saw
    sensor = scene()
    if orientation in held:
        sensor = sensor.transpose(Image.Transpose(held[orientation]))
    root = tmp_path / "photos"
    root.mkdir()
    for name in ("photo.jpg", "photo.png", "photo.webp", "photo.avif", "plain.tif", "packed.tif"):
        exif = Image.Exif()
        exif[0x0112] = orientation
        options = {"compression": "tiff_lzw"} if name == "packed.tif" else {}
        sensor.save(root / name, exif=exif, **options)
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, root, sizes=(256,))
        for path in root.iterdir():
            assert looks_right(thumbnail(library, path), 256, 128), path.name


async def test_a_retry_does_only_what_failed(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    scene().save(root / "fine.jpg")
    (root / "later.jpg").write_bytes(b"half written")
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await library.jobs.dispatch(ThumbnailJob(paths=(root,)))
        assert await first.wait() == ThumbnailOutput(1, 0, 1)
        (root / "later.jpg").unlink()
        scene().save(root / "later.jpg", quality=50)
        second = await first.retry()
        await second.wait()
        items = [(Path(row.item).name, row.outcome) for row in (await library.jobs.items(second.id)).rows]
        assert items == [("later.jpg", "ok")]


async def test_a_picture_that_was_moved_needs_none_anew(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    scene().save(root / "one.jpg")
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, root)
        (root / "one.jpg").rename(root / "two.jpg")
        out, _ = await make(library, root)
        assert out == ThumbnailOutput(0, 1, 0)


async def test_sizes_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        with pytest.raises(JobError, match="16 to 4,096 pixels"):
            await make(library, tmp_path, sizes=(5,))


async def test_a_folder_that_is_gone_on_resume_does_not_take_the_others_along(tmp_path: Path) -> None:
    """The place where an attempt stopped may not be there any more when the next one goes on."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        for number in range(5):
            scene(300 + number if folder is first else 400 + number).save(folder / f"{number}.png")
    both = [os.fsencode(first), os.fsencode(second)]
    places = [entry.place for entry in media_files(both, tmp_path / "first", PICTURED)]
    assert places == [(1, (b"%d.png" % number,)) for number in range(5)], "the library's own folder is left out"
    given = [os.fsencode(first), os.fsencode(second)]
    (tmp_path / "library").mkdir()
    left = [entry.place for entry in media_files(given, tmp_path / "library", PICTURED, after=(0, (b"2.png",)))]
    assert left == [(0, (b"3.png",)), (0, (b"4.png",)), *places]
    shutil.rmtree(first)
    left = [entry.place for entry in media_files(given, tmp_path / "library", PICTURED, after=(0, (b"2.png",)))]
    assert left == places


async def test_a_folder_that_cannot_be_read_is_an_item(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, tmp_path / "nothing")
        assert (out, reasons) == (ThumbnailOutput(0, 0, 1), {"nothing": "cannot be read: no such file or directory"})


async def test_reading_an_endless_film_stops_when_it_is_paused(tmp_path: Path) -> None:
    film = tmp_path / "endless.mp4"
    with film.open("wb") as file:
        file.truncate(1 << 40)  # a hole: no disk is used, and reading takes many minutes
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(ThumbnailJob(paths=(film,)))
        await asyncio.to_thread(eventually, lambda: _is_open(film))
        await handle.pause()
        await aeventually(lambda: _is(handle, JobStatus.PAUSED))


def _is_open(path: Path) -> bool:
    """By this process."""
    return any(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())


async def _is(handle: Any, status: JobStatus) -> bool:
    return await handle.status() is status

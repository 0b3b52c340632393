"""Thumbnails of real pictures, whole and broken; decoders that spin or die harm nothing but their own file."""

from __future__ import annotations

import os
import shutil
import signal
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from spacedrive_jobs import JobError, Library
from spacedrive_ops import ThumbnailJob, ThumbnailOutput, thumbnail_path
from spacedrive_ops.content.digest import digest_of
from spacedrive_ops.media.decoding import NotDecoded
from spacedrive_ops.media.kinds import PICTURED
from spacedrive_ops.media.run import media_files
from spacedrive_ops.thumbnails import job as thumbnails_job


def picture(width: int = 400, height: int = 200) -> Image.Image:
    """Red at the left, blue at the right, with a green bar on top: what is turned wrong shows."""
    image = Image.new("RGB", (width, height), (200, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill=(0, 0, 200))
    draw.rectangle((0, 0, width, height // 8), fill=(0, 200, 0))
    return image


async def make(library: Library, *paths: Path, **options: Any) -> tuple[ThumbnailOutput, dict[str, str]]:
    """What came of it, and the reasons by file name."""
    handle = await library.jobs.dispatch(ThumbnailJob(paths=paths, **options))
    out = await handle.wait(timeout=60)
    rows = (await library.jobs.items(handle.id, outcomes=["error"])).rows
    return out, {Path(row.item).name: row.reason for row in rows}


def thumbnail(library: Library, path: Path, size: int = 256) -> Image.Image:
    with Image.open(thumbnail_path(library.path, digest_of(os.fsencode(path)).digest, size)) as image:
        return image.convert("RGB")


def looks_right(image: Image.Image, width: int, height: int) -> bool:
    """Size and colours as in `picture`."""

    def near(place: tuple[float, float], wanted: tuple[int, int, int]) -> bool:
        found: Any = image.getpixel((int(place[0] * image.width), int(place[1] * image.height)))
        return all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))

    colours = near((0.2, 0.6), (200, 0, 0)) and near((0.8, 0.6), (0, 0, 200)) and near((0.5, 0.04), (0, 200, 0))
    return colours and image.size == (width, height)


def bomb() -> bytes:
    """A PNG of 30,000 x 30,000 that is small as a file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + chunk(b"IEND", b"")


async def test_each_kind_of_picture_is_made_small(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for name in ("a.jpg", "b.png", "c.webp", "d.gif", "e.tiff", "f.bmp", "g.avif", "h.jfif"):
        picture(404 if name == "h.jfif" else 400, 200 if name != "h.jfif" else 202).save(
            root / name, format="JPEG" if name == "h.jfif" else None
        )
    picture().convert("CMYK").save(root / "cmyk.jpg")
    picture().convert("P").save(root / "palette.png")
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
    held = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # what turns the scene into what the sensor saw
    sensor = picture()
    if orientation in held:
        sensor = sensor.transpose(Image.Transpose(held[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "photo.jpg"
    sensor.save(path, exif=exif, quality=95)
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, path, sizes=(256,))
        assert looks_right(thumbnail(library, path), 256, 128)


async def test_broken_pictures_are_listed_with_reasons_and_the_others_are_made(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(20):
        picture(400 + number).save(root / f"fine {number:02}.jpg")
    whole = (root / "fine 00.jpg").read_bytes()
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    png = tmp_path / "x.png"
    picture(900, 900).effect_spread(50).save(png)
    (root / "cut.png").write_bytes(png.read_bytes()[: png.stat().st_size // 2])
    (root / "empty.jpg").touch()
    (root / "text.jpg").write_text("this is no picture")
    (root / "bomb.png").write_bytes(bomb())
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root)
        assert out == ThumbnailOutput(20, 0, 5)
        assert reasons["cut.jpg"] == reasons["cut.png"] == "is cut off: the file ends too early"
        assert reasons["empty.jpg"] == "is empty"
        assert reasons["text.jpg"] == "is not of a kind known here, or is damaged"
        assert reasons["bomb.png"] == "is too large (the limit is 300 megapixels)"
        assert await library.db.query("SELECT count(DISTINCT digest) FROM ix_sidecar WHERE state = 'failed'") == [(5,)]
        missing, _ = await make(library, root)
        assert missing == ThumbnailOutput(0, 25, 0), "what failed is not tried again unasked"
        failed, again = await make(library, root, redo="failed")
        assert (failed, again) == (ThumbnailOutput(0, 20, 5), reasons)


async def test_a_retry_does_only_what_failed(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    picture().save(root / "fine.jpg")
    (root / "later.jpg").write_bytes(b"half written")
    async with Library.open(tmp_path / "library", create=True) as library:
        first = await library.jobs.dispatch(ThumbnailJob(paths=(root,)))
        assert await first.wait() == ThumbnailOutput(1, 0, 1)
        (root / "later.jpg").unlink()
        picture().save(root / "later.jpg", quality=50)
        second = await first.retry()
        await second.wait()
        items = [(Path(row.item).name, row.outcome) for row in (await library.jobs.items(second.id)).rows]
        assert items in ([("later.jpg", "ok")], [])


def spin(path: bytes, *_: object) -> list[tuple[int, bytes]]:
    """Stands in for a decoder; runs in a child."""
    name = os.path.basename(path)
    if b"spins" in name:
        while True:
            time.sleep(1)  # noqa: TID251 - it is to be killed
    if b"dies" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    raise NotDecoded("was stubbed")


async def test_a_decoder_that_spins_or_dies_is_ended_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails_job, "render", spin)
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(6):
        picture(40 + number).save(root / f"{number}.png")
    picture(30).save(root / "3 spins.png")
    picture(31).save(root / "4 dies.png")
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, seconds=2)
        assert out.failed == 8
        assert reasons["3 spins.png"] == "took longer than 2 s to decode"
        assert reasons["4 dies.png"] == "makes its decoder crash"
        assert sum(reason == "was stubbed" for reason in reasons.values()) == 6


async def test_a_picture_that_was_moved_needs_none_anew(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    picture().save(root / "one.jpg")
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
            picture(300 + number if folder is first else 400 + number).save(folder / f"{number}.png")
    places = [entry.place for entry in media_files([os.fsencode(first), os.fsencode(second)], tmp_path / "first", PICTURED)]
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

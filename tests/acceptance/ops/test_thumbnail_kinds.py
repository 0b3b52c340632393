"""Thumbnails of what is no plain picture: drawings, documents, RAW files and films; and colours as they are meant."""

from __future__ import annotations

import gzip
import io
import os
import struct
from pathlib import Path
from typing import Any, cast

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from spacedrive_jobs import Library
from spacedrive_ops import ThumbnailOutput, thumbnail_path
from spacedrive_ops.content.digest import digest_of
from tests.acceptance.ops import media_samples as samples
from tests.acceptance.ops.made_thumbnails import make, thumbnail
from tests.acceptance.ops.media_samples import film, looks_right, scene


async def test_drawings_documents_and_raw_files_are_made_small(tmp_path: Path) -> None:
    root = tmp_path / "all"
    root.mkdir()
    turned = scene(1200, 600).transpose(Image.Transpose.ROTATE_90)
    files = {
        "plain.svg": samples.svg(),
        "packed.svgz": gzip.compress(samples.svg(size='viewBox="0 0 400 200" width="9000mm" height="4500mm"')),
        "sixteen.svg": samples.svg().decode().replace("<?xml", '<?xml encoding="UTF-16"', 0).encode("utf-16"),
        "page.pdf": samples.pdf(samples.SCENE_IN_PDF),
        "huge paper.pdf": samples.pdf(b"500 0 0 500 0 0 cm " + samples.SCENE_IN_PDF, media_box=b"0 0 200000 100000"),
        "camera.dng": samples.dng(scene(1200, 600)),
        "held.dng": samples.dng(turned, orientation=6),
    }
    for name, data in files.items():
        (root / name).write_bytes(data)
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, sizes=(64, 256))
        assert (out, reasons) == (ThumbnailOutput(len(files), 0, 0), {})
        for name in files:
            assert looks_right(thumbnail(library, root / name), 256, 128), name
            assert looks_right(thumbnail(library, root / name, 64), 64, 32), name


async def test_a_raw_file_without_a_preview_is_developed(tmp_path: Path) -> None:
    path = tmp_path / "none.dng"
    path.write_bytes(samples.dng(None, side=1024))
    async with Library.open(tmp_path / "library", create=True) as library:
        out, _ = await make(library, path, sizes=(256,))
        assert out.made == 1
        assert thumbnail(library, path).size == (256, 256)


async def test_a_raw_file_with_a_stamp_of_a_preview_is_developed(tmp_path: Path) -> None:
    path = tmp_path / "stamp.dng"
    path.write_bytes(samples.dng(scene(60, 30), side=1024))
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, path, sizes=(256,))
        assert thumbnail(library, path).size == (256, 256)


async def test_what_a_drawing_leaves_clear_stays_clear(tmp_path: Path) -> None:
    path = tmp_path / "clear.svg"
    path.write_bytes(samples.svg('<circle cx="200" cy="100" r="90" fill="#c80000"/>'))
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, path, sizes=(256,))
        with Image.open(thumbnail_path(library.path, digest_of(os.fsencode(path)).digest, 256)) as image:
            assert image.mode == "RGBA"
            corner, middle = cast("Any", image.getpixel((2, 2))), cast("Any", image.getpixel((128, 64)))
    assert corner[3] == 0
    assert middle[3] == 255


@pytest.mark.needs("fonts")
@pytest.mark.parametrize("family", ["sans-serif", "serif", "monospace", "A Font That Nobody Has", ""])
async def test_words_in_a_drawing_are_there_whatever_font_they_ask_for(tmp_path: Path, family: str) -> None:
    path = tmp_path / "words.svg"
    path.write_bytes(samples.svg(f'<text x="20" y="120" font-size="80" font-family="{family}">WORDS</text>'))
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, path, sizes=(256,))
        with Image.open(thumbnail_path(library.path, digest_of(os.fsencode(path)).digest, 256)) as image:
            assert image.getchannel("A").getbbox() is not None


@pytest.mark.needs("ffmpeg")
async def test_films_are_made_small(tmp_path: Path) -> None:
    root = tmp_path / "films"
    root.mkdir()
    film(root / "h264.mp4")
    film(root / "mpeg4.avi", "-c:v", "mpeg4")
    film(root / "vp9.webm", "-c:v", "libvpx-vp9", "-deadline", "realtime")
    film(root / "mpeg2.mpg", "-c:v", "mpeg2video")
    film(root / "theora.ogv", "-c:v", "libtheora", "-q:v", "8")
    film(root / "matroska.mkv", "-c:v", "libx264", "-g", "500")
    film(root / "transport.ts.mts", "-c:v", "libx264", "-f", "mpegts")
    film(root / "sport.flv", "-c:v", "flv1", "-qscale:v", "3")
    film(root / "narrow pixels.mp4", "-vf", "scale=320:320,setsar=2/1")
    film(root / "high.mp4", "-vf", "scale=1280:640:out_color_matrix=bt709", "-colorspace", "bt709")
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, sizes=(256,))
        assert (out, reasons) == (ThumbnailOutput(10, 0, 0), {})
        for path in root.iterdir():
            assert looks_right(thumbnail(library, path), 256, 128), path.name


@pytest.mark.needs("ffmpeg")
async def test_the_frame_of_a_film_shows_something(tmp_path: Path) -> None:
    """Not the black at its beginning, be it longer than the place where one looks first, or without a key frame
    after it."""
    root = tmp_path / "films"
    root.mkdir()
    film(root / "short.mp4", "-g", "1000", "-sc_threshold", "0", black=0.6)
    film(root / "long.mp4", seconds=4, black=2)
    film(root / "half.mkv", "-g", "1000", "-sc_threshold", "0", seconds=3, black=3)
    film(root / "all black.mp4", "-vf", "drawbox=w=iw:h=ih:color=black:t=fill")
    async with Library.open(tmp_path / "library", create=True) as library:
        out, _ = await make(library, root, sizes=(256,))
        assert out.made == 4
        for name in ("short.mp4", "long.mp4", "half.mkv"):
            assert looks_right(thumbnail(library, root / name), 256, 128), name
        assert thumbnail(library, root / "all black.mp4").size == (256, 128)


@pytest.mark.needs("ffmpeg")
@pytest.mark.parametrize("turn", ["90", "180", "270"])
async def test_a_film_is_upright_however_the_camera_was_held(tmp_path: Path, turn: str) -> None:
    """As ffmpeg shows it."""
    flat, path, shown = film(tmp_path / "flat.mp4"), tmp_path / "held.mp4", tmp_path / "shown.png"
    samples.ffmpeg("-i", str(flat), "-metadata:s:v:0", f"rotate={turn}", "-c", "copy", str(path))
    samples.ffmpeg("-i", str(path), "-frames:v", "1", str(shown))
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, path, sizes=(256,))
        seen = thumbnail(library, path)
    with Image.open(shown) as image:
        difference = ImageChops.difference(image.convert("RGB").resize(seen.size), seen)
    assert max(ImageStat.Stat(difference).mean) < 8
    assert seen.size == ((256, 128) if turn == "180" else (128, 256))
    assert not looks_right(seen, 256, 128)


@pytest.mark.needs("ffmpeg")
async def test_a_sound_has_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    samples.ffmpeg("-f", "lavfi", "-i", "sine=d=1", str(path))
    async with Library.open(tmp_path / "library", create=True) as library:
        assert await make(library, path) == (
            ThumbnailOutput(0, 0, 1),
            {"sound.mp4": "has no pictures in it that can be decoded"},
        )


# --- colours


def wide_profile() -> bytes:
    """An RGB profile with far more colourful primaries than sRGB's, and a gamma of 1.8."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(*values)

    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 5) + b"wide\0" + bytes(78),
        b"cprt": b"text\0\0\0\0free\0",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.7161, 0.2582, 0.0),
        b"gXYZ": xyz(0.1009, 0.7249, 0.0518),
        b"bXYZ": xyz(0.1472, 0.0169, 0.7731),
    } | {name: b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256)) for name in (b"rTRC", b"gTRC", b"bTRC")}
    place = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        value = value.ljust((len(value) + 3) // 4 * 4, b"\0")
        table += name + struct.pack(">II", place + len(data), len(value))
        data += value
    head = struct.pack(">I4sI4s4s4s", place + len(data), b"lcms", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head = (head + bytes(12) + b"acsp" + bytes(28) + fixed(0.9642, 1.0, 0.8249)).ljust(128, b"\0")
    return head + table + data


async def test_a_colour_profile_is_converted_to_srgb(tmp_path: Path) -> None:
    """The scene, written in other numbers by a profile that says what these mean, is the scene again."""
    root = tmp_path / "pictures"
    root.mkdir()
    cms = cast("Any", ImageCms)
    wide = cms.ImageCmsProfile(io.BytesIO(wide_profile()))
    other = cms.profileToProfile(scene(), cms.createProfile("sRGB"), wide, outputMode="RGB")
    assert not looks_right(other, 400, 200, tolerance=30), "the numbers differ"
    other.save(root / "wide.jpg", icc_profile=wide_profile(), quality=95)
    other.save(root / "wide.png", icc_profile=wide_profile())
    other.save(root / "wide.webp", icc_profile=wide_profile(), lossless=True)
    other.save(root / "wide.tif", icc_profile=wide_profile())
    cms.profileToProfile(
        scene(), cms.createProfile("sRGB"), cms.createProfile("LAB"), outputMode="LAB"
    ).save(root / "lab.tif")  # fmt: skip
    scene().save(root / "wrong.png", icc_profile=b"this is no profile")
    scene().convert("L").save(root / "grey with the wrong one.jpg", icc_profile=wide_profile())
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, sizes=(256,))
        assert (out, reasons) == (ThumbnailOutput(7, 0, 0), {})
        for name in ("wide.jpg", "wide.png", "wide.webp", "wide.tif", "lab.tif", "wrong.png"):
            assert looks_right(thumbnail(library, root / name), 256, 128, tolerance=25), name


async def test_cmyk_is_seen_as_it_is_printed(tmp_path: Path) -> None:
    """Without a profile, and inverted as Adobe's programs write it."""
    root = tmp_path / "pictures"
    root.mkdir()
    scene().convert("CMYK").save(root / "cmyk.jpg", quality=95)
    scene().convert("CMYK").save(root / "cmyk.tif")
    async with Library.open(tmp_path / "library", create=True) as library:
        await make(library, root, sizes=(256,))
        for name in ("cmyk.jpg", "cmyk.tif"):
            assert looks_right(thumbnail(library, root / name), 256, 128), name

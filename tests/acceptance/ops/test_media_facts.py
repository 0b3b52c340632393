"""What pictures, films and sounds say of themselves: read, kept, and asked for."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from spacedrive_jobs import Library
from spacedrive_jobs.tasks import ChildPool
from spacedrive_ops import (
    Exposure,
    IndexerJob,
    LibraryIndex,
    MediaFacts,
    MediaMetadataJob,
    MediaMetadataOutput,
    Place,
    facts_below,
)
from spacedrive_ops.library_index.schema import SCHEMA
from spacedrive_ops.library_index.sql import query
from spacedrive_ops.media.children import decoded
from spacedrive_ops.media.decoding import Limits, NotDecoded
from spacedrive_ops.media_facts.read import read_facts
from spacedrive_ops.thumbnails.render import render
from tests.acceptance.ops import media_samples as samples
from tests.acceptance.ops.media_samples import ASCII, RATIONAL, SHORT, film, scene

EXIF, GPS = 0x8769, 0x8825
TWO_HOURS_EAST = timezone(timedelta(hours=2))


def exif(
    *,
    taken: str = "2024:05:06 07:08:09",
    offset: str = "+02:00",
    place: tuple[Any, str, Any, str] | None = ((48, 51, 29.6), "N", (2, 17, 40.2), "E"),
    orientation: int = 1,
) -> Image.Exif:
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0112] = "NIKON CORPORATION", "NIKON D5\0", orientation
    inside = made.get_ifd(EXIF)
    inside[0x9003], inside[0x9291], inside[0x9011] = taken, "25", offset
    inside[0x829A], inside[0x829D], inside[0x8827] = IFDRational(1, 250), IFDRational(28, 10), 400
    inside[0x920A], inside[0xA405], inside[0xA434] = IFDRational(50), 75, "50mm f/1.8"
    if place is not None:
        there = made.get_ifd(GPS)
        there[2], there[1] = tuple(map(IFDRational, place[0])), place[1]
        there[4], there[3] = tuple(map(IFDRational, place[2])), place[3]
        there[5], there[6] = b"\0", IFDRational(350, 10)
    return made


CAMERA_FACTS = {
    "camera": "NIKON D5",
    "lens": "50mm f/1.8",
    "taken": datetime(2024, 5, 6, 7, 8, 9, 250_000, tzinfo=TWO_HOURS_EAST),
    "exposure": Exposure(1 / 250, 2.8, 400, 50, 75),
    "place": Place(48.8582222, 2.2945, 35),
}


async def read(library: Library, *paths: Path, **options: Any) -> tuple[MediaMetadataOutput, dict[str, str]]:
    """What came of it, and the reasons by file name."""
    handle = await library.jobs.dispatch(MediaMetadataJob(paths=paths, **options))
    out = await handle.wait(timeout=60)
    rows = (await library.jobs.items(handle.id, outcomes=["error"])).rows
    return out, {Path(row.item).name: row.reason for row in rows}


async def facts_by_name(library: Library, root: Path) -> dict[str, MediaFacts]:
    return {path.name: facts for path, facts in await facts_below(library, [root]) if facts is not None}


def as_wanted(facts: MediaFacts, wanted: dict[str, Any]) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in wanted}


async def test_pictures_tell_how_they_were_taken(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for name in ("a.jpg", "b.png", "c.webp", "d.tiff", "e.avif"):
        scene().save(root / name, exif=exif().tobytes())
    scene().save(root / "held.jpg", exif=exif(orientation=6))
    scene().save(root / "held.tiff", exif=exif(orientation=6))
    scene().save(root / "silent.png")
    async with Library.open(tmp_path / "library", create=True) as library:
        assert await read(library, root) == (MediaMetadataOutput(8, 0, 0), {})
        facts = await facts_by_name(library, root)
        for name, form in {
            "a.jpg": "JPEG",
            "b.png": "PNG",
            "c.webp": "WEBP",
            "d.tiff": "TIFF",
            "e.avif": "AVIF",
        }.items():
            wanted = CAMERA_FACTS | {"format": form, "width": 400, "height": 200}
            assert as_wanted(facts[name], wanted) == wanted, name
        for name in ("held.jpg", "held.tiff"):
            wanted = {"width": 200, "height": 400, "orientation": 6}
            assert as_wanted(facts[name], wanted) == wanted, name
        assert facts["silent.png"] == MediaFacts(format="PNG", width=400, height=200)


async def test_raw_files_tell_how_they_were_taken(tmp_path: Path) -> None:
    path = tmp_path / "one.dng"
    tags: list[samples.Tag] = [
        (33434, RATIONAL, (1, 250)), (33437, RATIONAL, (28, 10)), (34855, SHORT, 400), (37386, RATIONAL, (50, 1)),
        (36867, ASCII, "2024:05:06 07:08:09"), (36881, ASCII, "-03:30"), (42036, ASCII, "Maker 50mm"),
    ]  # fmt: skip
    path.write_bytes(samples.dng(scene(600, 300), orientation=6, exif=tags))
    async with Library.open(tmp_path / "library", create=True) as library:
        assert await read(library, path) == (MediaMetadataOutput(1, 0, 0), {})
        ((_, facts),) = await facts_below(library, [path])
    zone = timezone(-timedelta(hours=3, minutes=30))
    assert facts == MediaFacts(
        format="DNG",
        width=256,
        height=256,
        orientation=6,
        taken=datetime(2024, 5, 6, 7, 8, 9, tzinfo=zone),
        camera="Maker Model One",
        lens="Maker 50mm",
        exposure=Exposure(1 / 250, 2.8, 400, 50),
    )


@pytest.mark.needs("ffmpeg")
async def test_films_and_sounds_tell_what_they_are(tmp_path: Path) -> None:
    root = tmp_path / "films"
    root.mkdir()
    tone = ("-f", "lavfi", "-i", "sine=d=2:r=44100")
    film(
        root / "plain.mp4",
        "-metadata",
        "creation_time=2024-05-06T05:08:09Z",
        "-metadata",
        "location=+48.8577+002.2950/",
    )
    samples.ffmpeg(
        *tone, "-i", str(root / "plain.mp4"), "-c:v", "copy", "-c:a", "aac", "-ac", "2", str(root / "loud.mkv")
    )
    flat = film(tmp_path / "flat.mp4")
    samples.ffmpeg("-i", str(flat), "-metadata:s:v:0", "rotate=90", "-c", "copy", str(root / "held.mp4"))
    film(root / "narrow.mp4", "-vf", "scale=320:320,setsar=2/1", "-r", "30000/1001")
    samples.ffmpeg(*tone, str(root / "tone.mp3"))
    samples.ffmpeg(*tone, str(root / "tone.flac"))
    async with Library.open(tmp_path / "library", create=True) as library:
        assert await read(library, root) == (MediaMetadataOutput(6, 0, 0), {})
        facts = await facts_by_name(library, root)
    assert facts["plain.mp4"] == MediaFacts(
        format="MP4",
        width=640,
        height=320,
        orientation=1,
        taken=datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC),
        place=Place(48.8577, 2.295),
        duration_ms=2_000,
        frame_rate=25,
        video_codec="h264",
    )
    wanted = {"format": "MATROSKA", "video_codec": "h264", "audio_codec": "aac", "channels": 2, "sample_rate": 44_100}
    assert as_wanted(facts["loud.mkv"], wanted) == wanted
    wanted = {"width": 320, "height": 640, "orientation": 8}
    assert as_wanted(facts["held.mp4"], wanted) == wanted
    wanted = {"width": 640, "height": 320, "frame_rate": 29.97}
    assert as_wanted(facts["narrow.mp4"], wanted) == wanted
    wanted = {"format": "MP3", "audio_codec": "mp3", "video_codec": "", "width": None}
    assert as_wanted(facts["tone.mp3"], wanted) == wanted
    assert abs((facts["tone.mp3"].duration_ms or 0) - 2_000) < 100
    assert facts["tone.flac"].audio_codec == "flac"


async def test_what_makes_no_sense_is_left_out(tmp_path: Path) -> None:
    root = tmp_path / "odd"
    root.mkdir()
    odd = exif(taken="0000:00:00 00:00:00", offset="yes", place=((IFDRational(1, 0), 0, 0), "N", (500, 0, 0), "E"))
    inside = odd.get_ifd(EXIF)
    inside[0x829A], inside[0x829D], inside[0x8827] = IFDRational(1, 0), IFDRational(0, 5), 0
    odd[0x0112], odd[0x0110] = 99, "D5 \x1b[31m\nred"
    scene().save(root / "odd.jpg", exif=odd)
    scene().save(root / "noise.jpg", exif=b"Exif\0\0II*\0\x08\0\0\0" + bytes(range(256)) * 4)
    async with Library.open(tmp_path / "library", create=True) as library:
        assert await read(library, root) == (MediaMetadataOutput(2, 0, 0), {})
        facts = await facts_by_name(library, root)
    assert (facts["odd.jpg"].taken, facts["odd.jpg"].place, facts["odd.jpg"].orientation) == (None, None, None)
    assert facts["odd.jpg"].exposure == Exposure(focal_length=50, focal_length_35mm=75)
    assert facts["odd.jpg"].camera == "NIKON CORPORATION D5 [31mred"
    assert (facts["noise.jpg"].width, facts["noise.jpg"].height) == (400, 200)


async def test_missing_failed_and_all(tmp_path: Path) -> None:
    root = tmp_path / "some"
    root.mkdir()
    scene().save(root / "fine.jpg", exif=exif())
    (root / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "broken.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    (root / "notes.txt").write_text("no item")
    async with Library.open(tmp_path / "library", create=True) as library:
        first, reasons = await read(library, root)
        assert first == MediaMetadataOutput(1, 0, 2)
        assert reasons["broken.png"] == "is not of a kind known here, or is damaged"
        assert set(reasons) == {"broken.png", "broken.mp4"}
        assert (await read(library, root))[0] == MediaMetadataOutput(0, 3, 0)
        assert (await read(library, root, redo="failed"))[0] == MediaMetadataOutput(0, 1, 2)
        assert (await read(library, root, redo="all"))[0] == MediaMetadataOutput(1, 0, 2)


async def test_questions_of_time_and_place(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    (root / "trip").mkdir(parents=True)
    moments = {
        "zoned.jpg": exif(),  # 05:08:09 in UTC
        "wall.jpg": exif(taken="2024:05:06 08:00:00", offset="", place=None),
        "later.jpg": exif(taken="2024:05:07 00:00:00", place=((17, 0, 0), "S", (179, 30, 0), "W")),
    }
    for number, (name, tags) in enumerate(moments.items()):
        scene(400 + number).save(root / "trip" / name, exif=tags)
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(IndexerJob(root=root, mode="content"))).wait()
        await read(library, root)
        index = LibraryIndex(library.db)
        facts = await index.facts(root / "trip" / "zoned.jpg")
        assert facts is not None
        assert facts.camera == "NIKON D5"
        assert await index.facts(root / "trip") is None
        assert await index.facts(root / "trip" / "nothing.jpg") is None

        async def taken(start: datetime, end: datetime) -> list[str]:
            return [entry.name for entry in await index.taken_between(start, end)]

        day = datetime(2024, 5, 6, tzinfo=TWO_HOURS_EAST)
        assert await taken(day, day + timedelta(days=1)) == ["zoned.jpg", "wall.jpg"]
        assert await taken(day, day + timedelta(days=1, microseconds=1_000_000)) == [
            "zoned.jpg",
            "wall.jpg",
            "later.jpg",
        ]
        five = datetime(2024, 5, 6, 5, tzinfo=UTC)
        assert await taken(five, five + timedelta(hours=1)) == ["zoned.jpg"]
        assert await taken(five + timedelta(hours=3), five + timedelta(hours=4)) == ["wall.jpg"]
        assert [entry.name for entry in await index.with_place()] == ["later.jpg", "zoned.jpg"]
        assert [entry.name for entry in await index.with_place(north=0, west=170, east=-170)] == ["later.jpg"]
        assert [entry.name for entry in await index.with_place(south=48, north=49, west=2, east=3)] == ["zoned.jpg"]
        (root / "trip" / "zoned.jpg").rename(root / "moved.jpg")
        await (await library.jobs.dispatch(IndexerJob(root=root, mode="content"))).wait()
        assert await index.facts(root / "moved.jpg") == facts, "facts go along with what the file holds"


async def test_the_questions_use_their_indexes(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await LibraryIndex(library.db).locations()
        for name, count, index in (("taken_between", 6, "ix_media_taken"), ("with_place", 5, "ix_media_place")):
            rows: list[Any] = await library.db.query(f"EXPLAIN QUERY PLAN {query(name)}", (1,) * count)
            plan = "\n".join(row[3] for row in rows)
            assert index in plan
            assert "SCAN ix_" not in plan, plan


async def test_an_index_of_before_learns_to_keep_facts(tmp_path: Path) -> None:
    async with Library.open(tmp_path / "library", create=True) as library:
        await LibraryIndex(library.db).locations()
        async with library.db.transaction() as tx:
            await tx.execute("DROP INDEX ix_media_taken")
            await tx.execute("DROP INDEX ix_media_place")
            await tx.execute("ALTER TABLE ix_location DROP COLUMN volume")
            await tx.execute("ALTER TABLE ix_arrival DROP COLUMN replaces")
            await tx.execute("DROP TABLE ix_mount")
            await tx.execute("UPDATE ix_version SET version = 2")
        assert await LibraryIndex(library.db).with_place() == []
        assert await library.db.query("SELECT version FROM ix_version") == [(SCHEMA,)]


async def test_a_decoder_cannot_be_led_to_another_file(tmp_path: Path) -> None:
    """What the child opens is the file itself, be it called like an option or an address."""
    path = tmp_path / "concat:a|b.mp4"
    path.write_bytes(b"ffconcat version 1.0\nfile /etc/passwd\n")
    async with ChildPool() as pool:
        with pytest.raises(NotDecoded, match="not of a kind known here"):
            await decoded(pool, Limits(20, 300, 2 << 30), read_facts, bytes(path))


async def test_files_with_a_few_wrong_bytes_are_read_or_refused_in_words(tmp_path: Path) -> None:
    """No decoder crashes, and the words name no error of Python's."""
    whole = io.BytesIO()
    scene().save(whole, "JPEG", exif=exif())
    seeds = {"a.jpg": whole.getvalue(), "a.dng": samples.dng(scene(300, 150)), "a.mp4": film_box()}
    chance = random.Random(5)
    reasons: list[str] = []
    limits = Limits(20, 300, 2 << 30)
    async with ChildPool(limit=2) as pool:
        for number in range(150):
            name = ("a.jpg", "a.dng", "a.mp4")[number % 3]
            data = bytearray(seeds[name])
            for _ in range(chance.randint(1, 12)):
                data[chance.randrange(min(len(data), 1_500))] = chance.randrange(256)
            path = tmp_path / name
            path.write_bytes(data)
            for work in (
                decoded(pool, limits, read_facts, bytes(path)),
                decoded(pool, limits, render, bytes(path), (64,)),
            ):
                try:
                    await work
                except NotDecoded as error:
                    reasons.append(str(error))
    assert reasons
    assert not [reason for reason in reasons if "object" in reason or "crash" in reason]


def film_box() -> bytes:
    """The beginning of a film as a phone writes it, without its pictures."""
    kinds = b"ftypisom\0\0\2\0isomiso2avc1mp41"
    return (len(kinds) + 4).to_bytes(4, "big") + kinds + (8).to_bytes(4, "big") + b"free" + bytes(2_000)

"""Thumbnails of pictures that were broken at random, and (at full size) of all that Pillow itself is tested with.

Each ends as a picture or with a reason for people; no process of ours dies, and none takes too much memory. What Pillow
can decode is pictured, and upright. Pillow's source distribution is fetched by pip: it is not kept here.

    python -m tests.soak.picture_storm FOLDER     # at full size, with contact sheets in FOLDER to look at
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageOps, ImageStat

from benchmarks.our_thumbnails import children_watched
from spacedrive_jobs import Library
from spacedrive_ops import ThumbnailJob, thumbnail_path
from spacedrive_ops.content.digest import digest_of
from tests import abilities
from tests.acceptance.ops.media_samples import dng, pdf, scene, svg

NAME = "pictures"
BROKEN: Final = 3_000
PILLOW: Final = "pillow==13.0.0"
SIDE: Final = 256
MOST_MB: Final = 250
FORMATS: Final = ["jpg", "png", "webp", "gif", "tiff", "bmp", "avif", "ico", "jp2", "psd", "tga", "ppm", "qoi", "dds"]
NO_SENTENCE: Final = re.compile(r"Traceback|Error\b|Exception|0x[0-9a-f]{4}|<[a-z_.]+ |\\n|\n|\.py\b|^$")


def whole_pictures() -> dict[str, bytes]:
    """One of each kind that can be made here, by the end of its name."""
    made = {"svg": svg(), "pdf": pdf(b"0.8 0 0 rg 0 0 400 200 re f"), "dng": dng(scene(300, 150))}
    for ending in FORMATS:
        file = io.BytesIO()
        try:
            scene(300, 150).save(file, format=Image.registered_extensions()[f".{ending}"])
        except (KeyError, OSError):
            continue  # Pillow reads this kind and does not write it
        made[ending] = file.getvalue()
    return made


def broken(data: bytes, dice: random.Random) -> bytes:
    """The file with one thing done to it that happens to files."""
    body, at = bytearray(data), dice.randrange(len(data))
    match dice.randrange(5):
        case 0:
            return data[:at]
        case 1:
            for _ in range(dice.randrange(1, 20)):
                body[dice.randrange(len(body))] = dice.getrandbits(8)
        case 2:
            body[at : at + 512] = bytes(len(body[at : at + 512]))
        case 3:
            body[at:at] = dice.randbytes(dice.randrange(1, 300))
        case _:
            body[at : at + 4] = b"\xff\xff\xff\x7f"
    return bytes(body)


def break_some(folder: Path, count: int, dice: random.Random) -> None:
    folder.mkdir()
    whole = sorted(whole_pictures().items())
    for number in range(count):
        ending, data = whole[number % len(whole)]
        (folder / f"{number}.{ending}").write_bytes(broken(data, dice))


def fetch_corpus(folder: Path) -> None:
    """The pictures that Pillow is tested with."""
    folder.mkdir()
    pip = ["python3", "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", str(folder), PILLOW]
    subprocess.run(pip, check=True)
    (source,) = folder.glob("*.tar.gz")
    with tarfile.open(source) as packed:
        members = [member for member in packed if "/Tests/images/" in member.name and member.isfile()]
        packed.extractall(folder, members, filter="data")
    source.unlink()


class Storm:
    def __init__(self, library: Library, sheets: Path | None) -> None:
        self.library, self.sheets = library, sheets
        self.problems: list[str] = []

    async def picture(self, folder: Path, *, compared: bool) -> None:
        """Make all thumbnails. `compared`: with what Pillow makes of them."""
        with children_watched() as peak:
            handle = await self.library.jobs.dispatch(ThumbnailJob(paths=(folder,), sizes=(SIDE,)))
            out = await handle.wait()
        rows = (await self.library.jobs.items(handle.id, outcomes=["error"], limit=10_000)).rows
        refused = {Path(row.item): row.reason for row in rows}
        print(f"   {folder.name}: {out}, at most {peak[0]:.0f} MB in a process", flush=True)
        for reason, count in Counter(re.sub(r"[\d,]+", "N", reason) for reason in refused.values()).most_common(12):
            print(f"      {count} × {reason}", flush=True)
        if peak[0] > MOST_MB:
            self.problems.append(f"a process took {peak[0]:.0f} MB")
        if out.failed != len(refused):
            self.problems.append(f"{out.failed} failed, and {len(refused)} have a reason")
        self.problems += [f"{path}: {why!r} is no sentence" for path, why in refused.items() if NO_SENTENCE.search(why)]
        self.problems += [f"{path}: {why}" for path, why in refused.items() if "died" in why or "crash" in why]
        await asyncio.to_thread(self._look_at, folder, refused, compared)

    def _of(self, path: Path) -> Path:
        return thumbnail_path(self.library.path, digest_of(os.fsencode(path)).digest, SIDE)

    def _look_at(self, folder: Path, refused: dict[Path, str], compared: bool) -> None:
        made = {path: self._of(path) for path in sorted(folder.rglob("*")) if path.is_file() and path not in refused}
        made = {path: thumbnail for path, thumbnail in made.items() if thumbnail.exists()}
        for path, thumbnail in made.items():
            with Image.open(thumbnail) as image:
                image.load()
                if image.format != "WEBP" or max(image.size) > SIDE:
                    self.problems.append(f"{path}: its thumbnail is {image.format}, {image.size}")
        if compared:
            self._compare(made, refused)
        if self.sheets is not None:
            contact_sheets(made, self.sheets, folder.name)

    def _compare(self, made: dict[Path, Path], refused: dict[Path, str]) -> None:
        for path, thumbnail in made.items():
            wanted = by_pillow(path)
            if wanted is not None and not is_upright(thumbnail, wanted):
                self.problems.append(f"{path}: its thumbnail does not look as Pillow shows it")
        for path, reason in refused.items():
            if by_pillow(path) is not None:
                self.problems.append(f"{path}: Pillow decodes it, and it was refused: {reason}")


def by_pillow(path: Path) -> Image.Image | None:
    """The whole picture as Pillow decodes it, upright; None where it does not."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            image.load()
            return ImageOps.exif_transpose(image).convert("RGBA")
    except Exception:  # whatever a decoder makes of a broken file
        return None


def is_upright(thumbnail: Path, wanted: Image.Image) -> bool:
    """Whether no other way to turn the picture is clearly nearer to the thumbnail."""
    with Image.open(thumbnail) as image:
        found = on_grey(image.convert("RGBA"))
    far = [distance(found, on_grey(turned)) for turned in (wanted, *map(wanted.transpose, Image.Transpose))]
    return far[0] <= min(far) + 3


def on_grey(image: Image.Image) -> Image.Image:
    ground = Image.new("RGBA", image.size, (128, 128, 128, 255))
    ground.alpha_composite(image)
    return ground.convert("L").resize((32, 32))


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])


def contact_sheets(made: dict[Path, Path], folder: Path, name: str) -> None:
    """Sheets of 12 by 8 thumbnails, each with its file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = list(made.items())
    for start in range(0, len(paths), 96):
        sheet = Image.new("RGB", (12 * 136, 8 * 150), "white")
        draw = ImageDraw.Draw(sheet)
        for number, (path, thumbnail) in enumerate(paths[start : start + 96]):
            left, top = number % 12 * 136 + 4, number // 12 * 150 + 4
            with Image.open(thumbnail) as image:
                small = image.convert("RGBA")
            small.thumbnail((128, 128))
            sheet.paste(small, (left, top), small)
            draw.text((left, top + 130), path.name[:22], fill="black")
        sheet.save(folder / f"{name} {start // 96}.png")


async def storm(scale: float, folder: Path, sheets: Path | None) -> list[str]:
    async with Library.open(folder / "library", create=True) as library:
        run_ = Storm(library, sheets)
        break_some(folder / "broken", round(BROKEN * scale), random.Random(7))
        await run_.picture(folder / "broken", compared=False)
        if scale >= 1:
            fetch_corpus(folder / "pillow")
            await run_.picture(folder / "pillow", compared=True)
    return run_.problems


def run(scale: float, sheets: Path | None = None) -> int:
    with tempfile.TemporaryDirectory(prefix="picture-storm-", dir=abilities.disk_root()) as folder:
        problems = asyncio.run(storm(scale, Path(folder), sheets))
    for problem in problems:
        print(f"   VIOLATION {problem}")
    return len(problems)


if __name__ == "__main__":
    sys.exit(1 if run(1.0, Path(sys.argv[1])) else 0)

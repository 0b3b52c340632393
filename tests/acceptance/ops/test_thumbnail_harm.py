"""Files that are broken or mean harm, and decoders that spin, die, eat memory or start what never ends: each costs its
own thumbnail and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from spacedrive_jobs import Library
from spacedrive_ops import ThumbnailJob, ThumbnailOutput
from spacedrive_ops.media.decoding import Limits, NotDecoded
from spacedrive_ops.thumbnails import job as thumbnails_job
from spacedrive_ops.thumbnails.render import render
from tests.acceptance.ops import harmful_decoders
from tests.acceptance.ops import media_samples as samples
from tests.acceptance.ops.made_thumbnails import make, thumbnail
from tests.acceptance.ops.media_samples import scene
from tests.waiting import eventually

MIB = 1 << 20


async def test_broken_pictures_are_listed_with_reasons_and_the_others_are_made(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(20):
        scene(400 + number).save(root / f"fine {number:02}.jpg")
    whole = (root / "fine 00.jpg").read_bytes()
    (root / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    png = tmp_path / "x.png"
    scene(900, 900).effect_spread(50).save(png)
    (root / "cut.png").write_bytes(png.read_bytes()[: png.stat().st_size // 2])
    (root / "empty.jpg").touch()
    (root / "text.jpg").write_text("this is no picture")
    (root / "bomb.png").write_bytes(samples.png_bomb())
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


async def test_of_a_hundred_three_are_broken_and_only_these_are_listed_and_tried_again(tmp_path: Path) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(97):
        scene(40 + number, 30).save(root / f"{number:02}.png")
    broken = {"broken.jpg": b"\xff\xd8\xff no more", "broken.pdf": b"%PDF-1.7", "broken.svg": b"<svg"}
    for name, data in broken.items():
        (root / name).write_bytes(data)
    async with Library.open(tmp_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(ThumbnailJob(paths=(root,), sizes=(32,)))
        assert await handle.wait(timeout=60) == ThumbnailOutput(97, 0, 3)
        info = await library.jobs.info(handle.id)
        assert (info.metrics.items_ok, info.metrics.items_error) == (97, 3)
        failed = (await library.jobs.items(handle.id, outcomes=["error"])).rows
        assert {Path(row.item).name for row in failed} == set(broken)
        assert all(row.reason for row in failed)
        again = await handle.retry()
        assert await again.wait(timeout=60) == ThumbnailOutput(0, 0, 3)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "bomb.png": (samples.png_bomb, "is too large (the limit is 300 megapixels)"),
    "entities.svg": (samples.entity_bomb, "is not well formed: limit on input amplification factor"),
    "uses.svg": (samples.use_bomb, "cannot be drawn"),
    "outside.svg": (
        lambda: samples.svg("<text>&x;</text>", doctype='<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        "is not well formed: undefined entity",
    ),
    "deep.svg": (lambda: samples.svg("<g>" * 100_000 + "</g>" * 100_000), "is nested too deeply"),
    "packed.svgz": (lambda: _gzip(bytes(1 << 28)), "is too large (the limit for drawings is 64 MiB)"),
    "cut.pdf": (lambda: samples.pdf(samples.SCENE_IN_PDF)[:150], "is damaged: it cannot be opened"),
    "locked.pdf": (lambda: samples.LOCKED_PDF, "is locked with a password"),
    "flat.pdf": (lambda: samples.pdf(b"", media_box=b"0 0 0 0"), ""),
    "junk.mp4": (lambda: bytes(range(256)) * 100, "is not of a kind known here, or is damaged"),
    "cut.mp4": (lambda: b"\0\0\0\x20ftypisom" + bytes(20), ""),
    "list.mp4": (
        lambda: b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "is not of a kind known here, or is damaged",
    ),
    "junk.cr2": (lambda: b"II*\0" + bytes(range(256)) * 40, "is not of a kind known here, or is damaged"),
    "program.jpg": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "is not of a kind known here"),
}


def _gzip(data: bytes) -> bytes:
    import gzip

    return gzip.compress(data)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_a_reason(tmp_path: Path, name: str) -> None:
    """Within a second and 250 MB: in a process of its own, whose end tells what it took."""
    make_data, reason = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(make_data())
    said, seconds, peak = in_a_child(path)
    if reason:
        assert said.startswith(reason)
    assert seconds < 5, "one second on a machine that does nothing else"
    assert peak < 250 * MIB


def peak_memory() -> int:
    """The most bytes that this program had in memory so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


def in_a_child(path: Path) -> tuple[str, float, int]:
    """What `render` says of a file, the processor time in seconds and the most memory that it took."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.dup2(write, 1)
            os.execv(sys.executable, [sys.executable, "-m", __name__, str(path)])
        finally:
            os._exit(9)
    os.close(write)
    with os.fdopen(read) as out:
        said, _, peak = out.read().strip().rpartition("\n")
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return said.strip(), usage.ru_utime + usage.ru_stime, int(peak)


@pytest.mark.needs("strace")
def test_a_drawing_is_shown_no_other_file(tmp_path: Path) -> None:
    """However it is named: each of these would put a red square where a green one is wanted."""
    secret = tmp_path / "secret.png"
    scene().save(secret)
    drawing = samples.svg(f'<image href="{secret}" width="400" height="200"/>')
    inside = __import__("base64").b64encode(drawing).decode()
    ways = [
        f'<image href="{secret}" width="400" height="200"/>',
        f'<image xlink:href="file://{secret}" width="400" height="200"/>',
        f'<image href=" {secret}" width="400" height="200"/>',
        f'<image href="{secret.name}" width="400" height="200"/>',
        f'<image href="data:image/svg+xml;base64,{inside}" width="400" height="200"/>',
        f'<filter id="f"><feImage href="{secret}"/></filter><rect width="400" height="200" filter="url(#f)"/>',
        f'<style>@import url("{secret}"); rect {{ fill: url({secret}) }}</style><rect width="9" height="9"/>',
        "<image href='&way;' width='400' height='200'/>",
    ]
    files: list[Path] = []
    for number, way in enumerate(ways):
        files.append(tmp_path / f"{number}.svg")
        doctype = f'<!DOCTYPE svg [<!ENTITY way "{secret}">]>' if "&way;" in way else ""
        drawing = samples.svg(f'{way}<rect x="150" width="100" height="200" fill="#00c800"/>', doctype=doctype)
        files[-1].write_bytes(drawing)
    trace = tmp_path / "trace"
    command = [sys.executable, "-m", __name__, *map(str, files)]
    subprocess.run(["strace", "-f", "-e", "trace=openat,connect", "-o", trace, *command], check=True, timeout=60)
    seen = trace.read_text()
    assert all(str(file) in seen for file in files), "each was drawn"
    assert str(secret) not in seen
    assert "AF_INET" not in seen


# --- decoders that are stubbed


async def test_a_decoder_that_spins_or_dies_is_ended_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails_job, "render", harmful_decoders.harm)
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(6):
        scene(40 + number).save(root / f"{number}.png")
    scene(30).save(root / "3 spins.png")
    scene(31).save(root / "4 dies.png")
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, seconds=2)
        assert out.failed == 8
        assert reasons["3 spins.png"] == "took longer than 2 s to decode"
        assert reasons["4 dies.png"] == "makes its decoder crash"
        assert sum(reason == "was stubbed" for reason in reasons.values()) == 6


async def test_a_program_that_a_decoder_started_is_ended_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails_job, "render", harmful_decoders.harm)
    path = tmp_path / "it starts.png"
    scene().save(path)
    async with Library.open(tmp_path / "library", create=True) as library:
        _, reasons = await make(library, path, seconds=2)
        assert reasons == {path.name: "took longer than 2 s to decode"}
        pid = int(path.with_suffix(".pid").read_text())
        eventually(lambda: not Path(f"/proc/{pid}").exists())


async def test_a_decoder_that_eats_memory_gets_no_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnails_job, "render", harmful_decoders.bounded_harm)
    path = tmp_path / "it eats.png"
    scene().save(path)
    async with Library.open(tmp_path / "library", create=True) as library:
        _, reasons = await make(library, path, memory=512 * MIB)
        assert reasons == {path.name: "needs more memory to decode than is allowed (512 MiB)"}
        assert 50 < int(path.with_suffix(".eaten").read_text()) < 512


async def test_a_drawing_that_takes_for_ever_is_given_up(tmp_path: Path) -> None:
    root = tmp_path / "drawings"
    root.mkdir()
    (root / "endless.svg").write_bytes(samples.filter_bomb())
    (root / "fine.svg").write_bytes(samples.svg())
    async with Library.open(tmp_path / "library", create=True) as library:
        out, reasons = await make(library, root, seconds=3)
        assert (out.made, reasons) == (1, {"endless.svg": "took longer than 3 s to decode"})
        assert samples.looks_right(thumbnail(library, root / "fine.svg"), 256, 128)


async def test_a_library_that_is_not_installed_is_named_and_the_file_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    for module in ("av", "rawpy", "pypdfium2", "resvg_py"):
        (hidden / f"{module}.py").write_text("raise ImportError")
    root = tmp_path / "all"
    root.mkdir()
    (root / "a.svg").write_bytes(samples.svg())
    (root / "a.pdf").write_bytes(samples.pdf(samples.SCENE_IN_PDF))
    (root / "a.dng").write_bytes(samples.dng(scene()))
    (root / "a.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(20))
    (root / "a.png").write_bytes(b"")
    scene().save(root / "a.png")
    async with Library.open(tmp_path / "library", create=True) as library:
        with monkeypatch.context() as context:
            context.syspath_prepend(hidden)
            out, reasons = await make(library, root)
        assert (out.made, out.failed) == (1, 4)
        wanted = "needs more than is installed here: pip install 'spacedrive-jobs[{}]'"
        extras = {"a.svg": "media", "a.pdf": "media", "a.dng": "raw", "a.mp4": "video"}
        assert reasons == {name: wanted.format(extra) for name, extra in extras.items()}
        shutil.copy(root / "a.svg", root / "b.svg")
        out, reasons = await make(library, root)
        assert (out.made, out.skipped, set(reasons)) == (3, 2, {"a.mp4"})


if __name__ == "__main__":
    for given in sys.argv[1:]:
        try:
            render(os.fsencode(given), Limits(20, 300, 2048 * MIB), (256,))
        except NotDecoded as error:
            print(error)
    # Its own: what the system counts for a child begins with the memory of the process that it was forked from.
    print(peak_memory())

"""TranscodeJob with the real ffmpeg, and with programs that hang."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spacedrive_jobs import JobCancelled, JobFailed, Library
from spacedrive_ops import TranscodeJob
from spacedrive_ops.transcode import job as transcode_job
from spacedrive_ops.transcode.programs import NICENESS
from spacedrive_ops.transcode.tool import Tool
from tests.waiting import aeventually, eventually

pytestmark = pytest.mark.needs("ffmpeg")

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]),
}


def video(path: Path, seconds: float = 2, size: str = "128x96", *, sound: bool = True) -> Path:
    tone = ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"] if sound else []
    picture = ["-f", "lavfi", "-i", f"testsrc=duration={seconds}:size={size}:rate=25"]
    quick = ["-c:v", "mpeg4", "-q:v", "5", "-shortest", "-f", "matroska"]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *picture, *tone, *quick, f"file:{path}"], check=True)
    return path


def streams(path: Path) -> list[str]:
    show = ["-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0"]
    done = subprocess.run(["ffprobe", *show, f"file:{path}"], check=True, capture_output=True, text=True)
    return sorted(line.strip(",") for line in done.stdout.split())


def running(what: Path) -> list[int]:
    """The processes that name this file in their command line."""
    found: list[int] = []
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.fsencode(what) in Path(f"/proc/{entry}/cmdline").read_bytes():
                found.append(int(entry))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def partials(folder: Path) -> list[Path]:
    return list(folder.glob(".sd-*"))


@pytest.mark.parametrize(
    ("preset", "codecs"),
    [("h264", ["aac", "h264"]), ("vp9", ["opus", "vp9"]), ("audio", ["aac"]), ("mp3", ["mp3"]), ("flac", ["flac"])],
)
async def test_presets_into_a_folder(disk_path: Path, preset: str, codecs: list[str]) -> None:
    name = os.fsdecode(b"-odd: %d caf\xe9.mkv")
    source = video(disk_path / name)
    (disk_path / "out").mkdir()
    async with Library.open(disk_path / "library", create=True) as library:
        job = TranscodeJob(source=source, destination=disk_path / "out", preset=preset)  # type: ignore[arg-type]
        output = await (await library.jobs.dispatch(job)).wait(timeout=20)
    assert output.destination.parent == disk_path / "out"
    assert output.destination.stem == source.stem
    assert output.size == output.destination.stat().st_size > 0
    assert streams(output.destination) == codecs
    assert output.destination.stat().st_mode & 0o777 == source.stat().st_mode & 0o666
    assert partials(disk_path / "out") == []


@pytest.mark.parametrize("policy", ["skip", "overwrite", "rename"])
async def test_conflicts(disk_path: Path, policy: str) -> None:
    source, target = video(disk_path / "in.mkv"), disk_path / "out.mp4"
    target.write_text("mine")
    async with Library.open(disk_path / "library", create=True) as library:
        job = TranscodeJob(source=source, destination=target, on_conflict=policy)  # type: ignore[arg-type]
        output = await (await library.jobs.dispatch(job)).wait(timeout=20)
    assert output.skipped == (policy == "skip")
    assert (target.read_bytes() == b"mine") == (policy != "overwrite")
    assert output.destination == (disk_path / "out (2).mp4" if policy == "rename" else target)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("missing", "no such file or directory"),
        ("same", "source and destination are the same file"),
        ("no sound", "it has no sound, which 'mp3' would be made of"),
        ("not a video", "it is not a film or a sound that ffmpeg can read, or is damaged"),
        ("misnamed", "the preset 'mp3' makes a file whose name ends in .mp3, not in '.xyz', which no preset makes"),
        ("fifo", "it is not a file"),
        ("no encoder", "the installed ffmpeg has no encoder libmp3lame, which the preset 'mp3' needs"),
        ("no ffmpeg", "needs the program ffmpeg: apt-get install ffmpeg"),
    ],
)
async def test_what_cannot_be_done_is_said_in_words(
    disk_path: Path, monkeypatch: pytest.MonkeyPatch, case: str, words: str
) -> None:
    source, target = disk_path / "in.mkv", disk_path / "out.mp3"
    match case:
        case "missing":
            pass
        case "not a video":
            source.write_text("hello " * 1000)
        case "fifo":
            os.mkfifo(source)
        case _:
            video(source, sound=case != "no sound")
    if case == "no encoder":
        stub(disk_path, "ffmpeg", "echo ' ------'; echo ' A..... flac FLAC'")
    if case in ("no encoder", "no ffmpeg"):
        (disk_path / "bin").mkdir(exist_ok=True)
        monkeypatch.setenv("PATH", f"{disk_path / 'bin'}")
    async with Library.open(disk_path / "library", create=True) as library:
        target = {"same": source, "misnamed": disk_path / "out.xyz"}.get(case, target)
        handle = await library.jobs.dispatch(TranscodeJob(source=source, destination=target, preset="mp3"))
        with pytest.raises(JobFailed, match=f"(?s){words}"):
            await handle.wait(timeout=20)
    assert target == source or not target.exists()
    assert partials(disk_path) == []


async def test_a_pause_and_a_cancel_end_the_program_at_once(disk_path: Path) -> None:
    source = video(disk_path / "in.mkv", 60, "640x480")
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(TranscodeJob(source=source, destination=disk_path / "out.mp4"))

        async def under_way() -> bool:
            info = await library.jobs.info(handle.id)
            return bool(info.view.fraction and running(source))

        await aeventually(under_way)
        await handle.pause()
        await handle.paused()
        assert (running(source), partials(disk_path)) == ([], [])
        await handle.resume()
        await aeventually(under_way)
        await handle.cancel()
        with pytest.raises(JobCancelled):
            await handle.wait(timeout=10)
        assert (running(source), partials(disk_path)) == ([], [])
        again = await library.jobs.dispatch(TranscodeJob(source=source, destination=disk_path / "out.mp4"))
        await aeventually(lambda: asyncio.sleep(0, running(source) and partials(disk_path)))
        await again.abort()
        with pytest.raises((JobFailed, JobCancelled)):
            await again.wait(timeout=10)
        await aeventually(lambda: asyncio.sleep(0, not running(source)))
    assert partials(disk_path) == []
    assert not (disk_path / "out.mp4").exists()


def start(folder: Path, arguments: dict[str, object]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(folder / "library"), "TranscodeJob"]
    return subprocess.Popen(
        [*command, repr(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=ENVIRONMENT,
    )


async def test_killed_in_the_middle_there_is_no_final_file_and_no_orphan(disk_path: Path) -> None:
    source = video(disk_path / "in.mkv", 30, "640x480")
    target = disk_path / "out.mp4"
    arguments: dict[str, object] = {"source": os.fsencode(source), "destination": os.fsencode(target)}
    process = start(disk_path, arguments)
    eventually(lambda: [path for path in partials(disk_path) if path.stat().st_size > 0], within=15)
    assert len(running(source)) >= 2  # ffmpeg and its supervisor
    process.kill()
    process.communicate(timeout=10)
    eventually(lambda: not running(source), within=2)
    assert not target.exists()
    assert len(partials(disk_path)) == 1
    async with Library.open(disk_path / "library") as library:
        (info,) = (await library.jobs.list()).rows
        output = await (await library.jobs.get(info.id, TranscodeJob)).wait(timeout=20)
    assert streams(target) == ["aac", "h264"]
    assert output.size == target.stat().st_size
    assert partials(disk_path) == []


def test_the_program_gives_way_to_other_sessions() -> None:
    """Linux shares processors among sessions before among processes, and the supervisor leads one."""
    said = bytearray()
    program = Tool(["cat", "/proc/self/autogroup"], said.extend, niceness=NICENESS)
    try:
        while program.some(lambda: False) is None:
            pass
    finally:
        program.kill()
    assert said.endswith(b"nice %d\n" % NICENESS)


async def test_without_its_supervisor_the_program_does_not_go_on(disk_path: Path) -> None:
    source = video(disk_path / "in.mkv", 60, "640x480")
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(TranscodeJob(source=source, destination=disk_path / "out.mp4"))
        await aeventually(lambda: asyncio.sleep(0, len(running(source)) == 2 and partials(disk_path)))
        supervisor = next(pid for pid in running(source) if b"supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(supervisor, signal.SIGKILL)
        with pytest.raises(JobFailed, match="ended by signal 9"):
            await handle.wait(timeout=10)
        await aeventually(lambda: asyncio.sleep(0, not running(source)))
    assert partials(disk_path) == []


async def test_killed_between_rename_and_the_end_it_is_not_done_again(disk_path: Path) -> None:
    source, target = video(disk_path / "in.mkv"), disk_path / "out.mp4"
    target.write_text("mine")
    arguments = {"source": os.fsencode(source), "destination": os.fsencode(target), "on_conflict": "rename"}
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(disk_path / "library"), "TranscodeJob"]
    environment = {**ENVIRONMENT, "SPACEDRIVE_JOBS_FAILPOINTS": "whole_file.renamed=kill"}
    done = subprocess.run([*command, repr(arguments)], check=False, cwd=ROOT, env=environment, timeout=20)
    assert done.returncode == -signal.SIGKILL
    made = (disk_path / "out (2).mp4").stat().st_ino
    async with Library.open(disk_path / "library") as library:
        (info,) = (await library.jobs.list()).rows
        output = await (await library.jobs.get(info.id, TranscodeJob)).wait(timeout=20)
    assert (output.destination, output.skipped) == (disk_path / "out (2).mp4", False)
    assert output.destination.stat().st_ino == made
    assert sorted(path.name for path in disk_path.glob("out*")) == ["out (2).mp4", "out.mp4"]


def stub(folder: Path, name: str, text: str) -> Path:
    (folder / "bin").mkdir(exist_ok=True)
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def hanging(disk_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An ffmpeg that never ends, with a child that never ends, and that minds no polite signal."""
    real = subprocess.run(["which", "ffmpeg"], capture_output=True, text=True, check=True).stdout.strip()
    listing = f'case "$*" in *-encoders*) exec {real} "$@";; esac'
    mark = disk_path / "hangs"
    stub(
        disk_path,
        "ffmpeg",
        f"{listing}\ntrap '' TERM INT HUP\ntail -f /dev/null {mark} &\necho so far so good >&2\nwait; wait",
    )
    mark.write_text("")
    video(disk_path / "in.mkv")
    monkeypatch.setenv("PATH", f"{disk_path / 'bin'}:{os.environ['PATH']}")
    yield mark
    assert running(mark) == []


async def test_a_program_that_hangs_is_killed_with_what_it_started(
    disk_path: Path, monkeypatch: pytest.MonkeyPatch, hanging: Path
) -> None:
    monkeypatch.setattr(transcode_job, "STALLED_AFTER", 0.5)
    source = disk_path / "in.mkv"
    async with Library.open(disk_path / "library", create=True) as library:
        handle = await library.jobs.dispatch(TranscodeJob(source=source, destination=disk_path / "out.mp4"))
        await aeventually(lambda: asyncio.sleep(0, running(hanging)))
        with pytest.raises(JobFailed, match=r"(?s)ffmpeg was killed: no progress for .*so far so good"):
            await handle.wait(timeout=15)
    assert running(source) == []
    assert partials(disk_path) == []


@pytest.mark.timeout(60)
def test_no_more_than_two_run_at_once_over_two_processes(disk_path: Path) -> None:
    """Six jobs, two processes that run them: starts and ends are counted by the program itself."""
    real = subprocess.run(["which", "ffmpeg"], capture_output=True, text=True, check=True).stdout.strip()
    count = disk_path / "count"
    listing = f'case "$*" in *-encoders*) exec {real} "$@";; esac'
    text = f'{listing}\nrunner=$(cut -d" " -f4 /proc/$PPID/stat)\necho + $runner >> {count}\n{real} "$@"\ncode=$?\n'
    source = video(disk_path / "in.mkv", 8)
    stub(disk_path, "ffmpeg", f"{text}echo - >> {count}\nexit $code")
    environment = {**ENVIRONMENT, "PATH": f"{disk_path / 'bin'}:{os.environ['PATH']}"}
    command = [sys.executable, "-m", "tests.acceptance.ops.transcode_several", str(disk_path / "library"), str(source)]
    targets = [[str(disk_path / f"out-{process}-{number}.mp4") for number in range(3)] for process in range(2)]
    workers = [subprocess.Popen([*command, *paths], env=environment, cwd=ROOT) for paths in targets]
    assert [worker.wait(50) for worker in workers] == [0, 0]
    at_once, most = 0, 0
    lines = [line.split() for line in count.read_text().splitlines()]
    for sign, *_ in lines:
        at_once += 1 if sign == "+" else -1
        most = max(most, at_once)
    assert (at_once, most) == (0, 2)
    assert {runner for _, *of in lines for runner in of} == {str(worker.pid) for worker in workers}
    assert len(list(disk_path.glob("out-*.mp4"))) == 6

"""Processes that read files: the same answers as in the calling thread, and none is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from spacedrive_ops.content import crew, reader
from spacedrive_ops.content.crew import Crew
from spacedrive_ops.content.digest import Digest, Unreadable, digest_of, sample_of
from tests.waiting import eventually


def never() -> bool:
    return False


@pytest.fixture
def several() -> Iterator[Crew]:
    with Crew(crew.WORTH_IT) as made:
        yield made


def paths_in(folder: Path) -> list[bytes]:
    bodies = [b"", b"x", os.urandom(reader.AT_ONCE), os.urandom(reader.AT_ONCE + 1), os.urandom(reader.LARGE + 1)]
    for number, body in enumerate(bodies):
        (folder / f"{number}").write_bytes(body)
    with open(os.path.join(os.fsencode(folder), b"caf\xe9\n"), "wb") as file:
        file.write(b"any name")
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("1")
    os.mkfifo(folder / "fifo")
    names = [*map(os.fsencode, sorted(os.listdir(folder))), b"none"]
    return [os.path.join(os.fsencode(folder), name) for name in names]


def test_the_answers_are_those_of_this_process(tmp_path: Path, several: Crew) -> None:
    paths = paths_in(tmp_path)
    with Crew(0) as nobody:
        assert several.read(paths, never) == nobody.read(paths, never)
        assert several.read(paths, never, sampled=True) == nobody.read(paths, never, sampled=True)
    answers = dict(zip(paths, several.read(paths, never), strict=True))
    for path, answer in answers.items():
        if isinstance(answer, Digest):
            with open(path, "rb") as file:
                assert answer.digest == blake3(file.read()).digest()
    words = {os.path.basename(path): answer for path, answer in answers.items() if isinstance(answer, str)}
    assert words == {
        b"folder": "is no longer a plain file",
        b"fifo": "is no longer a plain file",
        b"link": "cannot be read: too many levels of symbolic links",
        b"none": "is no longer there",
    }


def test_a_file_is_read_here_where_its_process_has_died(tmp_path: Path, several: Crew) -> None:
    (tmp_path / "file").write_bytes(b"here")
    path = os.fsencode(tmp_path / "file")
    for process in several.processes:
        process.kill()
        process.wait()
    for _ in range(3):
        assert several.read([path], never) == [digest_of(path)]


def test_an_interruption_leaves_out_what_would_be_read_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"here")
    with Crew(0) as nobody:
        assert nobody.read([os.fsencode(tmp_path / "file")], lambda: True) == [None]


def test_a_sample_tells_size_beginning_and_end_apart_and_nothing_else(tmp_path: Path) -> None:
    body = bytearray(os.urandom(100_000))
    path = os.fsencode(tmp_path / "file")

    def sample() -> bytes:
        with open(path, "wb") as file:
            file.write(body)
        return sample_of(path).digest

    first = sample()
    body[50_000] ^= 1
    assert sample() == first
    for place in (0, reader.SAMPLE - 1, -1, -reader.SAMPLE):
        body[place] ^= 1
        assert sample() != first
        body[place] ^= 1
    body[50_000:50_000] = b"x"
    assert sample() != first


def test_a_file_that_changes_while_it_is_read_has_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * (reader.CHUNK + 1))

    def edit() -> bool:
        path.write_bytes(b"shorter")
        os.utime(path, (1, 1))
        return False

    with pytest.raises(Unreadable, match="changed while it was read"):
        digest_of(os.fsencode(path), edit)


def test_the_processes_end_with_the_one_that_they_read_for() -> None:
    script = (
        "import os, signal; from spacedrive_ops.content import crew; made = crew.Crew(crew.WORTH_IT);"
        "print(*[process.pid for process in made.processes], flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    pids = list(map(int, done.stdout.split()))
    assert pids
    eventually(lambda: not any(map(is_running, pids)), what="the end of the processes")


def test_a_process_whose_reader_was_killed_says_nothing() -> None:
    """Its error output is the terminal of the person who waits."""
    command = [sys.executable, "-P", reader.__file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        reader.send(process.stdin, (False, [b"/none"] * 10_000))
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

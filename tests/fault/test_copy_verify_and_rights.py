"""What is written is read back where that is asked for, and what is not permitted is said once."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from spacedrive_jobs import Library, failpoint
from spacedrive_ops import FileCopyJob
from tests import hostile_trees

ROOT = Path(__file__).parents[2]
MIB = 1 << 20


def spoil(source: Path, folder: Path, *, times: int) -> None:
    """Change the last byte of the next partials after their content was written, as a bad disk would."""
    wrong = bytes([source.read_bytes()[-1] ^ 1])
    left = [times]

    def act(_: str) -> None:
        for partial in folder.glob(".sd-*.part"):
            if left[0] > 0:
                left[0] -= 1
                with partial.open("r+b") as file:
                    file.seek(-1, os.SEEK_END)
                    file.write(wrong)

    failpoint.arm("copy.metadata", act)


async def copy_spoilt(disk: Path, size: int, *, times: int) -> tuple[int, int, list[str]]:
    source, out = disk / "file", disk / "out"
    out.mkdir()
    source.write_bytes(os.urandom(size))
    async with Library.open(disk / "library", create=True) as library:
        spoil(source, out, times=times)
        handle = await library.jobs.dispatch(FileCopyJob(sources=(source,), destination=out, verify=True))
        output = await handle.wait(timeout=60)
        rows = (await library.jobs.items(handle.id)).rows
    return output.copied_count, output.failed_count, [row.reason for row in rows]


@pytest.mark.parametrize("size", [5_000, 400_000, 20 * MIB], ids=["small", "middle", "large"])
async def test_what_reads_back_otherwise_is_an_error_and_gets_no_name(disk_path: Path, size: int) -> None:
    told = await copy_spoilt(disk_path, size, times=1000)
    assert told == (0, 1, ["what was written is not what was read"])
    assert os.listdir(disk_path / "out") == []


async def test_a_large_file_is_copied_once_more_before_it_is_given_up(disk_path: Path) -> None:
    assert await copy_spoilt(disk_path, 20 * MIB, times=1) == (1, 0, [""])
    assert (disk_path / "out" / "file").read_bytes() == (disk_path / "file").read_bytes()


async def test_without_verify_the_same_fault_goes_unseen(disk_path: Path) -> None:
    """So that the test above is seen to be able to tell."""
    out = disk_path / "out"
    out.mkdir()
    (disk_path / "file").write_bytes(b"content" * 1000)
    async with Library.open(disk_path / "library", create=True) as library:
        spoil(disk_path / "file", out, times=1)
        await (await library.jobs.dispatch(FileCopyJob(sources=(disk_path / "file",), destination=out))).wait()
    assert (out / "file").read_bytes() != (disk_path / "file").read_bytes()


@pytest.mark.needs("root", "drop_capabilities")
def test_set_id_bits_never_survive_an_owner_that_could_not_be_kept(disk_path: Path) -> None:
    source = disk_path / "source"
    source.mkdir()
    for name, owner in (("foreign", 1234), ("own", 0), ("another", 1234)):
        (source / name).write_text(name)
        os.chown(source / name, owner, owner)
        (source / name).chmod(0o6755)
    child = [sys.executable, "-m", "tests.soak.copy_child", str(disk_path / "library"), "copy", str(source)]
    drop = ["setpriv", "--inh-caps", "-chown", "--bounding-set", "-chown"]
    probe = [sys.executable, "-c", f"import os; os.chown({str(source / 'own')!r}, 1234, 1234)"]
    assert subprocess.run([*drop, *probe], check=False, capture_output=True).returncode != 0
    done = subprocess.run([*drop, *child, str(disk_path / "out")], check=True, capture_output=True, text=True, cwd=ROOT)
    assert {outcome for _, outcome, _ in json.loads(done.stdout)["items"]} == {"ok"}
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (disk_path / "out").iterdir()}
    assert modes == {"foreign": 0o755, "another": 0o755, "own": 0o6755}


@pytest.mark.needs("setfacl")
async def test_an_acl_is_kept_and_one_of_the_destination_is_not_inherited(disk_path: Path) -> None:
    source, out = disk_path / "source", disk_path / "out"
    for folder in (source, source / "folder", out):
        folder.mkdir()
    (source / "plain").write_text("plain")
    (source / "folder" / "granted").write_text("granted")
    for arguments in (["-m", "u:1234:rw", source / "folder" / "granted"], ["-d", "-m", "u:4321:rwx", out]):
        subprocess.run(["setfacl", *map(str, arguments)], check=True)
    async with Library.open(disk_path / "library", create=True) as library:
        job = FileCopyJob(sources=(source,), destination=out)
        await (await library.jobs.dispatch(job)).wait(timeout=20)
    assert hostile_trees.compare(source, out / "source").problems == []
    assert os.listxattr(out / "source" / "plain") == []
    assert os.listxattr(out / "source") == []

"""The scripts that judge others can say no."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / name), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def make_tree(root: Path) -> Path:
    (root / "folder" / "empty").mkdir(parents=True)
    (root / "folder" / "file").write_bytes(b"content")
    (root / "folder" / "link").symlink_to("file")
    (root / os.fsdecode(b"not-\xff-utf8")).write_bytes(b"")
    for path in (root / "folder" / "file", root / "folder" / "empty", root / "folder", root, *root.glob("not-*")):
        os.utime(path, ns=(1_000_000_007, 1_000_000_007))
    return root


def test_equal_trees_are_equal(tmp_path: Path) -> None:
    done = script("compare-trees.py", make_tree(tmp_path / "one"), make_tree(tmp_path / "other"))
    assert (done.returncode, done.stdout) == (0, "6 entries, 7 bytes: all equal\n")


def replace_link(root: Path) -> None:
    (root / "folder" / "link").unlink()
    (root / "folder" / "link").symlink_to("elsewhere")
    os.utime(root / "folder", ns=(1_000_000_007, 1_000_000_007))


def replace_content(root: Path) -> None:
    (root / "folder" / "file").write_bytes(b"CONTENT")
    os.utime(root / "folder" / "file", ns=(1_000_000_007, 1_000_000_007))


def shorten(root: Path) -> None:
    (root / "folder" / "file").write_bytes(b"x")
    os.utime(root / "folder" / "file", ns=(1_000_000_007, 1_000_000_007))


def replace_kind(root: Path) -> None:
    (root / "folder" / "empty").rmdir()
    (root / "folder" / "empty").write_bytes(b"")
    os.utime(root / "folder", ns=(1_000_000_007, 1_000_000_007))


CHANGES: dict[str, Callable[[Path], object]] = {
    "content: folder/file": replace_content,
    "size 7 and 1: folder/file": shorten,
    "mode -rw-r--r-- and -rw-------: folder/file": lambda root: (root / "folder" / "file").chmod(0o600),
    "modification time: folder/empty": lambda root: os.utime(root / "folder" / "empty"),
    "target of the link: folder/link": replace_link,
    "kind: folder/empty": replace_kind,
    "missing: folder/link": lambda root: (root / "folder" / "link").unlink(),
    "not in the source: more": lambda root: (root / "more").write_bytes(b""),
}  # fmt: skip


@pytest.mark.parametrize("line", CHANGES)
def test_a_difference_is_found(tmp_path: Path, line: str) -> None:
    one, other = make_tree(tmp_path / "one"), make_tree(tmp_path / "other")
    (one / "folder" / "file").chmod(0o644)
    (other / "folder" / "file").chmod(0o644)
    CHANGES[line](other)
    done = script("compare-trees.py", one, other)
    assert done.returncode == 1
    assert line in done.stdout


def test_a_copy_that_is_not_there_differs(tmp_path: Path) -> None:
    done = script("compare-trees.py", make_tree(tmp_path / "one"), tmp_path / "nowhere")
    assert done.returncode == 1
    assert "6 differ" in done.stdout


@pytest.mark.parametrize(
    ("collected", "counts", "status", "closing"),
    [
        (3, 'tests="3" failures="0" errors="0" skipped="0"', 0, "3 passed, 0 failed"),
        (3, 'tests="3" failures="1" errors="0" skipped="0"', 1, "2 passed, 1 failed"),
        (3, 'tests="3" failures="0" errors="0" skipped="1"', 0, "2 passed, 0 failed"),
        (4, 'tests="3" failures="0" errors="0" skipped="0"', 0, "3 passed, 0 failed"),
        (0, 'tests="0" failures="0" errors="0" skipped="0"', 5, "0 passed, 0 failed"),
        (3, 'tests="3" failures="0" errors="0" skipped="0"', 2, "3 passed, 0 failed"),
    ],
)
def test_only_a_run_that_left_nothing_out_is_good(
    tmp_path: Path, collected: int, counts: str, status: int, closing: str
) -> None:
    report = tmp_path / "junit.xml"
    report.write_text(f'<testsuites><testsuite name="pytest" {counts}/></testsuites>')
    done = script("judge-tests.py", collected, report, status)
    good = collected == 3 and status == 0 and 'failures="0" errors="0" skipped="0"' in counts
    assert done.returncode == (0 if good else 1)
    assert done.stdout.splitlines()[-1] == closing

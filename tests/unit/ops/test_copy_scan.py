"""The scan: stopped at any point and gone on with, it finds what one in a piece finds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacedrive_ops.file_copy import scan
from spacedrive_ops.file_copy.model import Counted
from spacedrive_ops.file_copy.scan import Scan
from spacedrive_ops.file_copy.walk import Root


def scan_of(path: Path, counted: Counted | None = None) -> Scan:
    roots = [Root(os.fsencode(path), path.name, os.fsencode(path.parent), "nowhere")]
    return Scan(roots, "skip", excluded=(), renames_on=None, may_be_gone=0, counted=counted)


def test_stopped_after_every_entry_and_gone_on_with_it_finds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    for number in range(12):
        folder = root / f"{number % 3}" / f"{number % 2}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}").write_bytes(b"x" * (5_000 * number))
    (root / "empty").mkdir()
    whole = scan_of(root)
    while not whole.some(lambda: False):
        pass
    monkeypatch.setattr(scan, "LOOKED_AT", 1)
    counted: Counted | None = None
    stops = 0
    while True:
        part = scan_of(root, counted)
        ended = part.some(lambda: True)
        before, counted = counted, part.counted() or counted
        part.close()
        if ended:
            break
        assert counted != before, "no further than the one before"
        stops += 1
    whole.close()
    assert stops >= 12
    assert (part.totals, part.needed) == (whole.totals, whole.needed)
    assert part.totals.bytes == sum(5_000 * number for number in range(12))


def test_a_single_file_is_counted_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    first = scan_of(tmp_path / "file")
    while not first.some(lambda: False):
        pass
    again = scan_of(tmp_path / "file", first.counted())
    while not again.some(lambda: False):
        pass
    assert (again.totals.items, again.totals.bytes) == (1, 3)

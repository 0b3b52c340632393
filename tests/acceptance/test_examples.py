"""The programs of examples/ run as they stand, in a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = {
    "backup.py": (
        ["photos", "target"],
        "3 files, 6 bytes, 3 fingerprints\n  example.catalogue completed\n  example.fingerprint completed\n"
        "  example.store completed\n",
    ),
    "rows_and_jobs.py": (
        [],
        "a picture called beach.jpg\na picture called cat.jpg\na picture called dunes.jpg\n3 numbered\n",
    ),
    "indexer.py": (["photos"], "3 files"),
    "checksum_blocking.py": (["photos/0.jpg"], ""),
    "file_copy.py": (["photos/0.jpg", "copies"], ""),
}


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.timeout(60)
def test_an_example_runs_as_it_stands(tmp_path: Path, name: str) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(b"ab")
    arguments, said = PROGRAMS[name]
    for _ in range(2):  # again, over the library that is there
        done = subprocess.run(
            [sys.executable, str(EXAMPLES / name), *arguments],
            check=False,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=50,
        )
        assert done.returncode == 0, done.stderr
        assert said in done.stdout

"""What a file job says of itself when it is done."""

from __future__ import annotations

from typing import Any

import pytest

from sdjobs.results import sentence
from tests.unit.sdjobs.records import info

INDEXED = {
    **dict.fromkeys(("new", "modified", "moved", "deleted", "hashed", "excluded", "errors"), 0),
    "files": 3, "folders": 1, "size": 6_000, "offline": False,
}  # fmt: skip
VERIFIED = {"compared": 4, "missing": 0, "stale": 0, "different": 0, "unreadable": 0}
CLEANED = {
    **dict.fromkeys(("history", "sidecars", "partials", "uploads", "spools", "logs"), 0),
    "plan": False,
    "bytes_freed": 0,
}


@pytest.mark.parametrize(
    ("kind", "output", "words"),
    [
        ("indexer", INDEXED, "Indexed 3 files in 1 folder, 6.0 kB: nothing has changed"),
        ("indexer", INDEXED | {"errors": 1}, "1 could not be read, and what the index had of it is kept"),
        ("indexer", INDEXED | {"errors": 2}, "2 could not be read, and what the index had of them is kept"),
        ("index_verify", VERIFIED, "Compared 4 entries: the index is what is on the disk"),
        ("index_verify", VERIFIED | {"unreadable": 1}, "on the disk, but for 1 entry that could not be read"),
        ("index_verify", VERIFIED | {"stale": 2, "unreadable": 1}, "Compared 4 entries: 2 stale, 1 could not be read"),
        ("file_delete", {"deleted_count": 1}, "Put 1 entry into the trash, with all that is in it"),
        ("file_delete", {"deleted_count": 2}, "Put 2 entries into the trash, with all that is in them"),
        ("cleanup", CLEANED | {"partials": 1, "spools": 1}, "Removed 1 partial file, 1 leftover of a backup, 0 B"),
        ("cleanup", CLEANED | {"partials": 2, "spools": 2}, "Removed 2 partial files, 2 leftovers of backups, 0 B"),
    ],
)
def test_what_it_came_to(kind: str, output: dict[str, Any], words: str) -> None:
    assert sentence(info(kind=kind, output=output, arguments={})).endswith(words)

"""What failed in a job that is done again."""

from __future__ import annotations

from collections.abc import Iterator

from spacedrive_ops.object_store.sources import Found


def selected(found: Iterator[Found], failed: frozenset[bytes]) -> Iterator[Found]:
    """Those that failed, and all in the folders that did."""
    return (one for one in found if _concerned(one.path, failed))


def _concerned(path: bytes, failed: frozenset[bytes]) -> bool:
    while path not in failed:
        above, _, _ = path.rpartition(b"/")
        if not above:
            return False
        path = above
    return True

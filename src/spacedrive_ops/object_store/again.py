"""What failed in a job that is done again."""

from __future__ import annotations

from collections.abc import Iterator

from spacedrive_ops.object_store.sources import Found
from spacedrive_ops.retries import is_concerned


def selected(found: Iterator[Found], failed: frozenset[bytes]) -> Iterator[Found]:
    """Those that failed, and all in the folders that did."""
    return (one for one in found if is_concerned(one.path, failed))

"""The facts of files that are named, whether they are indexed or not."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from spacedrive_jobs import Library
from spacedrive_ops.content.digest import Unreadable, digest_of
from spacedrive_ops.library_index import media
from spacedrive_ops.library_index.media import MediaFacts
from spacedrive_ops.library_index.schema import ensure_index
from spacedrive_ops.media.kinds import DESCRIBED
from spacedrive_ops.media.run import media_files


async def facts_below(
    library: Library, paths: Sequence[Path], /, *, limit: int = 100
) -> list[tuple[Path, MediaFacts | None]]:
    """Of the pictures, films and sounds among files and folders, in order; None where MediaMetadataJob has read none.

    Each file is read to know what it holds.
    """
    await ensure_index(library.db)
    given = [os.fsencode(path) for path in paths]
    digests = await asyncio.to_thread(_digests, given, library.path, limit)
    return [(path, await media.read(library.db, digest) if digest else None) for path, digest in digests]


def _digests(paths: list[bytes], library: Path, limit: int) -> list[tuple[Path, bytes]]:
    found: list[tuple[Path, bytes]] = []
    for entry in islice(media_files(paths, library, DESCRIBED), limit):
        try:
            digest = b"" if entry.problem else digest_of(entry.path).digest
        except Unreadable:
            digest = b""
        found.append((Path(os.fsdecode(entry.path)), digest))
    return found

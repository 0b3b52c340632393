"""Running ThumbnailJob in a library, and looking at what it made."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from PIL import Image

from spacedrive_jobs import Library
from spacedrive_ops import ThumbnailJob, ThumbnailOutput, thumbnail_path
from spacedrive_ops.content.digest import digest_of


async def make(library: Library, *paths: Path, **options: Any) -> tuple[ThumbnailOutput, dict[str, str]]:
    """What came of it, and the reasons by file name."""
    handle = await library.jobs.dispatch(ThumbnailJob(paths=paths, **options))
    out = await handle.wait(timeout=60)
    rows = (await library.jobs.items(handle.id, outcomes=["error"])).rows
    return out, {Path(row.item).name: row.reason for row in rows}


def thumbnail(library: Library, path: Path, size: int = 256) -> Image.Image:
    with Image.open(thumbnail_path(library.path, digest_of(os.fsencode(path)).digest, size)) as image:
        return image.convert("RGB")

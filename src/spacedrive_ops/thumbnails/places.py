"""Where a thumbnail lies."""

from __future__ import annotations

from pathlib import Path


def thumbnail_path(library: Path, digest: bytes, size: int) -> Path:
    """The file of the thumbnail of a content (BLAKE3, 32 bytes), at most `size` pixels a side; it may not exist."""
    name = digest.hex()
    return library / "thumbnails" / name[:2] / name[2:4] / f"{name}-{size}.webp"

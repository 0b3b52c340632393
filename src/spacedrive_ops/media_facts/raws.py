"""What RAW files of cameras say of themselves."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, cast

from spacedrive_ops.library_index.media import MediaFacts
from spacedrive_ops.media.decoding import NOT_KNOWN, Limits, NotDecoded, NotInstalled
from spacedrive_ops.media_facts.pictures import facts_of_tags


def facts_of_raw(file: BinaryIO, name: bytes, limits: Limits) -> MediaFacts:
    """Its size by LibRaw, and its EXIF."""
    try:
        import exifread
        import rawpy  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise NotInstalled.of("raw") from error

    library = cast("Any", rawpy)
    try:
        with library.imread(file) as raw:
            width, height = raw.sizes.width, raw.sizes.height
    except library.LibRawError as error:
        raise NotDecoded(NOT_KNOWN) from error
    limits.check_size(width, height)
    file.seek(0)
    found: dict[str, Any] = cast("Any", exifread).process_file(file, details=False)
    tags = {key.partition(" ")[2]: _value(tag) for key, tag in found.items() if hasattr(tag, "values")}
    return facts_of_tags(tags, os.fsdecode(name.rpartition(b".")[2]).upper(), width, height)


def _value(tag: Any) -> Any:
    return tag.values if isinstance(tag.values, str) or len(tag.values) != 1 else tag.values[0]

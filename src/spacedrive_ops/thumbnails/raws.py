"""The preview that a camera puts into its RAW files, by LibRaw."""

from __future__ import annotations

from io import BytesIO
from typing import Any, BinaryIO, Final, cast

from spacedrive_ops.media.decoding import NOT_KNOWN, Limits, NotDecoded, NotInstalled
from spacedrive_ops.thumbnails.pictures import reduce, small_picture, upright

FLIPS: Final = {3: 3, 5: 8, 6: 6}
"""LibRaw's turns as EXIF orientations."""


def small_raw(file: BinaryIO, size: int, limits: Limits) -> Any:
    """At most `size` pixels a side. Where there is no preview, or a much smaller one, the picture itself is developed
    at half its size."""
    try:
        import rawpy  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise NotInstalled.of("raw") from error

    library = cast("Any", rawpy)
    try:
        with library.imread(file) as raw:
            limits.check_size(raw.sizes.raw_width, raw.sizes.raw_height)
            turn = FLIPS.get(raw.sizes.flip, 1)
            return _preview(library, raw, size, limits, turn) or _developed(raw, size)
    except library.LibRawFileUnsupportedError as error:
        raise NotDecoded(NOT_KNOWN) from error
    except library.LibRawError as error:
        raise NotDecoded(f"is damaged: {_told(error)}") from error


def _preview(library: Any, raw: Any, size: int, limits: Limits, turn: int) -> Any:
    """None where there is none, or one so small that it would be blurred."""
    from PIL import Image

    try:
        preview = raw.extract_thumb()
    except (library.LibRawNoThumbnailError, library.LibRawUnsupportedThumbnailError):
        return None
    if preview.format == library.ThumbFormat.JPEG:
        small = small_picture(BytesIO(preview.data), size, limits, turn=turn)
    else:
        small = Image.fromarray(preview.data)
        reduce(small, size)
        small = upright(small, turn)
    whole = max(raw.sizes.width, raw.sizes.height)
    return small if max(small.size) >= min(size, whole // 2) else None


def _developed(raw: Any, size: int) -> Any:
    from PIL import Image

    picture = Image.fromarray(raw.postprocess(half_size=True, use_camera_wb=True))
    reduce(picture, size)
    return picture


def _told(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)

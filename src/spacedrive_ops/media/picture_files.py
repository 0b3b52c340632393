"""Opening pictures with Pillow: only kinds that it decodes itself, and nothing beyond the limits."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from typing import Any, BinaryIO, Final

from spacedrive_ops.media.decoding import CUT_OFF, MEGAPIXEL, NOT_KNOWN, Limits, NotDecoded, NotInstalled

USUAL: Final = ("JPEG", "PNG", "GIF", "BMP", "DIB", "PPM")
"""What Pillow knows without loading more."""
FORMATS: Final = (*USUAL, "WEBP", "TIFF", "HEIF", "AVIF", "ICO", "JPEG2000", "PSD", "TGA", "QOI", "DDS", "ICNS")
"""Not EPS and the like, for which Pillow would start other programs."""

CUT_OFF_SIGNS: Final = ("truncated", "not processed", "buffer is not large enough", "not enough data", "end of file")


@contextmanager
def open_picture(file: BinaryIO, limits: Limits) -> Generator[Any]:
    """A Pillow image whose pixels are not unpacked yet. Raises NotDecoded, also for what goes wrong inside."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise NotInstalled.of("media") from error
    Image.MAX_IMAGE_PIXELS = limits.megapixels * MEGAPIXEL
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    warnings.simplefilter("ignore", UserWarning)  # odd metadata is no reason
    try:
        with _open(file) as picture:
            limits.check_size(picture.width, picture.height)
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise limits.too_large() from error
    except UnidentifiedImageError as error:
        raise NotDecoded(NOT_KNOWN) from error
    except EOFError as error:
        raise NotDecoded(CUT_OFF) from error
    except (OSError, SyntaxError, ValueError) as error:
        if any(sign in str(error).lower() for sign in CUT_OFF_SIGNS):
            raise NotDecoded(CUT_OFF) from error
        raise


def _open(file: BinaryIO) -> Any:
    """Raises UnidentifiedImageError, and NotInstalled for HEIC without its library."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file, formats=USUAL)
    except UnidentifiedImageError:
        file.seek(0)
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        file.seek(0)
        if "HEIF" not in _formats() and file.read(8).endswith(b"ftyp"):
            raise NotInstalled.of("media") from None
        raise


@cache
def _formats() -> tuple[str, ...]:
    """Those of FORMATS that are there."""
    from PIL import Image

    Image.init()
    try:
        from pi_heif import register_heif_opener  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
    except ImportError:
        pass  # HEIC alone is lacking then
    else:
        register_heif_opener()
    return tuple(name for name in FORMATS if name in Image.OPEN)

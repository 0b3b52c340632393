"""Decoding one picture, in a child process: what its bytes do to the decoder, they do to that process alone."""

from __future__ import annotations

import os
import resource
import warnings
from pathlib import Path
from typing import Any, Final, cast

QUALITY: Final = 80
METHOD: Final = 2
"""How hard WebP tries: beyond this the files get little smaller."""
MEGAPIXEL: Final = 1_000_000


class NotPictured(Exception):
    """The text says why, for people."""


def render(path: bytes, targets: list[tuple[int, bytes]], megapixels: int, memory: int) -> str:
    """Write WebP files of at most so many pixels a side; empty, or why there are none. Replaces what is there.

    `memory`: bytes of address space that this process may have from now on.
    """
    _hush()
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        _render(path, targets, megapixels)
    except NotPictured as reason:
        return str(reason)
    except MemoryError:
        return f"needs more memory to decode than is allowed ({memory >> 20:,} MiB)"
    return ""


def _hush() -> None:
    """The libraries behind a decoder write what they think of a file to standard error, past everybody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _render(path: bytes, targets: list[tuple[int, bytes]], megapixels: int) -> None:
    from pi_heif import register_heif_opener  # type: ignore[import-untyped] # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
    from PIL import Image, UnidentifiedImageError

    register_heif_opener()
    Image.MAX_IMAGE_PIXELS = megapixels * MEGAPIXEL
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    warnings.simplefilter("ignore", UserWarning)  # odd metadata is no reason
    large = f"is too large (the limit is {megapixels:,} megapixels)"
    try:
        with Image.open(os.fsdecode(path)) as picture:
            if picture.width * picture.height > megapixels * MEGAPIXEL:
                raise NotPictured(large)
            _write_all(picture, sorted(targets, reverse=True))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise NotPictured(large) from error
    except UnidentifiedImageError as error:
        empty = os.path.getsize(path) == 0
        raise NotPictured("is empty" if empty else "is not a picture of a kind known here, or is damaged") from error
    except FileNotFoundError as error:
        raise NotPictured("is no longer there") from error
    except (NotPictured, MemoryError):
        raise
    except Exception as error:  # decoders raise whatever their file format makes them
        raise NotPictured(_in_words(error)) from error


def _in_words(error: Exception) -> str:
    text = str(error)
    if "truncated" in text or "not processed" in text or isinstance(error, EOFError):
        return "is cut off: the file ends in the middle of the picture"
    if isinstance(error, OSError) and error.errno is not None:
        return f"cannot be read: {error.strerror}"
    return f"is damaged: {text}" if text else f"is damaged ({type(error).__name__})"


def _write_all(picture: Any, targets: list[tuple[int, bytes]]) -> None:
    """The largest first: each is made of the one before."""
    largest = targets[0][0]
    if picture.tell() != 0:
        picture.seek(0)
    picture.draft(None, (largest, largest))
    profile = picture.info.get("icc_profile")
    orientation = picture.getexif().get(0x0112, 1)
    picture.load()
    small = _reduced(picture, largest)
    small = _upright(_in_srgb(small, profile), orientation)
    for size, target in targets:
        small.thumbnail((size, size), _lanczos(), reducing_gap=1.0)
        _save(small, Path(os.fsdecode(target)))


def _lanczos() -> Any:
    from PIL import Image

    return Image.Resampling.LANCZOS


def _reduced(picture: Any, size: int) -> Any:
    """Small enough, in a mode that can be scaled: RGB, or RGBA where something shows through."""
    picture = _plain(picture)
    picture.thumbnail((size, size), _lanczos(), reducing_gap=1.0)
    return picture


def _plain(picture: Any) -> Any:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):  # 16 bits and more a sample: to 8
        if picture.mode.startswith("I;"):
            picture = picture.convert("I")
        extremes: Any = picture.getextrema()
        whole = 65535.0 if picture.mode != "F" and 255 < extremes[1] <= 65535 else max(float(extremes[1]), 1.0)
        return picture.convert("F").point(_scaled(255.0 / whole)).convert("L").convert("RGB")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or (picture.mode == "P" and "transparency" in picture.info):
        return picture.convert("RGBA")
    if picture.mode == "CMYK":
        return picture  # its profile says how to see it
    return picture.convert("RGB")


def _scaled(factor: float) -> Any:
    return lambda value: value * factor  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]


def _in_srgb(picture: Any, profile: bytes | None) -> Any:
    """Colours as they are meant, on a screen that knows nothing of profiles."""
    if profile:
        from io import BytesIO

        from PIL import ImageCms

        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            mode = "RGBA" if picture.mode == "RGBA" else "RGB"
            screen: Any = cast("Any", ImageCms).createProfile("sRGB")
            converted: Any = ImageCms.profileToProfile(picture, source, screen, outputMode=mode)
            return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a wrong profile is as good as none
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


_TURNS: Final = {2: (0,), 3: (3,), 4: (1,), 5: (5,), 6: (4,), 7: (6,), 8: (2,)}
"""EXIF orientations as PIL's Transpose: 0 flips left and right, 1 top and bottom, 2 to 4 turn left by quarters, 5 and 6
mirror at a diagonal."""


def _upright(picture: Any, orientation: int) -> Any:
    from PIL import Image

    for turn in _TURNS.get(orientation, ()):
        picture = picture.transpose(Image.Transpose(turn))
    return picture


def _save(picture: Any, target: Path) -> None:
    """Whole, or not there."""
    partial = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            picture.save(file, "WEBP", quality=QUALITY, method=METHOD)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

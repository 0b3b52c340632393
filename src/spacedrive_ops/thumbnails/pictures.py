"""Pictures, made small by Pillow: upright, and in the colours that are meant."""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

from spacedrive_ops.media.decoding import Limits
from spacedrive_ops.media.picture_files import open_picture

ORIENTATION: Final = 0x0112


def small_picture(file: BinaryIO, size: int, limits: Limits, *, turn: int = 1) -> Any:
    """At most `size` pixels a side, in RGB or RGBA. `turn`: its EXIF orientation where it tells none itself."""
    with open_picture(file, limits) as picture:
        picture.draft(None, (size, size))
        profile = picture.info.get("icc_profile") if picture.mode != "LAB" else None  # LAB means itself
        picture.load()
        orientation = picture.getexif().get(ORIENTATION, turn)  # only now: some kinds are turned as they are loaded
        return upright(_in_srgb(_reduced(picture, size), profile), orientation)


def reduce(picture: Any, size: int) -> None:
    """Make it at most `size` pixels a side, in place."""
    from PIL import Image

    picture.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=1.0)


def _reduced(picture: Any, size: int) -> Any:
    """Small enough, in a mode that can be scaled and of which a profile can speak."""
    picture = _plain(picture)
    reduce(picture, size)
    return picture


def _plain(picture: Any) -> Any:
    if picture.mode in ("I", "F") or picture.mode.startswith("I;"):  # 16 bits and more a sample: to 8
        if picture.mode.startswith("I;"):
            picture = picture.convert("I")
        extremes: Any = picture.getextrema()
        whole = 65535.0 if picture.mode != "F" and 255 < extremes[1] <= 65535 else max(float(extremes[1]), 1.0)
        return picture.convert("F").point(_scaled(255.0 / whole)).convert("L")
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or (
        picture.mode in ("P", "L", "RGB") and "transparency" in picture.info
    ):
        return picture.convert("RGBA")
    if picture.mode in ("CMYK", "LAB", "L"):
        return picture  # a profile of theirs says how to see it
    return picture.convert("RGB")


def _scaled(factor: float) -> Any:
    return lambda value: value * factor  # pyright: ignore[reportUnknownLambdaType, reportUnknownVariableType]


def _in_srgb(picture: Any, profile: bytes | None) -> Any:
    """Colours as they are meant, on a screen that knows nothing of profiles."""
    if profile or picture.mode == "LAB":
        from io import BytesIO

        from PIL import ImageCms

        cms = cast("Any", ImageCms)
        try:
            source: Any = cms.ImageCmsProfile(BytesIO(profile)) if profile else cms.createProfile("LAB")
            mode = "RGBA" if picture.mode == "RGBA" else "RGB"
            converted: Any = cms.profileToProfile(picture, source, cms.createProfile("sRGB"), outputMode=mode)
            return converted
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a wrong profile is as good as none
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


_TURNS: Final = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientations as PIL's Transpose: 0 flips left and right, 1 top and bottom, 2 to 4 turn left by quarters, 5 and 6
mirror at a diagonal."""


def upright(picture: Any, orientation: int) -> Any:
    """Turned as an EXIF orientation says; as it is where there is no such."""
    from PIL import Image

    turn = _TURNS.get(orientation)
    return picture if turn is None else picture.transpose(Image.Transpose(turn))

"""SVG, drawn by resvg, which is shown nothing but the file itself."""

from __future__ import annotations

import subprocess
import zlib
from functools import cache
from io import BytesIO
from typing import Any, BinaryIO, Final
from xml.etree import ElementTree

from spacedrive_ops.media.decoding import CUT_OFF, Limits, NotDecoded, NotInstalled

MOST_BYTES: Final = 64 << 20
DPI: Final = 96.0
"""By which a millimetre is so many pixels, as CSS has it."""
GZIP: Final = b"\x1f\x8b"
OWN: Final = ("#", "data:")
"""How references begin that stay inside the file."""

FONTS: Final = ("sans-serif", "serif", "monospace")


def small_drawing(file: BinaryIO, size: int, _limits: Limits) -> Any:
    """At most `size` pixels a side, in RGBA. It is drawn at that size, however large it says it is."""
    try:
        import resvg_py
    except ImportError as error:
        raise NotInstalled.of("media") from error
    from PIL import Image

    drawing = alone(_read(file))
    has_text = "text>" in drawing
    fonts = [_family(name) for name in FONTS] if has_text else [None] * len(FONTS)
    try:
        data = resvg_py.svg_to_bytes(
            svg_string=drawing,
            width=size,
            height=size,
            dpi=DPI,
            skip_system_fonts=not has_text,
            sans_serif_family=fonts[0],
            serif_family=fonts[1],
            monospace_family=fonts[2],
        )
    except ValueError as error:
        raise NotDecoded(f"cannot be drawn: {error}") from error
    return Image.open(BytesIO(data)).convert("RGBA")


def alone(data: bytes) -> str:
    """The drawing without what it refers to outside of itself: resvg would read pictures by their paths.

    What is not XML raises NotDecoded. Entities of the file's own are put in; ones from outside are never read.
    """
    try:
        root = ElementTree.fromstring(data)  # noqa: S314 - expat bounds what entities may grow to, and opens nothing
    except ElementTree.ParseError as error:
        raise NotDecoded(CUT_OFF if "no element found" in str(error) else f"is not well formed: {error}") from error
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name.rpartition("}")[2].lower() == "href" and not value.strip().lower().startswith(OWN):
                del element.attrib[name]
    return ElementTree.tostring(root, encoding="unicode")


def _read(file: BinaryIO) -> bytes:
    data = file.read(MOST_BYTES + 1)
    if data.startswith(GZIP):
        unpacking = zlib.decompressobj(wbits=31)
        try:
            data = unpacking.decompress(data, MOST_BYTES + 1)
        except zlib.error as error:
            raise NotDecoded("is damaged: its compressed data cannot be unpacked") from error
    if len(data) > MOST_BYTES:
        raise NotDecoded(f"is too large (the limit for drawings is {MOST_BYTES >> 20} MiB)")
    return data


@cache
def _family(name: str) -> str | None:
    """The font that this machine means by a general name; resvg by itself knows only what Windows has."""
    asking = ["fc-match", "--format=%{family[0]}", name]
    try:
        return subprocess.run(asking, capture_output=True, text=True, timeout=5, check=True).stdout or None
    except (OSError, subprocess.SubprocessError):
        return None

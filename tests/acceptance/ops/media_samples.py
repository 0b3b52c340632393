"""Pictures, drawings, documents, RAW files and films, made anew for each test: no one else's work is kept here.

All but the hostile ones show the same scene (`scene`): what is turned wrong, or has wrong colours, shows.
"""

from __future__ import annotations

import io
import struct
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

RED, BLUE, GREEN = (200, 0, 0), (0, 0, 200), (0, 200, 0)


def scene(width: int = 400, height: int = 200) -> Image.Image:
    """Red at the left, blue at the right, with a green bar on top."""
    image = Image.new("RGB", (width, height), RED)
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill=BLUE)
    draw.rectangle((0, 0, width, height // 8), fill=GREEN)
    return image


def looks_right(image: Image.Image, width: int, height: int, tolerance: int = 40) -> bool:
    """Size and colours as in `scene`."""

    def near(place: tuple[float, float], wanted: tuple[int, int, int]) -> bool:
        found: Any = image.getpixel((int(place[0] * image.width), int(place[1] * image.height)))
        return all(abs(one - other) < tolerance for one, other in zip(found, wanted, strict=True))

    colours = near((0.2, 0.6), RED) and near((0.8, 0.6), BLUE) and near((0.5, 0.04), GREEN)
    return colours and image.size == (width, height)


# --- drawings and documents

SCENE_IN_SVG = (
    '<rect width="400" height="200" fill="#c80000"/><rect x="200" width="200" height="200" fill="#0000c8"/>'
    '<rect width="400" height="25" fill="#00c800"/>'
)


def svg(inside: str = SCENE_IN_SVG, size: str = 'viewBox="0 0 400 200"', doctype: str = "") -> bytes:
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<?xml version="1.0"?>{doctype}<svg {space} {size}>{inside}</svg>'.encode()


def entity_bomb() -> bytes:
    """Ten times ten times ... ten letters."""
    entities = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + number)} "{f"&{chr(97 + number)};" * 10}">' for number in range(10)
    )
    return svg("<text>&k;</text>", doctype=f"<!DOCTYPE svg [{entities}]>")


def use_bomb(depth: int = 30) -> bytes:
    """Each group shows the one before twice."""
    groups = "".join(
        f'<g id="g{number + 1}"><use href="#g{number}"/><use href="#g{number}"/></g>' for number in range(depth)
    )
    return svg(f'<defs><g id="g0"><rect width="9" height="9"/></g>{groups}</defs><use href="#g{depth}"/>')


def filter_bomb() -> bytes:
    """Small as a file, and hours to draw."""
    filters = '<feMorphology operator="dilate" radius="200"/>' * 500
    inside = f'<filter id="f" x="-10" y="-10" width="30" height="30">{filters}</filter>'
    return svg(f'{inside}<rect width="400" height="200" filter="url(#f)"/>')


def pdf(commands: bytes, *, encrypt: bytes = b"", media_box: bytes = b"0 0 400 200") -> bytes:
    """One page with these drawing commands. `encrypt`: an entry of the trailer."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[" + media_box + b"]/Contents 4 0 R/Resources<<>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(commands), commands),
    ]
    out, places = b"%PDF-1.7\n", list[int]()
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj%b\nendobj\n" % (number, one)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size %d/Root 1 0 R%b>>\n" % (len(objects) + 1, encrypt)
    return out + table + trailer + b"startxref\n%d\n%%%%EOF" % len(out)


SCENE_IN_PDF = b".784 0 0 rg 0 0 400 200 re f 0 0 .784 rg 200 0 200 200 re f 0 .784 0 rg 0 175 400 25 re f"

LOCKED_PDF = pdf(
    SCENE_IN_PDF,
    encrypt=b"/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]"
    b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<" + b"5a" * 32 + b">/U<" + b"a5" * 32 + b">>>",
)
"""Nobody knows its password."""


# --- pictures that harm


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bomb(side: int = 30_000) -> bytes:
    """A PNG of 30,000 x 30,000 that is small as a file."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", zlib.compress(bytes(1_000_000))) + png_chunk(b"IEND", b"")


# --- RAW

SHORT, LONG, RATIONAL, BYTE, ASCII = 3, 4, 5, 1, 2
FORMATS = {SHORT: "H", LONG: "I", BYTE: "B"}

Tag = tuple[int, int, Any]
"""Number, type, and a value, a sequence of them, or text."""


def _packed(kind: int, value: Any) -> tuple[int, bytes]:
    """How many, and their bytes."""
    if kind == ASCII:
        data = value.encode() + b"\0"
        return len(data), data
    values: Sequence[Any] = value if isinstance(value, list) else [value]
    if kind == RATIONAL:
        pairs = [pair if isinstance(pair, tuple) else (int(pair * 10_000), 10_000) for pair in values]
        return len(pairs), b"".join(struct.pack("<II", *pair) for pair in pairs)
    return len(values), struct.pack(f"<{len(values)}{FORMATS[kind]}", *values)


def directory(tags: Sequence[Tag], start: int) -> bytes:
    """A TIFF directory that lies at `start`, with its values behind it."""
    after = start + 2 + 12 * len(tags) + 4
    entries, values = b"", b""
    for number, kind, value in sorted(tags):
        count, data = _packed(kind, value)
        if len(data) > 4:
            place = struct.pack("<I", after + len(values))
            values += data + b"\0" * (len(data) % 2)
        else:
            place = data.ljust(4, b"\0")
        entries += struct.pack("<HHI", number, kind, count) + place
    return struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + values


def dng(preview: Image.Image | None, *, orientation: int = 1, exif: Sequence[Tag] = (), side: int = 256) -> bytes:
    """A RAW file as a camera writes it: the sensor's mosaic (plain grey), and a JPEG of what it shows."""
    mosaic = struct.pack("<H", 8_000) * (side * side)
    picture = io.BytesIO()
    if preview is not None:
        preview.save(picture, "JPEG", quality=92)
    jpeg = picture.getvalue()
    out = bytearray(b"II*\0\0\0\0\0")
    mosaic_at = len(out)
    out += mosaic
    jpeg_at = len(out)
    out += jpeg + b"\0" * (len(jpeg) % 2)
    raw_at = len(out)
    out += directory(
        [
            (254, LONG, 0), (256, LONG, side), (257, LONG, side), (258, SHORT, 16), (259, SHORT, 1),
            (262, SHORT, 32803), (273, LONG, mosaic_at), (277, SHORT, 1), (278, LONG, side), (279, LONG, len(mosaic)),
            (33421, SHORT, [2, 2]), (33422, BYTE, [0, 1, 1, 2]), (50714, SHORT, 0), (50717, SHORT, 16_000),
        ],
        raw_at,
    )  # fmt: skip
    exif_at = len(out)
    out += directory(exif or [(33434, RATIONAL, (1, 250))], exif_at)
    common: list[Tag] = [
        (271, ASCII, "Maker"), (272, ASCII, "Model One"), (274, SHORT, orientation), (330, LONG, raw_at),
        (34665, LONG, exif_at), (50706, BYTE, [1, 4, 0, 0]), (50708, ASCII, "Maker Model One"),
        (50721, RATIONAL, [(1, 1), (0, 1), (0, 1), (0, 1), (1, 1), (0, 1), (0, 1), (0, 1), (1, 1)]),
        (50728, RATIONAL, [(1, 1), (1, 1), (1, 1)]),
    ]  # fmt: skip
    if preview is not None:
        common += [
            (254, LONG, 1), (256, LONG, preview.width), (257, LONG, preview.height), (258, SHORT, [8, 8, 8]),
            (259, SHORT, 7), (262, SHORT, 6), (273, LONG, jpeg_at), (277, SHORT, 3), (278, LONG, preview.height),
            (279, LONG, len(jpeg)),
        ]  # fmt: skip
    out[4:8] = struct.pack("<I", len(out))
    out += directory(common, len(out))
    return bytes(out)


# --- films

SCENE_IN_FFMPEG = (
    "color=#c80000:s={size}:d={seconds}:r=25,drawbox=x=iw/2:w=iw/2:h=ih:color=#0000c8:t=fill,"
    "drawbox=w=iw:h=ih/8:color=#00c800:t=fill"
)


def film(path: Path, *options: str, size: str = "640x320", seconds: float = 2, black: float = 0) -> Path:
    """The scene for some seconds, after black. `options`: what ffmpeg is to do with it."""
    source = SCENE_IN_FFMPEG.format(size=size, seconds=seconds)
    if black:
        source = f"color=black:s={size}:d={black}:r=25[a];{source}[b];[a][b]concat"
    ffmpeg("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", *options, str(path))
    return path


def ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True, timeout=60, stdin=subprocess.DEVNULL)

"""What a file is, by how it begins and how its name ends."""

from __future__ import annotations

from enum import Enum
from typing import Final

HEAD: Final = 4096
"""How many of a file's first bytes tell what it is."""


class Medium(Enum):
    """What opens it."""

    PICTURE = "picture"
    DRAWING = "drawing"
    DOCUMENT = "document"
    RAW = "raw"
    FILM = "film"
    SOUND = "sound"


_ENDINGS: Final = {
    Medium.PICTURE: "jpg jpeg jpe jfif mpo png apng gif webp tif tiff bmp dib heic heif hif avif ico jp2 j2k jpx psd "
    "tga pbm pgm ppm pnm qoi dds icns",
    Medium.DRAWING: "svg svgz",
    Medium.DOCUMENT: "pdf",
    Medium.RAW: "dng cr2 cr3 crw nef nrw arw srf sr2 orf rw2 raf pef srw raw 3fr iiq erf kdc dcr mrw mef mos x3f",
    Medium.FILM: "mp4 m4v mov qt mkv webm avi mpg mpeg mpe m2v mts m2ts wmv asf flv f4v 3gp 3g2 ogv mxf vob",
    Medium.SOUND: "mp3 flac wav aac m4a ogg opus oga wma aif aiff",
}
_BY_ENDING: Final = {ending.encode(): medium for medium, endings in _ENDINGS.items() for ending in endings.split()}

PICTURED: Final = frozenset({Medium.PICTURE, Medium.DRAWING, Medium.DOCUMENT, Medium.RAW, Medium.FILM})
"""Of which there are thumbnails."""
DESCRIBED: Final = frozenset({Medium.PICTURE, Medium.RAW, Medium.FILM, Medium.SOUND})
"""Which have facts to tell."""

_SIGNS: Final = (
    (b"\xff\xd8\xff", Medium.PICTURE),
    (b"\x89PNG\r\n\x1a\n", Medium.PICTURE),
    (b"GIF8", Medium.PICTURE),
    (b"\x1aE\xdf\xa3", Medium.FILM),  # Matroska and WebM
    (b"FLV\x01", Medium.FILM),
    (b"\x00\x00\x01\xba", Medium.FILM),  # an MPEG programme
    (b"fLaC", Medium.SOUND),
    (b"ID3", Medium.SOUND),
)
_PICTURE_BRANDS: Final = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis")
_RIFF: Final = {b"WEBP": Medium.PICTURE, b"AVI ": Medium.FILM, b"WAVE": Medium.SOUND}


def medium_by_name(name: bytes) -> Medium | None:
    """By the end of the name alone."""
    _, dot, ending = name.rpartition(b".")
    return _BY_ENDING.get(ending.lower()) if dot else None


def medium_of(name: bytes, head: bytes) -> Medium:
    """What to open a file as; a picture where nothing tells. `head`: its first bytes.

    How it begins goes before its name, but for what begins alike: most RAW files are TIFF files, and a film without
    pictures is a sound.
    """
    by_name = medium_by_name(name)
    for sign, medium in _SIGNS:
        if head.startswith(sign):
            return by_name if medium is Medium.FILM and by_name is Medium.SOUND else medium
    if b"%PDF-" in head[:1024]:
        return Medium.DOCUMENT
    if head[:4] == b"RIFF" and head[8:12] in _RIFF:
        return _RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return _in_a_box(head[8:12], by_name)
    if b"<svg" in head:
        return Medium.DRAWING
    return by_name or Medium.PICTURE


def _in_a_box(brand: bytes, by_name: Medium | None) -> Medium:
    """ISO base media: a picture, a RAW picture, a film or a sound, by its brand."""
    if brand in _PICTURE_BRANDS:
        return Medium.PICTURE
    if brand == b"crx ":
        return Medium.RAW
    if brand.startswith(b"M4A") or by_name is Medium.SOUND:
        return Medium.SOUND
    return Medium.FILM

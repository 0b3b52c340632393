"""What an entry is: for the disk, and for people. Imports nothing of ours."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class EntryKind(IntEnum):
    """What an entry is on the disk."""

    FILE = 1
    FOLDER = 2
    LINK = 3
    SPECIAL = 4


class Category(IntEnum):
    """What a file is for people, told by the end of its name."""

    OTHER = 0
    IMAGE = 1
    VIDEO = 2
    AUDIO = 3
    DOCUMENT = 4
    ARCHIVE = 5
    CODE = 6
    FONT = 7
    BOOK = 8
    DATABASE = 9


_ENDINGS: Final = {
    Category.IMAGE: "jpg jpeg jpe png gif webp tif tiff bmp heic heif avif svg ico jxl psd raw cr2 cr3 nef arw dng orf "
    "rw2 raf",
    Category.VIDEO: "mp4 m4v mov mkv webm avi mpg mpeg mts m2ts wmv flv 3gp ogv ts",
    Category.AUDIO: "mp3 flac wav aac m4a ogg opus oga wma aif aiff mid midi",
    Category.DOCUMENT: "pdf doc docx odt rtf txt md rst xls xlsx ods csv tsv ppt pptx odp tex html htm pages "
    "numbers key",
    Category.ARCHIVE: "zip tar gz tgz bz2 xz zst 7z rar jar deb rpm iso dmg cab lz4 whl",
    Category.CODE: "py pyi js mjs cjs ts tsx jsx rs go c h cc cpp hpp java kt rb php sh bash pl lua swift scala sql "
    "css scss json yaml yml toml xml ini cfg conf vue ipynb r m cs hs ml ex exs",
    Category.FONT: "ttf otf woff woff2 eot pfb",
    Category.BOOK: "epub mobi azw azw3 fb2 djvu cbz cbr",
    Category.DATABASE: "db sqlite sqlite3 mdb accdb parquet feather",
}
CATEGORY_OF: Final[dict[bytes, int]] = {
    ending.encode(): int(category) for category, endings in reversed(_ENDINGS.items()) for ending in endings.split()
}
"""By the lower-case end of the name, without its dot."""


def category_of(name: bytes) -> int:
    """The category of a file of this name."""
    _, dot, ending = name.rpartition(b".")
    return CATEGORY_OF.get(ending.lower(), 0) if dot else 0

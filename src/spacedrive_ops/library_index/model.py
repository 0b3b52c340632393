"""The values of the index."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
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


@dataclass(frozen=True, slots=True)
class Location:
    """A folder that is indexed. `indexed_ms`: when a run that found changes last came to its end (milliseconds since
    1970), None: never.

    `complete`: the index has all that was there then. `state`: "new", "online", or "offline" when its disk was not
    there.
    """

    id: int
    path: Path
    root_id: int | None
    device: int | None
    inode: int | None
    filesystem: int | None
    state: str
    complete: bool
    indexed_ms: int | None


@dataclass(frozen=True, slots=True)
class IndexedEntry:
    """One entry, as the index has it. `name` is printable, `path` exact. Sizes in bytes; a folder's is that of all
    files below it. `modified_ns`: nanoseconds since 1970. `digest`: BLAKE3 of what it holds, None if not read yet.
    """

    id: int
    path: Path
    name: str
    kind: EntryKind
    category: Category
    size: int
    modified_ns: int
    digest: bytes | None = None


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Files that hold the same bytes. `wasted`: what all but one of them take up."""

    digest: bytes
    size: int
    count: int
    wasted: int


def path_of(location: bytes, below: bytes) -> Path:
    """From the stored bytes of a location and of a path below it."""
    return Path(os.fsdecode(os.path.join(location, below) if below else location))

"""SdPath: where a file is, as a value. Pure: nothing here looks at a disk."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias
from urllib.parse import quote

import msgspec

from spacedrive_ops.paths.keys import key_of, parts_of

PathKind: TypeAlias = Literal["local", "volume", "location", "store"]
RawPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

ON_DISKS: Final[dict[str, PathKind]] = {"local": "local", "volume": "volume", "location": "location"}
STORES: Final = ("s3", "gs", "az")
SCHEME: Final = re.compile(r"([a-z][a-z0-9]*)://([^/]*)(?:/(.*))?", re.DOTALL)
PLACES: Final = {
    "local": re.compile(r""),
    "volume": re.compile(r"[0-9A-Za-z-]+"),
    "location": re.compile(r"[1-9][0-9]*"),
    "store": re.compile(r"(?:s3|gs|az)://[0-9A-Za-z._-]+"),
}
SPECIAL: Final = frozenset("%#?\\")
UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"))
"""Categories of characters that show nothing, turn the text around them, or look like another one."""
HEX: Final = re.compile(r"[0-9A-Fa-f]{2}")


class UnsafePath(ValueError):
    """A path that leads out of the folder that it was joined to, or text that is no path; the message says why."""


class SdPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A path that any process may be given: it names where it begins, and survives whatever its names hold.

    `kind` and `place`: what `path` is below: the root of this machine ("local"), a file system by its UUID ("volume"),
    a location of the library's index by its id ("location"), or a bucket, such as "s3://photos" ("store"). `path` is
    relative, and leads nowhere else: neither ".." nor an absolute path is taken.

    `str()` is printable and exact: what shows nothing or misleads (control and bidirectional characters, spaces other
    than the usual one, bytes that are no UTF-8) is percent-escaped, so two paths never become one text, and `parse`
    gives the same path again. It is where a file is said to be, not that one is there.
    """

    kind: PathKind
    place: str
    path: PurePosixPath = PurePosixPath()

    def __post_init__(self) -> None:
        if not PLACES[self.kind].fullmatch(self.place):
            raise UnsafePath(f"{_shown(self.place)!r} is no {self.kind}")
        _check(self.path)

    # --- making one

    @staticmethod
    def local(path: RawPath) -> SdPath:
        """An absolute path of this machine. Raises UnsafePath."""
        text = os.fsdecode(path)
        if not text.startswith("/"):
            raise UnsafePath(f"{escaped(text)!r} is not absolute")
        return SdPath("local", "", _relative(text.lstrip("/")))

    @staticmethod
    def in_volume(uuid: str, path: RawPath = "") -> SdPath:
        """A path below the root of a file system, wherever that is mounted."""
        return SdPath("volume", uuid, _relative(path))

    @staticmethod
    def in_location(location: int, path: RawPath = "") -> SdPath:
        """A path below a location of the index, wherever its folder is found."""
        return SdPath("location", str(location), _relative(path))

    @staticmethod
    def in_store(bucket: str, path: RawPath = "") -> SdPath:
        """A path below a bucket, such as "s3://photos"; its names become a key as in an upload."""
        return SdPath("store", bucket, _relative(path))

    @staticmethod
    def parse(text: str) -> SdPath:
        """What `str()` gives, or an absolute path of this machine as it is. Raises UnsafePath."""
        if text.startswith("/"):
            return SdPath.local(text)
        found = SCHEME.fullmatch(text)
        if found is None:
            raise UnsafePath(f"{_shown(text)!r} is neither absolute nor an address such as location://1/name")
        scheme, place, below = found[1], found[2], _relative(_unescaped(found[3] or ""))
        if scheme in STORES:
            return SdPath("store", f"{scheme}://{place}", below)
        if scheme in ON_DISKS:
            return SdPath(ON_DISKS[scheme], place, below)
        raise UnsafePath(f"{scheme}:// is not known: local, volume, location, {', '.join(STORES)} are")

    # --- what it says

    @property
    def parts(self) -> tuple[bytes, ...]:
        """The names on the way from the place."""
        return tuple(map(os.fsencode, self.path.parts))

    @property
    def name(self) -> str:
        """The last name, exact (with surrogates where it is no UTF-8); empty at the place itself."""
        return self.path.name

    @property
    def parent(self) -> SdPath:
        """The folder around it; at the place itself the same again."""
        return SdPath(self.kind, self.place, self.path.parent)

    @property
    def is_local(self) -> bool:
        """Whether it leads to a disk, not to an object store."""
        return self.kind != "store"

    @property
    def key(self) -> str:
        """The key of its object in the bucket. Raises ValueError where that would be too long, or it has none."""
        if self.kind != "store":
            raise UnsafePath(f"{self} is in no object store")
        return key_of(self.parts)

    @property
    def url(self) -> str:
        """The address by which an object store is opened here. Raises ValueError as `key` does."""
        return f"{self.place}/{quote(self.key)}" if self.parts else self.place

    @staticmethod
    def of_key(bucket: str, key: str) -> SdPath:
        """The path of an object. Raises ValueError for a key that is no path of a file."""
        return SdPath.in_store(bucket, b"/".join(parts_of(key)))

    def is_below(self, other: SdPath) -> bool:
        """Whether it is `other` or lies in it, by the letters: links and mounts are not looked at."""
        return (self.kind, self.place) == (other.kind, other.place) and self.path.is_relative_to(other.path)

    def below(self, other: SdPath) -> PurePosixPath:
        """The way from `other` to here. Raises UnsafePath where it does not lie in it."""
        if not self.is_below(other):
            raise UnsafePath(f"{self} is not in {other}")
        return self.path.relative_to(other.path)

    def join(self, *paths: RawPath) -> SdPath:
        """A path below this one. Raises UnsafePath for an absolute one, for "..", and for a NUL."""
        joined = self.path
        for path in paths:
            joined = joined / _relative(path)
        return SdPath(self.kind, self.place, joined)

    def __truediv__(self, path: RawPath) -> SdPath:
        return self.join(path)

    def __str__(self) -> str:
        start = self.place if self.kind == "store" else f"{self.kind}://{self.place}"
        return f"{start}/{escaped(str(self.path))}" if self.path.parts else f"{start}/"

    def __repr__(self) -> str:
        return f"SdPath.parse({str(self)!r})"


def _relative(path: RawPath) -> PurePosixPath:
    found = PurePosixPath(os.fsdecode(path))
    _check(found)
    return found


def _check(path: PurePosixPath) -> None:
    text = str(path)
    if path.is_absolute():
        raise UnsafePath(f"{escaped(text)!r} is absolute, and would lead elsewhere")
    if ".." in path.parts:
        raise UnsafePath(f"{escaped(text)!r} goes upwards, and would lead elsewhere")
    if "\0" in text:
        raise UnsafePath(f"{escaped(text)!r} holds a NUL, which no name has")
    _bytes_of(text)


def escaped(text: str) -> str:
    return "".join(map(_escaped_character, text))


def _escaped_character(character: str) -> str:
    if character == " " or (character not in SPECIAL and unicodedata.category(character) not in UNSEEN):
        return character
    return "".join(f"%{byte:02X}" for byte in _bytes_of(character))


def _bytes_of(character: str) -> bytes:
    try:
        return os.fsencode(character)
    except UnicodeEncodeError:
        raise UnsafePath("it holds half a character, which no name has") from None


def _unescaped(text: str) -> bytes:
    found = bytearray()
    head, *rest = text.split("%")
    found += os.fsencode(head)
    for piece in rest:
        code = HEX.match(piece)
        if code is None:
            raise UnsafePath(f"{_shown(text)!r}: a percent sign of a name is written %25")
        found += bytes((int(code[0], 16),)) + os.fsencode(piece[2:])
    return bytes(found)


def _shown(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()

"""Where the result goes, and what is refused before anything is started."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from spacedrive_ops.folders import lies_in
from spacedrive_ops.transcode.errors import TranscodeRefused


class Place(msgspec.Struct, frozen=True):
    """The source, and the folder and name that the result gets."""

    source: Path
    folder: Path
    name: str

    @property
    def final(self) -> Path:
        return self.folder / self.name


def place_of(source: Path, destination: Path, extension: str, *, into: bool) -> Place:
    """As `cp` has it: into the destination if that is a folder (under the source's stem), else in its place."""
    absolute = Path(os.path.abspath(source))
    target = Path(os.path.abspath(destination))
    if into:
        return Place(absolute, target, absolute.stem + extension)
    return Place(absolute, target.parent, target.name)


def check(place: Place, library: Path) -> None:
    """Raises TranscodeRefused."""
    try:
        status = os.stat(place.source)
    except OSError as error:
        raise TranscodeRefused(place.source, _lower(error)) from error
    if not stat.S_ISREG(status.st_mode):
        raise TranscodeRefused(place.source, "it is not a file")
    if not os.path.isdir(place.folder):
        raise TranscodeRefused(place.source, f"there is no folder {os.fspath(place.folder)!r}")
    try:
        if os.path.samestat(status, os.stat(place.final)):
            raise TranscodeRefused(place.source, "source and destination are the same file")
    except FileNotFoundError:
        pass
    if os.path.isdir(place.final):
        raise TranscodeRefused(place.source, f"a file cannot take the place of the folder {os.fspath(place.final)!r}")
    if lies_in(os.fsencode(place.folder), library):
        raise TranscodeRefused(place.source, "the destination is inside the job library's own folder")


def _lower(error: OSError) -> str:
    text = error.strerror or "unknown error"
    return text[:1].lower() + text[1:]

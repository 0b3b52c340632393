"""Where something is mounted: a folder that is moved takes along what is mounted in it."""

from __future__ import annotations

import re

_ESCAPED = re.compile(rb"\\([0-7]{3})")


def mounted_below(folder: bytes) -> bytes:
    """A place below the folder on which something is mounted; empty if there is none, or /proc does not tell."""
    try:
        with open("/proc/self/mountinfo", "rb") as lines:
            return mounted_in(folder, lines.read())
    except OSError:
        return b""


def mounted_in(folder: bytes, table: bytes) -> bytes:
    """The same, for the text of a mount table."""
    below = folder.rstrip(b"/") + b"/"
    for line in table.splitlines():
        fields = line.split(b" ")
        place = _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), fields[4]) if len(fields) > 4 else b""
        if place.startswith(below):
            return place
    return b""

"""Manifests as b3sum writes and reads them: a line a file, its digest in hexadecimal, two spaces, its path. Pure."""

from __future__ import annotations

import os
import re
from typing import Final

LINE: Final = re.compile(rb"(\\?)([0-9a-fA-F]{64})  (.+)", re.DOTALL)
ESCAPES: Final = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}
ESCAPE: Final = re.compile(rb"\\(?:\\|n|r)")


def line_of(digest: bytes, path: bytes) -> bytes | None:
    """The line, with its end; None for a path that is no text, since no manifest can have it.

    A line feed and a backslash are written as `\\n` and `\\\\`, and the line then begins with a backslash.
    """
    try:
        path.decode()
    except UnicodeDecodeError:
        return None
    escaped = path.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
    return b"%b%b  %b\n" % (b"\\" if escaped != path else b"", digest.hex().encode(), escaped)


def parsed(line: bytes) -> tuple[bytes, bytes] | None:
    """The digest and the path of a line without its end; None for what is none."""
    matched = LINE.fullmatch(line)
    if matched is None:
        return None
    escaped, digest, path = matched.groups()
    if b"\0" in path or b"\xef\xbf\xbd" in path:  # b3sum writes the latter for what is no text
        return None
    if escaped:
        if b"\\" in ESCAPE.sub(b"", path):
            return None
        path = ESCAPE.sub(lambda found: ESCAPES[found[0]], path)
    return bytes.fromhex(digest.decode()), path


def name_in(path: bytes, folder: bytes) -> bytes:
    """How a manifest in `folder` calls a file: what lies below is called from there, so that both can be moved."""
    below = folder.rstrip(b"/") + b"/"
    return path[len(below) :] if path.startswith(below) else path


def path_from(name: bytes, folder: bytes) -> bytes:
    return os.path.join(folder, name)

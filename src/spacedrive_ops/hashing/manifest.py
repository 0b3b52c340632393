"""Manifests as b3sum writes and reads them: a line a file, its digest in hexadecimal, two spaces, its path. Pure."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

LINE: Final = re.compile(rb"(\\?)([0-9a-fA-F]{64})  (.+)", re.DOTALL)
ESCAPES: Final = {b"\\\\": b"\\", b"\\n": b"\n", b"\\r": b"\r"}
ESCAPE: Final = re.compile(rb"\\(?:\\|n|r)")


def lines_of(hashed: Sequence[tuple[bytes, bytes]], folder: bytes) -> tuple[bytes, list[int]]:
    """The lines of (path, digest) in a manifest that lies in `folder`; and the numbers of those that no manifest can
    have, because their paths are no text.

    What lies below the folder is called from there, so that both can be moved. A line feed and a backslash are written
    as `\\n` and `\\\\`, and such a line begins with a backslash.
    """
    below = folder.rstrip(b"/") + b"/"
    start = len(below)
    names = [path[start:] if path.startswith(below) else path for path, _ in hashed]
    try:
        texts: list[str | None] = [*b"\0".join(names).decode().split("\0")] if names else []
    except UnicodeDecodeError:
        texts = [_text(name) for name in names]
    lines = [_line(text, digest) for text, (_, digest) in zip(texts, hashed, strict=True) if text is not None]
    return "".join(lines).encode(), [number for number, text in enumerate(texts) if text is None]


def _line(name: str, digest: bytes) -> str:
    if "\\" in name or "\n" in name:
        escaped = name.replace("\\", "\\\\").replace("\n", "\\n")
        return f"\\{digest.hex()}  {escaped}\n"
    return f"{digest.hex()}  {name}\n"


def _text(name: bytes) -> str | None:
    try:
        return name.decode()
    except UnicodeDecodeError:
        return None


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


def path_from(name: bytes, folder: bytes) -> bytes:
    return os.path.join(folder, name)

"""The command lines of ffmpeg and ffprobe. Pure.

Files are named by `file:` and an absolute path, so that no name is taken for an option or a protocol; and a file that
refers to others (a playlist) may not make ffmpeg fetch anything from a network.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

LOCAL_ONLY: Final = ("-protocol_whitelist", "file,crypto,data")
NICENESS: Final = 10
PROGRESS_EVERY: Final = "0.5"


def list_encoders() -> list[str]:
    return ["ffmpeg", "-hide_banner", "-encoders"]


def probe(source: Path) -> list[bytes]:
    options = ("-v", "error", *LOCAL_ONLY, "-of", "json", "-show_entries", _WANTED)
    return [b"ffprobe", *map(os.fsencode, options), b"-i", _url(source)]


_WANTED: Final = "format=duration:stream=codec_type,duration:stream_disposition=attached_pic"


def transcode(source: Path, output: int, options: Sequence[str], threads: int) -> list[bytes]:
    """`output`: a descriptor that the program inherits. It is opened anew through /proc, so it can be read and sought
    as a file, whatever becomes of its name and however long its path is."""
    front = ("-hide_banner", "-nostdin", "-v", "error", "-nostats", "-progress", "pipe:1")
    pace = ("-stats_period", PROGRESS_EVERY)
    back = (*options, "-threads", str(threads), "-y", f"file:/proc/self/fd/{output}")
    before, after = (*front, *pace, *LOCAL_ONLY), back
    return [b"ffmpeg", *map(os.fsencode, before), b"-i", _url(source), *map(os.fsencode, after)]


def _url(path: Path) -> bytes:
    return b"file:" + os.fsencode(path)

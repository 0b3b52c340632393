"""Names of files: the second of a name, and those of partials."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

NAME_MAX: Final = 255
PARTIAL: Final = re.compile(rb"\.sd-[0-9a-f]{8}-[0-9]+-[0-9]+\.part")
"""How the name of any partial looks: none is ever copied, indexed or sent."""


def numbered_names(name: str) -> Iterator[str]:
    """ "name (2).ext", "name (3).ext", ... each at most 255 bytes long, cut between characters."""
    stem, extension = split_extension(name)
    number = 2
    while True:
        ending = f" ({number}){extension}"
        yield cut(stem, NAME_MAX - len(os.fsencode(ending))) + ending
        number += 1


def split_extension(name: str) -> tuple[str, str]:
    """The stem, and what people see as the file's kind: also ".tar.gz", never a hidden file's whole name."""
    stem, extension = os.path.splitext(name)
    if len(os.fsencode(extension)) > 32:
        return name, ""
    if stem.endswith(".tar") and len(stem) > len(".tar"):
        return stem.removesuffix(".tar"), ".tar" + extension
    return stem, extension


def cut(text: str, size: int) -> str:
    """At most `size` bytes of `text`, never half a character."""
    while len(os.fsencode(text)) > size:
        text = text[:-1]
    return text

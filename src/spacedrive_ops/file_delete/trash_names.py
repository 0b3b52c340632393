"""Under which names an entry may lie in the trash."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from typing import Final

NAME_MAX: Final = 255
ENDING: Final = ".trashinfo"
TRIED: Final = 50
"""After so many of one name the next are drawn by lot: counting through thousands of them would take for ever."""


def candidates(name: str) -> Iterator[str]:
    """The name itself, then "stem.2.ext" and so on; with its record's ending none is longer than a name may be."""
    stem, extension = os.path.splitext(name)
    if len(os.fsencode(extension)) > 32:
        stem, extension = name, ""
    yield _cut(stem, extension)
    for number in range(2, TRIED):
        yield _cut(stem, f".{number}{extension}")
    while True:
        yield _cut(stem, f".{secrets.token_hex(4)}{extension}")


def _cut(stem: str, ending: str) -> str:
    """Never half a character."""
    room = NAME_MAX - len(ENDING) - len(os.fsencode(ending))
    while len(os.fsencode(stem)) > room:
        stem = stem[:-1]
    return stem + ending

"""Lines for a terminal: cut to its width, with nothing in them that could act on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from sdjobs.text import shown
from sdjobs.views.bar import ASCII, UNEVEN, UNICODE, Glyphs

WIDE: Final = 64
"""Columns from which a row has its reason beside its title; below, under it."""

_STACKED: Final = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
"""More than two marks on one letter: they grow over the lines above and below."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What drawing must know of the screen: columns, its characters, and the present twice.

    `now` is for ages; `moment` (seconds, monotonic) moves a bar whose end is not known.
    """

    width: int
    now: datetime
    moment: float = 0.0
    draws_unicode: bool = True

    @property
    def glyphs(self) -> Glyphs:
        return UNICODE if self.draws_unicode else ASCII

    @property
    def is_wide(self) -> bool:
        return self.width >= WIDE

    def narrower(self, columns: int) -> Sheet:
        return replace(self, width=max(self.width - columns, 1))

    def pick(self, unicode: str, plain: str) -> str:
        """A sign, or what stands for it where there is none."""
        return unicode if self.draws_unicode else plain

    def cut(self, text: str, width: int) -> str:
        """The beginning of `text`, made harmless, in at most `width` columns; a mark says that there was more."""
        return start_of(tidy(text), max(width, 0), self.glyphs.cut)

    def line(self, text: str, style: str = "", indent: int = 0) -> Text:
        return Text(" " * indent + self.cut(text, self.width - indent), style)

    def wrapped(self, text: str, style: str = "", indent: int = 0, most: int = 6) -> list[Text]:
        """On as many lines as it needs, at most `most`; the last one says that there was more."""
        indent = min(indent, self.width // 2)
        rest, lines, room = tidy(text), list[Text](), max(self.width - indent, 1)
        while rest and len(lines) < most - 1:
            piece = start_of(rest, room, "")
            cut = piece.rfind(" ") if len(piece) < len(rest) else -1
            piece = piece[:cut] if cut > room // 2 else piece
            lines.append(Text(" " * indent + piece, style))
            rest = rest[len(piece) :].lstrip(" ") if piece else ""
        return [*lines, self.line(rest, style, indent)] if rest or not lines else lines

    def sides(self, left: Text, right: Text) -> Text:
        """One at each edge. The right one stays whole as long as there is room for it and something of the left."""
        room = self.width - right.cell_len - 2
        if not right or room < 8:
            return clipped(left, self.width)
        left = clipped(left, room)
        return Text.assemble(left, " " * (self.width - left.cell_len - right.cell_len), right)


def tidy(text: str) -> str:
    """On one line; no control, no turning round, no towers of marks, no joiners whose width nobody knows."""
    return _STACKED.sub(r"\1", UNEVEN.sub("", shown(text)))


def start_of(text: str, width: int, cut: str) -> str:
    if cell_len(text[: width + 1]) <= width and len(text) <= width:
        return text
    # A line has at most as many letters as columns, and two marks on each: what is behind is never looked at.
    text, whole = text[: width * 3 + 1], text
    if cell_len(text) <= width and len(text) == len(whole):
        return text
    room, end = width - cell_len(cut), 0
    while end < len(text) and (room := room - cell_len(text[end])) >= 0:
        end += 1
    return text[:end] + cut if width >= cell_len(cut) else ""


def clipped(line: Text, width: int) -> Text:
    line = line.copy()
    line.truncate(max(width, 0))
    return line


def sentence(text: str) -> str:
    """With a capital at its beginning and a full stop at its end; empty stays empty."""
    text = text[:1].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."

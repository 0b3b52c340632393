"""The one widget of the view: lines, as they were drawn for its size."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console
from rich.text import Text
from textual import events
from textual.strip import Strip
from textual.widget import Widget


class Lines(Widget):
    """`draw(width, height)` gives the lines; it is called when the size changes and by `redraw`."""

    def __init__(self, draw: Callable[[int, int], Sequence[Text]], *, id: str) -> None:
        super().__init__(id=id)
        self._draw_lines = draw
        self._strips: list[Strip] = []
        self._styles_by_name = Console()
        """Knows what the names of styles mean; nothing is written to it."""

    def redraw(self) -> None:
        width, height = self.size
        if not width or not height:
            return
        lines = self._draw_lines(width, height)[:height]
        self._strips = [Strip(list(line.render(self._styles_by_name))).adjust_cell_length(width) for line in lines]
        self.refresh()

    def on_resize(self, _: events.Resize) -> None:
        self.redraw()

    def render_line(self, y: int) -> Strip:
        return self._strips[y] if y < len(self._strips) else Strip.blank(self.size.width)

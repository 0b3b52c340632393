"""Plain lines, for pipes, logs and terminals that cannot move their cursor."""

from __future__ import annotations

from sdjobs.describe import amount, items_amount, rate, state_line
from sdjobs.streams import Output
from sdjobs.text import duration, percent
from sdjobs.views.presenter import Told
from sdjobs.views.snapshot import Snapshot


class LinesView:
    """About one line a second of progress, and one for each change of status."""

    interval = 1.0
    animated = False

    def __init__(self, output: Output) -> None:
        self._output = output
        self._last = ""

    def draw(self, snapshot: Snapshot) -> None:
        line = progress_line(snapshot)
        if line and line != self._last:
            self._output.line(line)
        self._last = line

    def status(self, snapshot: Snapshot) -> None:
        if snapshot.status.is_terminal:
            return  # the last words say it
        line = state_line(snapshot.status, snapshot.request, snapshot.reason)
        self._output.line(f"{snapshot.job.short} {line}")

    def say(self, told: Told) -> None:
        if told.text:
            self._output.line(told.text)

    def close(self) -> None:
        pass


def progress_line(snapshot: Snapshot) -> str:
    """`62 %, 1.2 of 2.0 GB, 14 of 20 items, 84.1 MB/s, 9 s left, copying: photos/IMG_2031.jpg`."""
    view = snapshot.view
    numbers = [
        percent(view.fraction) if view.fraction is not None else "",
        amount(view),
        items_amount(view) if view.bytes_done is not None else "",
        rate(view),
        f"{duration(view.eta)} left" if view.eta is not None else "",
        snapshot.trouble,
    ]
    words = [word for word in (view.phase, view.message) if word]
    activity = ", ".join(dict.fromkeys(words))
    where = f"{activity}: {view.current_path}" if activity and view.current_path else activity or view.current_path
    return ", ".join(filter(None, [*numbers, where]))

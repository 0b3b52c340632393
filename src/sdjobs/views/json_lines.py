"""One JSON value a line, for programs that watch."""

from __future__ import annotations

from sdjobs.describe import progress_json
from sdjobs.streams import Output
from sdjobs.views.presenter import Told
from sdjobs.views.snapshot import Snapshot


class JsonLinesView:
    """`{"type": "status" | "progress" | "note", "job": id, ...}`; the command adds one of type `ended`."""

    interval = 0.1
    animated = False

    def __init__(self, output: Output) -> None:
        self._output = output

    def draw(self, snapshot: Snapshot) -> None:
        self._output.document({"type": "progress", "job": str(snapshot.job), "progress": progress_json(snapshot.view)})

    def status(self, snapshot: Snapshot) -> None:
        self._output.document(
            {
                "type": "status",
                "job": str(snapshot.job),
                "status": snapshot.status.value,
                "request": snapshot.request.value if snapshot.request else None,
                "reason": snapshot.reason,
            }
        )

    def say(self, told: Told) -> None:
        self._output.document(told.record or {"type": "note", "text": told.text})

    def close(self) -> None:
        pass

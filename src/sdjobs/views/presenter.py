"""Shows snapshots from a thread of its own, so that a slow or stopped terminal never slows a job."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from sdjobs.views.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Told:
    """`text` in words, and `record` for those who read JSON; either may be missing."""

    text: str = ""
    record: dict[str, object] | None = None


class View(Protocol):
    """One way of showing. All its methods are called from the presenter's thread, `close` once at the end."""

    interval: float
    """Seconds between two drawings, at least."""
    animated: bool
    """Whether it wants to draw again though nothing changed."""

    def draw(self, snapshot: Snapshot) -> None:
        """Show the newest progress; what came in between has been left out."""

    def status(self, snapshot: Snapshot) -> None:
        """The job's status, or what is asked of it, has changed. None is left out."""

    def say(self, told: Told) -> None:
        """Something for the person at the keyboard, or for the program that reads."""

    def close(self) -> None:
        """Leave the screen as the next command wants it."""


_Item: TypeAlias = Snapshot | Told


class Presenter:
    """The methods called from outside return at once."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._changed = threading.Condition()
        self._told: deque[_Item] = deque()
        self._newest: Snapshot | None = None
        self._fresh = False
        self._closing = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="sdjobs-view", daemon=True)
        self._thread.start()

    def show(self, snapshot: Snapshot) -> None:
        with self._changed:
            self._newest, self._fresh = snapshot, True
            self._changed.notify()

    def status(self, snapshot: Snapshot) -> None:
        with self._changed:
            self._newest = snapshot
            self._told.append(snapshot)
            self._changed.notify()

    def say(self, text: str = "", record: dict[str, object] | None = None) -> None:
        with self._changed:
            self._told.append(Told(text, record))
            self._changed.notify()

    def close(self) -> None:
        """Show what is still to be shown, then leave the screen. Raises what the view raised."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:  # handed to the one who closes
            self._error = error
        finally:
            self._view.close()

    def _step(self) -> bool:
        """Show what there is, then keep still for the view's interval. False at the end."""
        told, newest, closing = self._await_change()
        for item in told:
            if isinstance(item, Snapshot):
                self._view.status(item)
            else:
                self._view.say(item)
        if newest is not None and not closing and not newest.status.is_terminal:
            self._view.draw(newest)  # the last words say how much it was in the end
        if closing:
            return False
        self._keep_still()
        return True

    def _await_change(self) -> tuple[list[_Item], Snapshot | None, bool]:
        with self._changed:
            patience = self._view.interval if self._view.animated else None
            self._changed.wait_for(lambda: self._told or self._fresh or self._closing, timeout=patience)
            told = list(self._told)
            self._told.clear()
            newest = self._newest if self._fresh or self._view.animated else None
            self._fresh = False
            return told, newest, self._closing

    def _keep_still(self) -> None:
        """Conflate progress for an interval; a status or a word ends it early."""
        with self._changed:
            self._changed.wait_for(lambda: self._told or self._closing, timeout=self._view.interval)

"""One job's own screen: why it is so, its items, its log, its attempts, its children."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from sdjobs.screen.footer import Key, Notice
from sdjobs.screen.job_drawing import HEIGHT, job_header, job_lines, screen_keys
from sdjobs.screen.job_look import COMMANDS, MOST_ROWS, JobLook, JobWindow, Part, look_at_job
from sdjobs.screen.pane import Pane
from sdjobs.screen.sheet import Sheet
from spacedrive_jobs import JobId, JobInfo, JobNotFound, QuestionInfo

if TYPE_CHECKING:
    from sdjobs.screen.app import WatchApp

PARTS = tuple(Part)


class JobPane(Pane):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", show=False),
        Binding("down,j", "scroll_by(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home,g", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
        Binding("tab,right", "next_part(1)", show=False),
        Binding("shift+tab,left", "next_part(-1)", show=False),
        Binding("escape,backspace,h", "back", show=False),
        Binding("e", "failed_only", show=False),
        *(Binding(str(number), f"part({number - 1})", show=False) for number in range(1, len(PARTS) + 1)),
    ]

    def __init__(self, app: WatchApp, job: JobId) -> None:
        super().__init__(app, head=HEIGHT)
        self._job = job
        self._window: JobWindow = JobWindow()
        self._look: JobLook | None = None
        self._top = 0
        self._follows = False
        """The end of the log is shown, and goes on being shown as lines come."""
        self._beyond = 0
        """How far it can be scrolled."""

    async def on_mount(self) -> None:
        self.watch_app.look_again()

    async def renew(self) -> None:
        window = self._window
        try:
            look = await look_at_job(self.watch_app.jobs, self._job, window)
        except JobNotFound:
            self.watch_app.say(Notice("This job was deleted from the history.", failed=True))
            self.dismiss(None)
            return
        if window == self._window:  # else somebody has turned to another part, and is shown that next
            self._look = look
        self.redraw()

    def drawn_head(self, sheet: Sheet) -> list[Text]:
        return job_header(self._look, self._window, sheet)

    def drawn_body(self, sheet: Sheet, height: int) -> list[Text]:
        if self._look is None:
            return []
        lines = job_lines(self._look, self._window, sheet)
        self._beyond = max(len(lines) - height, 0)
        self._top = self._beyond if self._follows else min(self._top, self._beyond)
        return lines[self._top : self._top + height]

    def keys(self) -> Sequence[Key]:
        return screen_keys(self._look, self._window)

    def look_command(self) -> tuple[str, ...]:
        failed = ("--outcome", "error") if self._window.part is Part.ITEMS and self._window.failed_only else ()
        return ("jobs", COMMANDS[self._window.part], self._job.short, *failed)

    def chosen_job(self) -> JobInfo | None:
        return self._look.info if self._look is not None else None

    def open_questions(self) -> Sequence[QuestionInfo]:
        """Those of one matter: the first one's."""
        if self._look is None or not self._look.questions:
            return ()
        first, *others = self._look.questions
        return [first, *(one for one in others if one.topic and one.topic == first.topic)]

    def help_rows(self) -> list[tuple[str, str]]:
        return [
            ("j k, arrows", "Scroll; PgUp, PgDn, Home, End"),
            ("Tab, 1-5", "To the next part, to a part"),
            ("e", "Of the items, only what failed"),
            ("Esc", "Back to all jobs"),
        ]

    # ---- keys

    def action_scroll_by(self, by: int) -> None:
        self.watch_app.forget_notice()
        self._top = min(max(self._top + by, 0), self._beyond)
        self._follows = self._window.part is Part.LOG and self._top == self._beyond
        if by > 0 and self._top == self._beyond and self._look is not None and self._look.more:
            self._turn(self._window.longer())
        self.redraw()

    def action_page(self, by: int) -> None:
        self.action_scroll_by(by * max(self._body.size.height - 1, 1))

    def action_end(self, end: int) -> None:
        self.action_scroll_by(end * MOST_ROWS * 10)

    def action_next_part(self, by: int) -> None:
        self.action_part((PARTS.index(self._window.part) + by) % len(PARTS))

    def action_part(self, place: int) -> None:
        self._top, self._follows = 0, PARTS[place] is Part.LOG
        self._turn(JobWindow(PARTS[place]))

    def action_failed_only(self) -> None:
        if self._window.part is Part.ITEMS:
            self._top = 0
            self._turn(replace(self._window, failed_only=not self._window.failed_only))

    def _turn(self, window: JobWindow) -> None:
        if window != self._window:
            self._window = window
            self.watch_app.forget_notice()
            self.watch_app.look_again()

    def action_back(self) -> None:
        self.watch_app.forget_notice()
        self.dismiss(None)

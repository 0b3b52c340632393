"""The first screen: all that goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType

from sdjobs.screen.board import AskedEntry, Board, JobEntry, MoreEntry, TroubleEntry
from sdjobs.screen.dialogs import FindDialog
from sdjobs.screen.drawing import body, header
from sdjobs.screen.footer import Key, keys_of, look_at
from sdjobs.screen.job_pane import JobPane
from sdjobs.screen.pane import Pane
from sdjobs.screen.sheet import Sheet
from spacedrive_jobs import JobId, JobInfo, QuestionInfo

if TYPE_CHECKING:
    from sdjobs.screen.app import WatchApp


class BoardPane(Pane):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown,space", "page(1)", show=False),
        Binding("home,g", "end(-1)", show=False),
        Binding("end,G", "end(1)", show=False),
        Binding("tab,right", "section(1)", show=False),
        Binding("shift+tab,left", "section(-1)", show=False),
        Binding("enter", "open", show=False),
        Binding("slash", "find", show=False),
        Binding("escape", "find_all", show=False),
    ]

    def __init__(self, app: WatchApp, board: Board) -> None:
        super().__init__(app, head=3)
        self._board = board
        self._top = 0

    async def renew(self) -> None:
        self.redraw()

    def drawn_head(self, sheet: Sheet) -> list[Text]:
        return header(self._board, self.watch_app.speeds, sheet, self.watch_app.library_name)

    def drawn_body(self, sheet: Sheet, height: int) -> list[Text]:
        lines, self._top = body(self._board, sheet, height, self._top)
        return lines

    def keys(self) -> Sequence[Key]:
        return keys_of(self._board.chosen)

    def look_command(self) -> tuple[str, ...]:
        return look_at(self._board.chosen)

    def chosen_job(self) -> JobInfo | None:
        chosen = self._board.chosen
        return chosen.info if isinstance(chosen, JobEntry) else None

    def open_questions(self) -> Sequence[QuestionInfo]:
        look, chosen = self._board.look, self._board.chosen
        if isinstance(chosen, AskedEntry):
            return chosen.asked.questions
        info = self.chosen_job()
        mine = [one for one in look.asked if info is not None and one.job == info.id] if look is not None else []
        return mine[0].questions if mine else ()

    def help_rows(self) -> list[tuple[str, str]]:
        return [
            ("j k, arrows", "Next, before; PgUp, PgDn, Home, End"),
            ("Tab", "To the next list"),
            ("Enter", "Open the job; show more of a list"),
            ("/  Esc", "Show only jobs that say a text; all again"),
        ]

    # ---- keys

    def _chose(self) -> None:
        """Somebody moved on: what was said of the last deed has been read."""
        self.watch_app.forget_notice()
        self.redraw()

    def action_move(self, by: int) -> None:
        self._board.move(by)
        self._chose()

    def action_page(self, by: int) -> None:
        self._board.move(by * max(self._body.size.height - 2, 1))
        self._chose()

    def action_end(self, end: int) -> None:
        self._board.to_end(end)
        self._chose()

    def action_section(self, by: int) -> None:
        self._board.to_section(by)
        self._chose()

    def action_press(self, key: str) -> None:
        chosen = self._board.chosen
        if key == "p" and isinstance(chosen, TroubleEntry) and chosen.mends is not None:
            self.watch_app.do(chosen.mends)
        else:
            super().action_press(key)

    def action_open(self) -> None:
        match self._board.chosen:
            case JobEntry(_, info):
                self._open(info.id)
            case AskedEntry(asked):
                self._open(asked.job)
            case MoreEntry(section, full=False):
                self._board.show_more(section)
                self.watch_app.look_again()
            case _:
                pass

    def _open(self, job: JobId) -> None:
        self.watch_app.forget_notice()
        self.watch_app.push_screen(JobPane(self.watch_app, job))

    def action_find(self) -> None:
        def find(text: str | None) -> None:
            if text is not None:
                self._find(text.strip())

        self.watch_app.push_screen(
            FindDialog(self._board.window.text, draws_unicode=self.watch_app.draws_unicode), find
        )

    def action_find_all(self) -> None:
        if self._board.window.text:
            self._find("")

    def _find(self, text: str) -> None:
        self._board.find(text)
        self.watch_app.look_again()

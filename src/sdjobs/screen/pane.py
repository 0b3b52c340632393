"""What both screens share: a head, a body and a foot of lines, and the keys that act on a job."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from sdjobs import clock
from sdjobs.screen.deeds import ASKS_FIRST, AnswerDeed, Deed, QueueDeed, Verb, command_of, deed_of, verb_of, word_of
from sdjobs.screen.dialogs import Answer, AnswerDialog, Confirm, Help
from sdjobs.screen.footer import Key, Notice, footer
from sdjobs.screen.lines import Lines
from sdjobs.screen.sheet import Sheet
from sdjobs.text import shown
from spacedrive_jobs import JobInfo, QuestionInfo

if TYPE_CHECKING:
    from sdjobs.screen.app import WatchApp

EXPLAINED: Final[dict[Verb, str]] = {
    "cancel": "It stops for good, at its next safe point.",
    "abort": "It is not asked first, and what it has not saved is lost. Cancel stops it at its next safe point, which "
    "is better where it works.",
}

COMMON: Final[tuple[BindingType, ...]] = (
    *(Binding(key, f"press('{key}')", show=False) for key in ("p", "f", "r", "c", "X")),
    Binding("x", "press('c')", show=False),  # the page's key
    Binding("a", "answer", show=False),
    Binding("P", "pause_all", show=False),
    Binding("u", "undo", show=False),
    Binding("question_mark", "help", show=False),
    Binding("q", "leave", show=False),
)


class Pane(Screen[None]):
    """`renew` is called after each look at the library; `redraw` after whatever changes what is shown."""

    DEFAULT_CSS = """
    Pane { background: ansi_default; color: ansi_default; overflow: hidden; }
    Pane #head { dock: top; }
    Pane #body { height: 1fr; }
    Pane #foot { dock: bottom; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [*COMMON]

    def __init__(self, app: WatchApp, *, head: int) -> None:
        super().__init__()
        self.watch_app = app
        self._head = Lines(lambda width, _: self.drawn_head(self.sheet(width)), id="head")
        self._head.styles.height = head
        self._body = Lines(lambda width, height: self.drawn_body(self.sheet(width), height), id="body")
        self._foot = Lines(lambda width, _: self._drawn_foot(self.sheet(width)), id="foot")

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._body
        yield self._foot

    def sheet(self, width: int) -> Sheet:
        return Sheet(width, clock.now(), time.monotonic(), self.watch_app.draws_unicode)

    async def renew(self) -> None:
        """The library was looked at."""

    def redraw(self) -> None:
        self._foot.styles.height = len(self._drawn_foot(self.sheet(self.size.width)))
        for lines in (self._head, self._body, self._foot):
            lines.redraw()

    def _drawn_foot(self, sheet: Sheet) -> list[Text]:
        notice, command = self.watch_app.notice, self.watch_app.said_command
        words = self.look_command()
        return footer(notice, command or (self.watch_app.typed(words) if words else ""), self.keys(), sheet)

    @abstractmethod
    def drawn_head(self, sheet: Sheet) -> Sequence[Text]: ...

    @abstractmethod
    def drawn_body(self, sheet: Sheet, height: int) -> Sequence[Text]: ...

    @abstractmethod
    def keys(self) -> Sequence[Key]: ...

    @abstractmethod
    def look_command(self) -> tuple[str, ...]:
        """The words after `sdjobs` that show what is chosen."""

    @abstractmethod
    def chosen_job(self) -> JobInfo | None:
        """On which the keys act."""

    @abstractmethod
    def open_questions(self) -> Sequence[QuestionInfo]:
        """Which the key `a` answers: the first of them, or all."""

    @abstractmethod
    def help_rows(self) -> list[tuple[str, str]]:
        """The keys of this screen alone, and what they do."""

    # ---- keys

    def action_press(self, key: str) -> None:
        info = self.chosen_job()
        verb = verb_of(key, info) if info is not None else None
        if info is None or verb is None:
            self.watch_app.say(Notice("That cannot be done with what is chosen.", failed=True))
        else:
            self._do(deed_of(verb, info), verb, info)

    def _do(self, deed: Deed, verb: Verb, info: JobInfo) -> None:
        if verb not in ASKS_FIRST:
            self.watch_app.do(deed)
            return
        question = f"{word_of(verb, info)}: {deed_of(verb, info).title}?"
        dialog = Confirm(question, EXPLAINED[verb], self.typed(deed), draws_unicode=self.watch_app.draws_unicode)
        self.watch_app.push_screen(dialog, lambda yes: self.watch_app.do(deed) if yes else None)

    def typed(self, deed: Deed) -> str:
        """How it is typed."""
        return self.watch_app.typed(command_of(deed))

    def action_answer(self) -> None:
        questions = self.open_questions()
        if not questions:
            self.watch_app.say(Notice("It asks nothing.", failed=True))
            return
        first, draws = questions[0], self.watch_app.draws_unicode

        def deed(answer: Answer) -> AnswerDeed:
            return AnswerDeed(first, answer.value, answer.for_all)

        dialog = AnswerDialog(first, len(questions), lambda answer: self.typed(deed(answer)), draws_unicode=draws)
        self.watch_app.push_screen(
            dialog, lambda answer: self.watch_app.do(deed(answer)) if answer is not None else None
        )

    def action_pause_all(self) -> None:
        look = self.watch_app.board.look
        if look is not None:
            self.watch_app.do(QueueDeed(pause=None not in look.paused))

    def action_undo(self) -> None:
        self.watch_app.undo()

    def action_leave(self) -> None:
        self.watch_app.leave()

    def action_help(self) -> None:
        rows = [(keys, what, "") for keys, what in self.help_rows()]
        info = self.chosen_job()
        for key in ("p", "f", "r", "c", "X"):
            verb = verb_of(key, info) if info is not None else None
            if info is not None and verb is not None:
                rows.append((key, f"{word_of(verb, info)}", self.typed(deed_of(verb, info))))
        look = self.watch_app.board.look
        pause = look is None or None not in look.paused
        rows += [
            ("a", "Answer what it asks", self.watch_app.typed(("jobs", "questions"))),
            ("P", "Pause everything" if pause else "Go on with everything", self.typed(QueueDeed(pause))),
            ("u", "Take the last one back", ""),
            ("q", "Quit; jobs are left alone", ""),
        ]
        harmless = [(keys, shown(what), command) for keys, what, command in rows]
        self.watch_app.push_screen(Help(harmless, draws_unicode=self.watch_app.draws_unicode))

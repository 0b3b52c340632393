"""What asks before something is done: yes or no, an answer, a text to look for; and the list of keys."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from sdjobs import clock
from sdjobs.screen.footer import typed_lines
from sdjobs.screen.lines import Lines
from sdjobs.screen.sheet import Sheet
from spacedrive_jobs import QuestionInfo

AnswerT = TypeVar("AnswerT")

MOST_LINES: Final = 40
KEYS_WIDTH: Final = 13


class Dialog(ModalScreen[AnswerT], Generic[AnswerT]):
    """Lines in a frame over the screen."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: transparent; }
    Dialog > .frame { width: 72; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
                        border: round ansi_default; background: ansi_default; }
    Dialog Lines { height: auto; background: ansi_default; }
    Dialog.plain > .frame { border: ascii ansi_default; }
    Dialog Input { background: ansi_default; color: ansi_default; }
    """

    def __init__(self, *, draws_unicode: bool) -> None:
        super().__init__(classes="" if draws_unicode else "plain")
        self._draws_unicode = draws_unicode
        self._lines = Lines(lambda width, _: self.drawn(self.sheet(width)), id="asked")

    def compose(self) -> ComposeResult:
        with Vertical(classes="frame"):
            yield self._lines

    def on_mount(self) -> None:
        self.fit()

    def on_resize(self) -> None:
        self.fit()

    def fit(self) -> None:
        """As high as its lines at the width that there is."""
        width = max(min(72, self.size.width) - 4, 1)
        self._lines.styles.height = min(len(self.drawn(self.sheet(width))), MOST_LINES)
        self._lines.redraw()

    def sheet(self, width: int) -> Sheet:
        return Sheet(width, clock.now(), draws_unicode=self._draws_unicode)

    @abstractmethod
    def drawn(self, sheet: Sheet) -> list[Text]: ...


class Confirm(Dialog[bool]):
    """A question before what cannot be taken back. `command` is how it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,enter", "say(True)", show=False),
        Binding("n,escape,q", "say(False)", show=False),
    ]

    def __init__(self, question: str, explanation: str, command: str, *, draws_unicode: bool) -> None:
        super().__init__(draws_unicode=draws_unicode)
        self._question, self._explanation, self._command = question, explanation, command

    def drawn(self, sheet: Sheet) -> list[Text]:
        return [
            *sheet.wrapped(self._question, "bold", most=3),
            *sheet.wrapped(self._explanation),
            *typed_lines(self._command, sheet),
            Text.assemble(("y", "bold"), " Yes   ", ("n", "bold"), " No"),
        ]

    def action_say(self, yes: bool) -> None:
        self.dismiss(yes)


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody chose or wrote. `for_all`: for all questions like it."""

    value: object
    for_all: bool


class AnswerDialog(Dialog[Answer | None]):
    """A question and the answers that it takes; a field where any text may be given. `many`: so many are like it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("enter", "answer", show=False),
        Binding("A", "for_all", show=False),
        Binding("escape", "dismiss(None)", show=False),
        *(Binding(str(number), f"choose({number - 1})", show=False) for number in range(1, 10)),
    ]

    def __init__(
        self, question: QuestionInfo, many: int, command: Callable[[Answer], str], *, draws_unicode: bool
    ) -> None:
        super().__init__(draws_unicode=draws_unicode)
        self._question, self._many, self._command = question, many, command
        self._place = 0
        self._for_all = many > 1

    def compose(self) -> ComposeResult:
        with Vertical(classes="frame"):
            yield self._lines
            if not self._question.choices:
                yield Input(placeholder="Your answer, then Enter", max_length=1_000, compact=True)

    def drawn(self, sheet: Sheet) -> list[Text]:
        lines = sheet.wrapped(self._question.question, "bold")
        for number, choice in enumerate(self._question.choices):
            chosen = number == self._place
            sign = sheet.pick("▌", ">") if chosen else " "
            lines.append(sheet.line(f"{sign}{number + 1} {choice}", "reverse" if chosen else ""))
        if self._many > 1:
            box = "x" if self._for_all else " "
            lines.append(sheet.line(f"A [{box}] One answer for all {self._many:,} like it"))
        given = Answer(self._chosen("ANSWER"), self._for_all)
        return [*lines, *typed_lines(self._command(given), sheet), sheet.line("Enter Answer   Esc Not now")]

    def _chosen(self, otherwise: object) -> object:
        return self._question.choices[self._place] if self._question.choices else otherwise

    def action_move(self, by: int) -> None:
        self._place = min(max(self._place + by, 0), max(len(self._question.choices) - 1, 0))
        self.fit()

    def action_choose(self, place: int) -> None:
        if place < len(self._question.choices):
            self.dismiss(Answer(self._question.choices[place], self._for_all))

    def action_for_all(self) -> None:
        self._for_all = self._many > 1 and not self._for_all
        self.fit()

    def action_answer(self) -> None:
        if self._question.choices:
            self.dismiss(Answer(self._chosen(""), self._for_all))

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        if submitted.value:
            self.dismiss(Answer(submitted.value, self._for_all))


class FindDialog(Dialog[str | None]):
    """What jobs must say to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", show=False)]

    def __init__(self, text: str, *, draws_unicode: bool) -> None:
        super().__init__(draws_unicode=draws_unicode)
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="frame"):
            yield self._lines
            yield Input(self._text, placeholder="A part of a path, a kind, a reason", max_length=200, compact=True)

    def drawn(self, sheet: Sheet) -> list[Text]:
        return [
            sheet.line("Show only jobs that say", "bold"),
            sheet.line("Enter Find   Esc Leave it   empty: all jobs", "dim"),
        ]

    def on_input_submitted(self, submitted: Input.Submitted) -> None:
        self.dismiss(submitted.value)


class Help(Dialog[None]):
    """The keys, each with what it does and how it is typed for what is chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,q,question_mark,space", "dismiss(None)", show=False)]

    def __init__(self, rows: Sequence[tuple[str, str, str]], *, draws_unicode: bool) -> None:
        super().__init__(draws_unicode=draws_unicode)
        self._rows = rows

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="frame"):  # it may be longer than a terminal is high
            yield self._lines

    def drawn(self, sheet: Sheet) -> list[Text]:
        lines: list[Text] = []
        for keys, what, command in self._rows:
            lines.append(Text.assemble((keys.ljust(KEYS_WIDTH), "bold"), sheet.cut(what, sheet.width - KEYS_WIDTH)))
            if command:
                lines += sheet.wrapped(f"$ {command}", "dim", indent=KEYS_WIDTH, most=3)
        return [*lines, sheet.line("Esc closes this.", "dim")]

"""The application: looks at the library again and again, does what the keys say, and leaves the terminal as it was."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import WorkerFailed

from sdjobs.exit_codes import ExitCode
from sdjobs.faults import explain
from sdjobs.screen.board import Board
from sdjobs.screen.board_pane import BoardPane
from sdjobs.screen.deeds import Deed, carry_out, command_of
from sdjobs.screen.footer import Notice
from sdjobs.screen.looking import Looker
from sdjobs.screen.pane import Pane
from sdjobs.settings import Settings
from spacedrive_jobs import JobSystem, Library, LibraryNotFound

INTERVAL: Final = 1.0
"""Seconds between two looks while nothing changes."""
PACE: Final = 0.2
"""Between two looks however much happens: a burst of short jobs costs a few looks a second."""
PATIENCE: Final = 0.7
"""After which somebody is told that what they asked for has to wait."""
POINTS: Final = 120
"""Looks of which the speed is kept."""


class WatchApp(App[ExitCode]):
    """On an open library, which it neither closes nor runs jobs of. `failure`: what ended it, if it was not a key."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "interrupt", show=False, priority=True),
        Binding("ctrl+q", "interrupt", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
    ]

    def __init__(self, library: Library, settings: Settings) -> None:
        super().__init__(ansi_color=True)  # the terminal's own colours, light or dark
        self._settings = settings
        self._path = library.path
        self._looker = Looker(library)
        self._looking = asyncio.Lock()
        self._again = asyncio.Event()
        self._back: Deed | None = None
        self._trouble = ""
        self.jobs: JobSystem = library.jobs
        self.board = Board()
        self.speeds: list[float] = []
        self.notice = Notice()
        self.said_command = ""
        self.failure: BaseException | None = None
        self.library_name = library.path.name.removesuffix(".sdlibrary")
        self.draws_unicode = settings.out.draws_unicode

    def on_mount(self) -> None:
        self.push_screen(BoardPane(self, self.board))
        self.run_worker(self._keep_looking(), exit_on_error=True)

    # ---- looking

    async def _keep_looking(self) -> None:
        while True:
            self._again.clear()
            await self.look()
            await self._pause()

    async def _pause(self) -> None:
        """Until something changes in the library or on the screen, or for the interval."""
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(self._again.wait()), group.create_task(self._until_changed())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()

    async def _until_changed(self) -> None:
        if self._trouble:
            await asyncio.sleep(INTERVAL)
            return
        await asyncio.sleep(PACE)
        await self._looker.wait(INTERVAL - PACE)

    def look_again(self) -> None:
        self._again.set()

    async def look(self) -> None:
        """Look at the library, and show it. What cannot be read now is said, and tried again."""
        async with self._looking:
            try:
                window = self.board.window
                look = await self._looker.look(window)
                if window == self.board.window:
                    self.board.take(look)
                    self._measure()
                for screen in self.screen_stack:
                    if isinstance(screen, Pane):
                        await screen.renew()
                self._say_well()
            except LibraryNotFound as error:
                self.fail(error)
            except Exception as error:
                self._cannot_look(error)

    def _measure(self) -> None:
        look = self.board.look
        now = sum(info.view.bytes_per_second or 0.0 for info in look.running) if look is not None else 0.0
        self.speeds = [*self.speeds[1 - POINTS :], now]

    def _cannot_look(self, error: Exception) -> None:
        """Said once; a log that grew each second would be the next trouble."""
        if repr(error) != self._trouble:
            self._trouble = repr(error)
            self.say(Notice(f"The library cannot be read now. {self._words(error)}", failed=True))

    def _say_well(self) -> None:
        if self._trouble:
            self._trouble = ""
            self.say(Notice("The library can be read again."))

    # ---- doing

    def do(self, deed: Deed) -> None:
        self.run_worker(self._carry_out(deed), exit_on_error=True)

    async def _carry_out(self, deed: Deed) -> None:
        waits = Notice("Another process holds the library. It is done when that lets go.")
        timer = self.set_timer(PATIENCE, lambda: self.say(waits))
        try:
            done = await carry_out(self.jobs, deed)
        except Exception as error:
            self.say(Notice(self._words(error), failed=True))
            return
        finally:
            timer.stop()
        self._back = done.back
        self.say(Notice(done.said, can_undo=done.back is not None), self.typed(command_of(deed)))
        self.look_again()

    def undo(self) -> None:
        if self._back is None:
            self.say(Notice("There is nothing to take back.", failed=True))
            return
        back, self._back = self._back, None
        self.do(back)

    def say(self, notice: Notice, command: str = "") -> None:
        """In the foot of the screen, until somebody moves on."""
        self.notice, self.said_command = notice, command
        self._redraw()

    def forget_notice(self) -> None:
        if not self._trouble:
            self.notice, self.said_command = Notice(), ""

    def typed(self, words: tuple[str, ...]) -> str:
        return self._settings.command(*words)

    def _redraw(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, Pane):
                screen.redraw()

    def _words(self, error: Exception) -> str:
        if isinstance(error, ValueError):
            return f"{str(error).capitalize()}."  # an answer that is not among the choices
        fault = explain(error, self._settings)
        return f"{fault.message} {fault.advice}".rstrip()

    # ---- leaving

    def leave(self) -> None:
        self.exit(ExitCode.DONE)

    def action_interrupt(self) -> None:
        self.exit(ExitCode.INTERRUPTED)

    def fail(self, error: BaseException) -> None:
        """End; the caller tells `failure` when the terminal is as it was."""
        self.failure = self.failure or error
        self.exit(ExitCode.FAILED)

    def _handle_exception(self, error: Exception) -> None:
        """Textual would print a traceback over the screen."""
        self.fail(error.error if isinstance(error, WorkerFailed) else error)

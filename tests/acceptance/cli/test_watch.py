"""The full-screen view in a terminal of its own, on a library that other processes use."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.cli.conftest import ROOT, SAMPLES, Cli
from tests.acceptance.cli.whole_screen import ENTERS, LEAVES
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(60)  # each starts several processes, one of them with a whole terminal to fill

RUN = ("--import", SAMPLES, "run")
STEPS = (*RUN, "example.steps", "--total")
COLOURS = re.compile(r"\x1b\[[0-9;]*\b(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8;[25];[0-9;]*)[0-9;]*m")


def test_a_job_of_another_process_is_seen_and_paused(cli: Cli) -> None:
    gate = cli.gate(62)
    command = cli.start(*STEPS, "100", "--gate", str(gate), "--json")
    command.says('"items_done": 62')
    screen = cli.whole_screen("watch")
    screen.shows("62 %")
    job = cli.only_job()["short_id"]
    screen.shows("1 job runs.")
    screen.press("p")
    screen.shows(f"$ sdjobs jobs pause {job}")
    screen.shows("Paused, until you let it go on")
    assert cli.only_job()["status"] == "paused"
    assert command.ends() == 3
    screen.press("\r")
    screen.shows("1 Why")
    screen.press("3")
    screen.shows("attempt 1 starts at 0")
    screen.press("q")
    assert screen.ends() == 0
    assert screen.is_left()


def test_what_another_process_does_is_seen_at_once(cli: Cli) -> None:
    screen = cli.whole_screen("watch")
    screen.shows("Nothing to do.")
    cli.run(*STEPS, "1", "--detach")
    screen.shows("1 job waits")
    screen.shows("Nobody runs the jobs")
    assert cli.run(*STEPS, "2").returncode == 0
    screen.shows("✓ ")


@pytest.mark.parametrize("way", ["ctrl-c", "SIGTERM", "SIGHUP"])
def test_however_it_ends_the_terminal_is_as_before(cli: Cli, way: str) -> None:
    screen = cli.whole_screen("watch")
    screen.shows("Nothing runs now.")
    assert not screen.is_left()
    if way == "ctrl-c":
        screen.press("\x03")
    else:
        os.kill(screen.pid, signal.Signals[way])
    assert screen.ends() == 3
    assert screen.is_left()
    assert "Traceback" not in screen.written


def test_a_second_signal_does_not_wait_for_the_first(cli: Cli) -> None:
    screen = cli.whole_screen("watch")
    screen.shows("Nothing runs now.")
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGHUP, signal.SIGCONT):
        os.kill(screen.pid, number)
    assert screen.ends() == 3
    assert screen.is_left()


def test_a_closed_window_ends_it(cli: Cli) -> None:
    screen = cli.whole_screen("watch")
    screen.shows("Nothing runs now.")
    screen.hang_up()
    eventually(screen.has_gone, what="the end of the program")
    assert not (cli.library / "logs" / "sdjobs.log").exists()


def test_ctrl_z_gives_the_shell_its_screen_and_fg_goes_on(cli: Cli) -> None:
    shell = cli.shell_on_whole_screen()
    shell.press("$SDJOBS watch\n")
    shell.shows("Nothing runs now.")
    shell.press("\x1a")
    shell.shows("Stopped")
    assert shell.written.rindex(LEAVES) > shell.written.rindex(ENTERS)
    shell.press("fg\n")
    eventually(lambda: shell.read().rindex(ENTERS) > shell.written.rindex(LEAVES), what="the screen again")
    cli.run(*STEPS, "1", "--detach")
    shell.shows("1 job waits")
    shell.press("q")
    eventually(lambda: shell.read().rindex(LEAVES) > shell.written.rindex(ENTERS), what="the shell again")


def test_a_library_that_another_process_holds_is_said_and_waited_for(cli: Cli) -> None:
    cli.run(*STEPS, "1", "--detach")
    screen = cli.whole_screen("watch")
    screen.shows("1 job waits")
    with closing(sqlite3.connect(cli.library / "jobs.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        screen.press("G")
        screen.shows("jobs show")
        screen.press("p")
        screen.shows("Another process holds the library.")
        other.execute("ROLLBACK")
        screen.shows("pauses at its next safe point.")
    assert cli.only_job()["status"] == "paused"


def test_a_library_that_goes_meanwhile_is_said_and_the_terminal_is_as_before(cli: Cli) -> None:
    screen = cli.whole_screen("watch")
    screen.shows("Nothing runs now.")
    shutil.move(cli.library, cli.folder / "elsewhere")
    assert screen.ends() == 2
    assert screen.is_left()
    assert f"Error: There is no library at {cli.library}." in screen.written
    assert "Traceback" not in screen.written


def test_a_library_that_is_not_there_is_said_before_the_screen_is_taken(cli: Cli) -> None:
    screen = cli.whole_screen("--library", str(cli.folder / "none"), "watch")
    assert screen.ends() == 2
    assert "Error: There is no library at" in screen.written
    assert ENTERS not in screen.written


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_it_fits_every_width(cli: Cli, columns: int) -> None:
    command = cli.start(*STEPS, "100", "--gate", str(cli.gate(62)), "--json")
    command.says('"items_done": 62')
    screen = cli.whole_screen("watch", columns=columns, rows=20)
    screen.shows("62 %")
    eventually(lambda: screen.screen()[0].startswith("1 job runs."), what=f"the head in {screen.screen()}")
    eventually(lambda: screen.screen()[-1].endswith("q Quit"), what=f"the foot in {screen.screen()}")
    screen.resize(60, 12)
    eventually(lambda: screen.screen()[11].endswith("q Quit"), what=f"the foot in {screen.screen()}")
    screen.shows("62 %")


def test_hostile_names_leave_the_screen_whole(cli: Cli) -> None:
    cli.run(*RUN, "example.nasty", "--text", "\u202e漢字" * 1000 + "\x1b[2J")
    cli.run(*RUN, "example.nasty_failure")
    screen = cli.whole_screen("watch")
    screen.shows("History")
    for keys in ("", "\r", "2", "3", "4"):
        screen.press(keys)
        screen.shows("q Quit")
        assert all(line.isprintable() for line in screen.screen())
    assert "\u202e" not in screen.written
    assert "\x1b[2J\x1b[H" not in screen.written


def test_no_color(cli: Cli) -> None:
    cli.run(*RUN, "example.failing")
    coloured = cli.whole_screen("watch")
    coloured.shows("Needs you")
    assert COLOURS.search(coloured.read())
    plain = cli.whole_screen("watch", NO_COLOR="1")
    plain.shows("Needs you")
    found = COLOURS.search(plain.read())
    assert found is None, found


def test_a_terminal_without_unicode_gets_ascii(cli: Cli) -> None:
    cli.run(*RUN, "example.failing")
    screen = cli.whole_screen("watch", LC_ALL="C")
    screen.shows("Needs you")
    screen.press("?")
    screen.shows("Esc closes this.")
    assert screen.read().isascii()


@pytest.mark.parametrize("as_json", [True, False])
def test_where_there_is_no_terminal_lines_are_printed(cli: Cli, as_json: bool) -> None:
    watching = cli.start("watch", *(["--json"] if as_json else []))
    said = '"status": "completed"' if as_json else " completed"
    eventually(lambda: cli.run(*STEPS, "1").returncode == 0 and said in watching.out, within=30, what=said)
    watching.send(signal.SIGINT)
    assert watching.ends() == 3
    assert "\x1b" not in watching.out


def test_a_dumb_terminal_gets_lines(cli: Cli) -> None:
    terminal = cli.terminal("watch", TERM="dumb")
    eventually(lambda: cli.run(*STEPS, "1").returncode == 0 and " completed" in terminal.read())
    assert "\x1b" not in terminal.written


def without_textual(folder: Path) -> str:
    """A path on which textual is not installed."""
    package = folder / "path" / "textual"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('raise ModuleNotFoundError("No module named \'textual\'", name="textual")\n')
    return str(package.parent)


def test_without_textual_a_sentence_says_how_to_get_it(cli: Cli) -> None:
    screen = cli.whole_screen("watch", PYTHONPATH=without_textual(cli.folder))
    assert screen.ends() == 2
    assert "Error: textual is not installed, and the full-screen view needs it." in screen.written
    assert "spacedrive-jobs[terminal]" in screen.written
    assert cli.run("watch", "--help", PYTHONPATH=str(cli.folder / "path")).returncode == 0


@pytest.mark.parametrize("words", [["--help"], ["jobs", "list"], ["watch", "--help"]], ids=" ".join)
def test_no_other_command_loads_it(cli: Cli, words: list[str]) -> None:
    program = (
        "import sys; from sdjobs.main import run; run(sys.argv[1:]); "
        "print(*(m for m in sys.modules if m.partition('.')[0] == 'textual'), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        env=cli.environment, cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr.strip() == ""

"""What a person sees. The screen is rebuilt from all that was written, and refuses what the bar must not use."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.cli.conftest import SAMPLES, Cli

RUN = ("--import", SAMPLES, "run")
STEPS = (*RUN, "example.steps", "--total")


def test_the_bar_and_what_is_left_of_it(cli: Cli) -> None:
    gate = cli.gate(62)
    terminal = cli.terminal(*STEPS, "100", "--gate", str(gate))
    terminal.shows("62 %")
    title, bar, activity = terminal.screen()
    assert re.fullmatch(r"example\.steps \(job [0-9a-f]{8}\)", title)
    assert re.match(r"━+╸?─+ +62 %   62\.0 of 100\.0 kB", bar)
    assert activity == "counting · 62 of 100 items · /steps/62"
    assert all(len(line) < 80 for line in terminal.screen())

    gate.allow(100)
    assert terminal.ends() == 0
    last = terminal.screen()
    assert last[0] == title
    assert last[1].startswith("Done: 100.0 kB, 100 items in ")
    assert len(last) == 3
    assert terminal.written.rindex("\x1b[?25h") > terminal.written.rindex("\x1b[?25l")


def test_ctrl_c_leaves_a_tidy_screen(cli: Cli) -> None:
    terminal = cli.terminal(*STEPS, "100", "--gate", str(cli.gate(62)))
    terminal.shows("62 %")
    terminal.press("\x03")
    assert terminal.ends() == 3
    job = cli.only_job()["short_id"]
    assert [line.removesuffix("^C") for line in terminal.screen()[1:]] == [
        "Pausing at the next safe point. Ctrl-C again aborts and cancels the job.",
        "Paused at 62 %, 62.0 of 100.0 kB.",
        f"Resume it: sdjobs --import {SAMPLES} jobs resume {job} --follow"[:80],
        f"Resume it: sdjobs --import {SAMPLES} jobs resume {job} --follow"[80:],
    ]


@pytest.mark.parametrize("columns", [20, 40, 80, 120, 200])
def test_the_bar_fits_every_width(cli: Cli, columns: int) -> None:
    terminal = cli.terminal(*STEPS, "100", "--gate", str(cli.gate(62)), columns=columns)
    terminal.shows("62 %")
    wide = [line for line in terminal.screen() if "62 %" in line or "/steps" in line]
    assert all(len(line) < columns for line in wide)
    assert sum("62 %" in line for line in terminal.screen()) == 1


def test_the_bar_follows_a_change_of_width(cli: Cli) -> None:
    gate = cli.gate(62)
    terminal = cli.terminal(*STEPS, "100", "--gate", str(gate), columns=120)
    terminal.shows("62 %")
    terminal.resize(60)
    gate.allow(70)
    terminal.shows("70 %")
    assert max(len(line) for line in terminal.screen() if "70 %" in line) < 60


def test_no_color(cli: Cli) -> None:
    plain = cli.terminal(*STEPS, "3", NO_COLOR="1")
    assert plain.ends() == 0
    colours = re.compile(r"\x1b\[(?:3|4|9|10)\d")
    assert colours.search(plain.written) is None
    coloured = cli.terminal(*STEPS, "100", "--gate", str(cli.gate(5)))
    coloured.shows("5 %")
    assert colours.search(coloured.written)


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(cli: Cli) -> None:
    terminal = cli.terminal(*STEPS, "3", TERM="dumb")
    assert terminal.ends() == 0
    assert "\x1b" not in terminal.written
    assert "Done: 3.0 kB, 3 items" in terminal.written


def test_a_terminal_without_unicode_gets_ascii(cli: Cli) -> None:
    terminal = cli.terminal(*STEPS, "100", "--gate", str(cli.gate(62)), LC_ALL="C")
    terminal.shows("62 %")
    assert terminal.written.isascii()
    assert any(re.match("#+-+ +62 %", line) for line in terminal.screen())


def test_a_hostile_name_does_nothing_to_the_screen(cli: Cli) -> None:
    terminal = cli.terminal(*RUN, "example.nasty")
    assert terminal.ends() == 4
    assert all(line.isprintable() for line in terminal.screen())
    assert "\u202e" not in terminal.written


def test_ctrl_z_gives_the_shell_its_cursor_and_fg_goes_on(cli: Cli) -> None:
    gate = cli.gate(62)
    shell = cli.shell()
    shell.press(f"TERM=xterm $SDJOBS {' '.join(STEPS)} 100 --gate {gate}\n")
    shell.shows("62 %")
    shell.press("\x1a")
    shell.shows("Stopped")
    assert shell.written.rindex("\x1b[?25h") > shell.written.rindex("\x1b[?25l")
    gate.allow(70)
    shell.press("fg\n")
    shell.shows("70 %")
    assert shell.written.rindex("\x1b[?25l") > shell.written.rindex("\x1b[?25h")
    gate.allow(100)
    shell.shows("Done: ")


def test_a_closed_window_is_a_shutdown(cli: Cli) -> None:
    terminal = cli.terminal(*STEPS, "100", "--gate", str(cli.gate(62)))
    terminal.shows("62 %")
    terminal.hang_up()
    from tests.waiting import eventually

    eventually(lambda: cli.only_job()["status"] == "queued")
    assert cli.only_job()["progress"]["items_done"] == 62


def test_a_table_is_cut_to_the_terminal_and_whole_in_a_pipe(cli: Cli) -> None:
    message = "a reason so long that it cannot stand in one line of any terminal " * 3
    cli.run(*RUN, "example.failing", "--message", message)
    terminal = cli.terminal("jobs", "list")
    assert terminal.ends() == 0
    header, row = terminal.screen()
    assert header.split() == ["ID", "STATUS", "KIND", "DONE", "AGE", "WHAT", "AND", "WHY"]
    assert row.endswith("…")
    assert len(row) <= 80
    assert message.strip() in cli.run("jobs", "list").stdout


def test_all_unfinished_jobs_are_watched_in_a_table(cli: Cli) -> None:
    gate = cli.gate(62)
    command = cli.start(*STEPS, "100", "--gate", str(gate), "--json")
    command.says('"items_done": 62')
    terminal = cli.terminal("jobs", "watch")
    terminal.shows("62 %")
    gate.allow(100)
    terminal.shows("No unfinished jobs")
    terminal.press("\x03")
    assert terminal.ends() == 3
    assert command.ends() == 0


def test_a_job_of_another_process_is_watched_with_a_bar(cli: Cli) -> None:
    gate = cli.gate(62)
    command = cli.start(*STEPS, "100", "--gate", str(gate), "--json")
    command.says('"items_done": 62')
    terminal = cli.terminal("jobs", "watch", cli.only_job()["short_id"])
    terminal.shows("62 %")
    terminal.press("\x03")
    assert terminal.ends() == 3
    assert any(line.startswith("Stopped watching by Ctrl-C") for line in terminal.screen())
    gate.allow(100)
    assert command.ends() == 0

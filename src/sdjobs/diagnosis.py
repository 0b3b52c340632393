"""From what an examination found to sentences: whether it is well, and what to do. Nothing here looks or acts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from sdjobs.settings import Settings
from sdjobs.text import counted, duration, size
from spacedrive_jobs import RunnerInfo
from spacedrive_jobs.health import DatabaseHealth, LibraryHealth

LITTLE_SPACE: Final = 100 * 10**6
CLOCK_SLACK: Final = timedelta(seconds=2)
"""Another process may have written while this one looked."""

Level = Literal["ok", "notice", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`advice`: what to do now. `fixable`: `--fix` does it."""

    check: str
    level: Level
    text: str
    advice: str = ""
    fixable: bool = False


def diagnose(health: LibraryHealth, settings: Settings) -> list[Finding]:
    """Everything that was looked at, what is well too."""
    return [
        *_place(health),
        *(finding for database in health.databases for finding in _database(database, settings)),
        *_runners(health),
        *_waiting(health, settings),
        _leftovers(health),
        _clock(health),
    ]


# --- where it is ------------------------------------------------------------------------------------------------------


def _place(health: LibraryHealth) -> Iterator[Finding]:
    if health.file_system:
        yield Finding(
            "file system",
            "problem",
            f"{health.path} is on {health.file_system}, where SQLite's locks cannot be relied on.",
            "Move the library to a local disk; the files that jobs work on may be anywhere.",
        )
    else:
        yield Finding("file system", "ok", "Its file system keeps locks.")
    yield _space(health)
    yield from _permissions(health)


def _space(health: LibraryHealth) -> Finding:
    free = size(health.free_bytes)
    if health.free_bytes < LITTLE_SPACE:
        advice = "Free some: without space for their state jobs stand still, and go on by themselves once there is."
        return Finding("disk space", "problem", f"Only {free} are free on its disk.", advice)
    return Finding("disk space", "ok", f"{free} are free on its disk.")


def _permissions(health: LibraryHealth) -> Iterator[Finding]:
    if health.is_read_only:
        advice = "Mount it for writing; or copy the library to a disk that can be written, and use the copy."
        yield Finding("permissions", "problem", f"The disk of {health.path} is mounted read-only.", advice)
    elif health.unusable:
        names = ", ".join(str(path) for path in health.unusable)
        folder = shlex.quote(str(health.path))
        advice = f"Give them back: sudo chown -R $(id -un) {folder} && chmod -R u+rwX {folder}"
        yield Finding("permissions", "problem", f"You may not read and write {names}.", advice)
    if health.mode & 0o002:
        text = f"Anybody on this machine may write into {health.path} (mode {health.mode:o}), and so run jobs as you."
        yield Finding("permissions", "problem", text, f"chmod o-w {health.path}", fixable=True)
    elif not (health.unusable or health.is_read_only):
        yield Finding(
            "permissions", "ok", "You may use its folder, and nobody whom it does not belong to may change it."
        )


# --- its databases ----------------------------------------------------------------------------------------------------


def _database(database: DatabaseHealth, settings: Settings) -> Iterator[Finding]:
    name = database.name
    if not database.present:
        yield Finding(name, "ok", f"{name} is not there yet; it is made when it is first needed.")
        return
    if database.problems:
        first, *more = database.problems
        rest = f" (and {len(more)} more)" if more else ""
        yield Finding(name, "problem", f"{name} is damaged: {first}{rest}.", _mend(name, settings))
    elif database.unseen:
        advice = "That says nothing of what is in it: leave it where it is, see to what is in the way, and look again."
        yield Finding(name, "problem", f"{name} could not be looked at: {database.unseen}.", advice)
    else:
        yield Finding(name, "ok", f"{name} is whole.")
    if database.is_newer:
        text = f"{name} has schema version {database.version}; what is installed here knows {database.known_version}."
        yield Finding(name, "problem", text, 'Upgrade it: pip install --upgrade "spacedrive-jobs[all]"')
    elif database.version is not None and database.version < database.known_version:
        text = f"{name} has schema version {database.version}; the next opening makes {database.known_version} of it."
        yield Finding(name, "notice", text)


def _mend(name: str, settings: Settings) -> str:
    folder = settings.library
    if name == "library.db":
        return (
            f"Stop what uses the library and move {folder / name} aside: sdjobs index makes the index anew. "
            "Tables of your own in it come from a backup."
        )
    return (
        f"Stop what uses the library and restore {folder / name} from a backup; or move it aside and begin with an "
        "empty queue. Your files are not in it."
    )


# --- who uses it ------------------------------------------------------------------------------------------------------


def _runners(health: LibraryHealth) -> Iterator[Finding]:
    dead = [runner for runner in health.runners if runner.state == "dead"]
    if health.stuck_claims:
        text = f"{counted(health.stuck_claims, 'job')} ran in a process that is dead{_named(dead)}."
        advice = "The next process that opens the library takes them back; they go on from their checkpoints."
        yield Finding("runners", "problem", text, advice, fixable=True)
    elif dead:
        text = f"{counted(len(dead), 'process', 'processes')} died without saying so{_named(dead)}; no job was in them."
        yield Finding("runners", "notice", text, "The next process that opens the library forgets them.", fixable=True)
    for runner in health.runners:
        if runner.state in TROUBLED:
            yield Finding("runners", "problem", f"{_name(runner)} {TROUBLED[runner.state]}", _ease(runner))
    alive = [runner for runner in health.runners if runner.state != "dead"]
    if not (health.stuck_claims or dead):
        users = ", ".join(map(_name, alive)) or "nobody"
        yield Finding("runners", "ok", f"No process has left anything running. It is open by {users}.")


TROUBLED: Final = {
    "stopped": "is stopped (SIGSTOP, Ctrl-Z, a debugger); its jobs are taken from it after ten seconds.",
    "silent": "blocks its event loop: its jobs do not see a pause or a cancel.",
    "no_space": "has no space for the state of its jobs, and waits for it.",
}


def _ease(runner: RunnerInfo) -> str:
    return {
        "stopped": f"Let it go on: kill -CONT {runner.pid}",
        "silent": "Its log names the line at which it stands: a job's code must not block its event loop.",
        "no_space": "Free some space on the library's disk; it goes on by itself.",
    }[runner.state]


def _name(runner: RunnerInfo) -> str:
    return f"process {runner.pid}" + (f" ({runner.program})" if runner.program else "")


def _named(runners: Iterable[RunnerInfo]) -> str:
    names = ", ".join(map(_name, runners))
    return f": {names}" if names else ""


# --- what waits -------------------------------------------------------------------------------------------------------


def _waiting(health: LibraryHealth, settings: Settings) -> Iterator[Finding]:
    before = len(found := list(_obstacles(health, settings)))
    yield from found
    queued = sum(load.queued for load in health.load)
    runs = any(runner.mode == "all" and runner.state not in ("dead", "stopped") for runner in health.runners)
    if queued and not runs:
        text = (
            f"{counted(queued, 'job')} {'waits' if queued == 1 else 'wait'}, and no process runs this library's jobs."
        )
        yield Finding("queue", "notice", text, f"Start one: {settings.command('worker', needs_code=True)}")
    elif not before:
        yield Finding("queue", "ok", "Nothing keeps waiting jobs from being run.")


def _obstacles(health: LibraryHealth, settings: Settings) -> Iterator[Finding]:
    if health.is_copy:
        yield Finding(
            "copy",
            "problem",
            "This library was copied or restored, and the original may have run its jobs already: none is started.",
            f"If they are to run here: {settings.command('queue', 'resume')}",
        )
    for kind, reason in health.paused.items():
        if kind is None and health.is_copy:
            continue
        resume = settings.command("queue", "resume", *([kind] if kind is not None else []))
        yield Finding("queue", "notice", f"{reason[:1].upper()}{reason[1:]}.", f"To go on: {resume}")
    for load in health.load:
        if load.unhandled:
            waits = "waits" if load.unhandled == 1 else "wait"
            text = f"{counted(load.unhandled, 'job')} of kind {load.kind} {waits} for code that is not installed here."
            advice = (
                "They are kept until it is. Install the package that brings the kind, or load it with --import MODULE; "
                f"or give them up: {settings.command('jobs', 'cancel', '--kind', load.kind)}"
            )
            yield Finding("handlers", "problem", text, advice)


# --- what is left over ------------------------------------------------------------------------------------------------


def _leftovers(health: LibraryHealth) -> Finding:
    words = {"log": "log file", "ephemeral": "folder of ephemeral jobs", "lock": "lock file"}
    parts: list[str] = []
    for what, singular in words.items():
        count = sum(one.what == what for one in health.leftovers)
        if count:
            parts.append(counted(count, singular, "folders of ephemeral jobs" if what == "ephemeral" else ""))
    if not parts:
        return Finding("leftovers", "ok", "Nothing is left over from processes that died.")
    text = f"Left over, and of no use to anybody: {', '.join(parts)}."
    return Finding("leftovers", "notice", text, "", fixable=True)


def _clock(health: LibraryHealth) -> Finding:
    if health.behind > CLOCK_SLACK:
        return Finding(
            "clock",
            "problem",
            f"The clock of this machine is {duration(health.behind.total_seconds())} behind what the library "
            "remembers: it went back, or was ahead before.",
            "Set the clock. Jobs keep their order; what is due at a time waits until that time comes again.",
        )
    return Finding("clock", "ok", "The clock is not behind what the library remembers.")

"""`sdjobs doctor`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import click

from sdjobs.commands.doctor_tokens import close_to_others, look_at_tokens
from sdjobs.describe import Json
from sdjobs.diagnosis import Finding, diagnose
from sdjobs.exit_codes import ExitCode
from sdjobs.kinds import discover
from sdjobs.libraries import open_library
from sdjobs.settings import Settings, settings_of, shared_options
from sdjobs.text import counted
from spacedrive_jobs import JobStatus, JobSystem, LibraryError
from spacedrive_jobs.health import LibraryHealth, examine, tidy

RESCUE_SECONDS: Final = 15.0
RESCUE_LOOK: Final = 0.1
MARKS: Final = {"ok": "ok", "notice": "note", "problem": "WRONG"}


@click.command()
@click.option("--fix", is_flag=True, help="Repair what can be repaired without a risk, and say what was done.")
@click.option("--quiet", is_flag=True, help="Tell only what is not well.")
@shared_options()
@click.pass_context
def doctor(context: click.Context, fix: bool, quiet: bool) -> ExitCode:
    """Examine the library and explain what is wrong with it.

    Without --fix nothing is changed. The exit code is 1 where something is wrong, and with --fix where something still
    is.
    """
    settings = settings_of(context)
    discover()
    health = examine(settings.library)
    done = asyncio.run(_fix(settings, health)) if fix else []
    findings = diagnose(examine(settings.library) if fix else health, settings) + look_at_tokens(settings.library)
    wrong = sum(finding.level == "problem" for finding in findings)
    if settings.json:
        settings.out.document(_document(findings, done, wrong))
    else:
        _print(settings, findings, done, quiet=quiet, fix=fix)
    return ExitCode.FAILED if wrong else ExitCode.DONE


async def _fix(settings: Settings, health: LibraryHealth) -> list[str]:
    """What was done, in sentences. What could hurt is left to people."""
    done: list[str] = []
    if health.mode & 0o002:
        health.path.chmod(health.mode & ~0o002)
        done.append(f"Others may not write into {health.path} any more.")
    done += close_to_others(health.path)
    if _can_be_opened(health):
        done += await _take_back(settings, health)
    leftovers = await asyncio.to_thread(tidy, health.path)
    if leftovers:
        done.append(f"Removed {counted(len(leftovers), 'file or folder', 'files and folders')} of no use to anybody.")
    return done


def _can_be_opened(health: LibraryHealth) -> bool:
    """A damaged database is left as it is: each write might make it worse."""
    damaged = any(database.problems or database.unseen or database.is_newer for database in health.databases)
    return not (damaged or health.file_system or health.unusable or health.is_read_only)


async def _take_back(settings: Settings, health: LibraryHealth) -> list[str]:
    """Opening the library brings its schema up to date, and takes back what dead processes hold."""
    dead = [runner for runner in health.runners if runner.state == "dead"]
    try:
        async with open_library(settings) as library:
            if dead or health.stuck_claims:
                await _until_none_is_dead(library.jobs)
    except LibraryError as error:
        return [f"Nothing that needs the library to be opened: {error}."]
    done = [
        f"Brought {database.name} from schema version {database.version} to {database.known_version}."
        for database in health.databases
        if database.name == "jobs.db" and database.version != database.known_version
    ]
    if health.stuck_claims:
        done.append(f"Took {counted(health.stuck_claims, 'job')} back from dead processes; they wait to go on.")
    elif dead:
        done.append(f"Forgot {counted(len(dead), 'dead process', 'dead processes')}.")
    return done


async def _until_none_is_dead(jobs: JobSystem) -> None:
    """An open library takes back by itself what the dead hold; what it cannot is found again afterwards."""
    for _ in range(round(RESCUE_SECONDS / RESCUE_LOOK)):
        running = {info.runner for info in (await jobs.list(statuses=[JobStatus.RUNNING], limit=1_000)).rows}
        runners = await jobs.runners()
        alive = {runner.id for runner in runners if runner.state != "dead"}
        if running <= alive and len(alive) == len(runners):
            return
        await asyncio.sleep(RESCUE_LOOK)


def _print(settings: Settings, findings: Sequence[Finding], done: Sequence[str], *, quiet: bool, fix: bool) -> None:
    for sentence in done:
        settings.out.line(f"fixed  {sentence}")
    shown = [finding for finding in findings if finding.level != "ok" or not quiet]
    for finding in shown:
        settings.out.line(f"{MARKS[finding.level]:<5}  {finding.text}")
        if finding.advice:
            settings.out.line(f"       {finding.advice}")
    fixable = sum(finding.fixable for finding in findings)
    if fixable and not fix:
        settings.out.line()
        settings.out.line(f"{settings.command('doctor', '--fix')} repairs {fixable} of these.")
    elif quiet and not shown:
        settings.out.line("All is well.")


def _document(findings: Sequence[Finding], done: Sequence[str], wrong: int) -> Json:
    return {
        "well": not wrong,
        "fixed": list(done),
        "findings": [
            {
                "check": finding.check,
                "level": finding.level,
                "text": finding.text,
                "advice": finding.advice,
                "fixable": finding.fixable,
            }
            for finding in findings
        ],
    }

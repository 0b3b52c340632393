"""`sdjobs jobs pause`, `resume`, `cancel`, `abort` and `retry`: by ids, or all that a filter means."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal, TypeAlias, Unpack

import click

from sdjobs import foreground
from sdjobs.commands.filter_options import YES_OPTION, Chosen, confirm, filter_options, meant, print_count
from sdjobs.commands.job_argument import find_all, jobs_argument
from sdjobs.describe import DONE, job_json, state_word
from sdjobs.exit_codes import ExitCode
from sdjobs.foreground import Existing
from sdjobs.libraries import open_library, runner_of_all
from sdjobs.settings import Settings, settings_of, shared_options
from spacedrive_jobs import JobFilter, JobHandle, JobInfo, JobStatus, JobSystem, TransitionRefused

LOOK_AGAIN: Final = 0.1

Verb: TypeAlias = Literal["pause", "resume", "cancel", "abort", "retry"]

wait_option = click.option("--wait", is_flag=True, help="Return when it has come about.")
reason_option = click.option("--reason", default="", metavar="TEXT", help="Kept in the job's history.")


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of several jobs. `awaited` are the statuses that --wait waits for, beside the end of the job."""

    verb: Verb
    ids: tuple[str, ...]
    ask: Callable[[JobHandle[object]], Awaitable[None]]
    awaited: frozenset[JobStatus]


NOTHING: Final[frozenset[JobStatus]] = frozenset()


@click.command()
@jobs_argument
@filter_options
@wait_option
@shared_options()
@click.pass_context
def pause(context: click.Context, wait: bool, **chosen: Unpack[Chosen]) -> ExitCode:
    """Pause jobs. They stay paused, also over restarts, until resumed."""
    wanted = meant(context, **chosen)
    if wanted.filter is not None:
        return _all(context, wanted.filter, JobSystem.pause_all, DONE["pause"])
    order = Order("pause", wanted.ids, lambda handle: handle.pause(), frozenset({JobStatus.PAUSED}))
    return asyncio.run(_carry_out(settings_of(context), order, wait))


@click.command()
@jobs_argument
@filter_options
@wait_option
@click.option("--follow", is_flag=True, help="Show the one job that is resumed, and run it here if nobody else does.")
@shared_options()
@click.pass_context
def resume(context: click.Context, wait: bool, follow: bool, **chosen: Unpack[Chosen]) -> ExitCode:
    """Put paused jobs first in line."""
    settings = settings_of(context)
    wanted = meant(context, **chosen)
    if follow:
        return asyncio.run(_follow(settings, _the_one(context, wanted.ids)))
    if wanted.filter is not None:
        return _all(context, wanted.filter, JobSystem.resume_all, DONE["resume"])
    order = Order("resume", wanted.ids, lambda handle: handle.resume(), frozenset({JobStatus.RUNNING}))
    return asyncio.run(_carry_out(settings, order, wait))


@click.command()
@jobs_argument
@filter_options
@reason_option
@wait_option
@YES_OPTION
@shared_options()
@click.pass_context
def cancel(context: click.Context, reason: str, wait: bool, yes: bool, **chosen: Unpack[Chosen]) -> ExitCode:
    """Stop jobs for good, at their next safe point. Those that have ended are left as they are."""
    wanted = meant(context, **chosen)
    if wanted.filter is not None:
        confirm(settings_of(context), "Cancel all these jobs?", yes)
        return _all(context, wanted.filter, partial(JobSystem.cancel_all, reason=reason), DONE["cancel"])
    order = Order("cancel", wanted.ids, lambda handle: handle.cancel(reason), NOTHING)
    return asyncio.run(_carry_out(settings_of(context), order, wait))


@click.command()
@jobs_argument
@filter_options
@reason_option
@wait_option
@YES_OPTION
@shared_options()
@click.pass_context
def abort(context: click.Context, reason: str, wait: bool, yes: bool, **chosen: Unpack[Chosen]) -> ExitCode:
    """Stop jobs for good and at once, without waiting for their code."""
    wanted = meant(context, **chosen)
    if wanted.filter is not None:
        confirm(settings_of(context), "Abort all these jobs?", yes)
        return _all(context, wanted.filter, partial(JobSystem.abort_all, reason=reason), DONE["abort"])
    order = Order("abort", wanted.ids, lambda handle: handle.abort(reason), NOTHING)
    return asyncio.run(_carry_out(settings_of(context), order, wait))


@click.command()
@jobs_argument
@filter_options
@click.option("--follow", is_flag=True, help="Show the one new job, and run it here if nobody else does.")
@shared_options()
@click.pass_context
def retry(context: click.Context, follow: bool, **chosen: Unpack[Chosen]) -> ExitCode:
    """Do jobs again that failed or were cancelled, from where they were; or that completed although items failed, then
    only these items. Each becomes a new job, whose id is printed."""
    settings = settings_of(context)
    wanted = meant(context, **chosen)
    if follow:
        return asyncio.run(_retry_and_follow(settings, _the_one(context, wanted.ids)))
    if wanted.filter is not None:
        return _all(context, wanted.filter, JobSystem.retry_all, DONE["retry"])
    return asyncio.run(_retry(settings, wanted.ids))


async def _retry_and_follow(settings: Settings, text: str) -> ExitCode:
    async with open_library(settings) as library:
        again = await (await library.jobs.find(text)).retry()
    return await foreground.run(Existing(again.id), settings, hand_over=not settings.imported)


async def _retry(settings: Settings, ids: tuple[str, ...]) -> ExitCode:
    async with open_library(settings) as library:
        handles = await find_all(library.jobs, ids)
        again = [await handle.retry() for handle in handles]
    if settings.json:
        pairs = zip(handles, again, strict=True)
        settings.out.document({"jobs": [{"retried": str(old.id), "id": str(new.id)} for old, new in pairs]})
    else:
        for new in again:
            settings.out.line(new.id.short)
    return ExitCode.DONE


def _all(
    context: click.Context, wanted: JobFilter, act: Callable[[JobSystem, JobFilter], Awaitable[int]], done: str
) -> ExitCode:
    settings = settings_of(context)

    async def do() -> int:
        async with open_library(settings) as library:
            try:
                return await act(library.jobs, wanted)
            except ValueError as error:
                raise click.UsageError(f"{str(error).capitalize()}.", ctx=context) from error

    return print_count(settings, asyncio.run(do()), done)


def _the_one(context: click.Context, ids: tuple[str, ...]) -> str:
    if len(ids) != 1:
        raise click.UsageError("--follow takes one job.", ctx=context)
    return ids[0]


async def _follow(settings: Settings, text: str) -> ExitCode:
    async with open_library(settings) as library:
        job = (await library.jobs.find(text)).id
    return await foreground.run(Existing(job), settings, hand_over=not settings.imported)


@dataclass(frozen=True, slots=True)
class Result:
    """`problem`: it was refused. `pending`: it was not waited for, because no process would do it."""

    info: JobInfo
    problem: str = ""
    pending: bool = False


async def _carry_out(settings: Settings, order: Order, wait: bool) -> ExitCode:
    async with open_library(settings) as library:
        handles = await find_all(library.jobs, order.ids)
        results = [await _ask(library.jobs, handle, order) for handle in handles]
        if wait:
            results = [await _await(library.jobs, order, result) for result in results]
        unattended = await runner_of_all(library.jobs) is None
    _print(settings, order, results)
    waiting = [result for result in results if result.info.status is JobStatus.QUEUED and not result.problem]
    if unattended and waiting:
        settings.err.line(f"No process runs the jobs of this library now. Start one: {settings.command('worker')}")
    return _exit_code(results)


async def _ask(jobs: JobSystem, handle: JobHandle[object], order: Order) -> Result:
    try:
        await order.ask(handle)
    except TransitionRefused as error:
        return Result(await jobs.info(handle.id), str(error))
    return Result(await jobs.info(handle.id))


async def _await(jobs: JobSystem, order: Order, result: Result) -> Result:
    """Look until it has come about; not where it waits for a process that is not there."""
    while not result.problem and not _come_about(result.info, order):
        if result.info.status is not JobStatus.RUNNING and await runner_of_all(jobs) is None:
            return replace(result, pending=True)
        await asyncio.sleep(LOOK_AGAIN)
        result = Result(await jobs.info(result.info.id))
    return result


def _come_about(info: JobInfo, order: Order) -> bool:
    return info.status in order.awaited or info.status.is_terminal


def _exit_code(results: list[Result]) -> ExitCode:
    if any(result.problem for result in results):
        return ExitCode.FAILED
    return ExitCode.INTERRUPTED if any(result.pending for result in results) else ExitCode.DONE


def _print(settings: Settings, order: Order, results: list[Result]) -> None:
    if settings.json:
        told = [{"job": job_json(result.info), "refused": result.problem or None} for result in results]
        settings.out.document({"jobs": told})
        return
    for result in results:
        if result.problem:
            settings.err.line(f"Error: {result.problem}")
        else:
            settings.out.line(f"{result.info.id.short} {_words(result.info, order)}")


def _words(info: JobInfo, order: Order) -> str:
    """What the job is now; one that had ended before says so."""
    word = state_word(info.status, info.request)
    ended = info.status.is_terminal and info.status is not JobStatus.CANCELLED
    return f"is {word}" + (f": nothing to {order.verb}" if ended else "")

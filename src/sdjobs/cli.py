"""The tree of commands."""

from __future__ import annotations

from typing import Final

import click

from sdjobs.lazy import LazyGroup
from sdjobs.settings import shared_options

CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(
    cls=LazyGroup,
    context_settings=CONTEXT,
    commands_at={
        "init": "sdjobs.commands.init:init",
        "copy": "sdjobs.commands.transfer:copy",
        "move": "sdjobs.commands.transfer:move",
        "delete": "sdjobs.commands.file_jobs:delete",
        "index": "sdjobs.commands.index:index",
        "search": "sdjobs.commands.look:search",
        "largest": "sdjobs.commands.look:largest",
        "recent": "sdjobs.commands.look:recent",
        "duplicates": "sdjobs.commands.duplicates:duplicates",
        "hash": "sdjobs.commands.hash:hash_files",
        "validate": "sdjobs.commands.file_jobs:validate",
        "thumbnails": "sdjobs.commands.file_jobs:thumbnails",
        "facts": "sdjobs.commands.facts:facts",
        "backup": "sdjobs.commands.backup:backup",
        "restore": "sdjobs.commands.backup:restore",
        "cleanup": "sdjobs.commands.cleanup:cleanup",
        "transcode": "sdjobs.commands.file_jobs:transcode",
        "upload": "sdjobs.commands.file_jobs:upload",
        "download": "sdjobs.commands.file_jobs:download",
        "run": "sdjobs.commands.run:run",
        "types": "sdjobs.commands.types:types",
        "watch": "sdjobs.commands.watch:watch",
        "jobs": "sdjobs.cli:jobs",
        "queue": "sdjobs.cli:queue",
        "schedule": "sdjobs.cli:schedule",
        "serve": "sdjobs.commands.serve:serve",
        "stats": "sdjobs.commands.stats:stats",
        "doctor": "sdjobs.commands.doctor:doctor",
        "export": "sdjobs.commands.export:export",
        "worker": "sdjobs.commands.worker:worker",
        "completion": "sdjobs.commands.completion:completion",
    },
)
@shared_options(environment=True)
@click.version_option(package_name="spacedrive-jobs", prog_name="sdjobs")
def cli() -> None:
    """Durable, resumable jobs on your files.

    A job shows a live bar. Ctrl-C pauses it, and the same command given again resumes it. So it is after a crash or a
    power cut.

    \b
    Exit codes: 0 done, 1 failed or cancelled, 2 usage, 3 paused or interrupted,
    4 finished, but some items failed.
    """


@click.group(
    cls=LazyGroup,
    context_settings=CONTEXT,
    commands_at={
        "list": "sdjobs.commands.jobs_list:list_jobs",
        "show": "sdjobs.commands.jobs_show:show",
        "watch": "sdjobs.commands.jobs_watch:watch",
        "logs": "sdjobs.commands.jobs_logs:logs",
        "items": "sdjobs.commands.jobs_items:items",
        "pause": "sdjobs.commands.jobs_control:pause",
        "resume": "sdjobs.commands.jobs_control:resume",
        "cancel": "sdjobs.commands.jobs_control:cancel",
        "abort": "sdjobs.commands.jobs_control:abort",
        "retry": "sdjobs.commands.jobs_control:retry",
        "place": "sdjobs.commands.jobs_place:place",
        "explain": "sdjobs.commands.jobs_explain:explain",
        "questions": "sdjobs.commands.jobs_answer:questions",
        "answer": "sdjobs.commands.jobs_answer:answer",
        "clear": "sdjobs.commands.jobs_clear:clear",
    },
)
@shared_options()
def jobs() -> None:
    """List, watch and control jobs.

    A job is named by its short id, by its long one, or by the beginning of either.
    """


@click.group(
    cls=LazyGroup,
    context_settings=CONTEXT,
    commands_at={
        "add": "sdjobs.commands.schedule_add:add",
        "list": "sdjobs.commands.schedule:list_schedules",
        "show": "sdjobs.commands.schedule:show",
        "pause": "sdjobs.commands.schedule:pause",
        "resume": "sdjobs.commands.schedule:resume",
        "run": "sdjobs.commands.schedule:run_now",
        "remove": "sdjobs.commands.schedule:remove",
    },
)
@shared_options()
def schedule() -> None:
    """Jobs that run by the clock.

    A schedule is named by its id, which is the kind of its job unless another was given. Times that pass while no
    process runs this library's jobs are made up for as the schedule's --misfire says.
    """


@click.group(
    cls=LazyGroup,
    context_settings=CONTEXT,
    commands_at={
        "show": "sdjobs.commands.queue:show",
        "pause": "sdjobs.commands.queue:pause",
        "resume": "sdjobs.commands.queue:resume",
    },
)
@shared_options()
def queue() -> None:
    """Start no more jobs of a kind, or of any; what runs stops at its next safe point."""

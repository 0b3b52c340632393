"""Looks at a library for tests of the full-screen view, with everything that a test does not speak of left plain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from rich.text import Text

from sdjobs.screen.looking import Asked, Look
from sdjobs.screen.sheet import Sheet
from spacedrive_jobs import JobId, JobInfo, JobStatus, QuestionInfo
from tests.unit.sdjobs.records import NOW, THEN, info

_PLAIN = Look(
    at=NOW,
    counts=dict.fromkeys(JobStatus, 0),
    paused={},
    attended=True,
    full=False,
    disk=None,
    asked=(),
    failed=(),
    running=(),
    waiting=(),
    ended=(),
    more_waiting=0,
    more_ended=0,
)


def look(**changes: Any) -> Look:
    """Counts are of the jobs that are given, unless they are given too."""
    made = replace(_PLAIN, **changes)
    if "counts" in changes:
        return made
    counts = dict.fromkeys(JobStatus, 0)
    for one in (*made.running, *made.waiting, *made.ended):
        counts[one.status] += 1
    return replace(made, counts=counts)


def numbered(number: int, **changes: Any) -> JobInfo:
    """A job with an id of its own."""
    return info(id=JobId(UUID(int=(0x01890000 << 96) | (7 << 76) | (2 << 62) | number)), **changes)


def queued(number: int, **changes: Any) -> JobInfo:
    return numbered(number, **{"status": JobStatus.QUEUED, "started_at": None, **changes})


def asked(number: int = 1, *, questions: int = 1, choices: tuple[object, ...] = ("skip", "overwrite")) -> Asked:
    job = numbered(number).id
    made = tuple(
        QuestionInfo(
            id=f"{number:08x}{place:024x}",
            job=job,
            key=str(place),
            topic="conflict",
            question=f"file {place} exists already. Replace it?",
            choices=choices,
            asked_at=THEN,
            answer=None,
            answered_at=None,
            answered_by="",
        )
        for place in range(questions)
    )
    return Asked(job, "Copy photos to backup", made)


def sheet(width: int = 80, **changes: Any) -> Sheet:
    return Sheet(width, NOW, **changes)


def plain(lines: Iterable[Text]) -> list[str]:
    return [line.plain.rstrip() for line in lines]

"""What the keys do: a value each, carried out on the store, with what is said of it and how it is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sdjobs.describe import plain_title, possible
from sdjobs.front import put_before_all
from sdjobs.text import shown
from spacedrive_jobs import JobId, JobInfo, JobStatus, JobSystem, QuestionInfo

Verb: TypeAlias = Literal["pause", "resume", "cancel", "abort", "retry", "front"]

KEYS: Final[dict[str, tuple[Verb, ...]]] = {
    "p": ("pause", "resume"),
    "f": ("front",),
    "r": ("retry",),
    "c": ("cancel",),
    "X": ("abort",),
}
"""Which verbs a key stands for: the first that may be asked of the job."""

ASKS_FIRST: Final[frozenset[Verb]] = frozenset({"cancel", "abort"})

_SAID: Final[dict[Verb, str]] = {
    "pause": "pauses at its next safe point",
    "resume": "goes on",
    "cancel": "is cancelled",
    "abort": "is stopped",
    "retry": "is done again",
    "front": "comes first now",
}

_BACK: Final[dict[Verb, Verb]] = {"pause": "resume", "resume": "pause", "cancel": "retry"}


@dataclass(frozen=True, slots=True)
class JobDeed:
    verb: Verb
    job: JobId
    title: str


@dataclass(frozen=True, slots=True)
class QueueDeed:
    """Jobs of a kind, or of all, are paused or go on."""

    pause: bool
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerDeed:
    """`for_all`: of all questions of its job and topic."""

    question: QuestionInfo
    answer: object
    for_all: bool


Deed: TypeAlias = JobDeed | QueueDeed | AnswerDeed


@dataclass(frozen=True, slots=True)
class Done:
    """`said` in words; `back` takes it back, None where nothing does."""

    said: str
    back: Deed | None = None


def verb_of(key: str, info: JobInfo) -> Verb | None:
    """What the key would ask of the job as it is now."""
    allowed = possible(info)
    return next((verb for verb in KEYS.get(key, ()) if verb in allowed), None)


def word_of(verb: Verb, info: JobInfo) -> str:
    """On the screen: a job that completed is done again only for what failed."""
    if verb == "retry":
        return "Retry what failed" if info.status is JobStatus.COMPLETED else "Do again"
    return {"front": "First", "abort": "Stop at once"}.get(verb, verb.capitalize())


def deed_of(verb: Verb, info: JobInfo) -> JobDeed:
    return JobDeed(verb, info.id, plain_title(info))


def command_of(deed: Deed) -> tuple[str, ...]:
    """The words after `sdjobs` that do the same."""
    match deed:
        case JobDeed(verb="front", job=job):
            return ("jobs", "place", job.short, "--first")
        case JobDeed(verb, job):
            return ("jobs", verb, job.short)
        case QueueDeed(pause, kind):
            return ("queue", "pause" if pause else "resume", *([kind] if kind is not None else []))
        case AnswerDeed(question, answer, for_all):
            return ("jobs", "answer", question.id[:8], str(answer), *(["--for-all"] if for_all else []))


async def carry_out(jobs: JobSystem, deed: Deed) -> Done:
    """Raises what the store raises: TransitionRefused, JobNotFound, QuestionNotOpen, NoSpace, StoreBusy, …"""
    match deed:
        case JobDeed():
            return await _ask(jobs, deed)
        case QueueDeed(pause=True, kind=kind):
            await jobs.pause_queue(kind)
            return Done("Nothing new starts; what runs stops at its next safe point.", QueueDeed(False, kind))
        case QueueDeed(kind=kind):
            await jobs.resume_queue(kind)
            return Done("Jobs run again.", QueueDeed(True, kind))
        case AnswerDeed(question, answer, for_all):
            await jobs.answer(question.id, answer, for_all=for_all, by="command line")
            return Done("Answered for all of them; the job goes on." if for_all else "Answered; the job goes on.")


async def _ask(jobs: JobSystem, deed: JobDeed) -> Done:
    handle = await jobs.get(deed.job)
    match deed.verb:
        case "pause":
            await handle.pause()
        case "resume":
            await handle.resume()
        case "cancel":
            await handle.cancel()
        case "abort":
            await handle.abort()
        case "front":
            await put_before_all(jobs, handle)
        case "retry":
            await handle.retry()
    back = _BACK.get(deed.verb)
    said = f"{shown(deed.title)} {_SAID[deed.verb]}."
    return Done(said, JobDeed(back, deed.job, deed.title) if back is not None else None)

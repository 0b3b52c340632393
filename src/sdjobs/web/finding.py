"""The job that a path names."""

from __future__ import annotations

from spacedrive_jobs import JobId, Library

WHOLE = 32
"""Hex digits of a whole id."""


async def job_id(library: Library, text: str) -> JobId:
    """Raises JobNotFound, AmbiguousJobId. Only part of an id is looked for; a whole one need not be."""
    if len(text.replace("-", "")) == WHOLE:
        try:
            return JobId.parse(text)
        except ValueError:
            pass  # dashes in odd places: `find` says that there is none
    return (await library.jobs.find(text)).id

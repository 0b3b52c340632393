"""Counts of jobs as the API says them."""

from __future__ import annotations

from collections.abc import Mapping

from sdjobs.web import wire
from spacedrive_jobs import JobStatus


def counts_of(counts: Mapping[JobStatus, int]) -> wire.Counts:
    return wire.Counts(**{status.value: count for status, count in counts.items()})

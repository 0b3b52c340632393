"""Where in line waiting jobs are put."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

from spacedrive_jobs._model.ids import JobId


@final
@dataclass(frozen=True, slots=True)
class Before:
    """Directly before another waiting job, and of its priority."""

    job: JobId


@final
@dataclass(frozen=True, slots=True)
class After:
    """Directly behind another waiting job, and of its priority."""

    job: JobId


Placement: TypeAlias = Before | After | Literal["first", "last"]
"""`first`, `last`: of all that wait with the job's own priority."""

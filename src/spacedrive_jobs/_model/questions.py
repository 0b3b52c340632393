"""Questions that a job asks of people, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import final

from spacedrive_jobs._model.ids import JobId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionInfo:
    """One question of a job. `id` names it to `answer`; `choices` are what may be answered, as JSON values, empty where
    any text may. `topic` groups questions that one answer may serve. `answer` is None while the question is open."""

    id: str
    job: JobId
    key: str
    topic: str
    question: str
    choices: tuple[object, ...]
    asked_at: datetime
    answer: object
    answered_at: datetime | None
    answered_by: str

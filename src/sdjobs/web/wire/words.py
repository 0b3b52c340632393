"""Words and values that stand in many answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

StatusWord: TypeAlias = Literal["queued", "running", "paused", "completed", "failed", "cancelled"]
WaitingWord: TypeAlias = Literal["queued", "paused"]
RequestWord: TypeAlias = Literal["pause", "cancel", "abort"]
Verb: TypeAlias = Literal["pause", "resume", "cancel", "abort", "retry", "front"]
OutcomeWord: TypeAlias = Literal["ok", "skipped", "warning", "error"]

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]

Cursor: TypeAlias = Annotated[
    str | None, Meta(description="Give it as `after` for the following part; null at the end.")
]
PathValue: TypeAlias = Annotated[
    object, Meta(description='The exact path: a string, or {"bytes": base64} where it is no UTF-8.')
]

"""Who or what caused a job: stored and shown with it."""

from __future__ import annotations

import msgspec


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """Who dispatched a job, why and with what: shown with it, and given to its children. At most 16 KiB."""

    who: str = ""
    why: str = ""
    input: object = None

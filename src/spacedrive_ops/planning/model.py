"""The values of plans."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


@dataclass(slots=True)
class PlanTally:
    """What was found so far; see PlanOutput."""

    entries: int = 0
    bytes: int = 0
    created: int = 0
    replaced: int = 0
    kept_beside: int = 0
    renamed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    asked: int = 0
    warnings: int = 0
    refused: int = 0
    bytes_replaced: int = 0


class PlanOutput(msgspec.Struct, frozen=True):
    """What a job would do; nothing was changed. What is not simply made anew is an item of the plan, with the reason.

    `entries` and `bytes` are all that was looked at. Of the entries, `created` would be made, `replaced` would take the
    place of something (which has `bytes_replaced`), `kept_beside` would get another name, `renamed` would be moved
    without copying, `removed` would be deleted; `unchanged` are there already as they are, `skipped` would be left out,
    `asked` about, and `refused` would fail. `needed`: bytes that would be written, or sent at most. `free`: what the
    destination has left, None where that cannot be told. `fits`: whether that is enough, None where it is not known.
    """

    entries: int
    bytes: int
    created: int
    replaced: int
    kept_beside: int
    renamed: int
    removed: int
    unchanged: int
    skipped: int
    asked: int
    warnings: int
    refused: int
    bytes_replaced: int
    needed: int
    free: int | None
    fits: bool | None

    @staticmethod
    def of(tally: PlanTally, needed: int, free: int | None, fits: bool | None = None) -> PlanOutput:
        """`fits`: where the sums alone do not tell."""
        if fits is None and free is not None:
            fits = needed <= free
        return PlanOutput(
            entries=tally.entries,
            bytes=tally.bytes,
            created=tally.created,
            replaced=tally.replaced,
            kept_beside=tally.kept_beside,
            renamed=tally.renamed,
            removed=tally.removed,
            unchanged=tally.unchanged,
            skipped=tally.skipped,
            asked=tally.asked,
            warnings=tally.warnings,
            refused=tally.refused,
            bytes_replaced=tally.bytes_replaced,
            needed=needed,
            free=free,
            fits=fits,
        )

"""May a job that asks for resources start now, and if not, why: arithmetic over readings and reservations alone.

The claim transaction calls `fits` with readings taken before it and the reservations it finds in the store, and
stores `reservations` for the job it admits. All are pure, so that the store need know nothing of machines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from spacedrive_jobs._model.readings import DECLARED, Readings, Space
from spacedrive_jobs._model.resources import SIZED, Resource, escaped
from spacedrive_jobs._model.sizes import size_words

NAMED_HOLDERS: Final = 2


class Reservation(NamedTuple):
    """What one running job holds of one resource, over all processes of the library.

    `device` is the st_dev of a space reservation at the moment of its admission, None for a counted one. `holder` is
    for people ("transcode 3f2a"). `written` are the bytes of a space reservation that were reported as written **before
    the free space was read**: bytes written after that are still in `free`, and would be counted twice as there.
    """

    name: str
    amount: int
    device: int | None = None
    written: int = 0
    holder: str = ""


def fits(capacity: Readings, reserved: Iterable[Reservation], asked: Sequence[Resource]) -> str | None:
    """None if all of `asked` can be had at once, else every reason against it, in words.

    `reserved` must not hold what the asking job itself keeps. What is unknown is refused.
    """
    held = list(reserved)
    reasons = [
        *(_count_refusal(capacity, held, name, amount) for name, amount in _counted(asked).items()),
        *_space_refusals(capacity, held, asked),
        *(_condition_refusal(capacity, one) for one in _conditions(asked)),
    ]
    return ", and ".join(reason for reason in reasons if reason) or None


def never_fits(capacity: Readings, asked: Sequence[Resource]) -> str | None:
    """Why `asked` can never be met on this machine, in words; None if it can, or if that is not known."""
    reasons = [
        *(_count_never(capacity, name, amount) for name, amount in _counted(asked).items()),
        *_space_never(capacity, asked),
        *(_condition_never(capacity, one) for one in _conditions(asked)),
    ]
    return ", and ".join(reason for reason in reasons if reason) or None


def reservations(capacity: Readings, asked: Sequence[Resource]) -> list[Reservation]:
    """What a job that was just admitted holds from now on; conditions hold nothing."""
    counted = [Reservation(name, amount) for name, amount in _counted(asked).items()]
    spaces = _by_device(capacity, asked)
    return counted + [Reservation("disk_space", need, device) for device, (_, need) in spaces.items()]


def unmet_conditions(capacity: Readings, asked: Sequence[Resource]) -> str | None:
    """For a job that runs: which of its conditions no longer hold, in words; None while all do."""
    reasons = [_condition_refusal(capacity, one) for one in _conditions(asked)]
    return ", and ".join(reason for reason in reasons if reason) or None


# --- counted ----------------------------------------------------------------------------------------------------------


def _counted(asked: Sequence[Resource]) -> dict[str, int]:
    """Of each name the sum: a job that asks twice for one GPU needs two."""
    needs: dict[str, int] = {}
    for one in asked:
        if one.family == "counted":
            needs[one.name] = needs.get(one.name, 0) + one.amount
    return needs


def _count_refusal(capacity: Readings, held: Sequence[Reservation], name: str, need: int) -> str | None:
    amount = capacity.amount(name)
    if amount is None or amount.total is None or need > amount.total:
        return (
            _count_never(capacity, name, need) or f"needs {_amount_words(name, need)} ({_why_unknown(capacity, name)})"
        )
    holding = [one for one in held if one.name == name]
    used = sum(one.amount for one in holding)
    if used + need > amount.total:
        used_words, total_words = _pair_words(name, used, amount.total)
        return f"needs {_amount_words(name, need)} ({used_words} of {total_words} in use{_holder_words(holding)})"
    if amount.available is not None and need > amount.available:
        return f"needs {_amount_words(name, need)} ({size_words(amount.available)} available)"
    return None


def _count_never(capacity: Readings, name: str, need: int) -> str | None:
    amount = capacity.amount(name)
    needs = f"needs {_amount_words(name, need)}"
    if amount is None:
        return f'{needs}; this library declares none: open it with resources={{"{name}": {need}}}'
    if amount.total is None or need <= amount.total:
        return None
    where = "this library declares" if amount.words == DECLARED else "this machine has"
    return f"{needs}; {where} {_total_words(name, amount.total)}"


def _why_unknown(capacity: Readings, name: str) -> str:
    amount = capacity.amount(name)
    return (amount.words if amount else "") or "unknown"


def _amount_words(name: str, count: int) -> str:
    if name in SIZED:
        return f"{size_words(count, 'up')} of {name}"
    if count == 1:
        return name
    return f"{count} {_PLURAL.get(name, f'of {name}')}"


def _total_words(name: str, total: int) -> str:
    return size_words(total) if name in SIZED else str(total or "none")


def _pair_words(name: str, used: int, total: int) -> tuple[str, str]:
    return (size_words(used, "up"), size_words(total)) if name in SIZED else (str(used), str(total))


_PLURAL: Final = {"gpu": "GPUs", "cpu": "CPU cores"}


def _holder_words(holding: Sequence[Reservation]) -> str:
    names = list(dict.fromkeys(one.holder for one in holding if one.holder))
    if not names:
        return ""
    named, more = names[:NAMED_HOLDERS], len(names) - NAMED_HOLDERS
    if more > 0:
        return f" by {', '.join(named)} and {more} more"
    return f" by {' and '.join(named)}"


# --- space ------------------------------------------------------------------------------------------------------------


def _spaces(asked: Sequence[Resource]) -> dict[Path | None, int]:
    needs: dict[Path | None, int] = {}
    for one in asked:
        if one.family == "space":
            needs[one.at] = needs.get(one.at, 0) + one.amount
    return needs


def _by_device(capacity: Readings, asked: Sequence[Resource]) -> dict[int, tuple[Space, int]]:
    """Of each file system its reading and the sum of what is needed on it: two paths may lie on one."""
    needs: dict[int, tuple[Space, int]] = {}
    for at, need in _spaces(asked).items():
        space = capacity.space(at)
        if space.device is not None:
            known, before = needs.get(space.device, (space, 0))
            smallest = known if known.free <= space.free else space
            needs[space.device] = (smallest, before + need)
    return needs


def _space_refusals(capacity: Readings, held: Sequence[Reservation], asked: Sequence[Resource]) -> list[str]:
    reasons = [
        _unknown_space(capacity.space(at), at, need)
        for at, need in _spaces(asked).items()
        if capacity.space(at).device is None
    ]
    for device, (space, need) in _by_device(capacity, asked).items():
        holding = [one for one in held if one.name == "disk_space" and one.device == device]
        outstanding = sum(max(0, one.amount - one.written) for one in holding)
        if space.free - outstanding < need:
            reasons.append(_no_room(space, need, outstanding, holding))
    return reasons


def _unknown_space(space: Space, at: Path | None, need: int) -> str:
    if space.missing is not None:
        return f"waits for the volume {escaped(space.missing)}"
    where = f" on {escaped(at)}" if at else ""
    return f"needs {size_words(need, 'up')}{where} ({space.words or 'unknown'})"


def _no_room(space: Space, need: int, outstanding: int, holding: Sequence[Reservation]) -> str:
    needs, free = f"needs {size_words(need, 'up')} on {space.label}", f"{size_words(space.free)} free"
    if space.free < need or not outstanding:
        return f"{needs} ({free})"
    return f"{needs} ({free}, of which {size_words(outstanding, 'up')} reserved{_holder_words(holding)})"


def _space_never(capacity: Readings, asked: Sequence[Resource]) -> list[str]:
    return [
        f"needs {size_words(need, 'up')} on {space.label}, which holds {size_words(space.total)} in all"
        for space, need in _by_device(capacity, asked).values()
        if need > space.total
    ]


# --- conditions -------------------------------------------------------------------------------------------------------


def _conditions(asked: Sequence[Resource]) -> list[Resource]:
    return list(dict.fromkeys(one for one in asked if one.family == "condition"))


def _condition_refusal(capacity: Readings, asked: Resource) -> str | None:
    condition = capacity.condition(asked)
    if condition.met:
        return None
    why = condition.words or ("" if condition.met is False else "unknown")
    return condition_words(asked) + (f" ({why})" if why else "")


def _condition_never(capacity: Readings, asked: Resource) -> str | None:
    condition = capacity.condition(asked)
    return f"{condition_words(asked)}: {condition.words}" if condition.impossible else None


def condition_words(asked: Resource) -> str:
    """What a job with this condition waits for, in words."""
    if asked.name == "volume" and asked.at is not None:
        return f"waits for the volume {escaped(asked.at)}"
    if asked.window is not None:
        zone = f" ({asked.window.tz})" if asked.window.tz else ""
        return f"runs between {asked.window.start:%H:%M} and {asked.window.end:%H:%M}{zone}"
    return _CONDITION_WORDS[asked.name]


_CONDITION_WORDS: Final[Mapping[str, str]] = {
    "mains_power": "waits for mains power",
    "idle": "waits until the computer is idle",
}

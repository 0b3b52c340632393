"""Named points at which a test may raise, kill the process, or wait.

`hit` is one comparison when nothing is armed. Points are armed by `arm` or, for a child process, by
`SPACEDRIVE_JOBS_FAILPOINTS="name=action[@nth]; ..."` with the actions `kill` (SIGKILL to this process), `raise`
(`FailpointError`), `enospc` (OSError ENOSPC) and `exit` (os._exit(137)); `@3` acts at the third hit only.
"""

from __future__ import annotations

import errno
import os
import signal
from collections import Counter
from collections.abc import Callable

Action = Callable[[str], None]


class FailpointError(Exception):
    """What an armed failpoint raises with the action `raise`."""


_armed: dict[str, Action] = {}
_counting: Counter[str] | None = None


def hit(name: str) -> None:
    """Say that execution has reached the point `name`."""
    if _counting is not None:
        _counting[name] += 1
    if _armed and (action := _armed.get(name)) is not None:
        action(name)


def arm(name: str, action: Action) -> None:
    """Call `action(name)` at each hit of `name`, until `disarm_all`."""
    _armed[name] = action


def disarm_all() -> None:
    global _counting
    _armed.clear()
    _counting = None


def count() -> Counter[str]:
    """Count hits from now on, and return the live counter."""
    global _counting
    _counting = Counter()
    return _counting


def _kill(name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise(name: str) -> None:
    raise FailpointError(name)


def _no_space(name: str) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)


def _exit(name: str) -> None:
    os._exit(137)


ACTIONS: dict[str, Action] = {"kill": _kill, "raise": _raise, "enospc": _no_space, "exit": _exit}


def at_nth(action: Action, nth: int) -> Action:
    """`action`, at the nth hit only (counted from 1)."""
    seen = 0

    def act(name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            action(name)

    return act


def arm_from(specification: str) -> None:
    """Arm what `specification` lists; its form is in the module's docstring. Raises ValueError."""
    for part in filter(None, (piece.strip() for piece in specification.split(";"))):
        name, _, rest = part.partition("=")
        word, _, nth = rest.partition("@")
        if word not in ACTIONS:
            raise ValueError(f"failpoint {name!r}: {word!r} is none of {', '.join(ACTIONS)}")
        arm(name, at_nth(ACTIONS[word], int(nth)) if nth else ACTIONS[word])


arm_from(os.environ.get("SPACEDRIVE_JOBS_FAILPOINTS", ""))

"""The walk in its child process: turns go out, questions go out, answers come in.

A message to the parent is a letter and what belongs to it; see `Turns`, the other side.
"""

from __future__ import annotations

import marshal
import os
import pickle
import threading
from collections.abc import Sequence
from contextlib import suppress
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Final

from spacedrive_ops.indexer.rules import Judge
from spacedrive_ops.indexer.walk import Question, Walk

if TYPE_CHECKING:
    from spacedrive_jobs.tasks import Channel

SLICE: Final = b"s"
ASKS: Final[dict[Question, bytes]] = {"folders": b"f", "rows": b"r", "ids": b"i"}
SILENT: Final = b"h"
LESS_URGENT: Final = 10
"""How nice the walk is to other programs: people work beside it."""
LOOKS: Final = 4
"""How often the watch looks within the time that a folder has to answer."""


def serve(channel: Channel, payload: bytes) -> None:
    """Walk as told, to the end. Raises OSError if the root itself cannot be read."""
    setting, rules, patience = pickle.loads(payload)  # noqa: S301 - from our own parent
    _give_way()
    sending = threading.Lock()

    def ask(question: Question, folders: Sequence[int]) -> None:
        walk.since = inf
        with sending:
            channel.send(ASKS[question] + marshal.dumps(list(folders)))
        walk.give(*marshal.loads(channel.recv()))  # noqa: S302 - from our own parent
        walk.since = monotonic()

    walk = Walk(setting, Judge(rules), ask)
    ended = threading.Event()
    watch = threading.Thread(target=_watch, args=(walk, patience, ended, channel, sending), daemon=True)
    watch.start()
    try:
        while not walk.done:
            found = walk.step()
            walk.since = inf
            with sending:
                channel.send(SLICE + found.packed())
            walk.since = monotonic()
    finally:
        ended.set()
        watch.join()


def _give_way() -> None:
    """Be nice to other programs. Linux shares processors among sessions first, and this process leads one of its own:
    its niceness within that says nothing to others, so the session's is set too (sched(7), "The autogroup feature")."""
    os.nice(LESS_URGENT)
    if os.getsid(0) == os.getpid():
        with suppress(OSError), open("/proc/self/autogroup", "w") as group:
            group.write(str(LESS_URGENT))


def _watch(walk: Walk, patience: float, ended: threading.Event, channel: Channel, sending: threading.Lock) -> None:
    """Say so when a folder does not answer. The walk itself stands still then; the parent ends this process."""
    while not ended.wait(patience / LOOKS):
        if monotonic() - walk.since > patience:
            with sending:
                channel.send(SILENT + walk.at)
            return

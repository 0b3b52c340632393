"""Loaded with --import, it makes copying slow enough to be interrupted: every file takes a moment."""

from __future__ import annotations

import time

from spacedrive_jobs import failpoint


def take_a_moment(_: str) -> None:
    time.sleep(0.01)  # noqa: TID251 - what makes it slow


failpoint.arm("copy.data", take_a_moment)

"""A library for tests."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import cast

from spacedrive_jobs._model.clock import Clock
from spacedrive_jobs._model.readings import Probe
from spacedrive_jobs._runtime.library import Library
from spacedrive_jobs._runtime.library import open_library as _open_library
from spacedrive_jobs._runtime.probe.manual import ManualProbe
from spacedrive_jobs._runtime.scheduling import forgotten
from spacedrive_jobs._runtime.settings import GRACE, LEASE, Runs, Settings
from spacedrive_jobs._runtime.tracing import OpenTelemetry
from spacedrive_jobs.testing._clock import ManualClock


def open_library(
    path: str | PathLike[str],
    *,
    clock: Clock | None = None,
    create: bool = True,
    runs: Runs = "all",
    slots: int = 4,
    lease: float = LEASE,
    grace: float = GRACE,
    seed: int = 0,
    probe: Probe | None = None,
    resources: Mapping[str, int] | None = None,
    telemetry: OpenTelemetry | None = None,
) -> AbstractAsyncContextManager[Library, None]:
    """`Library.open` for tests: with a clock of your own, jitter from `seed`, and a machine as `probe` says it is.

    Raises AssertionError at the end of the block if a schedule was written in it and never dispatched.
    """
    settings = Settings(
        runs=runs,
        slots=slots,
        lease=lease,
        grace=grace,
        clock=clock or ManualClock(),
        jitter=random.Random(seed),
        probe=probe or ManualProbe(),
        resources=resources or {},
        telemetry=telemetry,
    )
    return cast("AbstractAsyncContextManager[Library, None]", _opened(Path(path), create, settings))


@asynccontextmanager
async def _opened(path: Path, create: bool, settings: Settings) -> AsyncGenerator[Library]:
    forgotten.clear()
    async with _open_library(path, create=create, settings=settings) as library:
        yield library
    if forgotten:
        kinds = ", ".join(forgotten)
        forgotten.clear()
        raise AssertionError(f"schedules were written and never dispatched: {kinds}. End their chains with .dispatch()")

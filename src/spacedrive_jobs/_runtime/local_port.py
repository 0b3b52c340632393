"""The port of an attempt that runs in the runner's own process: straight to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from spacedrive_jobs._model.transition import Claim, Flush
from spacedrive_jobs._runtime.joblog import JobLog
from spacedrive_jobs._runtime.pump import Pump
from spacedrive_jobs._runtime.running import RunningAttempt
from spacedrive_jobs._store import checkpoints, reads
from spacedrive_jobs._store.lane import Sink
from spacedrive_jobs._store.store import Store


class LocalPort:
    """Thread-safe. `beat` shows other observers that this process runs; see Leases."""

    def __init__(
        self,
        store: Store,
        claim: Claim,
        joblog: JobLog,
        pump: Pump,
        running: RunningAttempt,
        beat: Callable[[], None],
    ) -> None:
        self._store, self._claim, self._joblog = store, claim, joblog
        self._pump, self._running, self._beat = pump, running, beat
        self._loop = asyncio.get_running_loop()

    def checkpoint(self, flush: Flush, sink: Sink) -> None:
        self._store.checkpoint_to(self._claim, flush, sink)

    def spill(self, flush: Flush, sink: Sink) -> None:
        self._store.spill_to(self._claim, flush, sink)

    def kept(self, key: bytes, sink: Sink) -> None:
        job = self._claim.job.bytes
        # By the writer, after what is on its way to it: a reader would miss a row that is taken and not yet committed.
        self._store.write_to(lambda tx: checkpoints.read_kept(tx.connection, job, key), sink, durable=False)

    def holds_claim(self) -> bool:
        self._beat()
        return self._store.read_blocking(lambda connection: reads.holds_claim(connection, self._claim))

    def call(self, method: str, argument: Any, sink: Sink) -> None:
        services = self._running.services
        assert services is not None
        if isinstance(sink, asyncio.Future):
            services.call(method, argument, sink)
        else:
            self._loop.call_soon_threadsafe(services.call, method, argument, sink)

    def log(self, message: str) -> None:
        self._joblog.add(self._claim.job, self._claim.attempt, message)
        self._pump.logged()

    def progressed(self) -> None:
        self._pump.reported(self._running)

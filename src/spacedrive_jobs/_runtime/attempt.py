"""One attempt: what its context's verbs change, whatever thread or process they are called in.

The attempt gathers (items, notes, kept rows, counters) and stores what it gathered together with the state, through a
port: the store where the job runs in the runner's process, a pipe to the runner where it runs in a child's.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from spacedrive_jobs._definition.codec import path_bytes, printable
from spacedrive_jobs._definition.context import ItemPath
from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._model.clock import Clock, to_datetime
from spacedrive_jobs._model.errors import AttemptEnded
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.progress import JobMetrics, Progress
from spacedrive_jobs._model.record import ItemOutcome
from spacedrive_jobs._model.transition import Checkpoint, Claim, ClaimedJob, Flush, ItemRow, NoteRow
from spacedrive_jobs._store.lane import Sink
from spacedrive_jobs._tasks.interrupt import Interrupter

if TYPE_CHECKING:
    from spacedrive_jobs._runtime.tracing import OpenTelemetry

MESSAGE_LIMIT: Final = 4 << 10
CUT: Final = " … (cut)"
STATE_WARNING: Final = 64 << 10
SPILL_ITEMS: Final = 5_000
NOTES_KEPT: Final = 10_000
"""Warnings and errors beyond this are counted, not stored."""

_encode_metrics = msgspec.msgpack.Encoder().encode
_decode_metrics = msgspec.msgpack.Decoder(JobMetrics).decode


class Port(Protocol):
    """How an attempt reaches the store."""

    def checkpoint(self, flush: Flush, sink: Sink) -> None: ...
    def spill(self, flush: Flush, sink: Sink) -> None: ...
    def kept(self, key: bytes, sink: Sink) -> None: ...
    def holds_claim(self) -> bool:
        """Ask the store; blocking."""
        ...

    def call(self, method: str, argument: Any, sink: Sink) -> None:
        """Ask a service of the runner (see JobServices)."""
        ...

    def log(self, message: str) -> None: ...
    def progressed(self) -> None:
        """The attempt's newest progress has not been seen yet."""
        ...


@dataclass(slots=True)
class Mark:
    """A state given inside the interval, and how much had been gathered by then."""

    state: bytes | None
    metrics: bytes
    items: int
    notes: int
    kept: int
    seq: int = 0


class Attempt:
    """Thread-safe. `ended` is set when the attempt is over or has lost its claim: every verb then raises.

    `fenced`: it has been in library.db. `stored`: rows of it besides the job's own may be in jobs.db.
    """

    claim: Claim
    parent: JobId | None
    retry_of: JobId | None
    deadline: datetime | None
    definition: JobDefinition
    interrupter: Interrupter
    port: Port
    clock: Clock
    interval: float
    ended: bool
    fenced: bool
    silent: bool
    stored: bool
    latest: Progress | None
    state: bytes | None
    state_version: int
    metrics: JobMetrics
    written_at: float

    def __init__(
        self,
        claimed: ClaimedJob,
        definition: JobDefinition,
        interrupter: Interrupter,
        port: Port,
        clock: Clock,
        *,
        lease: float,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        self.claim = claimed.claim
        self.parent = claimed.parent
        self.retry_of = claimed.retry_of
        self.deadline = to_datetime(claimed.deadline_at) if claimed.deadline_at is not None else None
        self.definition, self.interrupter, self.port, self.clock = definition, interrupter, port, clock
        interval = definition.options.checkpoint_interval
        self.interval = interval.total_seconds() if interval is not None else 0.0
        self.ended = False
        self.silent = False
        self.stored = checkpoint is not None
        self.latest: Progress | None = None
        self.state = checkpoint.state if checkpoint else None
        self.state_version = checkpoint.version if checkpoint else definition.version
        self.metrics = _decode_metrics(checkpoint.metrics) if checkpoint and checkpoint.metrics else JobMetrics()
        self._items: list[ItemRow] = []
        self._notes: list[NoteRow] = []
        self._kept: list[tuple[bytes, bytes]] = []
        self._items_seq = checkpoint.items_seq if checkpoint else 0
        self._notes_seq = checkpoint.notes_seq if checkpoint else 0
        self._mark: Mark | None = None
        self._lock = threading.Lock()
        self._unseen = False
        self._written: int | None = None
        self._state_number = 0
        self.fenced = False
        self.telemetry: OpenTelemetry | None = None
        self._verified_at = self.written_at = clock.monotonic()
        self._trusted_for = lease / 2

    # --- life ---------------------------------------------------------------------------------------------------------

    def require_live(self) -> None:
        if self.ended:
            raise AttemptEnded(self.claim.job, self.claim.attempt)

    def check(self) -> None:
        """Raise AttemptEnded or JobInterrupted, if either is due."""
        if self.ended:
            raise AttemptEnded(self.claim.job, self.claim.attempt)
        if not self.silent:
            self.interrupter.check()

    def lost(self) -> None:
        """The store said that the claim is another's."""
        self.ended = True

    def check_claim(self) -> None:
        """See JobContext.check_claim. A claim is stolen only from a process that stood still for a whole lease, so one
        that was verified less than half a lease ago still stands."""
        self.require_live()
        if self.clock.monotonic() - self._verified_at >= self._trusted_for:
            self.verify_claim()

    def verify_claim(self) -> None:
        """As `check_claim`, whatever was known before. Blocking."""
        self.require_live()
        now = self.clock.monotonic()
        if not self.port.holds_claim():
            self.lost()
            raise AttemptEnded(self.claim.job, self.claim.attempt)
        self._verified_at = now

    def spawning(self, kind: str) -> AbstractContextManager[bytes | None]:
        """Around the storing of a child: its span, where somebody wants spans; gives what is stored with it."""
        return self.telemetry.dispatching([kind]) if self.telemetry is not None else nullcontext()

    # --- gathering ----------------------------------------------------------------------------------------------------

    def progress(self, progress: Progress) -> None:
        if self.ended:
            self.require_live()
        self.latest = progress
        if not self._unseen:
            self._unseen = True
            self.port.progressed()

    def take_progress(self) -> Progress | None:
        """The newest progress, if it has changed since the last call."""
        if not self._unseen:
            return None
        self._unseen = False
        return self.latest

    def add_bytes(self, count: int) -> None:
        self.require_live()
        with self._lock:
            self.metrics.bytes_processed += count

    def add_items(self, count: int) -> None:
        self.require_live()
        with self._lock:
            self.metrics.items_processed += count

    def item(self, item: ItemPath, outcome: ItemOutcome, reason: str) -> None:
        self.require_live()
        row = ItemRow(path_bytes(item), outcome, bounded(reason))
        with self._lock:
            self._items.append(row)
            metrics = self.metrics
            if outcome == "ok":
                metrics.items_ok += 1
            elif outcome == "skipped":
                metrics.items_skipped += 1
            elif outcome == "warning":
                metrics.items_warning += 1
            else:
                metrics.items_error += 1
            if len(self._items) >= SPILL_ITEMS and self._mark is None:
                self._spill()

    def note(self, level: str, message: str) -> None:
        self.require_live()
        row = NoteRow(self.clock.now_ms(), level, bounded(message))
        with self._lock:
            if level == "warning":
                self.metrics.warnings += 1
            else:
                self.metrics.errors += 1
            if self._notes_seq + len(self._notes) < NOTES_KEPT:
                self._notes.append(row)

    def keep(self, key: bytes, value: bytes) -> None:
        self.require_live()
        with self._lock:
            self._kept.append((bytes(key), bytes(value)))

    def reserved_written(self, count: int) -> None:
        self.require_live()
        with self._lock:
            self._written = count

    def find_kept(self, key: bytes) -> bytes | None:
        """The newest value that is not stored yet."""
        with self._lock:
            return next((value for known, value in reversed(self._kept) if known == key), None)

    def log(self, message: str) -> None:
        self.require_live()
        self.port.log(bounded(message))

    def _spill(self) -> None:
        """Bound memory: rows go to the store ahead of the checkpoint that will name them."""
        flush = Flush(items=tuple(self._items), items_seq=self._items_seq)
        self._items_seq += len(self._items)
        self._items = []
        self.stored = True
        self.port.spill(flush, None)

    # --- storing ------------------------------------------------------------------------------------------------------

    def encode_state(self, state: object, *, given: bool) -> bytes | None:
        """The state's bytes, now: what the caller does to the object later changes nothing."""
        if not given:
            return None
        data = self.definition.encode_state(state)
        if len(data) > STATE_WARNING:
            warnings.warn(
                f"the state of {self.definition.kind!r} is {len(data):,} bytes: keep a cursor, lists go into ctx.keep",
                ResourceWarning,
                stacklevel=4,
            )
        return data

    def mark(self, state: bytes | None) -> bool:
        """Inside the interval: remember the state. True if it was the first mark since the last write."""
        with self._lock:
            first = self._mark is None
            self._mark = self._marked(state)
        return first

    def _marked(self, state: bytes | None) -> Mark:
        metrics = _encode_metrics(self.metrics)
        return Mark(state, metrics, len(self._items), len(self._notes), len(self._kept), self._next_seq())

    def _next_seq(self) -> int:
        self._state_number += 1
        return (self.claim.attempt << 32) + self._state_number

    def is_inside_interval(self) -> bool:
        return self.interval > 0 and self.clock.monotonic() - self.written_at < self.interval

    def store(self, state: bytes | None, sink: Sink) -> None:
        """Write the state and all that was gathered; `sink` is resolved when it is durable."""
        self.mark(state)
        self.store_mark(sink)

    def store_mark(self, sink: Sink) -> None:
        """Write the latest mark. Taken and submitted under the lock, so that two of them keep their order."""
        with self._lock:
            flush = self._take_mark()
            if flush is None:
                if sink is not None:
                    sink.set_result(None)
                return
            self.stored = True
            self.written_at = self.clock.monotonic()
            self.port.checkpoint(flush, sink)

    def store_beside(self, state: bytes, sink: Sink) -> Checkpoint:
        """For a state that goes into library.db: what was gathered is stored in jobs.db ahead of it, and `sink` is
        resolved when that is durable."""
        with self._lock:
            flush = self._take(self._marked(None))
            self.stored = True
            self.port.spill(flush, sink)
            return Checkpoint(
                self.claim.attempt,
                self.definition.version,
                state,
                flush.metrics,
                self._items_seq,
                self._notes_seq,
                self._next_seq(),
            )

    def stored_beside(self, checkpoint: Checkpoint) -> None:
        """It is committed in library.db. jobs.db gets it too, in its own time."""
        self.state, self.state_version = checkpoint.state, checkpoint.version
        with self._lock:
            self._mark = Mark(checkpoint.state, checkpoint.metrics or b"", 0, 0, 0, checkpoint.state_seq)
        if not self.is_inside_interval() and not self.ended:
            self.store_mark(None)

    def stored_now(self, asked_at: float, state: bytes | None) -> None:
        """A checkpoint asked for at `asked_at` is durable, so the claim held then or later."""
        self._verified_at = max(self._verified_at, asked_at)
        if state is not None:
            self.state, self.state_version = state, self.definition.version

    def has_mark(self) -> bool:
        return self._mark is not None

    def _take_mark(self) -> Flush | None:
        mark, self._mark = self._mark, None
        if mark is None:
            return None
        return self._take(mark)

    def _take(self, mark: Mark) -> Flush:
        flush = Flush(
            state=mark.state,
            version=self.definition.version,
            metrics=mark.metrics,
            items=tuple(self._items[: mark.items]),
            items_seq=self._items_seq,
            notes=tuple(self._notes[: mark.notes]),
            notes_seq=self._notes_seq,
            kept=tuple(self._kept[: mark.kept]),
            state_seq=mark.seq,
            written=self._written,
        )
        self._written = None
        self._items_seq += mark.items
        self._notes_seq += mark.notes
        del self._items[: mark.items], self._notes[: mark.notes], self._kept[: mark.kept]
        return flush

    def last_mark(self, *, notes: bool = False) -> Flush | None:
        """At an interruption: what was marked and not yet written; with `notes` also all notes, those of hooks too."""
        with self._lock:
            flush = self._take_mark()
            if notes and self._notes:
                base = flush or Flush(items_seq=self._items_seq, notes_seq=self._notes_seq)
                flush = replace(base, notes=base.notes + tuple(self._notes))
                self._notes = []
            return flush

    def everything(self) -> Flush | None:
        """At the end: the mark's state if there is one, and all rows gathered since."""
        with self._lock:
            marked = self._mark
            self._mark = None
            if marked is None and not (self._items or self._notes or self._kept or self.stored):
                return None
            state = marked.state if marked else None
            whole = self._marked(state)
            return self._take(whole if marked is None else replace(whole, seq=marked.seq))

    def encoded_metrics(self) -> bytes | None:
        """None where nothing was ever counted: most small jobs."""
        return _encode_metrics(self.metrics) if self.metrics != NO_METRICS else None


NO_METRICS: Final = JobMetrics()


def decode_metrics(data: bytes | None) -> JobMetrics:
    return _decode_metrics(data) if data else JobMetrics()


def bounded(message: object) -> str:
    """Printable text of at most 4 KiB, a longer one with a mark where it was cut. Never raises."""
    text = (
        printable(message) if isinstance(message, (str, bytes)) else printable(f"{type(message).__name__}: {message}")
    )
    if len(text) * 4 <= MESSAGE_LIMIT:
        return text
    raw = text.encode("utf-8", "backslashreplace")
    if len(raw) <= MESSAGE_LIMIT:
        return text
    return raw[: MESSAGE_LIMIT - len(CUT.encode())].decode("utf-8", "ignore") + CUT

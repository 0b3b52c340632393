"""The copy in motion. While one batch is copied, the one before is flushed and named, and the next is gathered.

A batch goes through stages, one step after each flush, so that one flush serves all that are on their way:

    copied --flush--> published (named) --flush--> durable (counted) [--> removed --flush--> gone]

The last two are a move's: sources are removed only once their copies are durable and a checkpoint says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy import syscalls
from spacedrive_ops.file_copy.copy import Stopped
from spacedrive_ops.file_copy.finish import Finisher
from spacedrive_ops.file_copy.gather import Batch, Gatherer, Pace
from spacedrive_ops.file_copy.item import Item, Tools
from spacedrive_ops.file_copy.model import FULL, NoRoomLeft, PartialFile
from spacedrive_ops.file_copy.small import prepare
from spacedrive_ops.file_copy.transfer import Transfer
from spacedrive_ops.folders import NOT_OPEN
from spacedrive_ops.whole_files.partial import discard

SHARES: Final = 2
"""Threads that copy small files side by side: the system calls overlap, the interpreter's part does not."""
SLICE_SECONDS: Final = 0.15


class Pipeline:
    """The threads' side of one run over the sources. The event loop's side is `drive`."""

    def __init__(
        self, gatherer: Gatherer, finisher: Finisher, tools: Tools, *, moving: bool, unfinished: PartialFile | None
    ) -> None:
        self._gatherer, self._finisher, self._tools, self._moving = gatherer, finisher, tools, moving
        self._unfinished = unfinished
        self._waiting: deque[Item] = deque()
        self.pace = Pace.within_limits()
        self.current: Batch | None = None
        self.upcoming: Batch | None = None
        self.inflight: list[Batch] = []

    # --- one round: what can be done side by side

    def begin(self) -> None:
        """Take the first batch."""
        self.current = self._gatherer.next_batch(self.pace)

    @property
    def is_done(self) -> bool:
        return self.current is None and not self.inflight

    def calls(self) -> list[Callable[[], None]]:
        """The blocking calls of this round; each returns soon after an interruption is asked for."""
        calls: list[Callable[[], None]] = []
        if self.current is not None:
            calls += self._copying(self.current)
        transfer = self._open_transfer
        if self.inflight or (transfer is not None and transfer.position > transfer.flushed):
            calls.append(self.settle)
        if self.upcoming is None and not self._gatherer.exhausted:
            calls.append(self._gather)
        return calls

    def _copying(self, batch: Batch) -> list[Callable[[], None]]:
        if batch.is_large and batch.items[0].work == "file":
            if batch.transfer is None:
                batch.transfer = Transfer(batch.items[0], self._tools)
            return [self._copy_slice, self._hash_slice] if self._tools.verify else [self._copy_slice]
        self._waiting = deque(item for item in batch.items if not item.ready)
        return [self._copy_share] * min(SHARES, len(self._waiting))

    def turn(self) -> None:
        """After a round: a batch that is wholly copied makes place for the next."""
        batch = self.current
        if batch is None or not all(item.ready for item in batch.items):
            return
        self.inflight.append(batch)
        self.current, self.upcoming = self.upcoming, None

    def _gather(self) -> None:
        self.upcoming = self._gatherer.next_batch(self.pace)

    # --- copying

    def _copy_share(self) -> None:
        while True:
            try:
                item = self._waiting.popleft()
            except IndexError:
                return
            try:
                prepare(item, self._tools)
            except Stopped:
                return
            if self._tools.interrupted():
                return

    @property
    def _open_transfer(self) -> Transfer | None:
        """The large file that is being copied."""
        transfer = self.current.transfer if self.current is not None else None
        return transfer if transfer is not None and transfer.is_open else None

    def _copy_slice(self) -> None:
        assert self.current is not None
        assert self.current.transfer is not None
        transfer, item = self.current.transfer, self.current.items[0]
        try:
            if not transfer.is_open:
                self._open(transfer)
            transfer.copy_some(self.pace.bytes, SLICE_SECONDS)
        except FileNotFoundError:
            transfer.discard()
            item.end("warning", "vanished before it could be copied")
        except Stopped:
            return
        except NoRoomLeft:
            raise
        except OSError as error:
            transfer.give_up("cannot be copied", error)
        item.ready = item.ready or transfer.finished

    def _open(self, transfer: Transfer) -> None:
        unfinished, self._unfinished = self._unfinished, None
        transfer.open(unfinished)
        if unfinished is not None and not transfer.is_of(unfinished):
            self._unfinished = unfinished  # another file's: still to come, or swept away in the end

    def _hash_slice(self) -> None:
        transfer = self._open_transfer
        if transfer is not None:
            try:
                transfer.hash_source(self.pace.bytes)
            except Stopped:
                pass  # hashed on when it goes on

    # --- settling: one flush, then a step for every batch

    def settle(self) -> None:
        """Flush once, then let each batch take its next step, oldest first."""
        batches = list(self.inflight)
        self._flush(batches, self._open_transfer)
        for batch in batches:
            self._advance(batch)

    def _flush(self, batches: list[Batch], transfer: Transfer | None) -> None:
        failpoint.hit("copy.flush")
        try:
            if self._tools.durable:
                self._sync_file_systems(batches)
            for batch in batches:
                if batch.stage == "copied" and batch.transfer is not None and batch.transfer.is_open:
                    batch.transfer.flush()
            if transfer is not None:
                transfer.flush()
        except Stopped:
            pass  # flushed, but not all of it read back yet
        except OSError as error:
            if error.errno in FULL:
                raise NoRoomLeft(error) from error
            raise

    def _sync_file_systems(self, batches: list[Batch]) -> None:
        """Small files, names, folders and removals are made durable by one call for each file system."""
        synced: set[int] = set()
        for batch in batches:
            if batch.stage == "copied" and batch.transfer is not None:
                continue  # its own fsync, and no name yet
            for folder in batch.folders:
                removing = batch.stage == "removed"
                fd, identity = (folder.source, folder.source_id) if removing else (folder.target, folder.target_id)
                if fd != NOT_OPEN and identity is not None and identity[0] not in synced:
                    synced.add(identity[0])
                    syscalls.sync_file_system(fd)

    def _advance(self, batch: Batch) -> None:
        match batch.stage:
            case "copied":
                self._publish(batch)
            case "published":
                batch.stage = "durable"
            case "durable" if self._moving and batch.recorded:
                for item in batch.items:
                    self._finisher.remove_source(item)
                batch.stage = "removed"
            case "removed":
                batch.stage = "gone"
            case _:
                pass

    def _publish(self, batch: Batch) -> None:
        transfer = batch.transfer
        if transfer is not None and not self._is_sound(transfer):
            return
        for item in batch.items:
            self._finisher.publish(item)
        if transfer is not None:
            transfer.close()
        batch.stage = "published" if self._tools.durable else "durable"

    def _is_sound(self, transfer: Transfer) -> bool:
        """Whether a finished large file may be named; False where it first has to be copied or read again."""
        item = transfer.item
        if item.outcome == "error":
            transfer.discard()
            return True
        try:
            if not transfer.is_open or transfer.is_verified():
                return True
        except Stopped:
            return False
        if transfer.copy_again():
            while not transfer.finished:
                transfer.copy_some(self.pace.bytes, SLICE_SECONDS)
            transfer.flush()
            return self._is_sound(transfer)
        transfer.discard()
        item.end("error", "what was written is not what was read")
        return True

    # --- the end of a run

    def wind_down(self) -> None:
        """Bring what was copied before an interruption to a durable end, and let go of the rest."""
        try:
            self.turn()
            self._keep_what_is_ready()
            for _ in range(2):
                if self.inflight or self._open_transfer is not None:
                    self.settle()
        except NoRoomLeft:
            pass  # what is durable is known; the rest is done again
        finally:
            self.abandon()

    def _keep_what_is_ready(self) -> None:
        """Of the batch that was being copied, the entries up to the first that is not ready."""
        batch = self.current
        if batch is None or batch.is_large:
            return
        ready = next((at for at, item in enumerate(batch.items) if not item.ready), len(batch.items))
        if ready == 0:
            return
        kept = Batch(items=batch.items[:ready], folders=batch.folders)
        batch.items, batch.folders = batch.items[ready:], []
        kept.close_at(kept.items[-1])
        self.inflight.append(kept)
        self._discard(batch)
        self.current = None

    def unfinished(self) -> PartialFile | None:
        """The large file that a later attempt can go on with."""
        for batch in (self.current, *self.inflight):
            transfer = batch.transfer if batch is not None else None
            if transfer is not None and transfer.is_open and transfer.flushed and transfer.item.outcome != "error":
                return transfer.partial()
        return self._unfinished

    def abandon(self) -> None:
        """Close everything; remove partials that no later attempt would go on with."""
        self._unfinished = self.unfinished()
        for batch in (self.current, self.upcoming, *self.inflight):
            if batch is not None:
                self._discard(batch)
        self._gatherer.close()

    def _discard(self, batch: Batch) -> None:
        if batch.transfer is not None:
            if batch.transfer.flushed and batch.transfer.item.outcome != "error":
                batch.transfer.close()
            else:
                batch.transfer.discard()
        else:
            for item in batch.items:
                if item.partial and not item.final and item.folder.target != NOT_OPEN:
                    discard(item.folder.target, item.partial)
        batch.release()

    def close(self) -> None:
        """At the end of the walk."""
        self._gatherer.close()

    def finished_batches(self) -> list[Batch]:
        """Take out the batches that need nothing more; for a move those whose sources are gone."""
        last = "gone" if self._moving else "durable"
        finished: list[Batch] = []
        while self.inflight and self.inflight[0].stage == last:
            finished.append(self.inflight.pop(0))
        return finished

    def now_durable(self) -> list[Batch]:
        """Batches whose entries are durably in the destination and not yet counted, in order."""
        ready: list[Batch] = []
        for batch in self.inflight:
            if batch.stage not in ("durable", "removed", "gone"):
                break
            if not batch.recorded:
                ready.append(batch)
        return ready

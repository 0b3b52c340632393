"""One attempt of a backup of a location: rounds of entries, each in the backup before it is in the list."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

import msgspec

from spacedrive_jobs import Bytes, Count, GenericProgress, JobContext, JobInterrupted, interrupt_requested
from spacedrive_ops.backup.depot import FolderDepot
from spacedrive_ops.backup.format import Listed, list_name, listed, object_name
from spacedrive_ops.backup.lists import Before, ListWriter, entries_in, fetch, packed
from spacedrive_ops.backup.model import FileOutcome, FilesState
from spacedrive_ops.backup.reading import Found, attributes_at, folder_entry, found_in, link_entry
from spacedrive_ops.backup.store_depot import StoreDepot
from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.file_copy.small import open_source
from spacedrive_ops.object_store.digest import digest_of, digest_of_file
from spacedrive_ops.object_store.errors import Stopped, StoreError, StoreUnreachable
from spacedrive_ops.object_store.parts import PART, PartsSender
from spacedrive_ops.object_store.small import SourceChanged
from spacedrive_ops.paths.finding import Address

A_ROUND: Final = 64
AT_ONCE: Final = 8
TRIES: Final = 3
"""How often a file that changes while it is read is read again."""
PHASES: Final = (("scan", 2.0), ("backup", 98.0))


class Wanted(Protocol):
    """What a backup of files is told."""

    @property
    def root(self) -> Path: ...
    @property
    def to(self) -> Address: ...
    @property
    def before(self) -> str: ...
    @property
    def verify(self) -> bool: ...


class Done(msgspec.Struct, frozen=True):
    """One entry: as it is listed; or why it is not."""

    outcome: FileOutcome
    entry: Listed | None = None
    reason: str = ""
    by_store: bool = False


class Sending:
    """`spool`, `list_` and `earlier`: files of this job beside the library: the lines so far, the list that is kept,
    and the one of the backup before."""

    def __init__(
        self,
        job: Wanted,
        ctx: JobContext[FilesState],
        depot: FolderDepot | StoreDepot,
        state: FilesState,
        spool: Path,
        list_: Path,
        earlier: Path,
    ) -> None:
        self._job, self._ctx, self._depot, self._state = job, ctx, depot, state
        self._spool, self._list, self._earlier = spool, list_, earlier
        self._before: Before | None = None
        self._rounds_in_vain = 0
        self._sent_of_large = 0

    async def to_the_end(self) -> str:
        """The BLAKE3 of the list."""
        ctx, state = self._ctx, self._state
        await self._count()
        await self._open_before()
        lines = await self._open_list()
        try:
            found = found_in(self._job.root, ctx.library.path, state.cursor)
            while batch := await ctx.run_in_pool(self._some, found):
                try:
                    await self._round(batch, lines)
                finally:
                    for one in batch:
                        one.release()
        finally:
            lines.close()
        digest = await ctx.run_in_pool(self._keep_list)
        for path in (self._spool, self._list, self._earlier):
            path.unlink(missing_ok=True)
        return digest

    # --- before the first round

    async def _count(self) -> None:
        if self._state.total is not None:
            return
        self._ctx.progress(GenericProgress(phase="scan", phases=PHASES))
        self._state.total = await self._ctx.run_in_pool(self._counted)
        await self._ctx.check_interrupt()
        await self._ctx.save_state(self._state)

    def _counted(self) -> tuple[int, int] | None:
        items = size = 0
        for found in found_in(self._job.root, self._ctx.library.path, None):
            items, size = items + 1, size + found.size
            found.release()
            if items % 1000 == 0 and interrupt_requested():
                return None
        return items, size

    async def _open_before(self) -> None:
        """Without the list of the backup before, every file is read: no more than that."""
        if not self._job.before:
            return
        try:
            await self._ctx.run_in_pool(fetch, self._depot, self._job.before, self._earlier)
            self._before = await self._ctx.run_in_pool(lambda: Before(entries_in(self._earlier)))
        except (StoreError, ValueError) as error:
            self._ctx.add_warning(f"the list of the backup before cannot be used, so every file is read: {error}")

    async def _open_list(self) -> ListWriter:
        state = self._state
        try:
            return await self._ctx.run_in_pool(ListWriter, self._spool, state.listed)
        except FileNotFoundError:  # somebody removed it: all is listed anew, and nothing is sent twice
            self._state.cursor, state.listed = None, 0
            state.tally = type(state.tally)()
            return await self._ctx.run_in_pool(ListWriter, self._spool, 0)

    # --- rounds

    def _some(self, found: Iterator[Found]) -> list[Found]:
        """The next entries, with what the backup before knows of them. A large file ends its round."""
        batch: list[Found] = []
        for one in islice(found, A_ROUND):
            if one.kind == "file" and self._before is not None:
                one.entry = self._before.find(one.parts)
            batch.append(one)
            if one.size > PART:
                break
        return batch

    async def _round(self, batch: list[Found], lines: ListWriter) -> None:
        ctx = self._ctx
        results: dict[int, Done] = {}
        multipart = self._depot.multipart if isinstance(self._depot, StoreDepot) else None
        in_parts = [n for n, one in enumerate(batch) if multipart is not None and one.size > PART]
        others = [number for number in range(len(batch)) if number not in in_parts]
        try:
            await ctx.map(partial(self._one, batch, results), others, limit=AT_ONCE)
            for number in in_parts:
                results[number] = await self._large(batch[number])
        except JobInterrupted:
            await self._account(batch, results, lines)
            await ctx.save_state(self._state)
            raise
        self._look_at_store(results)
        await self._account(batch, results, lines)
        self._show(batch[-1].path)
        if in_parts:
            self._state.begun = None
            await ctx.save_state(self._state)
        else:
            await ctx.checkpoint(self._state)

    def _look_at_store(self, results: dict[int, Done]) -> None:
        """A store that takes nothing ends the attempt: a million files are not each to wait for it."""
        if results and all(done.by_store for done in results.values()):
            self._rounds_in_vain += 1
            if self._rounds_in_vain > 1:
                raise StoreUnreachable(self._depot.where, results[0].reason)
        else:
            self._rounds_in_vain = 0

    async def _account(self, batch: list[Found], results: dict[int, Done], lines: ListWriter) -> None:
        """List in order, up to the first one that was not finished."""
        finished: list[tuple[Found, Done]] = []
        for number, found in enumerate(batch):
            done = results.get(number)
            if done is None or done.outcome == "stopped":
                break
            finished.append((found, done))
        if not finished:
            return
        entries = [done.entry for _, done in finished if done.entry is not None]
        await self._ctx.run_in_pool(lines.add, entries)
        for found, done in finished:
            self._say(found, done)
        self._state.cursor, self._state.listed = finished[-1][0].at, lines.size

    def _say(self, found: Found, done: Done) -> None:
        ctx, tally = self._ctx, self._state.tally
        tally.entries += 1
        if done.entry is None:
            tally.failed += done.outcome == "error"
            ctx.item(found.path, "warning" if done.outcome == "warning" else "error", done.reason)
        elif found.kind != "folder":
            ctx.item(found.path)
            tally.files += 1
            tally.bytes += done.entry.size
            ctx.increment_items()
            if done.outcome == "sent":
                tally.sent += 1
                tally.sent_bytes += done.entry.size
                ctx.increment_bytes(done.entry.size)

    # --- one entry, in a thread of the pool

    def _one(self, batch: list[Found], results: dict[int, Done], number: int) -> None:
        found = batch[number]
        try:
            if found.kind == "problem":
                results[number] = Done(found.outcome, None, found.problem)
            elif found.kind == "folder":
                results[number] = Done("known", folder_entry(found))
            elif found.kind == "link":
                results[number] = Done("known", link_entry(found))
            else:
                results[number] = self._file(found)
        except Stopped:
            results[number] = Done("stopped")
        except StoreError as error:
            results[number] = Done("error", None, str(error), by_store=True)
        except SourceChanged:
            results[number] = Done("error", None, "changed while it was being backed up")
        except FileNotFoundError:
            results[number] = Done("warning", None, "vanished before it could be backed up")
        except OSError as error:
            results[number] = Done("error", None, f"cannot be read: {(error.strerror or '').lower()}")

    def _file(self, found: Found) -> Done:
        fd, status = open_source(found.folder, found.name)
        try:
            entry = self._opened(found, fd, status)
            if (known := self._known(found, status)) is not None:
                return Done("known", msgspec.structs.replace(entry, digest=known))
            for attempt in range(TRIES):
                try:
                    return self._sent(fd, entry) if attempt == 0 else self._sent(fd, self._opened(found, fd, None))
                except SourceChanged:
                    if attempt == TRIES - 1:
                        raise
            raise AssertionError("the last try ends it")
        finally:
            os.close(fd)

    def _opened(self, found: Found, fd: int, status: os.stat_result | None) -> Listed:
        """As it is now; its access time as it was before it was opened."""
        entry = listed(found.parts, status or os.fstat(fd), attributes_at(fd))
        return msgspec.structs.replace(entry, atime_ns=found.status.st_atime_ns)

    def _known(self, found: Found, status: os.stat_result) -> str | None:
        """The BLAKE3 of a file that is as the backup before has it, if its bytes are still there."""
        before = found.entry
        if before is None or not before.is_still(status):
            return None
        return before.digest if self._depot.size_of(object_name(before.digest)) == before.size else None

    def _sent(self, fd: int, entry: Listed) -> Done:
        """Raises SourceChanged where it was written to meanwhile."""
        if entry.size <= PART:
            data = os.pread(fd, entry.size + 1, 0)
            _require_unchanged(fd, entry, len(data))
            digest = digest_of(data)
        else:
            data, digest = b"", digest_of_file(fd, interrupt_requested)
            _require_unchanged(fd, entry, entry.size)
        entry = msgspec.structs.replace(entry, digest=digest)
        name = object_name(digest)
        if self._depot.size_of(name) == entry.size:
            return Done("known", entry)
        if entry.size <= PART:
            self._depot.put(name, data, verify=self._job.verify)
        else:
            self._depot.put_file(name, fd, digest, verify=self._job.verify)
        return Done("sent", entry)

    # --- a large one, in parts

    async def _large(self, found: Found) -> Done:
        """On the event loop's side: it is gone on with where an earlier attempt stopped."""
        ctx, depot = self._ctx, self._depot
        assert isinstance(depot, StoreDepot)
        assert depot.multipart is not None
        try:
            fd, status = await ctx.run_in_pool(open_source, found.folder, found.name)
        except OSError as error:
            return Done("error", None, f"cannot be read: {(error.strerror or '').lower()}")
        sender = PartsSender(ctx, depot.store, depot.multipart, self._state, partial(self._show_large, found))
        try:
            entry = await ctx.run_in_pool(self._opened, found, fd, status)
            known = await ctx.run_in_pool(self._known, found, status)
            digest = known if known is not None else await ctx.run_in_pool(digest_of_file, fd, interrupt_requested)
            entry = msgspec.structs.replace(entry, digest=digest)
            if known or await ctx.run_in_pool(depot.size_of, object_name(digest)) == entry.size:
                await sender.drop()
                return Done("known", entry)
            result = await sender.send(object_name(digest), fd, status, verify=self._job.verify, digest=digest)
            return Done("sent", entry) if result.outcome == "ok" else Done("error", None, result.reason)
        except Stopped:
            await ctx.check_interrupt()
            raise
        except StoreError as error:
            return Done("error", None, str(error), by_store=True)
        finally:
            self._sent_of_large = 0
            os.close(fd)

    def _show_large(self, found: Found, sent: int) -> None:
        self._sent_of_large = sent
        self._show(found.path)

    # --- the end

    def _keep_list(self) -> str:
        digest = packed(self._spool, self._list)
        name = list_name(digest)
        if not self._is_kept(name, digest):
            fd = os.open(self._list, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._depot.put_file(name, fd, digest, verify=True)
            finally:
                os.close(fd)
        return digest

    def _is_kept(self, name: str, digest: str) -> bool:
        """Whether the very list is there, unharmed: a list that is damaged would spoil each snapshot that has it."""
        if self._depot.size_of(name) is None:
            return False
        hasher = new_hasher()
        try:
            for piece in self._depot.read(name):
                hasher.update(piece)
        except StoreError:
            return False
        return str(hasher.hexdigest()) == digest

    def _show(self, current: bytes) -> None:
        tally = self._state.tally
        items, size = self._state.total or (0, 0)
        done = tally.bytes + self._sent_of_large
        self._ctx.progress(
            GenericProgress(
                phase="backup",
                phases=PHASES,
                current_path=Path(os.fsdecode(current)),
                items=Count(tally.entries, max(items, tally.entries)),
                bytes=Bytes(done, max(size, done)),
                skipped_bytes=tally.bytes - tally.sent_bytes,
            )
        )


def _require_unchanged(fd: int, entry: Listed, size: int) -> None:
    now = os.fstat(fd)
    if size != entry.size or (now.st_size, now.st_mtime_ns) != (entry.size, entry.mtime_ns):
        raise SourceChanged

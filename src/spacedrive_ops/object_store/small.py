"""Files that go up in one request, and what a file and its object have in common. In a thread of the pool."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable

from spacedrive_ops.content.hasher import new_hasher
from spacedrive_ops.object_store.digest import digest_of, digest_of_file
from spacedrive_ops.object_store.errors import Stopped, StoreError
from spacedrive_ops.object_store.model import OnExisting, Result
from spacedrive_ops.object_store.store import Facts, Store

READ: int = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SourceChanged(Exception):
    """A file was written to while it was read."""

    def __init__(self) -> None:
        super().__init__("changed while it was being uploaded")


def open_source(path: bytes) -> tuple[int, os.stat_result]:
    """Raises OSError, also where it is no regular file any more."""
    fd = os.open(path, READ)
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise OSError(0, "is no regular file any more")
    return fd, status


def facts_of(status: os.stat_result, digest: str | None) -> Facts:
    return Facts(status.st_size, status.st_mtime_ns, stat.S_IMODE(status.st_mode), digest)


def is_same(status: os.stat_result, there: Facts) -> bool:
    """Whether the object is this version of the file."""
    return (there.size, there.mtime_ns) == (status.st_size, status.st_mtime_ns)


def look(store: Store, key: str, status: os.stat_result, policy: OnExisting) -> Result | None:
    """What is to be said without sending anything; None where the file must go up."""
    return judged(store.facts(key), status, policy)


def judged(there: Facts | None, status: os.stat_result, policy: OnExisting) -> Result | None:
    """The same, of what is known of the object."""
    if there is None:
        return None
    if is_same(status, there):
        return Result("unchanged")
    return Result("skipped", "another one of that name is there") if policy == "skip" else None


def send(
    store: Store,
    path: bytes,
    key: str,
    policy: OnExisting,
    *,
    part_size: int,
    verify: bool,
    check_claim: Callable[[], None],
    interrupted: Callable[[], bool],
) -> Result:
    """Upload one file whole. Never raises but for what ends the attempt."""
    try:
        fd, status = open_source(path)
    except OSError as error:
        return Result("error", f"cannot be read: {(error.strerror or '').lower()}")
    try:
        known = _mended(store, fd, status, key, interrupted) or look(store, key, status, policy)
        if known is not None:
            return known
        _put(store, fd, status, key, part_size=part_size, check_claim=check_claim, interrupted=interrupted)
        return checked(store, key, digest_of_file(fd, interrupted), interrupted) if verify else Result("ok")
    except Stopped:
        return Result("stopped")
    except (StoreError, SourceChanged) as error:
        return Result("error", str(error), by_store=isinstance(error, StoreError))
    except OSError as error:
        return Result("error", f"cannot be read: {(error.strerror or '').lower()}")
    finally:
        os.close(fd)


def _mended(store: Store, fd: int, status: os.stat_result, key: str, interrupted: Callable[[], bool]) -> Result | None:
    """In a folder: the same bytes under another time may be this job's own, and need not be sent again."""
    there = None if store.keeps_order else store.facts(key)
    if there is None or there.size != status.st_size or is_same(status, there):
        return None
    digest = digest_of_file(fd, interrupted)
    if checked(store, key, digest, interrupted).outcome != "ok":
        return None
    store.mend(key, facts_of(status, digest))
    return Result("unchanged")


def _put(
    store: Store,
    fd: int,
    status: os.stat_result,
    key: str,
    *,
    part_size: int,
    check_claim: Callable[[], None],
    interrupted: Callable[[], bool],
) -> None:
    if status.st_size <= part_size:
        data = os.pread(fd, part_size + 1, 0)
        if len(data) != status.st_size:
            raise SourceChanged
        check_claim()
        store.put(key, data, facts_of(status, digest_of(data)), part_size=part_size)
        return
    digest = digest_of_file(fd, interrupted)
    check_claim()
    with open(os.dup(fd), "rb") as file:
        store.put(key, file, facts_of(status, digest), part_size=part_size)
    if os.fstat(fd).st_mtime_ns != status.st_mtime_ns:
        raise SourceChanged


def checked(store: Store, key: str, digest: str, interrupted: Callable[[], bool]) -> Result:
    """Read an object back and compare. Raises StoreError, Stopped."""
    hasher = new_hasher()
    for piece in store.get(key)[1]:
        if interrupted():
            raise Stopped
        hasher.update(piece)
    same = hasher.hexdigest() == digest
    return Result("ok") if same else Result("error", "the store gives back other bytes than were sent")

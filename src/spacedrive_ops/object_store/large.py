"""A large file in parts: begun once, gone on with by any later attempt with the parts that the store has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from spacedrive_jobs import failpoint
from spacedrive_ops.object_store.digest import digest_of_file
from spacedrive_ops.object_store.model import Begun
from spacedrive_ops.object_store.multipart import Multipart, NoSuchUpload, Part
from spacedrive_ops.object_store.small import SourceChanged, facts_of
from spacedrive_ops.object_store.store import attributes_of

MOST_PARTS = 10_000


def decided(
    fd: int, status: os.stat_result, key: str, part_size: int, interrupted: Callable[[], bool], digest: str = ""
) -> Begun:
    """What is stored before anything is begun. Raises Stopped."""
    while status.st_size > part_size * MOST_PARTS:
        part_size *= 2
    digest = digest or digest_of_file(fd, interrupted)
    return Begun(key, status.st_size, status.st_mtime_ns, status.st_ino, digest, part_size)


def is_of(begun: Begun, key: str, status: os.stat_result) -> bool:
    """Whether the parts that were sent are of the file as it is now."""
    known = (begun.key, begun.size, begun.mtime_ns, begun.inode)
    return known == (key, status.st_size, status.st_mtime_ns, status.st_ino)


def begin(multipart: Multipart, begun: Begun, status: os.stat_result) -> str:
    upload = multipart.create(begun.key, attributes_of(facts_of(status, begun.digest)))
    failpoint.hit("upload.begun")
    return upload


def give_up(multipart: Multipart, key: str, upload: str, others: frozenset[str]) -> None:
    """Leave nothing of an upload behind. Raises StoreError.

    `upload`: empty where the store's answer was not noted: then it is any of this very key that is none of `others`.
    """
    for one in _meant(multipart, key, upload, others):
        multipart.abort(key, one)


def kept(multipart: Multipart, key: str, upload: str, others: frozenset[str]) -> int | None:
    """The bytes of an upload that the store has, named as in `give_up`; None where there is none. Raises StoreError."""
    sizes: list[int] = []
    for one in _meant(multipart, key, upload, others):
        try:
            sizes.append(sum(part.size for part in multipart.parts(key, one)))
        except NoSuchUpload:
            continue
    return sum(sizes) if sizes else None


def _meant(multipart: Multipart, key: str, upload: str, others: frozenset[str]) -> list[str]:
    return [upload] if upload else [one for one in multipart.unfinished(key) if one not in others]


def there(multipart: Multipart, begun: Begun) -> list[Part] | None:
    """The whole parts that the store has; None where the upload is no more."""
    try:
        found = multipart.parts(begun.key, begun.upload)
    except NoSuchUpload:
        return None
    return [part for part in found if part.size == _size(begun, part.number)]


def missing(begun: Begun, have: list[Part]) -> Iterator[int]:
    known = {part.number for part in have}
    count = -(-begun.size // begun.part_size)
    return (number for number in range(1, count + 1) if number not in known)


def send_part(multipart: Multipart, fd: int, begun: Begun, number: int, check_claim: Callable[[], None]) -> Part:
    """Raises StoreError, SourceChanged, OSError."""
    size = _size(begun, number)
    data = os.pread(fd, size, (number - 1) * begun.part_size)
    if len(data) != size:
        raise SourceChanged
    check_claim()
    failpoint.hit("upload.part")
    return multipart.put(begun.key, begun.upload, number, data)


def _size(begun: Begun, number: int) -> int:
    return max(0, min(begun.part_size, begun.size - (number - 1) * begun.part_size))

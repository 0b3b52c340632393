"""A backup in an object store. It brings the modules of HTTP and XML, so it is imported when there is one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from spacedrive_jobs import failpoint
from spacedrive_ops.backup.depot import PLAIN
from spacedrive_ops.object_store import small
from spacedrive_ops.object_store.digest import digest_of
from spacedrive_ops.object_store.errors import StoreError
from spacedrive_ops.object_store.multipart import Multipart
from spacedrive_ops.object_store.parts import PART, multipart_of
from spacedrive_ops.object_store.store import Facts, Store


class StoreDepot:
    """A bucket from a prefix on. Its large files are sent by PartsSender where `multipart` is there."""

    def __init__(self, store: Store, interrupted: Callable[[], bool], check_claim: Callable[[], None]) -> None:
        self.where = store.url
        self.store = store
        self.multipart: Multipart | None = multipart_of(store)
        self._interrupted, self._check_claim = interrupted, check_claim

    def size_of(self, name: str) -> int | None:
        facts = self.store.facts(name)
        return None if facts is None else facts.size

    def put(self, name: str, data: bytes, *, verify: bool) -> None:
        self._check_claim()
        failpoint.hit("backup.put")
        digest = digest_of(data)
        self.store.put(name, data, Facts(len(data), 0, PLAIN, digest), part_size=PART)
        self._verify(name, digest, verify)

    def put_file(self, name: str, fd: int, digest: str, *, verify: bool) -> None:
        before = os.fstat(fd)
        self._check_claim()
        with open(os.dup(fd), "rb") as file:
            file.seek(0)
            self.store.put(name, file, Facts(before.st_size, 0, PLAIN, digest), part_size=PART)
        if os.fstat(fd).st_mtime_ns != before.st_mtime_ns:
            raise small.SourceChanged
        self._verify(name, digest, verify)

    def _verify(self, name: str, digest: str, verify: bool) -> None:
        if verify and (result := small.checked(self.store, name, digest, self._interrupted)).outcome != "ok":
            raise StoreError(result.reason)

    def read(self, name: str) -> Iterator[Any]:
        try:
            pieces = self.store.get(name)[1]
        except StoreError:
            if self.store.facts(name) is None:
                raise StoreError("is not there") from None
            raise
        yield from pieces

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        for key in self.store.keys(max(after, prefix)):
            if not key.startswith(prefix):
                return
            yield key

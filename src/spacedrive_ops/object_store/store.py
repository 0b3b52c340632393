"""The one door to obstore: a store by its URL, and what the jobs ask of it.

Endpoint, region and credentials come from the environment, as obstore has it; none is ever an argument of a job.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import msgspec

from spacedrive_ops.extras import MissingExtra
from spacedrive_ops.object_store.errors import StoreError, TransferRefused

TRIES: Final = 5
PATIENCE: Final = timedelta(seconds=60)
REQUEST_WITHIN: Final = timedelta(seconds=120)
MTIME, MODE, DIGEST = "sd-mtime-ns", "sd-mode", "sd-blake3"
SAID: Final = re.compile("<Message>([^<]{1,400})</Message>")
SCHEMES: Final = ("s3", "gs", "az", "file")


class Facts(msgspec.Struct, frozen=True):
    """What a store keeps of a file beside its bytes; None where it was not put there by an upload."""

    size: int
    mtime_ns: int | None = None
    mode: int | None = None
    digest: str | None = None


def attributes_of(facts: Facts) -> dict[str, str]:
    return {MTIME: str(facts.mtime_ns), MODE: f"{facts.mode:o}", DIGEST: str(facts.digest)}


class Store:
    """A bucket, or a folder, from a prefix on. Its methods block; all raise StoreError."""

    def __init__(self, url: str, *, make: bool = True) -> None:
        """`make`: a folder that is not there. Raises TransferRefused, MissingExtra."""
        parts = urlsplit(url)
        if parts.scheme not in SCHEMES:
            raise TransferRefused(url, f"the address must begin with one of {', '.join(s + '://' for s in SCHEMES)}")
        if parts.username or parts.password or parts.query:
            raise TransferRefused(parts.scheme + "://...", "credentials belong into the environment, not the address")
        self.url = url
        self.scheme, self.bucket, self.prefix = parts.scheme, parts.netloc, unquote(parts.path).strip("/")
        self._folder = unquote_to_bytes(parts.path) if parts.scheme == "file" else None
        self._obstore, self._store = _opened(url, parts.scheme, make=make)

    @property
    def folder(self) -> bytes | None:
        """Where it is a folder of this machine."""
        return self._folder

    @property
    def keeps_order(self) -> bool:
        """Whether keys are listed in their order, so that a listing can go on after one."""
        return self._folder is None

    def put(self, key: str, data: Any, facts: Facts, *, part_size: int) -> None:
        """`data`: bytes, or an open file. It appears whole or not at all."""
        attributes = attributes_of(facts) if self._folder is None else None
        self._call("put", key, data, attributes=attributes, chunk_size=part_size, use_multipart=facts.size > part_size)
        self.mend(key, facts)

    def mend(self, key: str, facts: Facts) -> None:
        """In a folder the file's own time and mode stand for metadata, and come after the file: an attempt that was
        killed may have left them out. Raises OSError."""
        if self._folder is not None and facts.mtime_ns is not None and facts.mode is not None:
            path = os.path.join(self._folder, key.encode())
            os.chmod(path, facts.mode)
            os.utime(path, ns=(facts.mtime_ns, facts.mtime_ns))

    def facts(self, key: str) -> Facts | None:
        """None where there is no such object."""
        try:
            # Not obstore's `head`: the attributes come with a get alone.
            return self._facts(key, self._obstore.get(self._store, key, options={"head": True}))
        except (FileNotFoundError, self._obstore.exceptions.NotFoundError):
            return None
        except self._obstore.exceptions.BaseError as error:
            raise StoreError(_words(error)) from error

    def get(self, key: str) -> tuple[Facts, Iterator[Any]]:
        """What is known of an object, and its bytes in pieces."""
        found = self._call("get", key)
        return self._facts(key, found), self._pieces(found)

    def keys(self, after: str | None) -> Iterator[str]:
        """Of what is a file: the empty objects that stand for folders are left out."""
        if self.scheme == "s3":
            from spacedrive_ops.object_store.multipart import Multipart, access_from_environment

            access = access_from_environment(self.bucket)
            if access is not None:  # obstore ends at the first key that is no path
                yield from Multipart(access).keys(self.prefix, after)
                return
        try:
            for page in self._obstore.list(self._store, offset=after):
                yield from (one["path"] for one in page if one["path"])
        except self._obstore.exceptions.BaseError as error:
            raise StoreError(_words(error)) from error

    def _facts(self, key: str, found: Any) -> Facts:
        size = int(found.meta["size"])
        if self._folder is not None:
            status = os.stat(os.path.join(self._folder, key.encode()))
            return Facts(size, status.st_mtime_ns, status.st_mode & 0o777)
        kept: Mapping[str, str] = found.attributes
        try:
            return Facts(size, int(kept[MTIME]), int(kept[MODE], 8), kept[DIGEST])
        except (KeyError, ValueError):
            return Facts(size)

    def _pieces(self, found: Any) -> Iterator[Any]:
        try:
            yield from found.stream(min_chunk_size=1 << 20)
        except self._obstore.exceptions.BaseError as error:
            raise StoreError(_words(error)) from error

    def _call(self, verb: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._obstore, verb)(self._store, *arguments, **options)
        except (self._obstore.exceptions.BaseError, OSError, ValueError) as error:  # the last for a key that is no path
            raise StoreError(_words(error)) from error


def _opened(url: str, scheme: str, *, make: bool) -> tuple[Any, Any]:
    try:
        import obstore
        from obstore.store import from_url
    except ImportError as error:
        raise MissingExtra("an object store", "files,upload") from error
    try:
        if scheme == "file":
            return obstore, from_url(url, mkdir=make)
        return obstore, from_url(
            url,
            retry_config={"max_retries": TRIES, "retry_timeout": PATIENCE},
            # Options of the client hide the environment's, so what that says of plain HTTP is said again.
            client_options={"timeout": REQUEST_WITHIN, "allow_http": _allows_http()},
        )
    except (obstore.exceptions.BaseError, ValueError, OSError) as error:
        raise TransferRefused(url, _words(error)) from error


def _allows_http() -> bool:
    return any(
        os.environ.get(f"{maker}_ALLOW_HTTP", "").lower() in ("1", "true") for maker in ("AWS", "AZURE", "GOOGLE")
    )


def _words(error: Exception) -> str:
    """What the store says; else the first line: obstore's messages repeat the whole request below it."""
    said = SAID.search(str(error))
    if said is not None:
        return f"the store says: {said[1]}"
    text = str(error).strip().splitlines()
    return text[0][:400] if text else type(error).__name__

"""How a backup lies in its folder or store: docs/backup.md says it for people. Pure.

objects/ab/ab12...   the bytes of a file, under their BLAKE3
lists/cd34....jsonl.gz   what a location held, an entry a line, under the BLAKE3 of this file
snapshots/2026-11-25T213000.123Z-1a2b3c4d.json   one backup: its lists; written last
"""

from __future__ import annotations

import os
import re
import stat
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from spacedrive_jobs import JobError
from spacedrive_ops.object_store.digest import digest_of
from spacedrive_ops.paths.keys import bytes_of_text, parts_of, text_of, text_of_bytes

FORMAT: Final = 1
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
OBJECTS, LISTS, SNAPSHOTS = "objects/", "lists/", "snapshots/"

Owner: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=0xFFFF_FFFE)]
"""What the kernel takes for one."""
EntryKind: TypeAlias = Literal["file", "link", "folder"]


class BackupUnusable(JobError):
    """A backup that cannot be read: it is not there, is damaged, or was made by a newer version."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"the backup in {where}: {problem}")


class Listed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of a location. `path`: the names below it, escaped as keys are; empty for the location's own folder.

    A folder comes after what it holds. `target`: what a link says, escaped. `same`: equal for the names of one file.
    `attributes`: extended ones, in base64. `changed_ns` and `inode` tell the next backup whether a file is still the
    same.
    """

    path: str
    kind: EntryKind
    mode: Annotated[int, msgspec.Meta(ge=0, le=0o177777)]
    uid: Owner
    gid: Owner
    mtime_ns: int
    atime_ns: int
    size: Annotated[int, msgspec.Meta(ge=0)] = 0
    digest: str = ""
    target: str = ""
    same: str = ""
    sparse: bool = False
    attributes: dict[str, str] = {}
    changed_ns: int = 0
    inode: int = 0

    @property
    def parts(self) -> tuple[bytes, ...]:
        """Raises UnsafeKey where the path would lead elsewhere."""
        return tuple(parts_of(self.path)) if self.path else ()

    @property
    def link_target(self) -> bytes:
        return bytes_of_text(self.target)

    def is_still(self, status: os.stat_result) -> bool:
        """Whether a file is what it was when it was listed."""
        known = (self.kind, self.size, self.mtime_ns, self.changed_ns, self.inode)
        return known == ("file", status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


class BackedUp(msgspec.Struct, frozen=True):
    """One location in a snapshot. `list`: the BLAKE3 of its list. `complete`: all that was there is in it."""

    name: str
    path: str
    list: str
    entries: int
    files: int
    size: int
    complete: bool


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One backup. `library`: the job library's own databases, as a location of that name."""

    format: int
    id: str
    taken: datetime
    locations: tuple[BackedUp, ...]
    library: BackedUp | None = None


class Sealed(msgspec.Struct, frozen=True):
    """A snapshot and the BLAKE3 of its text."""

    blake3: str
    snapshot: msgspec.Raw


class _Version(msgspec.Struct):
    format: int


_encode: Final = msgspec.json.Encoder().encode
_decode_line: Final = msgspec.json.Decoder(Listed).decode
_decode_sealed: Final = msgspec.json.Decoder(Sealed).decode


def object_name(digest: str) -> str:
    """Raises ValueError for what is no digest: a backup may have been made by anybody."""
    return f"{OBJECTS}{digest[:2]}/{_checked(digest)}"


def list_name(digest: str) -> str:
    """Raises ValueError as `object_name` does."""
    return f"{LISTS}{_checked(digest)}.jsonl.gz"


def _checked(digest: str) -> str:
    if DIGEST.fullmatch(digest) is None:
        raise ValueError(f"{digest[:80]!r} is no BLAKE3")
    return digest


def snapshot_name(id_: str) -> str:
    return f"{SNAPSHOTS}{id_}.json"


def id_of(name: str) -> str:
    """Of a snapshot by its name in the backup; empty for another name."""
    inner = name.removeprefix(SNAPSHOTS)
    return inner.removesuffix(".json") if inner.endswith(".json") and "/" not in inner else ""


def sealed(snapshot: Snapshot) -> bytes:
    text = _encode(snapshot)
    return _encode(Sealed(digest_of(text), msgspec.Raw(text))) + b"\n"


def opened(data: bytes, where: str) -> Snapshot:
    """Raises BackupUnusable."""
    try:
        seal = _decode_sealed(data)
        if digest_of(bytes(seal.snapshot)) != seal.blake3:
            raise BackupUnusable(where, "it is damaged (BLAKE3 differs)")
        found = msgspec.json.decode(seal.snapshot, type=_Version).format
        if found > FORMAT:
            raise BackupUnusable(where, f"it has format {found}: use the newer spacedrive-jobs that made it")
        return msgspec.json.decode(seal.snapshot, type=Snapshot)
    except msgspec.MsgspecError as error:
        raise BackupUnusable(where, f"it is damaged ({error})") from error


def line_of(entry: Listed) -> bytes:
    return _encode(entry) + b"\n"


def entry_of(line: bytes) -> Listed:
    """Raises ValueError for a line that is none."""
    try:
        return _decode_line(line)
    except msgspec.MsgspecError as error:
        raise ValueError(f"a line of its list is damaged: {error}") from error


def listed(parts: Sequence[bytes], status: os.stat_result, attributes: dict[str, bytes]) -> Listed:
    """A file (its digest is still to come) or a folder. The times are those of `status`."""
    is_folder = stat.S_ISDIR(status.st_mode)
    return Listed(
        path=text_of(parts),
        kind="folder" if is_folder else "file",
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime_ns=status.st_mtime_ns,
        atime_ns=status.st_atime_ns,
        attributes={text_of_bytes(os.fsencode(name)): b64encode(raw).decode() for name, raw in attributes.items()},
        size=0 if is_folder else status.st_size,
        same="" if is_folder or status.st_nlink == 1 else f"{status.st_dev:x}-{status.st_ino:x}",
        sparse=not is_folder and status.st_blocks * 512 < status.st_size,
        changed_ns=0 if is_folder else status.st_ctime_ns,
        inode=0 if is_folder else status.st_ino,
    )


def listed_link(parts: Sequence[bytes], status: os.stat_result, target: bytes) -> Listed:
    return Listed(
        path=text_of(parts),
        kind="link",
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        mtime_ns=status.st_mtime_ns,
        atime_ns=status.st_atime_ns,
        target=text_of_bytes(target),
    )


def attributes_of(entry: Listed) -> dict[str, bytes]:
    """Raises ValueError where they are damaged."""
    return {os.fsdecode(bytes_of_text(name)): b64decode(raw) for name, raw in entry.attributes.items()}

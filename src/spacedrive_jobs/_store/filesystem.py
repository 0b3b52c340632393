"""Whether a library may live on a file system: SQLite's WAL needs working locks and shared memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spacedrive_jobs._model.errors import UnsupportedFileSystem

NETWORK_MAGIC: Final = {
    0x6969: "NFS",
    0xFF534D42: "SMB (CIFS)",
    0xFE534D42: "SMB",
    0x517B: "SMB",
    0x01021997: "9p",
    0x00C36400: "Ceph",
    0x5346414F: "AFS",
    0x6B414653: "AFS",
    0x0BD00BD0: "Lustre",
    0x6A656A63: "virtiofs",
}
"""statfs(2) `f_type` (linux/magic.h; Lustre and virtiofs from their own headers)."""

FUSE_MAGIC: Final = 0x65735546
NETWORK_FUSE: Final = ("sshfs", "rclone", "s3fs", "davfs", "davfs2", "goofys", "gcsfuse", "curlftpfs", "glusterfs")


@dataclass(frozen=True, slots=True)
class FileSystem:
    """`magic` is statfs's `f_type`; `kind` the mount's type, for FUSE with its subtype ("fuse.sshfs")."""

    magic: int
    kind: str


Probe = Callable[[Path], FileSystem]


def refuse_network(path: Path, probe: Probe | None = None) -> None:
    """Raise UnsupportedFileSystem if `path` (a folder) is where SQLite's locks cannot be relied on."""
    found = (probe or file_system_of)(path)
    magic = found.magic & 0xFFFF_FFFF
    if magic in NETWORK_MAGIC:
        raise UnsupportedFileSystem(path, NETWORK_MAGIC[magic])
    if magic == FUSE_MAGIC:
        subtype = found.kind.partition(".")[2]
        if subtype.startswith(NETWORK_FUSE):
            raise UnsupportedFileSystem(path, f"{subtype} (FUSE)")
        _try_locks(path, found.kind)


def file_system_of(path: Path) -> FileSystem:
    """What the kernel says of `path`'s file system."""
    import ctypes  # kept out of the import of the package

    if not sys.platform.startswith("linux"):
        return FileSystem(0, "")
    buffer = ctypes.create_string_buffer(256)
    library = ctypes.CDLL(None, use_errno=True)
    if library.statfs(os.fsencode(path), buffer) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), str(path))
    return FileSystem(ctypes.c_long.from_buffer(buffer).value, _mount_type(path))


def _mount_type(path: Path) -> str:
    """The type in /proc/self/mountinfo of the mount that holds `path`: the one whose device is the path's."""
    status = os.stat(path)
    device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
    found = ""
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == device:
            found = after.split()[0]
    return found


PROBE_CHILD: Final = """
import fcntl, mmap, os, sys
file = open(sys.argv[1], "r+b")
try:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
except OSError:
    with mmap.mmap(file.fileno(), 4096) as shared:
        sys.exit(0 if shared[100:104] == b"seen" else 4)
sys.exit(3)
"""


def _try_locks(path: Path, kind: str) -> None:
    """Does a second process see our lock and our shared memory? Raises UnsupportedFileSystem if not."""
    import fcntl
    import mmap

    name = path / f".lock-probe-{os.getpid()}"
    try:
        with name.open("w+b") as file:
            file.truncate(4096)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
            with mmap.mmap(file.fileno(), 4096) as shared:
                shared[100:104] = b"seen"
                child = subprocess.run([sys.executable, "-I", "-c", PROBE_CHILD, str(name)], check=False, timeout=30)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UnsupportedFileSystem(path, kind, f"a lock and shared-memory trial failed: {error}") from error
    finally:
        name.unlink(missing_ok=True)
    if child.returncode != 0:
        why = {3: "a second process did not see a lock", 4: "a second process did not see shared memory"}
        raise UnsupportedFileSystem(path, kind, why.get(child.returncode, "the trial process failed"))


def printable(path: Path) -> str:
    """For logs: not every handler takes a name that is no text."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode()

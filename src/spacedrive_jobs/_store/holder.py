"""Who holds the database's write lock, to be named in a message.

Read from /proc/locks: opening the -shm file ourselves and closing it again would drop this process's own POSIX locks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

WAL_WRITE_LOCK_BYTE: Final = 120
"""The lock byte of WAL_WRITE_LOCK in the -shm file (SQLite, "WAL-Index Format", section 2.2.2)."""


def write_lock_holder(database: Path) -> str:
    """The holder as "process 123 (rsync)"; a guess is not made: "another process" where it cannot be told."""
    try:
        inode = str(Path(f"{database}-shm").stat().st_ino)
        locks = Path("/proc/locks").read_text("ascii", "replace")
    except OSError:
        return "another process"
    for line in locks.splitlines():
        fields = line.split()
        if len(fields) == 8 and fields[1] == "POSIX" and fields[3] == "WRITE" and fields[5].endswith(f":{inode}"):
            first, last = int(fields[6]), fields[7]
            if first <= WAL_WRITE_LOCK_BYTE and (last == "EOF" or int(last) >= WAL_WRITE_LOCK_BYTE):
                return _named(fields[4])
    return "another process"


def _named(pid: str) -> str:
    try:
        return f"process {pid} ({Path('/proc', pid, 'comm').read_text('utf-8', 'replace').strip()})"
    except OSError:
        return f"process {pid}"

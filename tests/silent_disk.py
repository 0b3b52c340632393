"""A folder that says that it is there and never tells what lies in it, as a dead network mount does. On FUSE.

python -m tests.silent_disk MOUNT_POINT
"""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.abilities import find_program
from tests.waiting import eventually


@contextmanager
def silent_disk(place: Path) -> Iterator[None]:
    """`place`, an existing folder, does not answer in the meantime."""
    process = subprocess.Popen([sys.executable, "-m", "tests.silent_disk", place], cwd=Path(__file__).parents[1])
    try:
        eventually(lambda: os.path.ismount(place), within=10)
        yield
    finally:
        subprocess.run([find_program("fusermount3") or "fusermount3", "-u", "-z", place], check=True)
        process.kill()
        process.wait()


def serve(place: str) -> None:
    import mfusepy  # type: ignore[import-untyped]

    class Silent(mfusepy.Operations):  # type: ignore[misc]
        def getattr(self, path: str, fh: int | None = None) -> dict[str, Any]:
            if path != "/":
                raise mfusepy.FuseOSError(errno.ENOENT)
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}

        def opendir(self, path: str) -> int:
            threading.Event().wait()
            raise AssertionError

    mfusepy.FUSE(Silent(), place, foreground=True, nothreads=False)


if __name__ == "__main__":
    serve(sys.argv[1])

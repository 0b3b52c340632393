"""File systems of their own for tests: small, mounted for one test, gone afterwards."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.abilities import find_program

Kind = Literal["ext4", "xfs", "btrfs"]

SMALLEST_MIB: dict[Kind, int] = {"ext4": 8, "xfs": 320, "btrfs": 128}
"""What each mkfs insists on; the images are sparse, so a large one costs nothing."""

MAKE: dict[Kind, list[str]] = {
    "ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"],
    "xfs": ["mkfs.xfs", "-q", "-f", "-m", "reflink=1"],
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}


def run(*command: str) -> None:
    """Run a program to its end. Raises CalledProcessError, with what it printed, if it fails."""
    program = find_program(command[0]) or command[0]
    done = subprocess.run([program, *command[1:]], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip() or done.returncode}")


@dataclass(frozen=True, slots=True)
class Mount:
    """A mounted file system: files go below `path`; `image` is the file behind it, None for one in memory."""

    path: Path
    image: Path | None


@dataclass(slots=True)
class Mounts:
    """Mounts file systems below `folder`, and takes all of them away at the end."""

    folder: Path
    _open: list[Mount] = field(default_factory=list[Mount])

    def tmpfs(self, *, size_mib: int, options: str = "") -> Mount:
        """A file system in memory that is full after `size_mib`."""
        path = self._new_folder()
        run("mount", "-t", "tmpfs", "-o", ",".join(filter(None, [f"size={size_mib}m", options])), "tmpfs", str(path))
        return self._opened(Mount(path, None))

    def disk(self, kind: Kind, *, size_mib: int = 0, make: tuple[str, ...] = (), options: str = "") -> Mount:
        """A file system of `kind` on a loop device; `make` and `options` go to its mkfs and to mount."""
        path = self._new_folder()
        image = path.with_suffix(".img")
        with image.open("wb") as file:
            file.truncate(max(size_mib, SMALLEST_MIB[kind]) << 20)
        run(*MAKE[kind], *make, str(image))
        self.mount_image(image, path, options=options)
        return self._opened(Mount(path, image))

    def mount_image(self, image: Path, path: Path, *, options: str = "") -> None:
        """Mount an image that holds a file system already, for example a copy taken in mid-work."""
        path.mkdir(exist_ok=True)
        run("mount", "-o", ",".join(filter(None, ["loop", options])), str(image), str(path))

    def again(self, image: Path, *, options: str = "") -> Mount:
        """`mount_image` on a new folder, taken away at the end as the others are."""
        path = self._new_folder()
        self.mount_image(image, path, options=options)
        return self._opened(Mount(path, image))

    def unmount(self, mount: Mount) -> None:
        """Take one away before the end; its image stays."""
        run("umount", str(mount.path))
        self._open.remove(mount)

    def _new_folder(self) -> Path:
        path = self.folder / f"mount-{len(list(self.folder.iterdir()))}"
        path.mkdir()
        return path

    def _opened(self, mount: Mount) -> Mount:
        self._open.append(mount)
        return mount

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        problems: list[str] = []
        for mount in reversed(self._open):
            try:
                run("umount", str(mount.path))
            except RuntimeError as problem:  # something still uses it: detach it, so that no later test meets it
                problems.append(str(problem))
                run("umount", "--lazy", str(mount.path))
        self._open.clear()
        if problems and error is None:
            raise RuntimeError("; ".join(problems))


@contextmanager
def mounted(folder: Path, size_mib: int) -> Iterator[None]:
    """A file system in memory at a folder of that name, which must not be there yet."""
    folder.mkdir()
    run("mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", str(folder))
    try:
        yield
    finally:
        run("umount", str(folder))


LEFT = 64 * 1024
"""Bytes that a nearly full disk still has before the last of them go."""


def fill_up(folder: Path) -> Path:
    """Fill its disk to the last byte; the file that did it."""
    free = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    path = folder / "a film that was put here"
    with path.open("wb", buffering=0) as film, suppress(OSError):
        film.write(bytes(max(free - LEFT, 0)))
        while film.write(bytes(4096)):
            pass
    return path

"""A tree of everything that breaks copies, and a comparison that sees all of it. Shares no code with what it checks."""

from __future__ import annotations

import os
import random
import socket
import stat
from dataclasses import dataclass, field
from pathlib import Path

from tests.abilities import find_program

DEEP = 200
LONG_NAME = "é" * 127 + "x"
"""255 bytes, cut nowhere but between characters."""


@dataclass(frozen=True, slots=True)
class Hostile:
    """What a copy must report of the tree: names by kind."""

    root: Path
    specials: frozenset[bytes]
    unreadable: frozenset[bytes]


def build(root: Path, *, files: int = 60, big: int = 12 << 20, seed: int = 1, owners: bool = True) -> Hostile:
    """Make the tree at `root`, which must not exist. Root alone can give files to others (`owners`)."""
    random_bytes = random.Random(seed)
    root.mkdir()
    _plain_files(root, files, big, random_bytes)
    _names(root)
    _links(root)
    _sparse(root)
    _deep(root / "deep", DEEP)
    specials = _specials(root)
    unreadable = _unreadable(root)
    _metadata(root, owners=owners)
    _set_times(root)
    return Hostile(root, specials, unreadable)


def _plain_files(root: Path, files: int, big: int, source: random.Random) -> None:
    for number in range(files):
        folder = root / f"folder-{number % 7}" / ("inner" if number % 3 else "")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file-{number:04}.dat").write_bytes(source.randbytes(source.choice([0, 1, 100, 5000, 70_000])))
    (root / "empty folder").mkdir()
    (root / "folder-0" / "large.bin").write_bytes(source.randbytes(big))
    (root / "folder-3" / "middle.bin").write_bytes(source.randbytes(700_000))


def _names(root: Path) -> None:
    folder = os.fsencode(root / "names")
    os.mkdir(folder)
    for name in (b"caf\xe9", b"\xff\xfe", b"new\nline", b"tab\tand 'quotes\"", b" ", b"-rf", b"\\x41", b"a" * 255):
        Path(os.fsdecode(os.path.join(folder, name))).write_bytes(name)
    (root / "names" / LONG_NAME).write_text("long")
    (root / "names" / "name.ext").write_text("1")
    (root / "names" / "NAME.ext").write_text("2")


def _links(root: Path) -> None:
    folder = root / "links"
    folder.mkdir()
    (folder / "to-file").symlink_to("../names/name.ext")
    (folder / "to-folder").symlink_to("../folder-0")
    (folder / "to-parent").symlink_to("..")
    (folder / "to-itself").symlink_to("to-itself")
    (folder / "to-nowhere").symlink_to("no such thing")
    (folder / "absolute").symlink_to("/etc/hostname")
    (folder / "first").write_bytes(b"shared" * 1000)
    os.link(folder / "first", folder / "second")
    os.link(folder / "first", root / "empty folder" / "third")
    os.link(root / "folder-0" / "large.bin", folder / "large too")


def _sparse(root: Path) -> None:
    with (root / "sparse.bin").open("wb") as file:
        file.write(b"start")
        file.seek(9 << 20)
        file.write(b"middle")
        file.truncate(20 << 20)


def _deep(folder: Path, depth: int) -> None:
    """Longer than any path that the kernel takes."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for level in range(depth):
        name = f"level {level:04} of a path that becomes too long"
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        if level % 50 == 49:
            fd = os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=below)
            os.write(fd, b"leaf")
            os.close(fd)
        os.close(here)
        here = below
    os.close(here)


def _specials(root: Path) -> frozenset[bytes]:
    folder = root / "specials"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    here = os.getcwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    names = [b"fifo", b"socket"]
    if os.geteuid() == 0:
        try:
            os.mknod(folder / "null", stat.S_IFCHR | 0o600, os.makedev(1, 3))
            names.append(b"null")
        except OSError:
            pass  # a container without that right
    return frozenset(os.fsencode(folder) + b"/" + name for name in names)


def _unreadable(root: Path) -> frozenset[bytes]:
    (root / "unreadable").write_text("secret")
    (root / "unreadable").chmod(0)
    (root / "closed").mkdir()
    (root / "closed" / "inside").write_text("secret")
    (root / "closed").chmod(0)
    return frozenset((os.fsencode(root / "unreadable"), os.fsencode(root / "closed")))


def _metadata(root: Path, *, owners: bool) -> None:
    os.setxattr(root / "folder-3" / "middle.bin", "user.colour", b"green\0blue")
    os.setxattr(root / "folder-3", "user.kind", b"folder")
    (root / "folder-1").chmod(0o2775)
    (root / "folder-2").chmod(0o555)
    set_id = root / "folder-3" / "set-id"
    set_id.write_text("#!/bin/true")
    if owners:
        os.chown(set_id, 1234, 2345)
        os.chown(root / "folder-4", 1234, 2345)
        os.lchown(root / "links" / "to-file", 1234, 2345)
    set_id.chmod(0o6755)
    if find_program("setfacl"):
        os.system(f"setfacl -m u:1234:rw {root / 'folder-3' / 'middle.bin'}")  # the path is ours and plain
        os.system(f"setfacl -m u:1234:rx,d:u:1234:rwx {root / 'folder-5'}")


def _set_times(root: Path) -> None:
    """Odd times everywhere, nanoseconds included; folders last, deepest first."""
    odd = 1_234_567_890_123_456_789
    for parent, folders, files, fd in os.fwalk(root, topdown=False, follow_symlinks=False):
        for number, name in enumerate(sorted(files + folders)):
            when = odd + ((len(parent) - len(str(root))) * 1_000_003 + number) * 1_000_000_007
            os.utime(name, ns=(when, when + 11), dir_fd=fd, follow_symlinks=False)
    os.utime(root, ns=(odd, odd + 7))


# --- comparing


@dataclass(slots=True)
class Comparison:
    entries: int = 0
    problems: list[str] = field(default_factory=list[str])
    hard_links: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict[tuple[int, int], tuple[int, int]])

    def say(self, path: bytes, what: str) -> None:
        self.problems.append(f"{os.fsdecode(path).encode('utf-8', 'backslashreplace').decode()}: {what}")


def compare(
    one: Path,
    other: Path,
    *,
    leave_out: frozenset[bytes] = frozenset(),
    times_of_folders: bool = True,
    owners: bool = True,
    sparse: bool = True,
) -> Comparison:
    """Every difference in names, kinds, content, times, modes, owners, attributes, links and holes.

    `leave_out`: full paths in `one` that are expected to be missing in `other`.
    """
    result = Comparison()
    left, right = (os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in (one, other))
    pending = [(left, right, os.fsencode(one))]
    _compare_status(os.fstat(left), os.fstat(right), b"", result, times=times_of_folders, owners=owners, sparse=False)
    while pending:
        left, right, path = pending.pop()
        try:
            names, theirs = set(os.listdir(left)), set(os.listdir(right))
            for name in sorted(theirs - names):
                result.say(os.path.join(path, os.fsencode(name)), "is not in the source")
            for name in sorted(names):
                full = os.path.join(path, os.fsencode(name))
                if full in leave_out:
                    if name in theirs:
                        result.say(full, "was not expected in the copy")
                    continue
                if name not in theirs:
                    result.say(full, "is missing")
                    continue
                result.entries += 1
                mine, its = (os.stat(name, dir_fd=fd, follow_symlinks=False) for fd in (left, right))
                if stat.S_IFMT(mine.st_mode) != stat.S_IFMT(its.st_mode):
                    result.say(full, "is of another kind")
                    continue
                is_folder = stat.S_ISDIR(mine.st_mode)
                _compare_status(
                    mine,
                    its,
                    full,
                    result,
                    times=times_of_folders or not is_folder,
                    owners=owners,
                    sparse=sparse and stat.S_ISREG(mine.st_mode),
                )
                if is_folder:
                    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME
                    below = [os.open(name, flags, dir_fd=fd) for fd in (left, right)]
                    _compare_attributes(below, full, result)
                    pending.append((below[0], below[1], full))
                elif stat.S_ISLNK(mine.st_mode):
                    if os.readlink(name, dir_fd=left) != os.readlink(name, dir_fd=right):
                        result.say(full, "leads elsewhere")
                elif stat.S_ISREG(mine.st_mode):
                    _compare_files(left, right, name, full, result)
                    _compare_hard_links(mine, its, full, result)
        finally:
            os.close(left)
            os.close(right)
    return result


def _compare_status(
    mine: os.stat_result,
    its: os.stat_result,
    path: bytes,
    result: Comparison,
    *,
    times: bool,
    owners: bool,
    sparse: bool,
) -> None:
    if not stat.S_ISLNK(mine.st_mode) and stat.S_IMODE(mine.st_mode) != stat.S_IMODE(its.st_mode):
        result.say(path, f"mode {mine.st_mode:o} became {its.st_mode:o}")
    if owners and (mine.st_uid, mine.st_gid) != (its.st_uid, its.st_gid):
        result.say(path, f"owner {mine.st_uid}:{mine.st_gid} became {its.st_uid}:{its.st_gid}")
    if times and mine.st_mtime_ns != its.st_mtime_ns:
        result.say(path, f"time {mine.st_mtime_ns} became {its.st_mtime_ns}")
    if times and stat.S_ISREG(mine.st_mode) and mine.st_atime_ns != its.st_atime_ns:
        result.say(path, f"access time {mine.st_atime_ns} became {its.st_atime_ns}")
    if sparse and mine.st_blocks * 512 < mine.st_size // 2 and its.st_blocks > mine.st_blocks + 64:
        result.say(path, f"{mine.st_blocks} blocks became {its.st_blocks}")


def _compare_files(left: int, right: int, name: str, path: bytes, result: Comparison) -> None:
    fds = [os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NOATIME, dir_fd=fd) for fd in (left, right)]
    try:
        while True:
            mine, its = (os.read(fd, 1 << 20) for fd in fds)
            if mine != its:
                result.say(path, "has other content")
                break
            if not mine:
                break
        _compare_attributes(fds, path, result)
    finally:
        for fd in fds:
            os.close(fd)


def _compare_attributes(fds: list[int], path: bytes, result: Comparison) -> None:
    attributes = [{key: os.getxattr(fd, key) for key in sorted(os.listxattr(fd))} for fd in fds]
    if attributes[0] != attributes[1]:
        result.say(path, f"attributes {attributes[0]} became {attributes[1]}")


def _compare_hard_links(mine: os.stat_result, its: os.stat_result, path: bytes, result: Comparison) -> None:
    if mine.st_nlink < 2:
        return
    known = result.hard_links.setdefault((mine.st_dev, mine.st_ino), (its.st_dev, its.st_ino))
    if known != (its.st_dev, its.st_ino):
        result.say(path, "is no longer a hard link of its other names")


def partials_in(*roots: Path) -> list[bytes]:
    """Every partial file that was left anywhere below."""
    found: list[bytes] = []
    for root in roots:
        for parent, _, files, _ in os.fwalk(os.fsencode(root), follow_symlinks=False):
            found += [os.path.join(parent, name) for name in files if name.startswith(b".sd-")]
    return found


def remove(root: Path) -> None:
    """Remove a tree however deep."""
    os.system(f"chmod -R u+rwx {root} 2>/dev/null; rm -rf {root}")  # the path is ours and plain

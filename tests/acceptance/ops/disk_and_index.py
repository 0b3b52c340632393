"""What is on the disk, and what the index says of it. Shares no code with what it checks."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from spacedrive_jobs import Library

Place = tuple[bytes, str, int, int]
"""Path below the root, kind, size of a file, mtime in nanoseconds."""

LETTERS = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}


def on_disk(root: Path, leave_out: frozenset[bytes] = frozenset()) -> set[Place]:
    """Everything below the root, by descriptors, so that no path is too long. `leave_out`: names."""
    found: set[Place] = set()
    waiting: list[tuple[bytes, int]] = [(b"", os.open(root, os.O_RDONLY | os.O_DIRECTORY))]
    while waiting:
        path, fd = waiting.pop()
        for name in os.listdir(fd):
            raw = os.fsencode(name)
            if raw in leave_out:
                continue
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
            kind = LETTERS.get(stat.S_IFMT(status.st_mode), "special")
            below = os.path.join(path, raw)
            found.add((below, kind, status.st_size if kind == "file" else 0, min(status.st_mtime_ns, (1 << 63) - 1)))
            if kind == "folder":
                waiting.append((below, os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)))
        os.close(fd)
    return found


async def in_index(library: Library, root: Path) -> set[Place]:
    """Everything below the root, from the rows alone: each by its parent's id and its name."""
    kinds = {1: "file", 2: "folder", 3: "link", 4: "special"}
    rows: list[Any] = await library.db.query("SELECT id, parent_id, name, kind, size, mtime_ns FROM ix_entry")
    by_id = {id_: (parent, name) for id_, parent, name, *_ in rows}
    paths = {id_: b"" for id_, (parent, name) in by_id.items() if parent == 0 and name == os.fsencode(root)}
    children: dict[int, list[int]] = {}
    for id_, (parent, _) in by_id.items():
        children.setdefault(parent, []).append(id_)
    waiting = list(paths)
    while waiting:
        folder = waiting.pop()
        for child in children.get(folder, ()):
            paths[child] = os.path.join(paths[folder], by_id[child][1])
            waiting.append(child)
    return {(paths[id_], kinds[kind], size, mtime) for id_, _, _, kind, size, mtime in rows if paths.get(id_)}


async def rows_of(library: Library) -> list[Any]:
    """Every row of the index."""
    tables = ("ix_location", "ix_entry", "ix_folder", "ix_content", "ix_arrival", "ix_name_docsize")
    return [await library.db.query(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


async def totals_of(library: Library) -> dict[bytes, tuple[int, int, int]]:
    """(bytes, files, folders) by the stored path of each folder."""
    rows: list[Any] = await library.db.query("SELECT path, total_bytes, files, folders FROM ix_folder")
    return {path: (size, files, folders) for path, size, files, folders in rows}

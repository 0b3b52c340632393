"""Entries, as a run of the indexer reads and writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from spacedrive_jobs import LibraryDb, Transaction
from spacedrive_ops.library_index.categories import EntryKind
from spacedrive_ops.library_index.findings import Facts, Known, KnownFolder, Slice
from spacedrive_ops.library_index.locations import read_locations
from spacedrive_ops.library_index.sql import query, statements

IDS_RESERVED: Final = 1 << 32
FOLDERS_AHEAD: Final = 2048


class Totals(NamedTuple):
    """What lies below a folder, at any depth."""

    bytes: int
    files: int
    folders: int


async def reserve_ids(tx: Transaction) -> int:
    """The first of IDS_RESERVED ids that are the caller's."""
    ((first,),) = await tx.execute(query("reserve_ids"))
    assert isinstance(first, int)
    return first


async def read_children(db: LibraryDb, folders: Sequence[int]) -> dict[int, Known]:
    """What the index has in each of these folders."""
    rows: list[Any] = await db.query(query("children_of_folders"), (json.dumps(list(folders)),))
    found: dict[int, Known] = {}
    last, inside = 0, dict[bytes, tuple[int, Facts]]()
    for row in rows:
        if row[0] != last:
            last, inside = row[0], found.setdefault(row[0], {})
        if row[1] is not None:
            inside[row[2]] = (row[1], row[3:])
    return found


async def read_folders(db: LibraryDb, folders: Sequence[int]) -> dict[int, KnownFolder]:
    """What the index has of each of these folders, and of some that the walk comes to after them."""
    most = max(FOLDERS_AHEAD, len(folders))
    rows: list[Any] = await db.query(query("folders_ahead"), (json.dumps(list(folders)), most))
    found: dict[int, KnownFolder] = {}
    for folder, fingerprint, sub, name in rows:
        if folder not in found:
            found[folder] = fingerprint, []
        if sub is not None:
            found[folder][1].append((name, sub))
    return found


class FolderTime(NamedTuple):
    """A folder's own facts; `path` is below its location, None where it is too long to be stored."""

    id: int
    path: bytes | None
    mtime_ns: int
    ctime_ns: int
    inode: int


async def folder_times(db: LibraryDb, location: int, *, after: int, limit: int) -> list[FolderTime]:
    """The next folders of a location, by their ids."""
    rows: list[Any] = await db.query(query("folder_times"), (location, after, limit))
    return [FolderTime(*row) for row in rows]


async def path_to(db: LibraryDb, entry: int) -> list[tuple[int, bytes]]:
    """(id, name) from the root of its location down to the entry; the root's name is the location's path."""
    rows: list[Any] = await db.query(query("parents_of"), (entry,))
    return [(id_, name) for id_, name in reversed(rows)]


async def find_entry(db: LibraryDb, parent: int, name: bytes) -> tuple[int, EntryKind] | None:
    for id_, kind in await db.query(query("entry_at"), (parent, name)):
        assert isinstance(id_, int)
        assert isinstance(kind, int)
        return id_, EntryKind(kind)
    return None


async def find_path(db: LibraryDb, path: bytes) -> int | None:
    """The id of an entry by its absolute path; None where the index has none."""
    for location in await read_locations(db):
        whole = os.fsencode(location.path)
        if path == whole:
            return location.root_id
        if location.root_id is not None and path.startswith(whole.rstrip(b"/") + b"/"):
            entry = location.root_id
            for part in path[len(whole.rstrip(b"/")) + 1 :].split(b"/"):
                found = await find_entry(db, entry, part)
                if found is None:
                    return None
                entry = found[0]
            return entry
    return None


async def some_names(db: LibraryDb, folder: int) -> set[bytes]:
    """Names that the index has in a folder, at most 10,000 of them."""
    rows: list[Any] = await db.query(query("some_names"), (folder,))
    return {name for (name,) in rows}


class SomeFile(NamedTuple):
    """`folder`: below the location."""

    folder: bytes
    name: bytes
    size: int
    mtime_ns: int
    inode: int


async def some_files(db: LibraryDb, location: int, limit: int) -> list[SomeFile]:
    """Some files from all over a location."""
    rows: list[Any] = await db.query(query("some_files"), (location, limit))
    return [SomeFile(*row) for row in rows]


async def write(tx: Transaction, found: Slice, *, fresh: bool) -> None:
    """What a turn of the walk has found. `fresh`: the location is new, so nothing can have moved in it."""
    await tx.executemany(query("lose_entry"), found.lost)  # first: something new may have its name
    await tx.executemany(query("insert_entry"), found.entries)
    await tx.executemany(query("update_entry"), found.updates)
    await tx.executemany(query("insert_folder"), found.folders)
    await tx.executemany(query("set_fingerprint"), found.fingerprints)
    if found.entries:
        new = found.entries[0][0], found.entries[-1][0]
        await tx.execute(query("insert_names"), new)
        if not fresh:
            await tx.execute(query("insert_arrivals"), new)
            await tx.executemany(query("set_replaces"), found.replaced)


async def has_unsettled(db: LibraryDb, location: int) -> bool:
    """Whether a run has left entries that were lost or arrived."""
    lost = await db.query(query("has_lost"), (location,))
    arrived = await db.query(query("has_arrivals"), (location,))
    return lost[0][0] == 1 or arrived[0][0] == 1


class Settled(NamedTuple):
    """`found_again`: entries that were lost and have arrived elsewhere; `moved`: those of them that did not merely go
    along with their folder; `edited`: those that are something else inside."""

    gone: int
    found_again: int
    moved: int
    edited: int


async def settle(tx: Transaction, location: int) -> Settled:
    """Tell what has moved from what is gone."""
    for statement in statements("settle"):
        parameters = (location,) if "?1" in statement else ()
        await tx.execute(statement, parameters)
    ((gone, found_again, moved, edited),) = await tx.execute(query("settled"))
    for statement in statements("unsettle"):
        await tx.execute(statement)
    assert isinstance(gone, int)
    assert isinstance(found_again, int)
    assert isinstance(moved, int)
    assert isinstance(edited, int)
    return Settled(gone, found_again, moved, edited)


# --- totals -----------------------------------------------------------------------------------------------------------


async def changed_totals(db: LibraryDb, location: int) -> list[tuple[int, int, int, int]]:
    """(bytes, files, folders, folder) for each folder whose totals are not what the index has."""
    folders: list[Any] = await db.query(query("folders_of_location"), (location,))
    own: dict[int, list[int]] = {folder: [0, 0, 0] for folder, *_ in folders}
    for parent, size, count in await _rows(db, "sums_of_files", location):
        own[parent][0], own[parent][1] = size, count
    for parent, size in await _rows(db, "linked_files", location):
        own[parent][0] -= size
    for folder, parent in _from_the_deepest([(folder, parent) for folder, parent, *_ in folders]):
        if parent in own:
            above, below = own[parent], own[folder]
            above[0] += below[0]
            above[1] += below[1]
            above[2] += below[2] + 1
    return [
        (own[folder][0], own[folder][1], own[folder][2], folder)
        for folder, _, *known in folders
        if own[folder] != known
    ]


async def _rows(db: LibraryDb, name: str, location: int) -> list[Any]:
    rows: list[Any] = await db.query(query(name), (location,))
    return rows


def _from_the_deepest(folders: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Each folder after all that lie in it."""
    inside: dict[int, list[int]] = {}
    parent_of = dict(folders)
    for folder, parent in parent_of.items():
        inside.setdefault(parent, []).append(folder)
    ordered: list[tuple[int, int]] = []
    waiting = [folder for folder, parent in parent_of.items() if parent not in parent_of]
    while waiting:
        folder = waiting.pop()
        ordered.append((folder, parent_of[folder]))
        waiting += inside.get(folder, ())
    ordered.reverse()
    return ordered


async def store_totals(tx: Transaction, totals: Sequence[tuple[int, int, int, int]]) -> None:
    """As `changed_totals` gives them."""
    await tx.executemany(query("store_totals"), totals)


async def add_root(tx: Transaction, id_: int, location: int, path: bytes, status: os.stat_result) -> None:
    """The entry of a location's own folder."""
    label = os.fsdecode(path).encode("utf-8", "backslashreplace").decode()
    facts = (int(EntryKind.FOLDER), 0, 0, status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino, 0)
    await tx.execute(query("insert_entry"), (id_, location, 0, path, *facts, status.st_mode, label))
    await tx.execute(query("insert_folder"), (id_, location, b""))

"""Where each source goes, as `cp -a` has it: into the destination if that is a folder, else in its place.

What cannot be right is refused here, before anything is touched.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from spacedrive_ops.file_copy.atomic import Partials
from spacedrive_ops.file_copy.errors import CopyRefused
from spacedrive_ops.file_copy.plan import colliding
from spacedrive_ops.file_copy.walk import Root
from spacedrive_ops.folders import exists, identities_above, identity_at, open_path


class Probe(msgspec.Struct, frozen=True):
    """What was learnt of the destination by making one file in it."""

    started_ns: int
    ignores_case: bool


def roots_of(sources: tuple[Path, ...], destination: Path, *, into: bool) -> list[Root]:
    """The sources with the folders and names that they get. The same in every attempt."""
    roots: list[Root] = []
    for source in sources:
        path = absolute(source)
        name = os.path.basename(path)
        if name in (b"", b".", b".."):
            path = os.path.realpath(path)
            name = os.path.basename(path)
        target = absolute(destination)
        holder, target_name = (target, name) if into else os.path.split(target)
        roots.append(Root(path, os.fsdecode(name), holder, os.fsdecode(target_name)))
    return roots


def absolute(path: Path) -> bytes:
    return os.path.join(os.getcwdb(), os.fsencode(path))


def check(sources: tuple[Path, ...], destination: Path, library: Path) -> bool:
    """Whether the sources go into the destination. Raises CopyRefused."""
    into = os.path.isdir(os.fsencode(destination))
    _check_shape(sources, destination, into=into)
    roots = roots_of(sources, destination, into=into)
    real = os.path.realpath(absolute(destination) if into else roots[0].target)
    above_target = list(identities_above(real))
    library_id = identity_at(os.fsencode(library))
    missing = 0
    for source, root in zip(sources, roots, strict=True):
        try:
            status = os.lstat(root.source)
        except (FileNotFoundError, NotADirectoryError):
            missing += 1
            continue
        except OSError:
            continue  # it becomes an item with its error
        _check_one(source, destination, root, status, above_target)
        if library_id is not None and library_id in identities_above(root.source):
            raise CopyRefused(source, destination, "it belongs to the job library itself")
    if library_id is not None and library_id in above_target:
        raise CopyRefused(sources[0], destination, "the destination is inside the job library's own folder")
    if missing == len(sources):
        raise CopyRefused(sources[0], destination, "there is no such file or folder")
    return into


def _check_shape(sources: tuple[Path, ...], destination: Path, *, into: bool) -> None:
    if len(sources) == 0:
        raise CopyRefused(Path(), destination, "there is nothing to copy: no source was given")
    if into:
        return
    if len(sources) != 1:
        raise CopyRefused(sources[0], destination, "several sources need a folder that exists as their destination")
    parent = os.path.dirname(absolute(destination).rstrip(b"/"))
    if not os.path.isdir(parent):
        raise CopyRefused(sources[0], destination, f"there is no folder {os.fsdecode(parent)!r}")


def check_names(roots: list[Root], sources: tuple[Path, ...], destination: Path, *, ignores_case: bool) -> None:
    """Refuse sources that would overwrite each other. Raises CopyRefused."""
    seen: dict[str, Path] = {}
    for source, root in zip(sources, roots, strict=True):
        if root.target_name in seen:
            raise CopyRefused(source, destination, f"{os.fspath(seen[root.target_name])!r} gets the same name there")
        seen[root.target_name] = source
    clashes = colliding(seen) if ignores_case else {}
    for later, earlier in clashes.items():
        raise CopyRefused(
            seen[later], destination, f"{earlier!r} differs in case only, and the destination ignores case"
        )


def _check_one(
    source: Path, destination: Path, root: Root, status: os.stat_result, above_target: list[tuple[int, int]]
) -> None:
    identity = (status.st_dev, status.st_ino)
    target = os.path.join(root.target, os.fsencode(root.target_name))
    holders = identity_at(os.path.dirname(root.source)), identity_at(root.target)
    if (holders[0] == holders[1] and root.name == root.target_name) or (
        stat.S_ISDIR(status.st_mode) and identity_at(target) == identity
    ):
        raise CopyRefused(source, destination, "source and destination are the same")
    if not stat.S_ISDIR(status.st_mode):
        return
    if identity in above_target:
        raise CopyRefused(source, destination, "the destination is inside the source")
    try:
        existing = os.lstat(target)
    except OSError:
        return
    if not stat.S_ISDIR(existing.st_mode):
        raise CopyRefused(source, destination, f"a folder cannot take the place of the file {os.fsdecode(target)!r}")


def excluded_identities(roots: list[Root], library: Path, *, into: bool) -> frozenset[tuple[int, int]]:
    """Folders that the walk leaves out: the library's own, and the destination where a mount shows it in a source."""
    found = {identity_at(os.fsencode(library))}
    if into:
        found |= {identity_at(root.target) for root in roots[:1]}
    return frozenset(identity for identity in found if identity is not None)


def identities_above_library(library: Path) -> frozenset[tuple[int, int]]:
    """A folder that holds the library is not moved as a whole."""
    return frozenset(identities_above(os.fsencode(library)))


def probe(holder: bytes, partials: Partials) -> Probe:
    """Learn the destination's clock and whether it ignores case, by a file that is removed at once."""
    folder = open_path(holder)
    try:
        name, fd = partials.create(folder)
        try:
            started_ns = os.fstat(fd).st_ctime_ns
            return Probe(started_ns, exists(folder, name.upper()))
        finally:
            os.close(fd)
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(folder)

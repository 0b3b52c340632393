"""What is never deleted: the root of the file system, a home folder, the job library, and any folder that holds one."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from spacedrive_ops.file_delete.errors import DeleteRefused
from spacedrive_ops.file_delete.folder import is_gone
from spacedrive_ops.file_delete.model import Root, bits, covered
from spacedrive_ops.folders import Identity, identities_above, identity, open_path

Protected: TypeAlias = Mapping[Identity, str]
"""Folders by device and inode, each with what it is, in words."""


def protected(library: Path) -> Protected:
    """Found by identity, so that no other spelling, link or mount of them gets past."""
    found: dict[Identity, str] = {}
    _protect(found, os.fsencode(library), "the job library's own folder")
    for home in _homes():
        _protect(found, home, "your home folder")
    _protect(found, b"/", "the root of the file system")
    return found


def _protect(found: dict[Identity, str], path: bytes, what: str) -> None:
    for number, one in enumerate(identities_above(path)):
        found.setdefault(one, f"it is {what}" if number == 0 else f"it holds {what}")
    itself = next(identities_above(path), None)
    if itself is not None:
        found[itself] = f"it is {what}"


def _homes() -> Iterator[bytes]:
    yield os.path.expanduser(b"~")
    try:
        yield os.fsencode(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        pass  # a user without an entry has the home of the environment alone


def check(roots: list[Root], library: Path) -> bytes:
    """Refuse what cannot be meant, before anything is touched; the paths with nothing to do, as bits.

    Raises DeleteRefused.
    """
    if not roots:
        raise DeleteRefused(Path(), "no path was given")
    forbidden = protected(library)
    library_id = next(identities_above(os.fsencode(library)), None)
    absent: set[int] = set()
    for number, root in enumerate(roots):
        if not _check_one(root, forbidden, library_id):
            absent.add(number)
    return bits(covered(roots) | absent, len(roots))


def _check_one(root: Root, forbidden: Protected, library: Identity | None) -> bool:
    """Whether there is such an entry."""
    if not root.given.is_absolute():
        raise DeleteRefused(root.given, "it is not absolute, and whoever runs the job may stand in another folder")
    if not root.name:
        raise DeleteRefused(root.given, "it is the root of the file system")
    try:
        holder = open_path(root.holder)
    except OSError as error:
        return not is_gone(error)  # what cannot be reached becomes an item with its error
    try:
        status = os.stat(root.name, dir_fd=holder, follow_symlinks=False)
    except OSError as error:
        return not is_gone(error)
    finally:
        os.close(holder)
    if (what := forbidden.get(identity(status))) is not None:
        raise DeleteRefused(root.given, what)
    if library is not None and library in identities_above(root.holder):
        raise DeleteRefused(root.given, "it belongs to the job library")
    return True

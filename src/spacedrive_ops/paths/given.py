"""Paths among a job's arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from spacedrive_ops.paths.sd_path import UnsafePath, escaped


class TakesPaths:
    """A base of jobs, dataclasses, whose arguments have paths: each must be one that every process reads the same.

    Making such a job raises UnsafePath for a path that is not absolute (whoever runs the job may stand in another
    folder) or holds a NUL.
    """

    __slots__ = ()

    def __post_init__(self) -> None:
        for field in fields(cast("Any", self)):
            for path in _paths_in(getattr(self, field.name)):
                _check(field.name, path)


def _paths_in(value: object) -> Iterator[Path]:
    if isinstance(value, Path):
        yield value
    elif isinstance(value, tuple):
        for one in cast("tuple[object, ...]", value):
            yield from _paths_in(one)


def _check(name: str, path: Path) -> None:
    text = str(path)
    if "\0" in text:
        raise UnsafePath(f"{name}: {escaped(text)!r} holds a NUL, which no name has")
    if not path.is_absolute():
        raise UnsafePath(
            f"{name}: {escaped(text)!r} is not absolute, and whoever runs the job may stand in another folder"
        )

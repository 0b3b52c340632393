"""Reading files for their digests, step by step."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from spacedrive_ops.content import reading
from spacedrive_ops.content.crew import Crew
from spacedrive_ops.content.digest import Digest
from spacedrive_ops.content.reading import cut, readings
from spacedrive_ops.library_index.contents import StoredFile


def files(folder: Path, count: int) -> list[StoredFile]:
    made: list[StoredFile] = []
    for number in range(count):
        path = folder / f"file {number}"
        path.write_bytes(b"%d" % number)
        status = path.stat()
        made.append(StoredFile(number + 1, os.fsencode(path), status.st_size, status.st_mtime_ns, -status.st_ino))
    return made


class Context:
    """What `readings` asks of a context. An interruption comes in the middle of `cut_short` calls of `map`, and is
    taken back before the next check."""

    def __init__(self, cut_short: int) -> None:
        self.cut_short = cut_short

    async def map(self, call: Callable[[list[StoredFile]], list[Any]], batch: Iterable[list[StoredFile]]) -> list[Any]:
        results = [call(files) for files in batch]
        if self.cut_short:
            self.cut_short -= 1
            results[-1] = [None] * len(results[-1])
        return results

    async def check_interrupt(self) -> None:
        return


async def test_what_an_interruption_left_out_is_read_when_that_was_taken_back(tmp_path: Path) -> None:
    stored = files(tmp_path, 300)

    async def after(number: int) -> list[StoredFile]:
        return [file for file in stored if file.id > number][:200]

    context: Any = Context(cut_short=2)
    read = [pair async for some in readings(context, after, 0, Crew(0)) for pair in some]
    assert [file.id for file, _ in read] == [file.id for file in stored]
    assert all(isinstance(result, Digest) for _, result in read)


async def test_one_that_cannot_be_read_says_why_and_the_rest_goes_on(tmp_path: Path) -> None:
    stored = files(tmp_path, 3)
    os.unlink(stored[1].path)

    async def after(number: int) -> list[StoredFile]:
        return [file for file in stored if file.id > number]

    context: Any = Context(cut_short=0)
    read = [pair async for some in readings(context, after, 0, Crew(0)) for pair in some]
    assert [result if isinstance(result, str) else "" for _, result in read] == ["", "is no longer there", ""]


def test_a_batch_ends_where_enough_is_to_be_read() -> None:
    sizes = [10, reading.BYTES_AT_ONCE, 10, 10]
    files = [StoredFile(number, b"", size, 0, 0) for number, size in enumerate(sizes)]
    batches = cut(files, reading.FILES_AT_ONCE, reading.BYTES_AT_ONCE)
    assert [[file.id for file in batch] for batch in batches] == [[0], [1], [2, 3]]
    assert len(cut(files, reading.FILES_AT_ONCE, reading.BYTES_AT_ONCE, sampled=True)) == 1

"""Processes that read many small files at once, each on a core of its own."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Self, TypeAlias

from spacedrive_ops.content import reader
from spacedrive_ops.content.digest import PLAIN_PATH, Digest, Stopped, Unreadable, digest_of, sample_of

WORTH_IT: Final = 1_500
"""From so many files on: fewer are read here before a process has started."""
MOST: Final = 8
ENDS_WITHIN: Final = 0.5
"""Seconds for a process to end by itself when its pipe is closed."""

Result: TypeAlias = Digest | str | None
"""The digest; why there is none, in words; None where an interruption came first."""


class Crew:
    """Reads files in other processes, as many as there are cores, if there are enough files; else, and whatever they
    cannot read, in the calling thread. Threads may share one."""

    def __init__(self, files: int) -> None:
        """`files`: about how many there will be."""
        self._free: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()
        self.processes: list[subprocess.Popen[bytes]] = []
        if files >= WORTH_IT:
            for _ in range(min(len(os.sched_getaffinity(0)), MOST)):
                self.processes.append(_started())
                self._free.put(self.processes[-1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the processes; nothing is asked of them any more."""
        for process in self.processes:
            _let_go(process)
        self.processes.clear()

    def read(self, paths: Sequence[bytes], interrupted: Callable[[], bool], *, sampled: bool = False) -> list[Result]:
        """The digests of whole files, or of their ends alone, in order. Blocking."""
        if not self.processes or any(len(path) > PLAIN_PATH for path in paths):
            return [_read_here(path, interrupted, sampled) for path in paths]
        results: list[Result] = []
        for path, answer in zip(paths, self._asked(paths, sampled), strict=True):
            if isinstance(answer, tuple):
                results.append(Digest._make(answer))
            else:
                results.append(answer or _read_here(path, interrupted, sampled))
        return results

    def _asked(self, paths: Sequence[bytes], sampled: bool) -> Sequence[reader.Taken | str | None]:
        """What a process found; None for what is to be read here instead."""
        process = self._free.get()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            reader.send(process.stdin, (sampled, list(paths)))
            answers: Sequence[reader.Taken | str | None] | None = reader.receive(process.stdout)
        except (OSError, ValueError):
            answers = None  # it has died, or was ended
        finally:
            self._free.put(process)
        return answers if answers is not None else [None] * len(paths)


def _read_here(path: bytes, interrupted: Callable[[], bool], sampled: bool) -> Result:
    if interrupted():
        return None
    try:
        return sample_of(path) if sampled else digest_of(path, interrupted)
    except Unreadable as error:
        return str(error)
    except Stopped:
        return None


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", reader.__file__]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                pass  # the process has died
    for end in (process.terminate, process.kill):
        try:
            process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            end()  # it reads from a disk that does not answer; what cannot be killed ends when the disk does

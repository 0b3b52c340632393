"""A decoder in its child process: what a file's bytes do to it, they do to that process alone."""

from __future__ import annotations

import os
import re
import resource
from collections.abc import Generator
from contextlib import contextmanager
from typing import BinaryIO, Final

import msgspec

from spacedrive_ops.content.digest import Unreadable, open_file
from spacedrive_ops.media.kinds import HEAD, Medium, medium_of

MEGAPIXEL: Final = 1_000_000
NOT_KNOWN: Final = "is not of a kind known here, or is damaged"
ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
NOT_SUPPORTED_SIGNS: Final = ("unsupported", "not supported", "unimplemented", "not implemented", "cannot handle")
NUMBER_ALONE: Final = re.compile(r"(decoder|codec) error -?\d+|broken data stream|unrecognized data stream")
"""What Pillow says where its decoder gives up without a reason."""
CUT_OFF: Final = "is cut off: the file ends too early"
LOCKED: Final = "is locked with a password"


class NotDecoded(Exception):
    """Nothing came of a file; the text says why, for people."""


class NotInstalled(NotDecoded):
    """The library for such files is not there. The text names the command that brings it."""

    @classmethod
    def of(cls, extra: str) -> NotInstalled:
        return cls(f"needs more than is installed here: pip install 'spacedrive-jobs[{extra}]'")


class Limits(msgspec.Struct, frozen=True):
    """What one file may cost: seconds, millions of pixels, and bytes of address space."""

    seconds: float
    megapixels: int
    memory: int

    def check_size(self, width: int, height: int) -> None:
        """Raises NotDecoded. Sizes come from the file itself, before anything of it is unpacked."""
        if width * height > self.megapixels * MEGAPIXEL:
            raise self.too_large()

    def too_large(self) -> NotDecoded:
        return NotDecoded(f"is too large (the limit is {self.megapixels:,} megapixels)")


class OpenMedium(msgspec.Struct, frozen=True):
    """A file that is open, and what it is. `path`: another way to it, for libraries that take no open file."""

    medium: Medium
    file: BinaryIO
    path: str


@contextmanager
def opened(path: bytes, limits: Limits) -> Generator[OpenMedium]:
    """Open a file for a decoder, within the limits on memory. Raises NotDecoded, whatever goes wrong inside."""
    _hush()
    for name in ONE_THREAD:  # read when a library is loaded: a thread for each core would be most of the memory
        os.environ.setdefault(name, "1")
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        with open(open_file(path), "rb") as file:
            head = file.read(HEAD)
            if not head:
                raise NotDecoded("is empty")
            file.seek(0)
            yield OpenMedium(medium_of(path, head), file, f"/proc/self/fd/{file.fileno()}")
    except NotDecoded:
        raise
    except MemoryError as error:
        raise NotDecoded(f"needs more memory to decode than is allowed ({limits.memory >> 20:,} MiB)") from error
    except FileNotFoundError as error:
        raise NotDecoded("is no longer there") from error
    except Unreadable as error:
        raise NotDecoded(str(error)) from error
    except Exception as error:  # decoders raise whatever their file format makes them
        raise NotDecoded(in_words(error)) from error


def in_words(error: Exception) -> str:
    """What a decoder's error means to people."""
    text = str(error).partition("\n")[0]
    if isinstance(error, OSError) and error.errno is not None and error.errno > 0:
        return f"cannot be read: {(error.strerror or '').lower()}"
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    if isinstance(error, NotImplementedError) or any(sign in text.lower() for sign in NOT_SUPPORTED_SIGNS):
        return f"is of a variety that cannot be read here{f' ({text})' if text else ''}"
    if NUMBER_ALONE.match(text):
        return "is damaged: its pixels cannot be unpacked"
    return f"is damaged: {text}" if text else f"is damaged ({type(error).__name__})"


def _hush() -> None:
    """The libraries behind a decoder write what they think of a file to standard error, past everybody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)

"""`python -m tests.acceptance.cli.terminal_pictures FILE`: the screens of the full-screen view that stand in a page.

Each stands, as text, after a line `<!-- screen NAME -->`. They are taken in a real terminal over a real library, whose
jobs run in another process.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.cli.whole_screen import WholeScreen
from tests.acceptance.page import page_jobs
from tests.acceptance.page.filled_library import fill

SDJOBS: Final = [sys.executable, "-m", "sdjobs", "--import", page_jobs.__name__]


@dataclass(frozen=True, slots=True)
class Picture:
    """`keys` are pressed once `first` stands there; it is taken when `last` does."""

    columns: int
    rows: int
    first: str
    keys: str
    last: str


PICTURES: Final = {
    "board": Picture(100, 40, "MB/s", "\t", "jobs show"),
    "job": Picture(100, 18, "MB/s", "\tj\r3", "is on the disk"),
    "narrow": Picture(40, 22, "MB/s", "\t\t", "jobs show"),
}


def main(page: Path) -> None:
    home = Path(tempfile.gettempdir()) / "ada"  # its name is in the pictures
    home.mkdir()
    try:
        asyncio.run(fill(home))
        with worked(home / "Photos"):
            text = page.read_text(encoding="utf-8")
            for name, picture in PICTURES.items():
                text = placed(text, name, taken(home / "Photos", picture))
        page.write_text(text, encoding="utf-8")
    finally:
        shutil.rmtree(home)


@contextmanager
def worked(library: Path) -> Iterator[None]:
    """Some process runs its jobs."""
    process = subprocess.Popen([*SDJOBS, "--library", str(library), "worker"], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def taken(library: Path, picture: Picture) -> list[str]:
    environment = {**os.environ, "SDJOBS_LIBRARY": str(library), "TERM": "xterm-256color", "LANG": "C.UTF-8"}
    screen = WholeScreen([*SDJOBS, "watch"], environment, cwd=Path.cwd(), columns=picture.columns, rows=picture.rows)
    try:
        screen.shows(picture.first)
        for key in picture.keys:
            screen.press(key)
        screen.shows(picture.last)
        return screen.screen()
    finally:
        screen.close()


def placed(text: str, name: str, lines: list[str]) -> str:
    """`text` with the screen after its mark, instead of the one that is there."""
    block = "\n".join(["", "", "```text", *lines, "```", "", ""])
    mark = re.compile(rf"(<!-- screen {name} -->)\n(?:\n```text\n.*?^```\n)?\n?", re.MULTILINE | re.DOTALL)
    replaced: Callable[[re.Match[str]], str] = lambda match: match[1] + block  # noqa: E731
    return mark.sub(replaced, text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The built page: `index.html` for every address of a page, and its assets. Read once, so no path reaches the disk."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sdjobs.web.login_page import unbuilt_page

STATIC: Final = Path(__file__).with_name("static")
TYPES: Final = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
FOR_EVER: Final = "private, max-age=31536000, immutable"
"""Of `assets/`: a built file's name has its digest in it."""


@dataclass(frozen=True, slots=True)
class Asset:
    content: bytes
    media_type: str
    caching: str


class Page:
    """What was built, as it was when the server started."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._assets = {
            path.relative_to(folder).as_posix(): _asset(path, folder)
            for path in (sorted(folder.rglob("*")) if folder.is_dir() else ())
            if path.is_file() and path.suffix in TYPES
        }
        index = self._assets.pop("index.html", None)
        self._index = index.content.decode() if index is not None else None

    def asset(self, path: str) -> Asset | None:
        return self._assets.get(path)

    def index(self, root: str, library_words: Sequence[str] = (), code_words: Sequence[str] = ()) -> str:
        """With the place where the application is mounted, to which its own links are relative, and what its commands
        say beside their own words."""
        if self._index is None:
            return unbuilt_page(root)
        told = {"sdjobs-library": library_words, "sdjobs-code": code_words}
        lines = [f'<base href="{html.escape(root)}/">']
        lines += [f'<meta name="{name}" content="{html.escape(_json(words))}">' for name, words in told.items()]
        return self._index.replace("<head>", "\n".join(["<head>", *lines]), 1)


def _json(words: Sequence[str]) -> str:
    """In ASCII. A path that is no text has its replacement characters there: it cannot be typed either."""
    return json.dumps([word.encode("utf-8", "replace").decode() for word in words])


def _asset(path: Path, folder: Path) -> Asset:
    inside = path.relative_to(folder).parts[0] == "assets"
    return Asset(path.read_bytes(), TYPES[path.suffix], FOR_EVER if inside else "no-cache")

"""How an application serves a library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sdjobs.web.tokens import TokenSource


@dataclass(frozen=True, slots=True, kw_only=True)
class WebOptions:
    """`tokens`: asked for those that are good now. `hosts`: names by which the server may be called, beside loopback
    ones. `any_address`: also every IP address. `roots`: what the folder picker may show. `warning`: shown on the page.
    `library_words`, `code_words`: what the commands on the page say to mean this library, and to know its kinds.
    """

    tokens: TokenSource
    hosts: frozenset[str] = frozenset()
    any_address: bool = False
    roots: tuple[Path, ...] = ()
    warning: str = ""
    secure: bool = False
    library_words: tuple[str, ...] = ()
    code_words: tuple[str, ...] = ()

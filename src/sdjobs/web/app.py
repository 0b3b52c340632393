"""The application: everything under one ASGI callable, to be served alone or mounted in another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

from litestar import Litestar, Request, Response, Router, get
from litestar.di import Provide

from sdjobs.web.audit import Audit
from sdjobs.web.callers import caller_of
from sdjobs.web.description import described, openapi_config
from sdjobs.web.disk_threads import DiskThreads
from sdjobs.web.ended_sessions import EndedSessions
from sdjobs.web.feed import Feed
from sdjobs.web.gate import Gate
from sdjobs.web.heads import Heads
from sdjobs.web.options import WebOptions
from sdjobs.web.origin import plain_name
from sdjobs.web.page import STATIC, Page
from sdjobs.web.problems import HANDLERS
from sdjobs.web.routes import actions, events, folders, index, jobs, library, login, pages, schedules, statistics
from sdjobs.web.strict import strict_body, strict_query
from sdjobs.web.tokens import Doorkeeper, Tokens, TokenSource, tokens_of
from sdjobs.web.totals import IndexTotals
from spacedrive_jobs import Library

BODY_LIMIT: Final = 4 << 20
"""Bytes; a job's arguments may have one MiB, and more as JSON."""


Receiving: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Sending: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class WebApp:
    """An ASGI application that serves one open library, on the event loop of that library.

    Made by `create_app`. It holds no task and no connection: what is served ends with the library.
    """

    def __init__(self, opened: Library, options: WebOptions, static: Path) -> None:
        self._doorkeeper = Doorkeeper(options.tokens, opened.id, EndedSessions(opened.path))
        self._feed = Feed(opened)
        litestar = build(opened, options, self._doorkeeper, self._feed, Page(static))
        gate = Gate(litestar, options, self._doorkeeper, Audit(opened.path / "logs"))
        self._inner = Heads(cast(Any, gate))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receiving, send: Sending) -> None:
        await self._inner(cast(Any, scope), cast(Any, receive), cast(Any, send))  # ASGI's own types, spelled otherwise

    def login_path(self) -> str:
        """Where one browser comes in, once, within ten minutes; relative to where the application is mounted."""
        return f"/login?code={self._doorkeeper.new_link()}"

    def close(self) -> None:
        """End the streams of open pages, which would else keep a server from stopping."""
        self._feed.close()


def create_app(
    library: Library,
    *,
    tokens: Tokens | TokenSource | None = None,
    hosts: Iterable[str] = (),
    any_address: bool = False,
    roots: Iterable[Path] | None = None,
    secure: bool = False,
    warning: str = "",
    library_words: Sequence[str] | None = None,
    code_words: Sequence[str] = (),
    static: Path = STATIC,
) -> WebApp:
    """The page and the API of an open library, to be mounted in an application of one's own.

    `tokens`, or what gives those that are good now: by default those of the library's folder, and new ones as soon as
    they are made there. `hosts`: names by which the server is called, beside `localhost` and loopback addresses;
    `any_address` admits every IP address too. `roots`: what the folder picker shows (default: the home folder).
    `secure`: the cookie is sent over TLS alone. `warning`: a sentence that the page shows. `library_words`: what the
    commands that the page shows say to mean this library (default: `--library` and its folder); `code_words`: and to
    know its kinds of jobs, such as `--import myapp.jobs`.
    Raises TokensUnsafe, OSError.
    """
    options = WebOptions(
        tokens=(lambda: tokens) if isinstance(tokens, Tokens) else tokens or tokens_of(library.path),
        hosts=frozenset(map(plain_name, hosts)),
        any_address=any_address,
        roots=tuple(root.resolve() for root in ([Path.home()] if roots is None else roots)),
        warning=warning,
        secure=secure,
        library_words=("--library", str(library.path)) if library_words is None else tuple(library_words),
        code_words=tuple(code_words),
    )
    return WebApp(library, options, static)


def build(opened: Library, options: WebOptions, doorkeeper: Doorkeeper, feed: Feed, built: Page) -> Litestar:
    """The routes, without the gate before them."""
    values: dict[str, Any] = {
        "library": opened,
        "options": options,
        "doorkeeper": doorkeeper,
        "feed": feed,
        "page": built,
        "totals": IndexTotals(opened),
        "disks": DiskThreads(),
    }
    return Litestar(
        route_handlers=[api(), login.PAGE_ROUTER, pages.ROUTER],
        dependencies=provided(values),
        exception_handlers=HANDLERS,
        openapi_config=openapi_config(),
        request_max_body_size=BODY_LIMIT,
        logging_config=None,
    )


@get("/openapi.json", include_in_schema=False)
async def get_description(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The OpenAPI document."""
    # In a thread: it takes a while the first time, and jobs may run on this loop.
    document = await asyncio.to_thread(described, request.app)
    return Response(document, media_type="application/vnd.oai.openapi+json")


def provided(values: dict[str, Any]) -> dict[str, Provide]:
    """What handlers ask for by name."""
    return {
        **{name: _given(value) for name, value in values.items()},
        "caller": Provide(caller_of, sync_to_thread=False),
    }


def _given(value: object) -> Provide:
    def provide() -> Any:
        return value

    return Provide(provide, sync_to_thread=False, use_cache=True)


def api() -> Router:
    parts = (jobs, actions, schedules, library, statistics, index, folders, events)
    return Router(
        "/api",
        route_handlers=[get_description, login.API_ROUTER, *(part.ROUTER for part in parts)],
        guards=[strict_body, strict_query],
    )

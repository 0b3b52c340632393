"""What every request passes before anything else sees it, and what every answer gets on its way out."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sdjobs.web.audit import Audit
from sdjobs.web.callers import KEY, Caller
from sdjobs.web.login_page import STYLE_DIGEST, bounce_page, login_page
from sdjobs.web.methods import TellingMethods
from sdjobs.web.options import WebOptions
from sdjobs.web.origin import foreign_origin, wrong_host
from sdjobs.web.problems import PROBLEM_JSON, problem
from sdjobs.web.tokens import Doorkeeper, TooManyTries

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN: Final = frozenset({"/login", "/api/login"})
"""Where one comes in."""
STALLED: Final = 30.0
"""Seconds that a client may take to accept a piece of an answer; then its connection is closed."""

POLICY: Final = (
    f"default-src 'none'; script-src 'self'; style-src 'self' '{STYLE_DIGEST}'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: browsers would send `Origin: null` with forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

_log = logging.getLogger("sdjobs.web")

Headers: TypeAlias = dict[str, str]


class Refusal(Exception):
    """Answered here; nothing behind the gate sees the request."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, **headers: str) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Gate:
    """ASGI. Host, Origin and Sec-Fetch-Site of every request, then its token or cookie, then what its role may do."""

    def __init__(self, inner: ASGIApp, options: WebOptions, doorkeeper: Doorkeeper, audit: Audit) -> None:
        self._inner, self._options = inner, options
        self._doorkeeper, self._audit = doorkeeper, audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain: Any = scope
        if plain["type"] == "http":
            await self._request(Asked(scope), receive, send)
        elif plain["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "there are none"})
        else:
            await self._inner(scope, receive, send)

    async def _request(self, asked: Asked, receive: Receive, send: Send) -> None:
        answer = Answering(send, asked)
        try:
            caller = self._admit(asked)
        except Refusal as refusal:
            await self._refuse(asked, refusal, answer)
            return
        scope: Any = asked.scope
        scope[KEY] = caller
        if asked.method == "OPTIONS":
            # The framework's own answer names too few methods; its refusal of a method that nothing takes names all.
            scope["method"] = "TRACE"
        telling = TellingMethods(answer.send, asked.path, asked_for=asked.method == "OPTIONS")
        try:
            await self._inner(asked.scope, receive, telling.send)
        except Exception:
            if not answer.stalled:
                raise
            _log.info("%s accepted nothing of %s for %g s", asked.address, asked.path, STALLED)
        if asked.method not in SAFE or caller.facts:
            await self._write_down(asked, caller, answer.status)

    def _admit(self, asked: Asked) -> Caller:
        """Who asks. Raises Refusal."""
        headers = asked.headers
        if "//" in asked.path:
            # The router behind would take it for the path without its empty parts: nothing here is called so.
            raise Refusal(HTTPStatus.NOT_FOUND, "not_found", "there is nothing here")
        if wrong_host(headers, self._options.hosts, self._options.any_address):
            name = headers.get("host", "")
            detail = f"this server is not called {name!r}; `sdjobs serve --name` adds a name"
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", detail)
        if foreign_origin(headers, navigates=asked.is_navigation):
            raise Refusal(HTTPStatus.FORBIDDEN, "foreign_origin", "another site's page may not ask this")
        caller = self._caller(asked)
        if caller.role == "read" and asked.method not in SAFE and asked.path not in OPEN | {"/api/logout"}:
            raise Refusal(HTTPStatus.FORBIDDEN, "read_only", "this token may look, and change nothing")
        if asked.brings_no_json:
            detail = "what is sent must be JSON: Content-Type: application/json"
            raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", detail)
        return caller

    def _caller(self, asked: Asked) -> Caller:
        given = asked.headers.get("authorization")
        if given is not None:
            return self._by_token(given, asked.address)
        for value in asked.cookies(self._doorkeeper.cookie):
            if session := self._doorkeeper.session(value):
                return Caller(session.role, f"browser {session.name}", session=session)
        if asked.path in OPEN:
            return Caller("read", "nobody")
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "token_missing",
            "this needs a token: open the link that `sdjobs serve` printed, or send `Authorization: Bearer TOKEN`",
            www_authenticate="Bearer",
        )

    def _by_token(self, given: str, address: str) -> Caller:
        scheme, _, token = given.partition(" ")
        try:
            role = self._doorkeeper.bearer(token.strip(), address) if scheme.lower() == "bearer" else None
        except TooManyTries as error:
            headers = {"www_authenticate": "Bearer", "retry_after": str(error.seconds)}
            raise Refusal(HTTPStatus.UNAUTHORIZED, "too_many_tries", str(error), **headers) from None
        if role is not None:
            return Caller(role, f"token ({role})")
        raise Refusal(HTTPStatus.UNAUTHORIZED, "token_wrong", "this token is not known", www_authenticate="Bearer")

    async def _refuse(self, asked: Asked, refusal: Refusal, answer: Answering) -> None:
        headers = {**refusal.headers, "cache-control": "no-store"}
        if asked.is_page and refusal.status is HTTPStatus.UNAUTHORIZED:
            # A link on another site brings no cookie, but a request of our own page's does.
            foreign = asked.headers.get("sec-fetch-site") in ("cross-site", "same-site")
            there = login_page(asked.root, asked.here, warning=self._options.warning)
            body = bounce_page(asked.here) if foreign else there
            await answer.whole(refusal.status, "text/html; charset=utf-8", body.encode(), headers)
            return
        body_ = msgspec.json.encode(problem(refusal.status, refusal.code, refusal.detail))
        await answer.whole(refusal.status, PROBLEM_JSON, body_, headers)

    async def _write_down(self, asked: Asked, caller: Caller, status: int) -> None:
        facts = {"who": caller.who, "from": asked.address, "method": asked.method, "path": asked.path, "status": status}
        refused = asked.path in OPEN and status >= 400
        await asyncio.to_thread(self._audit.write, {**facts, **caller.facts}, refused=refused)


class Asked:
    """A request, as the gate looks at it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        plain: Any = scope
        self.method: str = plain["method"]
        self.root: str = plain.get("root_path", "").rstrip("/")
        whole: str = plain["path"]
        self.path = whole.removeprefix(self.root) if self.root else whole
        self.headers: Headers = {}
        for name, value in plain["headers"]:
            # Of a header that came twice both count: two Hosts are none of ours.
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            joint = "; " if key == "cookie" else ", "
            self.headers[key] = self.headers[key] + joint + text if key in self.headers else text
        client = plain.get("client")
        self.address: str = client[0] if client else ""

    @property
    def is_page(self) -> bool:
        """Not of the API: answered in HTML."""
        return self.method in ("GET", "HEAD") and not self.path.startswith("/api/") and self.path != "/api"

    @property
    def brings_no_json(self) -> bool:
        """A body for the API that is something else: what a form on another site can send, without asking first."""
        if self.method in SAFE or not self.path.startswith("/api/"):
            return False
        media_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        brings = self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers
        return media_type != "application/json" and bool(media_type or brings)

    @property
    def is_navigation(self) -> bool:
        """A browser goes to a page, maybe by a link on another site; it must not be framed or fetched there."""
        return self.is_page and (
            self.headers.get("sec-fetch-mode") == "navigate" and self.headers.get("sec-fetch-dest") == "document"
        )

    @property
    def here(self) -> str:
        """The address of the page within the server."""
        plain: Any = self.scope
        query = plain.get("query_string", b"").decode("latin-1")
        return self.root + quote(self.path) + (f"?{query}" if query else "")

    def cookies(self, name: str) -> list[str]:
        """The values under a name. Other programs of this machine set cookies here too, of any form."""
        pairs = (pair.strip().partition("=") for pair in self.headers.get("cookie", "").split(";"))
        return [value for key, _, value in pairs if key == name]


class Answering:
    """Sends an answer with the headers that all get; a client that accepts nothing loses its connection."""

    def __init__(self, send: Send, asked: Asked) -> None:
        self._send, self._asked = send, asked
        self.status = 0
        self.stalled = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            _add_headers(message)
        try:
            async with asyncio.timeout(STALLED):
                await self._send(message)
        except TimeoutError:
            self.stalled = True
            raise

    async def whole(self, status: HTTPStatus, media_type: str, body: bytes, headers: Headers) -> None:
        """An answer in one piece."""
        lines = {**headers, "content-type": media_type, "content-length": str(len(body))}
        start: Any = {
            "type": "http.response.start",
            "status": int(status),
            "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in lines.items()],
        }
        await self.send(start)
        end: Any = {"type": "http.response.body", "body": b"" if self._asked.method == "HEAD" else body}
        await self.send(end)


def _add_headers(message: Any) -> None:
    headers = list(message.get("headers", ()))
    there = {bytes(name).lower() for name, _ in headers}
    added = {**HEADERS, "cache-control": "no-store"}
    headers += [(name.encode(), value.encode()) for name, value in added.items() if name.encode() not in there]
    message["headers"] = headers

"""Coming in and leaving: a token or a one-time link for a cookie."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

from litestar import Request, Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from sdjobs.web.callers import Caller
from sdjobs.web.given import GivenCaller, GivenDoorkeeper, GivenOptions
from sdjobs.web.login_page import bounce_page, login_page
from sdjobs.web.options import WebOptions
from sdjobs.web.problems import Refused, problems
from sdjobs.web.tokens import SESSION_SECONDS, Doorkeeper, Role, TooManyTries

HTML: Final = "text/html"


class Login(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token, or the code of a one-time link."""

    token: Annotated[str, Meta(max_length=500)] = ""
    code: Annotated[str, Meta(max_length=500)] = ""


class LoggedIn(Struct, frozen=True, kw_only=True):
    """What the cookie may do."""

    role: Role


@post("/login", request_max_body_size=16 << 10, status_code=200, responses=problems(429, sends=True), tags=["Access"])
async def log_in(
    request: Request[Any, Any, Any],
    caller: GivenCaller,
    doorkeeper: GivenDoorkeeper,
    options: GivenOptions,
    data: JSONBody[Login],
) -> Response[LoggedIn]:
    """Give a token, or the code of a one-time link, for a cookie."""
    role = _role(request, doorkeeper, data.token, data.code)
    caller.note(role=role)
    return Response(LoggedIn(role=role), cookies=[_cookie(request, doorkeeper, options, role)])


@post("/logout", status_code=204, responses=problems(sends=True), tags=["Access"])
async def log_out(
    request: Request[Any, Any, Any], caller: GivenCaller, doorkeeper: GivenDoorkeeper, options: GivenOptions
) -> Response[None]:
    """Give the cookie back: it is worth nothing from now on."""
    if caller.session is not None:
        await asyncio.to_thread(doorkeeper.end_session, caller.session)
    return Response(None, cookies=[_cookie(request, doorkeeper, options, None)])


@get("/login", include_in_schema=False, media_type=HTML)
async def open_link(
    request: Request[Any, Any, Any],
    caller: GivenCaller,
    doorkeeper: GivenDoorkeeper,
    options: GivenOptions,
    code: Annotated[str, QueryParameter(max_length=500)] = "",
    following: Annotated[str, QueryParameter(name="next", max_length=2_000)] = "",
) -> Response[str]:
    """The page for a token; with a code, the cookie at once."""
    root, where = root_of(request), _within(request, following)
    if not code:
        return Response(login_page(root, where, warning=options.warning), media_type=HTML)
    caller.note(link=True)
    return _entered(request, caller, doorkeeper, options, token="", code=code, where=where)


@post("/login", request_max_body_size=16 << 10, include_in_schema=False, media_type=HTML, status_code=200)
async def submit_login(
    request: Request[Any, Any, Any], caller: GivenCaller, doorkeeper: GivenDoorkeeper, options: GivenOptions
) -> Response[str]:
    """What the form sends."""
    form = parse_qs((await request.body()).decode("utf-8", "replace"))
    caller.note(form=True)
    token, following = form.get("token", [""])[0], form.get("next", [""])[0]
    where = _within(request, following)
    return _entered(request, caller, doorkeeper, options, token=token.strip(), code="", where=where)


def _entered(
    request: Request[Any, Any, Any],
    caller: Caller,
    doorkeeper: Doorkeeper,
    options: WebOptions,
    *,
    token: str,
    code: str,
    where: str,
) -> Response[str]:
    try:
        role = _role(request, doorkeeper, token, code)
    except Refused as refused:
        page = login_page(root_of(request), where, refused.detail, warning=options.warning)
        return Response(page, media_type=HTML, status_code=int(refused.status), headers=refused.headers)
    caller.note(role=role)
    return Response(bounce_page(where), media_type=HTML, cookies=[_cookie(request, doorkeeper, options, role)])


def _role(request: Request[Any, Any, Any], doorkeeper: Doorkeeper, token: str, code: str) -> Role:
    """Raises Refused."""
    role = doorkeeper.take_link(code) if code else _by_token(request, doorkeeper, token)
    if role is None:
        said = "This link was used already, or is too old." if code else "This token is not known."
        raise Refused(HTTPStatus.UNAUTHORIZED, "token_wrong", said, headers={"WWW-Authenticate": "Bearer"})
    return role


def _by_token(request: Request[Any, Any, Any], doorkeeper: Doorkeeper, token: str) -> Role | None:
    try:
        return doorkeeper.bearer(token, request.client.host if request.client is not None else "")
    except TooManyTries as error:
        headers = {"Retry-After": str(error.seconds)}
        raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too_many_tries", str(error), headers=headers) from None


def _cookie(request: Request[Any, Any, Any], doorkeeper: Doorkeeper, options: WebOptions, role: Role | None) -> Cookie:
    return Cookie(
        key=doorkeeper.cookie,
        value=doorkeeper.new_session(role) if role is not None else "",
        max_age=SESSION_SECONDS if role is not None else 0,
        path=root_of(request) or "/",
        secure=options.secure or request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def root_of(request: Request[Any, Any, Any]) -> str:
    """Where this application is mounted."""
    scope: Any = request.scope
    root: str = scope.get("root_path", "")
    return root.rstrip("/")


def _within(request: Request[Any, Any, Any], address: str) -> str:
    """A page of this server's, whatever was asked for."""
    root = root_of(request)
    plain = address.isascii() and address.isprintable() and "\\" not in address and not address.startswith("//")
    return address if plain and address.startswith(f"{root}/") else f"{root}/"


TYPES: Final = (LoggedIn, Login)
"""What is sent."""

API_ROUTER: Final = Router("/", route_handlers=[log_in, log_out])
PAGE_ROUTER: Final = Router("/", route_handlers=[open_link, submit_login])

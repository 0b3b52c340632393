"""Bodies taken as they are described: the framework would take "1" for 1, and a number for a moment."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler

from sdjobs.web.problems import Refused

_PLACE: Final = re.compile(r" - at `\$\.?(.*)`$")


async def strict_body(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of the routes that are sent something. Raises Refused."""
    field = handler.parsed_data_field
    if field is None or not isinstance(connection, Request):
        return
    body: bytes = await connection.body()
    if not body and field.is_optional:
        return
    try:
        msgspec.json.decode(body, type=field.annotation)
    except msgspec.DecodeError as error:
        said = str(error)
        place = _PLACE.search(said)
        name = place[1] if place is not None else ""
        detail = f"{name}: {said[: place.start()]}" if place is not None and name else said
        raise Refused(HTTPStatus.BAD_REQUEST, "request_invalid", detail, field=name) from None

"""Requests taken as they are described: the framework would take "1" for 1, a number for a moment, and not look at a
parameter that it does not know."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from http import HTTPStatus
from typing import Any, Final, get_args, get_origin

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import QueryParameter

from sdjobs.web.misfits import in_words, of_body
from sdjobs.web.problems import Misfit, Refused

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
    except msgspec.ValidationError as error:
        said = str(error)
        place = _PLACE.search(said)
        name = place[1] if place is not None else ""
        reason = in_words(said[: place.start()] if place is not None else said)
        raise Misfit(f"the field `{name}`" if name else "the body", name, reason) from None
    except msgspec.DecodeError as error:
        raise Refused(HTTPStatus.BAD_REQUEST, "request_invalid", of_body(str(error))) from None


async def strict_query(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard of all routes: a filter that is misspelled would mean everything. Raises Refused."""
    given = Counter(name for name, _ in connection.query_params.multi_items())
    if not given:
        return
    known = _query_of(handler)
    for name, times in given.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f": did you mean {near[0]}?" if near else f"; there is {', '.join(sorted(known))}" if known else ""
            raise Misfit(f"the parameter `{name}`", name, f"is not known here{hint}")
        if times > 1 and not known[name]:
            raise Misfit(f"the parameter `{name}`", name, f"is given {times} times, and may be given once")


def _query_of(handler: BaseRouteHandler) -> dict[str, bool]:
    """The names of a route's query parameters, and whether one may be given several times."""
    return {
        field.kwarg_definition.name or field.name: any(
            get_origin(one) is list for one in _alternatives(field.annotation)
        )
        for field in handler.parsed_fn_signature.parameters.values()
        if isinstance(field.kwarg_definition, QueryParameter)
    }


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return (annotation, *get_args(annotation))

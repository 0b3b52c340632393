"""Errors as `application/problem+json` (RFC 9457): a sentence for people, a code for programs."""

from __future__ import annotations

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Any, Final, cast

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec
from msgspec import Meta, Struct

from sdjobs.describe import fields_of
from sdjobs.text import shown
from sdjobs.web.misfits import described, in_words, missing
from spacedrive_jobs import (
    AmbiguousJobId,
    ArgumentError,
    DependencyCycle,
    JobError,
    JobGone,
    JobNotFound,
    NoSpace,
    NotUnique,
    PayloadTooLarge,
    QuestionNotOpen,
    ResourceNeverThere,
    ScheduleNotFound,
    StoreBusy,
    TransitionRefused,
    UnknownKind,
)
from spacedrive_ops import IndexTooNew, MissingExtra

PROBLEM_JSON: Final = "application/problem+json"

_log = logging.getLogger("sdjobs.web")


class InvalidParameter(Struct, frozen=True, kw_only=True):
    """What is wrong with one parameter or field."""

    name: str
    reason: str


class Problem(Struct, frozen=True, kw_only=True):
    """Why a request was not carried out."""

    type: Annotated[str, Meta(description="`urn:sdjobs:` and the code.")]
    title: str
    status: int
    detail: Annotated[str, Meta(description="A sentence for people.")]
    code: Annotated[str, Meta(description="For programs: `job_not_found`.")]
    parameters: list[InvalidParameter] = []


class Refused(Exception):
    """A request is refused in the API's own words."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, *, field: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.field = status, code, detail, field
        self.headers = dict(headers or {})


class Misfit(Refused):
    """A part of a request does not fit. `what`: how to call it; `reason`: the rest of the sentence."""

    def __init__(self, what: str, field: str, reason: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, "request_invalid", f"{what} {reason}", field=field)
        self.reason = reason


_STATUS_OF: Final[tuple[tuple[type[JobError], HTTPStatus, str], ...]] = (
    (JobNotFound, HTTPStatus.NOT_FOUND, "job_not_found"),
    (JobGone, HTTPStatus.GONE, "job_gone"),
    (ScheduleNotFound, HTTPStatus.NOT_FOUND, "schedule_not_found"),
    (UnknownKind, HTTPStatus.NOT_FOUND, "unknown_kind"),
    (QuestionNotOpen, HTTPStatus.CONFLICT, "question_not_open"),
    (AmbiguousJobId, HTTPStatus.CONFLICT, "ambiguous_job_id"),
    (TransitionRefused, HTTPStatus.CONFLICT, "transition_refused"),
    (NotUnique, HTTPStatus.CONFLICT, "not_unique"),
    (DependencyCycle, HTTPStatus.CONFLICT, "dependency_cycle"),
    (ResourceNeverThere, HTTPStatus.CONFLICT, "resource_never_there"),
    (IndexTooNew, HTTPStatus.CONFLICT, "index_too_new"),
    (ArgumentError, HTTPStatus.UNPROCESSABLE_ENTITY, "arguments_invalid"),
    (PayloadTooLarge, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "payload_too_large"),
    (MissingExtra, HTTPStatus.NOT_IMPLEMENTED, "missing_extra"),
    (NoSpace, HTTPStatus.INSUFFICIENT_STORAGE, "no_space"),
    (StoreBusy, HTTPStatus.SERVICE_UNAVAILABLE, "store_busy"),
)


def sentence(text: str) -> str:
    """With a capital and a full stop, and nothing in it that could act on a terminal or hide."""
    text = shown(text[:1].upper() + text[1:])
    return text if text.endswith((".", "!", "?")) else text + "."


def problem(status: HTTPStatus, code: str, detail: str, parameters: list[InvalidParameter] | None = None) -> Problem:
    return Problem(
        type=f"urn:sdjobs:{code}",
        title=status.phrase,
        status=int(status),
        detail=sentence(detail),
        code=code,
        parameters=parameters or [],
    )


@contextmanager
def reading_values() -> Generator[None]:
    """A filter, a rule or an answer that makes no sense: the packages say so in a ValueError's words."""
    try:
        yield
    except ValueError as error:
        raise Refused(
            HTTPStatus.UNPROCESSABLE_ENTITY, "value_invalid", str(error) or "a value makes no sense"
        ) from error


def respond(found: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    return Response(found, status_code=found.status, media_type=PROBLEM_JSON, headers=dict(headers or {}))


def on_refused(_: Request[Any, Any, Any], error: Refused) -> Response[Problem]:
    reason = error.reason if isinstance(error, Misfit) else error.detail
    parameters = [InvalidParameter(name=error.field, reason=shown(reason))] if error.field else []
    return respond(problem(error.status, error.code, error.detail, parameters), error.headers)


def on_job_error(request: Request[Any, Any, Any], error: JobError) -> Response[Problem]:
    for kind, status, code in _STATUS_OF:
        if isinstance(error, kind):
            detail = _of_arguments(error) if isinstance(error, ArgumentError) else str(error)
            return respond(problem(status, code, detail, _parameters(error)))
    return on_unexpected(request, error)


def _parameters(error: JobError) -> list[InvalidParameter]:
    if isinstance(error, ArgumentError) and error.field:
        return [InvalidParameter(name=error.field, reason=shown(in_words(error.problem)))]
    return []


def _of_arguments(error: ArgumentError) -> str:
    words = in_words(error.problem)
    known = error.field and words != error.problem
    return f"argument {error.field!r} of {error.kind!r} {words}" if known else str(error)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    """What the framework refuses: a wrong path, method, parameter or body."""
    status = HTTPStatus(error.status_code)
    parameters = _of_framework(request, error) if isinstance(error, ValidationException) else []
    detail = _DETAILS.get(status) or error.detail or status.phrase
    if parameters:
        detail = "; ".join(f"the parameter `{one.name}` {one.reason}" if one.name else one.reason for one in parameters)
    code = "request_invalid" if isinstance(error, ValidationException) else status.name.lower()
    return respond(problem(status, code, detail, parameters), error.headers)


_DETAILS: Final = {
    HTTPStatus.NOT_FOUND: "there is nothing here",
    HTTPStatus.METHOD_NOT_ALLOWED: "this cannot be done here; the API's description lists what can",
}


def _of_framework(request: Request[Any, Any, Any], error: ValidationException) -> list[InvalidParameter]:
    if not isinstance(error.extra, list):
        name = missing(error.detail)
        return [InvalidParameter(name=name, reason="is missing")] if name else []
    handler = request.route_handler
    found: list[InvalidParameter] = []
    for entry in map(fields_of, cast("list[object]", error.extra)):
        name, said = str(entry.get("key", "")), str(entry.get("message", "is wrong"))
        description, choices = described(handler, name)
        reason = in_words(said, description=description, choices=choices)
        found.append(InvalidParameter(name=shown(name), reason=shown(reason)))
    return found


def on_unexpected(_: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _log.error("a request failed unexpectedly", exc_info=error)
    detail = "the server failed unexpectedly; its log has the details"
    return respond(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "unexpected", detail))


HANDLERS: Final[dict[int | type[Exception], Any]] = {
    Refused: on_refused,
    JobError: on_job_error,
    HTTPException: on_http,
    Exception: on_unexpected,
}


_WORDS: Final = {
    400: "A parameter, the path or the body is not as described.",
    401: "No token, or one that is not known.",
    403: "The token may only read, or the request came from another site.",
    404: "There is no such thing.",
    409: "It cannot be done as things are.",
    410: "The job's history was deleted.",
    413: "More than may be sent.",
    415: "What is sent must be JSON.",
    422: "The values do not fit.",
    429: "Too many wrong tokens; try again later.",
    501: "An optional library is not installed here.",
    503: "The server is busy.",
    504: "A disk does not answer.",
    507: "The library's disk is full.",
}


def problems(*statuses: int, sends: bool = False) -> dict[int, ResponseSpec]:
    """For a handler's `responses`: these, and what any request may meet; `sends`: any that changes something."""
    return {
        status: ResponseSpec(Problem, media_type=PROBLEM_JSON, description=_WORDS[status], generate_examples=False)
        for status in sorted({400, 401, 403, *statuses, *((413, 415) if sends else ())})
    }

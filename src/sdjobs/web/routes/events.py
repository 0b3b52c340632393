"""The stream of events."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from litestar import Router, get
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from sdjobs.web.feed import Full
from sdjobs.web.given import GivenCaller, GivenDoorkeeper, GivenFeed
from sdjobs.web.problems import Refused, problems

EVENT_STREAM: Final = "text/event-stream"
Number = Annotated[
    str | None, QueryParameter(pattern="^[0-9]{1,18}$", description="The number of the last event that is known.")
]


@get(
    "/events",
    media_type=EVENT_STREAM,
    responses={
        **problems(503),
        200: ResponseSpec(str, media_type=EVENT_STREAM, description="Server-sent events.", generate_examples=False),
    },
)
async def stream_events(
    feed: GivenFeed,
    caller: GivenCaller,
    doorkeeper: GivenDoorkeeper,
    after: Number = None,
    last_event_id: Annotated[
        str | None,
        HeaderParameter(name="Last-Event-ID", pattern="^[0-9]{1,18}$", description="As `after`; a browser sends it."),
    ] = None,
) -> Stream:
    """Everything that happens, as it happens, as server-sent events.

    `hello` comes first; lists that are asked for after it are not older than its `cursor`. `job` is one change of one
    job's status or requests (Event), with its number as the message's id: none is left out, none comes twice, and a
    client that comes back with the last number goes on after it. `progress` (Movement) says how far running jobs are,
    `changed` (Changed) that something else is not as it was, `resync` (Resync) that the client was away or behind for
    too long, or that jobs were deleted from the history: it then looks at all lists anew. What has no number (of which
    `changed` tells) may also have changed while a client was away: it looks at that anew after each `hello`.
    """
    try:
        place = feed.place_for(caller)
    except Full as full:
        raise Refused(
            HTTPStatus.SERVICE_UNAVAILABLE, "too_many_streams", str(full), headers={"Retry-After": "10"}
        ) from None
    known = last_event_id or after
    may = doorkeeper.watch(caller.session)
    return Stream(feed.stream(place, int(known) if known else None, may), media_type=EVENT_STREAM)


ROUTER: Final = Router("/", tags=["Events"], route_handlers=[stream_events])

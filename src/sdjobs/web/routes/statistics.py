"""What the jobs came to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response, Router, get
from litestar.openapi import ResponseSpec

from sdjobs import clock, metrics
from sdjobs.web import telling, wire
from sdjobs.web.counting import counts_of
from sdjobs.web.given import GivenLibrary
from sdjobs.web.problems import problems
from sdjobs.web.routes.jobs import KindQuery, MomentQuery, moment
from spacedrive_jobs import JobStatus, total_by_kind

WEEK: Final = timedelta(days=7)


@get("/statistics", responses=problems())
async def get_statistics(library: GivenLibrary) -> wire.Statistics:
    """How many jobs are in each status, in all and of each kind."""
    by_kind = await library.jobs.counts_by_kind()
    sums = {status: sum(counts[status] for counts in by_kind.values()) for status in JobStatus}
    return wire.Statistics(
        **{status.value: count for status, count in sums.items()},
        kinds=[wire.KindCounts(kind=kind, counts=counts_of(counts)) for kind, counts in by_kind.items()],
    )


@get("/statistics/history", responses=problems(422))
async def get_history(
    library: GivenLibrary, since: MomentQuery = None, until: MomentQuery = None, kind: KindQuery = None
) -> wire.History:
    """What the jobs came to that ended in a span of time, the last seven days unless it is given."""
    start, end = moment("since", since) or clock.now() - WEEK, moment("until", until)
    spans = await library.jobs.statistics(since=start, until=end, kind=kind)
    return wire.History(
        spans=[telling.statistics(one) for one in spans],
        totals=[telling.statistics(one) for one in total_by_kind(spans)],
    )


@get(
    "/metrics",
    media_type="text/plain",
    responses={
        **problems(501),
        200: ResponseSpec(str, media_type="text/plain", description="Metrics.", generate_examples=False),
    },
)
async def get_metrics(library: GivenLibrary, request: Request[Any, Any, Any]) -> Response[bytes]:
    """All metrics of the library in Prometheus' text format, from its beginning; as OpenMetrics 1.0.0 where `Accept`
    prefers that. The read-only token suffices."""
    content_type = metrics.negotiated(request.headers.get("accept", ""))
    # As a media type the framework would add a second charset to it.
    return Response(await metrics.exposition(library.jobs, content_type), headers={"content-type": content_type})


ROUTER: Final = Router("/", tags=["Library"], route_handlers=[get_statistics, get_history, get_metrics])

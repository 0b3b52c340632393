"""Jobs as spans and metrics of OpenTelemetry. Its API is imported when an OpenTelemetry is made, and not before.

A trace goes on where a job goes: its context is stored with the job's row, handed to the child process of an isolated
attempt, and given to the children that the code spawns.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, final

import msgspec

from spacedrive_jobs._definition.codec import encode
from spacedrive_jobs._model.errors import JobError
from spacedrive_jobs._model.transition import (
    Cancel,
    ClaimedJob,
    Complete,
    Crash,
    Fail,
    Past,
    Pause,
    Requeue,
    Retry,
    Snooze,
    Transition,
)

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

SCOPE: Final = "spacedrive_jobs"
CONTEXT_LIMIT: Final = 4 << 10
"""Bytes of a stored context; what else the application's baggage would put there is left out."""

_decode_carrier: Final = msgspec.msgpack.Decoder(dict[str, str]).decode

OUTCOMES: Final[dict[type[object], str]] = {
    Complete: "completed",
    Fail: "failed",
    Cancel: "cancelled",
    Retry: "retried",
    Pause: "paused",
    Requeue: "requeued",
    Snooze: "snoozed",
    Crash: "crashed",
}


class TelemetryMissing(JobError):
    """OpenTelemetry's API is not installed."""

    def __init__(self) -> None:
        super().__init__("OpenTelemetry needs more than is installed here: pip install 'spacedrive-jobs[otel]'")


@final
class OpenTelemetry:
    """Spans and metrics of a library's jobs: `Library.open(path, telemetry=OpenTelemetry())`.

    A dispatch is a span within the caller's; each attempt of the job one below it, in whatever process it runs; and
    what the job's code dispatches and spawns lies below the attempt. Spans go to the given providers, or else to the
    application's global ones. Raises TelemetryMissing.
    """

    def __init__(
        self, *, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        if importlib.util.find_spec("opentelemetry") is None:
            raise TelemetryMissing
        from opentelemetry import metrics, trace

        self._tracer = trace.get_tracer(SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(SCOPE, meter_provider=meter_provider)
        self._attempts = meter.create_counter("sdjobs.attempts", description="Attempts that ended, by how they did.")
        self._run = meter.create_histogram("sdjobs.attempt.duration", unit="s", description="How long an attempt ran.")
        self._wait = meter.create_histogram(
            "sdjobs.job.wait", unit="s", description="From the dispatch of a job to its first start."
        )

    @contextmanager
    def dispatching(self, kinds: Collection[str]) -> Generator[bytes | None]:
        """Around the storing of jobs; gives what is stored with them."""
        from opentelemetry.trace import SpanKind

        names = sorted(set(kinds))
        name = f"dispatch {names[0]}" if len(names) == 1 else "dispatch"
        facts: dict[str, Any] = {"sdjobs.job.kinds": names, "sdjobs.jobs": len(kinds)}
        with self._tracer.start_as_current_span(name, kind=SpanKind.PRODUCER, attributes=facts):
            yield current_context()

    def attempt(self, claimed: ClaimedJob) -> AttemptSpan:
        """Begin the span of an attempt."""
        from opentelemetry.trace import SpanKind, set_span_in_context

        facts: dict[str, Any] = {
            "sdjobs.job.id": str(claimed.claim.job),
            "sdjobs.job.kind": claimed.kind,
            "sdjobs.job.attempt": claimed.claim.attempt,
        }
        parent = restored(claimed.trace)
        span = self._tracer.start_span(f"run {claimed.kind}", context=parent, kind=SpanKind.CONSUMER, attributes=facts)
        return AttemptSpan(self, span, set_span_in_context(span, parent), claimed)

    def count(self, claimed: ClaimedJob, outcome: str, at: int) -> None:
        """An attempt has ended at `at` (ms)."""
        past = claimed.past
        kind: dict[str, Any] = {"sdjobs.job.kind": claimed.kind}
        self._attempts.add(1, {**kind, "sdjobs.outcome": outcome})
        if past is not None and past.claimed_at is not None:
            self._run.record(max(0, at - past.claimed_at) / 1000, {**kind, "sdjobs.outcome": outcome})
            if past.attempt == 1:
                self._wait.record(_waited(past), kind)


def _waited(past: Past) -> float:
    return max(0, (past.started_at or past.created_at) - past.created_at) / 1000


class AttemptSpan:
    """The span of one attempt, and the context in which its code runs. `carried`: the same for another process."""

    carried: bytes | None

    def __init__(self, telemetry: OpenTelemetry, span: Any, context: Context, claimed: ClaimedJob) -> None:
        self._telemetry, self._span, self._context, self._claimed = telemetry, span, context, claimed
        self.carried = carried(context)

    @contextmanager
    def entered(self) -> Generator[None]:
        """What runs within is part of the attempt."""
        with _entered(self._context):
            yield

    def end(self, transition: Transition | None) -> None:
        """None: its claim was lost."""
        from opentelemetry.trace import StatusCode

        outcome = OUTCOMES[type(transition)] if transition is not None else "lost"
        self._span.set_attribute("sdjobs.outcome", outcome)
        match transition:
            case Fail(error_type=name, error_message=message, error_traceback=traceback):
                self._failed(name, message, traceback)
            case Retry(error_type=name, reason=message, error_traceback=traceback):
                self._failed(name, message, traceback)
            case Crash(reason=message):
                self._failed("WorkerDied", message, "")
            case None:
                self._span.set_status(StatusCode.ERROR, "its claim was lost")
            case _:
                pass
        self._span.end()
        if transition is not None:
            self._telemetry.count(self._claimed, outcome, transition.at)

    def _failed(self, name: str, message: str, traceback: str) -> None:
        """As `record_exception` would say it, of an error that may have been raised in another process."""
        from opentelemetry.trace import StatusCode

        self._span.set_attribute("error.type", name)
        facts = {"exception.type": name, "exception.message": message, "exception.stacktrace": traceback}
        self._span.add_event("exception", facts)
        self._span.set_status(StatusCode.ERROR, f"{name}: {message}")


# --- contexts as bytes ------------------------------------------------------------------------------------------------


def carried(context: Context | None = None) -> bytes | None:
    """What the application's propagator makes of a context, of the present one by default; None where it is nothing."""
    from opentelemetry import propagate

    carrier: dict[str, str] = {}
    propagate.inject(carrier, context)
    data = encode(carrier)
    if len(data) > CONTEXT_LIMIT:  # the baggage: the trace itself is two short lines
        data = encode({name: text for name, text in carrier.items() if name in ("traceparent", "tracestate")})
    return data if carrier and len(data) <= CONTEXT_LIMIT else None


def current_context() -> bytes | None:
    """Of the code that calls."""
    return carried()


def restored(data: bytes | None) -> Context:
    """A stored context, whatever the present one is: a queue's own loop is part of nobody's trace."""
    from opentelemetry import propagate
    from opentelemetry.context import Context

    if data is None:
        return Context()
    return propagate.extract(_decode_carrier(data), context=Context())


@contextmanager
def continued(data: bytes | None) -> Generator[OpenTelemetry | None]:
    """In the child process of an isolated attempt: what runs within is part of it. None: nobody asked for spans."""
    if data is None or importlib.util.find_spec("opentelemetry") is None:
        yield None
        return
    with _entered(restored(data)):
        yield OpenTelemetry()


@contextmanager
def _entered(context: Context) -> Generator[None]:
    from opentelemetry.context import attach, detach

    token = attach(context)
    try:
        yield
    finally:
        detach(token)

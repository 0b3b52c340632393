"""One trace from a dispatch through all that follows from it, in whatever process it happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import baggage
from opentelemetry.context import attach, detach
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from spacedrive_jobs import Job, Library
from spacedrive_jobs.telemetry import OpenTelemetry, TelemetryMissing
from tests.acceptance.engine import traced_jobs
from tests.waiting import aeventually

ROOT = Path(__file__).parents[3]
RUNNER = """
import asyncio, sys
from spacedrive_jobs import Library
from spacedrive_jobs.telemetry import OpenTelemetry
from tests.acceptance.engine import traced_jobs
async def main():
    async with Library.open(sys.argv[1], telemetry=OpenTelemetry()):
        print("open", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


class Traces:
    """What this process's spans are, and a telemetry that makes them."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        meters = MeterProvider(metric_readers=[self.reader])
        self.telemetry = OpenTelemetry(tracer_provider=self.provider, meter_provider=meters)
        self.tracer = self.provider.get_tracer("the test")

    def spans(self) -> list[dict[str, Any]]:
        return [{"pid": os.getpid(), **json.loads(span.to_json())} for span in self.exporter.get_finished_spans()]

    def points(self, name: str) -> list[Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


@pytest.fixture
def traces() -> Iterator[Traces]:
    traces = Traces()
    yield traces
    traces.provider.shutdown()


def chain(spans: list[dict[str, Any]], name: str) -> list[str]:
    """The names from the root down to the one span of this name."""
    by_id = {span["context"]["span_id"]: span for span in spans}
    (span,) = [span for span in spans if span["name"] == name]
    names = [span["name"]]
    while span["parent_id"] is not None:
        span = by_id[span["parent_id"]]
        names.insert(0, span["name"])
    return names


def of(spans: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (span,) = [span for span in spans if span["name"] == name]
    return span


@pytest.mark.timeout(60)
async def test_one_trace_from_dispatch_to_child_over_three_processes(traces: Traces, tmp_path: Path) -> None:
    file = tmp_path / "spans"
    library_path = tmp_path / "library"
    async with Library.open(library_path, create=True, runs="none", telemetry=traces.telemetry) as library:
        with subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(library_path)],
            cwd=ROOT,
            env={**os.environ, traced_jobs.FILE_VARIABLE: str(file)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as runner:
            assert runner.stdout is not None
            assert runner.stdout.readline() == b"open\n"
            with traces.tracer.start_as_current_span("request"):
                handle = await library.jobs.dispatch(traced_jobs.isolated.new())
            assert await handle.wait(timeout=30) == 7
            assert runner.stdin is not None
            runner.stdin.close()
            runner.wait(20)
    spans = traces.spans() + [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert chain(spans, "work of the child") == [
        "request",
        "dispatch traced.isolated",
        "run traced.isolated",
        "work of the parent",
        "dispatch traced.child",
        "run traced.child",
        "work of the child",
    ]
    assert len({span["context"]["trace_id"] for span in spans}) == 1
    names = ("request", "run traced.isolated", "work of the parent")
    assert len({of(spans, name)["pid"] for name in names}) == 3
    assert of(spans, "run traced.child")["pid"] == of(spans, "run traced.isolated")["pid"] == runner.pid
    assert of(spans, "run traced.child")["attributes"]["sdjobs.outcome"] == "completed"


@pytest.mark.parametrize("kind", [traced_jobs.parent, traced_jobs.in_thread], ids=["async", "thread"])
async def test_children_are_below_the_attempt(traces: Traces, tmp_path: Path, kind: Any) -> None:
    async with Library.open(tmp_path, create=True, telemetry=traces.telemetry) as library:
        with traces.tracer.start_as_current_span("request"):
            handle = await library.jobs.dispatch(kind.new())
        assert await handle.wait(timeout=10) == 7
    name = handle_kind(kind)
    spans = traces.spans()
    assert chain(spans, "run traced.child") == [
        "request",
        f"dispatch {name}",
        f"run {name}",
        "dispatch traced.child",
        "run traced.child",
    ], "the application's own tracer records nothing in this process"


def handle_kind(kind: Any) -> str:
    return str(kind.__job_definition__.kind)


async def test_without_a_span_around_it_a_dispatch_begins_a_trace(traces: Traces, tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, telemetry=traces.telemetry) as library:
        with traces.tracer.start_as_current_span("something else"):
            pass
        first = await library.jobs.dispatch(traced_jobs.child.new(1))
        second = await library.jobs.dispatch(traced_jobs.child.new(2))
        assert await first.wait() + await second.wait() == 3
    assert len({span["context"]["trace_id"] for span in traces.spans()}) == 3


async def test_what_was_opened_within_a_span_is_not_part_of_it(traces: Traces, tmp_path: Path) -> None:
    """A job that was dispatched without telemetry is nobody's, whatever surrounded the opening of the library."""
    async with Library.open(tmp_path, create=True, runs="none") as library:
        job = await library.jobs.dispatch(traced_jobs.child.new(1))
    with traces.tracer.start_as_current_span("start of the application"):
        async with Library.open(tmp_path, telemetry=traces.telemetry) as library:
            assert await (await library.jobs.get(job.id)).wait() == 1
    assert of(traces.spans(), "run traced.child")["parent_id"] is None


async def test_attempts_of_a_job_are_side_by_side_and_errors_are_told(traces: Traces, tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, telemetry=traces.telemetry) as library:
        assert await (await library.jobs.dispatch(traced_jobs.fails.new())).wait() == 2

        async def all_told() -> bool:
            return len(traces.spans()) == 3

        await aeventually(all_told)
    failed, done = [span for span in traces.spans() if span["name"] == "run traced.fails"]
    assert failed["parent_id"] == done["parent_id"] == of(traces.spans(), "dispatch traced.fails")["context"]["span_id"]
    assert failed["status"]["status_code"] == StatusCode.ERROR.name
    assert failed["attributes"]["error.type"] == "OSError"
    assert "not yet" in failed["events"][0]["attributes"]["exception.message"]
    assert [span["attributes"]["sdjobs.job.attempt"] for span in (failed, done)] == [1, 2]
    assert [span["attributes"]["sdjobs.outcome"] for span in (failed, done)] == ["retried", "completed"]
    counted = {point.attributes["sdjobs.outcome"]: point.value for point in traces.points("sdjobs.attempts")}
    assert counted == {"retried": 1, "completed": 1}
    assert sum(point.count for point in traces.points("sdjobs.attempt.duration")) == 2
    assert sum(point.count for point in traces.points("sdjobs.job.wait")) == 1


async def test_a_transaction_s_jobs_and_a_retry_carry_their_traces(traces: Traces, tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, telemetry=traces.telemetry) as library:
        with traces.tracer.start_as_current_span("rows and jobs"):
            async with library.db.transaction() as tx:
                handle = await library.jobs.dispatch(traced_jobs.child.new(3), tx=tx)
        assert await handle.wait() == 3
        assert chain(traces.spans(), "run traced.child")[:2] == ["rows and jobs", "dispatch traced.child"]
        await library.jobs.pause_queue()
        cancelled = await library.jobs.dispatch(traced_jobs.parent.new())
        await cancelled.cancel()
        with traces.tracer.start_as_current_span("once more"):
            again = await cancelled.retry()
        await library.jobs.resume_queue()
        await again.wait()
    assert chain(traces.spans(), "run traced.parent")[0] == "once more"


async def test_baggage_goes_along_unless_it_is_too_much(traces: Traces, tmp_path: Path) -> None:
    async with Library.open(tmp_path, create=True, telemetry=traces.telemetry) as library:
        token = attach(baggage.set_baggage("heavy", "x" * 6000))
        try:
            with traces.tracer.start_as_current_span("request"):
                handle = await library.jobs.dispatch(traced_jobs.child.new(3))
        finally:
            detach(token)
        await handle.wait()
    assert chain(traces.spans(), "run traced.child")[0] == "request"


def test_nothing_is_imported_unless_it_is_asked_for(tmp_path: Path) -> None:
    program = """
import sys
from spacedrive_jobs import Library, job, JobContext
import spacedrive_jobs.telemetry

@job(name="plain")
async def plain(ctx: JobContext) -> int:
    return 1

with Library.open_blocking(sys.argv[1], create=True) as library:
    assert library.jobs.dispatch(plain.new()).wait() == 1
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "library")], cwd=ROOT, check=True)


def test_without_the_api_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(TelemetryMissing, match=r"spacedrive-jobs\[otel\]"):
        OpenTelemetry()


def test_the_blocking_library_traces_too(traces: Traces, tmp_path: Path) -> None:
    job: Job[Any, int] = traced_jobs.child.new(4)
    with Library.open_blocking(tmp_path, create=True, telemetry=traces.telemetry) as library:
        with traces.tracer.start_as_current_span("request"):
            handle = library.jobs.dispatch(job)
        assert handle.wait() == 4
    assert chain(traces.spans(), "run traced.child") == ["request", "dispatch traced.child", "run traced.child"]

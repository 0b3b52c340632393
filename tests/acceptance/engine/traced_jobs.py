"""Jobs whose spans are written to a file, by whatever process they arise in."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from spacedrive_jobs import BlockingJobContext, JobContext, job

FILE_VARIABLE = "TRACED_JOBS_FILE"


class FileExporter(SpanExporter):
    """A line for each span: who wrote it, and what it is."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        for span in spans:
            line = json.dumps({"pid": os.getpid(), **json.loads(span.to_json())})
            os.write(descriptor, f"{line}\n".encode())
        os.close(descriptor)
        return SpanExportResult.SUCCESS


if FILE_VARIABLE in os.environ:  # as an application does it, in each of its processes
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(FileExporter(Path(os.environ[FILE_VARIABLE]))))
    trace.set_tracer_provider(provider)

tracer = trace.get_tracer("the application")


@job(name="traced.child")
async def child(ctx: JobContext, number: int) -> int:
    with tracer.start_as_current_span("work of the child"):
        return number


@job(name="traced.isolated", isolation="process")
def isolated(ctx: BlockingJobContext) -> int:
    with tracer.start_as_current_span("work of the parent"):
        return ctx.spawn_child(child.new(7)).wait()


@job(name="traced.parent")
async def parent(ctx: JobContext) -> int:
    with tracer.start_as_current_span("work of the parent"):
        return await (await ctx.spawn_child(child.new(7))).wait()


@job(name="traced.thread")
def in_thread(ctx: BlockingJobContext) -> int:
    with tracer.start_as_current_span("work of the parent"):
        return ctx.spawn_child(child.new(7)).wait()


@job(name="traced.fails", retries=1, backoff=timedelta(milliseconds=1))
async def fails(ctx: JobContext) -> int:
    if ctx.attempt == 1:
        raise OSError("not yet")
    return ctx.attempt

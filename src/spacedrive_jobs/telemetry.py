"""OpenTelemetry for a library's jobs: `pip install "spacedrive-jobs[otel]"`, and an SDK of your own.

Library.open(path, telemetry=OpenTelemetry())
"""

from __future__ import annotations

from spacedrive_jobs._runtime.tracing import OpenTelemetry, TelemetryMissing

__all__ = ["OpenTelemetry", "TelemetryMissing"]

from __future__ import annotations

from typing import Any

import pytest

from sdjobs import describe
from sdjobs.describe import job_json, path_text, state_line, state_word, title, why
from spacedrive_jobs import JobMetrics, JobStatus, ProgressView, Request
from tests.unit.sdjobs.records import NOW, TRANSFER, info


@pytest.mark.parametrize(
    ("status", "request_", "word"),
    [
        (JobStatus.RUNNING, None, "running"),
        (JobStatus.RUNNING, Request.PAUSE, "pausing"),
        (JobStatus.RUNNING, Request.CANCEL, "cancelling"),
        (JobStatus.QUEUED, Request.ABORT, "aborting"),
        (JobStatus.CANCELLED, Request.CANCEL, "cancelled"),
    ],
)
def test_what_was_asked_stands_for_the_status(status: JobStatus, request_: Request | None, word: str) -> None:
    assert state_word(status, request_) == word


def test_a_reason_that_says_nothing_is_left_out() -> None:
    assert state_line(JobStatus.PAUSED, None, "paused") == "paused"
    assert state_line(JobStatus.RUNNING, Request.CANCEL, "cancelled") == "cancelling"
    assert state_line(JobStatus.QUEUED, None, "its runner died") == "queued: its runner died"


@pytest.mark.parametrize(
    ("changes", "attended", "words"),
    [
        ({"status": JobStatus.QUEUED, "reason": "waits for a free slot"}, True, "waits for a free slot"),
        ({"status": JobStatus.QUEUED, "reason": "waits for a free slot"}, False, "waits for a worker: none runs"),
        (
            {"status": JobStatus.QUEUED, "handled": False, "reason": "waits for a handler: none here"},
            True,
            "waits for a worker that is free and knows this kind",
        ),
        ({"status": JobStatus.FAILED, "reason": "r", "error_message": "disk gone"}, True, "disk gone"),
        ({"status": JobStatus.FAILED, "reason": "worker died 3 times"}, True, "worker died 3 times"),
        ({"status": JobStatus.PAUSED, "reason": "paused"}, True, ""),
        ({"status": JobStatus.COMPLETED, "metrics": JobMetrics(items_error=2)}, True, "2 items failed"),
        ({"status": JobStatus.COMPLETED}, True, ""),
    ],
)
def test_why(changes: dict[str, Any], attended: bool, words: str) -> None:
    assert why(info(**changes), attended=attended) == words


def test_titles() -> None:
    assert title(info()) == "example.count"
    assert title(info(kind="file_copy", arguments=TRANSFER)) == "Copy /photos to /backup"
    several = {"sources": ["/a", "/b"], "destination": "/c"}
    assert title(info(kind="file_move", arguments=several)) == "Move 2 sources to /c"
    assert title(info(arguments={"sources": "/a", "destination": "/c"})) == "example.count"
    assert title(info(arguments=None)) == "example.count"


def test_a_path_that_is_not_utf_8() -> None:
    assert path_text({"bytes": "Y2Fm6Q=="}) == "caf\udce9"
    assert path_text("/a") == "/a"


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (ProgressView(), ""),
        (ProgressView(items_done=3), "3 items"),
        (ProgressView(items_done=3, items_total=20_001), "3 of 20,001 items"),
        (ProgressView(items_done=1, items_total=1), "1 of 1 item"),
        (ProgressView(items_done=3, items_total=9, growing=True), "3 of 9+ items"),
        (ProgressView(items_done=3, bytes_done=5, bytes_total=10), "5 of 10 B"),
    ],
)
def test_amounts(view: ProgressView, words: str) -> None:
    assert describe.amount(view) == words


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (ProgressView(), ""),
        (ProgressView(bytes_per_second=84_100_000, items_per_second=3), "84.1 MB/s"),
        (ProgressView(items_per_second=3.14), "3.1 items/s"),
        (ProgressView(items_per_second=1234.5), "1,234 items/s"),
    ],
)
def test_rates(view: ProgressView, words: str) -> None:
    assert describe.rate(view) == words


def test_json_of_a_job() -> None:
    document = job_json(info(status=JobStatus.FAILED, error_type="OSError", error_message="m", finished_at=NOW))
    assert document["short_id"] == "3f2a91bc"
    assert document["finished_at"] == "2026-11-25T12:00:24Z"
    assert document["error"] == {"type": "OSError", "message": "m", "traceback": ""}
    assert job_json(info())["error"] is None


def test_no_field_of_progress_and_counters_is_forgotten() -> None:
    from dataclasses import fields

    assert {field.name for field in fields(ProgressView)} == set(describe.PROGRESS_FIELDS)
    assert {field.name for field in fields(JobMetrics)} == set(describe.COUNTERS)

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sdjobs import describe
from sdjobs.describe import (
    brief_title,
    job_json,
    path_text,
    queue_sentence,
    running_time,
    state_line,
    state_word,
    title,
    why,
)
from spacedrive_jobs import JobMetrics, JobStatus, ProgressView, Request
from tests.unit.sdjobs.records import NOW, THEN, TRANSFER, info


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


def test_how_long_it_ran_leaves_out_when_it_did_not() -> None:
    minute, long_after = timedelta(minutes=1), NOW + timedelta(hours=5)
    assert running_time(info(status=JobStatus.PAUSED, ran=minute), long_after) == 60
    assert running_time(info(status=JobStatus.COMPLETED, ran=minute, finished_at=NOW), long_after) == 60
    assert running_time(info(ran=minute, running_since=NOW), NOW + minute) == 120
    assert running_time(info(running_since=NOW), THEN) == 0, "a clock that was set back"
    assert running_time(info(status=JobStatus.QUEUED, started_at=None), NOW) is None


def test_a_reason_that_says_nothing_is_left_out() -> None:
    assert state_line(JobStatus.PAUSED, None, "paused") == "paused"
    assert state_line(JobStatus.RUNNING, Request.CANCEL, "cancelled") == "cancelling"
    assert state_line(JobStatus.QUEUED, None, "its process died") == "queued: its process died"


@pytest.mark.parametrize(
    ("changes", "attended", "words"),
    [
        ({"status": JobStatus.QUEUED, "reason": "waits for its turn"}, True, "waits for its turn"),
        ({"status": JobStatus.QUEUED, "reason": "waits for its turn"}, False, "waits for a worker: none runs"),
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
    on_a_disk = {"kind": "location", "place": "99", "path": "x"}
    located = {"sources": [], "located": [on_a_disk], "destination": "/c"}
    assert title(info(kind="file_copy", arguments=located)) == "Copy location://99/x to /c"
    both = {**located, "sources": ["/a"]}
    assert title(info(kind="file_copy", arguments=both)) == "Copy 2 sources to /c"
    assert title(info(arguments={"sources": "/a", "destination": "/c"})) == "example.count"
    assert title(info(arguments=None)) == "example.count"


@pytest.mark.parametrize(
    ("kind", "arguments", "words"),
    [
        ("indexer", {"root": "/photos"}, "Index /photos"),
        ("file_delete", {"paths": ["/old"]}, "Delete /old"),
        ("file_delete", {"paths": ["/old", "/older"]}, "Delete 2 files and folders"),
        ("thumbnails", {"paths": []}, "thumbnails"),
        ("transcode", {"source": "/film.avi"}, "Convert /film.avi"),
        ("example.count", {"root": "/photos"}, "example.count"),
    ],
)
def test_a_title_names_the_one_thing_that_a_job_is_about(kind: str, arguments: object, words: str) -> None:
    assert title(info(kind=kind, arguments=arguments)) == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "file_copy", "arguments": {"sources": ["/a/photos/"], "destination": "/disk/b"}}, "Copy photos to b"),
        ({"kind": "file_copy", "arguments": {"sources": ["/a", "/b"], "destination": "/"}}, "Copy 2 sources to /"),
        ({"kind": "indexer", "arguments": {"root": "/home/ada/photos"}}, "Index photos"),
        ({"kind": "file_delete", "arguments": {"paths": ["/a/b", "/c"]}}, "Delete 2 files and folders"),
        ({"kind": "own", "description": "Do the dishes.\nAll of them."}, "Do the dishes"),
        ({"kind": "own"}, "own"),
    ],
)
def test_a_brief_title_has_the_last_names_of_paths(changes: dict[str, Any], words: str) -> None:
    assert brief_title(info(**changes)) == words


@pytest.mark.parametrize(
    ("counts", "states", "words"),
    [
        ((0, 0, 0), {}, "Nothing to do."),
        ((4, 9_998, 1), {}, "4 jobs run, 9,998 wait, 1 is paused."),
        ((0, 1, 2), {}, "1 job waits, 2 are paused."),
        ((1, 0, 0), {"everything_paused": True}, "All is paused; 1 job runs."),
        ((0, 3, 0), {"attended": False}, "Nobody runs the jobs of this library; 3 jobs wait."),
        ((4, 4, 1), {"full": True}, "The library's disk is full: 4 jobs hold still, 4 wait, 1 is paused."),
    ],
)
def test_what_goes_on_in_a_sentence(counts: tuple[int, int, int], states: dict[str, bool], words: str) -> None:
    running, queued, paused = counts
    of = {JobStatus.RUNNING: running, JobStatus.QUEUED: queued, JobStatus.PAUSED: paused}
    assert queue_sentence(of, **{"everything_paused": False, "attended": True, **states}) == words


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

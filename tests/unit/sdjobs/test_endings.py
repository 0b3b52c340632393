from __future__ import annotations

from typing import Any

import pytest

from sdjobs.endings import Closing, closing, exit_code_of
from sdjobs.exit_codes import ExitCode
from sdjobs.settings import Settings
from spacedrive_jobs import JobMetrics, JobStatus, ProgressView
from tests.unit.sdjobs.records import NOW, TRANSFER, info


def end(**changes: Any) -> Closing:
    return closing(info(**changes), Settings(), NOW)


@pytest.mark.parametrize(
    ("status", "metrics", "code"),
    [
        (JobStatus.COMPLETED, JobMetrics(), ExitCode.DONE),
        (JobStatus.COMPLETED, JobMetrics(items_skipped=3, warnings=2, items_warning=1), ExitCode.DONE),
        (JobStatus.COMPLETED, JobMetrics(items_error=1), ExitCode.ITEM_ERRORS),
        (JobStatus.COMPLETED, JobMetrics(errors=1), ExitCode.ITEM_ERRORS),
        (JobStatus.FAILED, JobMetrics(), ExitCode.FAILED),
        (JobStatus.CANCELLED, JobMetrics(), ExitCode.FAILED),
        (JobStatus.PAUSED, JobMetrics(), ExitCode.INTERRUPTED),
        (JobStatus.QUEUED, JobMetrics(), ExitCode.INTERRUPTED),
        (JobStatus.RUNNING, JobMetrics(), ExitCode.INTERRUPTED),
    ],
)
def test_exit_codes(status: JobStatus, metrics: JobMetrics, code: ExitCode) -> None:
    assert exit_code_of(info(status=status, metrics=metrics)) is code


def test_done_says_how_much_and_how_long() -> None:
    view = ProgressView(fraction=1.0, items_done=20_001, bytes_done=2_000_000_000)
    assert end(status=JobStatus.COMPLETED, view=view, finished_at=NOW).lines == ("Done: 2.0 GB, 20,001 items in 24 s.",)


def test_done_after_interruptions_does_not_claim_the_time_of_the_last_part() -> None:
    assert end(status=JobStatus.COMPLETED, attempt=3, finished_at=NOW).lines == ("Done in 3 attempts.",)


def test_what_failed_is_listed_by_a_command_that_can_be_pasted() -> None:
    lines = end(status=JobStatus.COMPLETED, metrics=JobMetrics(items_error=2, items_skipped=1, warnings=4)).lines
    assert lines[1:] == (
        "2 items failed: sdjobs jobs items 3f2a91bc --outcome error",
        "1 item skipped: sdjobs jobs items 3f2a91bc --outcome skipped",
        "To do these again: sdjobs jobs retry 3f2a91bc --follow",
        "4 warnings: sdjobs jobs show 3f2a91bc",
    )


def test_paused_says_the_exact_command_that_goes_on() -> None:
    view = ProgressView(fraction=0.43, bytes_done=860_000_000, bytes_total=2_000_000_000)
    settings = Settings(named_library="/my lib", imported=["myapp.jobs"])
    lines = closing(info(status=JobStatus.PAUSED, view=view), settings, NOW).lines
    assert lines == (
        "Paused at 43 %, 0.9 of 2.0 GB.",
        "Resume it: sdjobs --library '/my lib' --import myapp.jobs jobs resume 3f2a91bc --follow",
    )


@pytest.mark.parametrize("kind", ["file_copy", "file_move", "indexer", "upload", "backup"])
def test_a_file_job_can_be_given_again(kind: str) -> None:
    said = end(status=JobStatus.PAUSED, kind=kind, arguments=TRANSFER).lines[1]
    assert said.endswith(", or give the same command again")


def test_a_job_of_another_kind_is_resumed_by_its_id() -> None:
    said = end(status=JobStatus.PAUSED, arguments=TRANSFER).lines[1]
    assert said == "Resume it: sdjobs jobs resume 3f2a91bc --follow"


def test_the_output_of_a_job_is_shown_but_not_that_of_a_copy() -> None:
    assert "Output: [1, 2]" in end(status=JobStatus.COMPLETED, output=[1, 2]).lines
    assert len(end(status=JobStatus.COMPLETED, output={"files": 1}, arguments=TRANSFER).lines) == 1


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"copied_count": 20_001, "total_bytes": 2_000_000_000}, "Copied 20,001 items, 2.0 GB in 24 s."),
        ({"moved_count": 1, "total_bytes": 0}, "Moved 1 item, 0 B in 24 s."),
        ({"copied_count": 0, "total_bytes": 0}, "Nothing was copied in 24 s."),
        ({"odd": 1}, "Done in 24 s."),
        (None, "Done in 24 s."),
    ],
)
def test_a_transfer_says_what_was_transferred_not_what_was_skipped(output: object, words: str) -> None:
    done = end(status=JobStatus.COMPLETED, output=output, arguments=TRANSFER, finished_at=NOW)
    assert done.lines == (words,)


def test_failures_go_to_standard_error_with_the_way_to_learn_more() -> None:
    failed = end(status=JobStatus.FAILED, error_message="no space left", error_type="OSError")
    assert failed.lines == ()
    assert failed.complaint == (
        "Error: example.count 3f2a91bc failed: no space left",
        "  Its story: sdjobs jobs show 3f2a91bc",
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (JobStatus.QUEUED, "Stopped by SIGTERM."),
        (JobStatus.RUNNING, "Stopped watching by SIGTERM. The job goes on."),
    ],
)
def test_a_signal_is_named(status: JobStatus, words: str) -> None:
    assert closing(info(status=status), Settings(), NOW, stopped_by="SIGTERM").lines[0] == words

"""What the keys of the full-screen view mean, and how the same is typed."""

from __future__ import annotations

import click
import pytest

from sdjobs.cli import cli
from sdjobs.screen.deeds import KEYS, AnswerDeed, Deed, JobDeed, QueueDeed, Verb, command_of, verb_of, word_of
from spacedrive_jobs import JobMetrics, JobStatus, Request
from tests.unit.sdjobs.looks import asked, numbered


@pytest.mark.parametrize(
    ("key", "changes", "verb"),
    [
        ("p", {"status": JobStatus.RUNNING}, "pause"),
        ("p", {"status": JobStatus.RUNNING, "request": Request.PAUSE}, "resume"),
        ("p", {"status": JobStatus.PAUSED}, "resume"),
        ("p", {"status": JobStatus.COMPLETED}, None),
        ("f", {"status": JobStatus.QUEUED}, "front"),
        ("f", {"status": JobStatus.RUNNING}, None),
        ("r", {"status": JobStatus.FAILED}, "retry"),
        ("r", {"status": JobStatus.COMPLETED, "metrics": JobMetrics(items_error=1)}, "retry"),
        ("c", {"status": JobStatus.QUEUED}, "cancel"),
        ("X", {"status": JobStatus.RUNNING}, "abort"),
        ("z", {"status": JobStatus.RUNNING}, None),
    ],
)
def test_what_a_key_asks(key: str, changes: dict[str, object], verb: Verb | None) -> None:
    assert verb_of(key, numbered(1, **changes)) == verb


def test_a_job_that_completed_is_done_again_only_for_what_failed() -> None:
    assert word_of("retry", numbered(1, status=JobStatus.COMPLETED)) == "Retry what failed"
    assert word_of("retry", numbered(1, status=JobStatus.FAILED)) == "Do again"


DEEDS: list[Deed] = [
    *(JobDeed(verb, numbered(1).id, "") for verbs in KEYS.values() for verb in verbs),
    *(QueueDeed(pause, kind) for pause in (True, False) for kind in (None, "file_copy")),
    *(AnswerDeed(asked().questions[0], "skip", for_all) for for_all in (True, False)),
]


@pytest.mark.parametrize("deed", DEEDS, ids=str)
def test_what_is_said_to_be_typed_can_be_typed(deed: Deed) -> None:
    words = list(command_of(deed))
    assert words
    group: click.Command = cli
    while words and isinstance(group, click.Group):
        found = group.get_command(click.Context(group), words[0])
        assert found is not None, words
        group, words = found, words[1:]
    group.make_context("sdjobs", words)

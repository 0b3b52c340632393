"""Jobs of which items failed are found by an index of these items, however many other jobs there are."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from spacedrive_jobs._model.filter import JobFilter
from spacedrive_jobs._model.ids import JobId
from spacedrive_jobs._model.status import JobStatus
from spacedrive_jobs._store import bulk, migrate, reads
from spacedrive_jobs._store.sql import migrations, query
from spacedrive_jobs._store.store import Store
from spacedrive_jobs.testing import ManualClock
from tests.contract.conftest import KIND, Bench

FAILED = "INSERT INTO job_items (job_id, seq, outcome, item, reason) VALUES (?, ?, 'error', x'61', 'is bad')"


@pytest.mark.parametrize("down", [True, False])
async def test_no_table_is_read_from_end_to_end(bench: Bench, down: bool) -> None:
    parameters = {
        **reads.meaning(KIND, [JobStatus.COMPLETED], "x"),
        "after": b"",
        "until": reads.LAST_ID,
        "from": 0,
        "before": reads.END_OF_TIME,
        "retried": False,
        "limit": 61,
        "down": down,
    }
    connection = bench.open_directly()
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query('failing_jobs')}", parameters)]
    connection.close()
    assert "SEARCH job_items USING COVERING INDEX job_items_failed (job_id<?)" in plan
    assert "SEARCH job_items USING COVERING INDEX job_items_failed (job_id>?)" in plan
    assert {step for step in plan if step.startswith("SCAN")} == {"SCAN CONSTANT ROW", "SCAN failing", "SCAN f"}, plan


async def test_one_that_is_just_being_deleted_is_in_no_list(bench: Bench) -> None:
    """And items whose job is in neither table keep nobody from the jobs behind them."""
    kept = [await bench.put() for _ in range(3)]
    connection = bench.open_directly()
    connection.executemany(FAILED, [(job.bytes, seq) for job in kept for seq in range(3)])
    connection.execute("DELETE FROM jobs WHERE id = ?", (kept[1].bytes,))
    connection.close()
    wanted = JobFilter(failed_items=True)
    left = sorted((kept[0], kept[2]), key=lambda job: job.bytes)
    found = await bench.store.read(lambda connection: bulk.matching(connection, wanted, b"", reads.LAST_ID))
    assert found == left
    page = await bench.store.read(lambda connection: reads.list_jobs(connection, (), None, 1, None, failed_items=True))
    assert ([row.id for row in page.rows], page.next) == ([left[1]], left[1].bytes.hex())
    counted = await bench.store.read(lambda connection: bulk.count(connection, wanted, left[0].bytes, reads.LAST_ID))
    assert counted == (1, left[1].bytes)


async def test_a_library_of_before_has_its_failed_items_found(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "jobs.db"))
    connection.pragma("journal_mode", "wal")
    connection.create_scalar_function("bucket", lambda *_: 0)
    connection.create_scalar_function("metric", lambda *_: 0)
    for number, script in migrations()[:8]:
        connection.execute(script)
        connection.pragma("user_version", number)
    connection.pragma("application_id", migrate.APPLICATION_ID)
    connection.execute(
        "INSERT INTO library (one, id, created_at, next_position, next_front) VALUES (1, ?, 0, 3, -3)", (b"l" * 16,)
    )
    connection.executemany(
        """INSERT INTO jobs (id, kind, version, status, resumable, priority, position, created_at, changed_at,
        arguments) VALUES (?, ?, 1, 'queued', 1, 0, 1, 0, 0, x'80')""",
        [(b"a" * 16, KIND), (b"b" * 16, KIND)],
    )
    connection.execute(FAILED, (b"a" * 16, 1))
    connection.close()
    store = Store(tmp_path, ManualClock())
    store.open(create=False, holders=tuple)
    try:
        page = await store.read(lambda connection: reads.list_jobs(connection, (), None, 9, None, failed_items=True))
        assert [row.id for row in page.rows] == [JobId.from_bytes(b"a" * 16)]
    finally:
        store.close(patience=1)

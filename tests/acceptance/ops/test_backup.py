"""A backup is other jobs in their order, and says of each location whether it arrived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from spacedrive_jobs import JobError, JobStatus, Library
from spacedrive_ops import BackupJob, BackupOutput, BackupVerifyJob, DownloadJob, RestoreJob, UploadJob


@pytest.fixture
def locations(tmp_path: Path) -> tuple[Path, Path]:
    photos, music = tmp_path / "photos", tmp_path / "music"
    (photos / "summer").mkdir(parents=True)
    music.mkdir()
    for number in range(3):
        Image.new("RGB", (80 + number, 60), (200, 0, 0)).save(photos / "summer" / f"{number}.png")
        (music / f"{number}.txt").write_bytes(b"la" * (number + 1))
    (tmp_path / "disk").mkdir()
    return photos, music


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def backed_up(library: Library, *locations: Path, to: Path) -> tuple[BackupOutput, dict[str, str]]:
    handle = await library.jobs.dispatch(BackupJob(locations=locations, destination=str(to)))
    out = await handle.wait(timeout=30)
    items = (await library.jobs.items(handle.id)).rows
    return out, {Path(item.item).name: item.reason for item in items if item.outcome == "error"}


async def test_all_arrives_and_the_second_time_nothing_is_sent(tmp_path: Path, locations: tuple[Path, Path]) -> None:
    disk = tmp_path / "disk"
    async with Library.open(tmp_path / "library", create=True) as library:
        first, problems = await backed_up(library, *locations, to=disk)
        assert (first.files, first.sent, first.failed, problems) == (6, 6, 0, {})
        assert await library.db.query("SELECT count(DISTINCT digest) FROM ix_sidecar WHERE state = 'made'") == [(3,)]
        (locations[1] / "3.txt").write_text("new")
        again, _ = await backed_up(library, *locations, to=disk)
        assert (again.files, again.sent) == (7, 1)
        assert names(disk / "snapshots") == {f"{first.snapshot}.json", f"{again.snapshot}.json"}
        kinds = [info.kind for info in (await library.jobs.list(statuses=[JobStatus.COMPLETED])).rows]
        assert {kind: kinds.count(kind) for kind in set(kinds)} == {
            "backup": 2,
            "indexer": 4,
            "thumbnails": 4,
            "backup_files": 6,  # the library itself is one more each time
        }


async def test_a_location_without_its_disk_is_said_and_the_others_arrive(
    tmp_path: Path, locations: tuple[Path, Path]
) -> None:
    disk = tmp_path / "disk"
    async with Library.open(tmp_path / "library", create=True) as library:
        first, _ = await backed_up(library, *locations, to=disk)
        locations[0].rename(tmp_path / "away")
        locations[0].mkdir()
        out, problems = await backed_up(library, *locations, to=disk)
        assert (out.failed, problems) == (1, {"photos": "its disk is not there"})
        for snapshot, there in (("", {"music"}), (first.snapshot, {"music", "photos"})):
            to = tmp_path / f"restored {snapshot}"
            job = RestoreJob(source=str(disk), destination=to, snapshot=snapshot)
            await (await library.jobs.dispatch(job)).wait(timeout=30)
            assert {path.name for path in to.iterdir()} == there, "what was backed up stays"


async def test_what_cannot_end_as_a_backup_is_refused(tmp_path: Path, locations: tuple[Path, Path]) -> None:
    (tmp_path / "other" / "photos").mkdir(parents=True)
    async with Library.open(tmp_path / "library", create=True) as library:
        for wrong, where, words in (
            ((), tmp_path / "disk", "a backup of nothing"),
            ((locations[0], tmp_path / "other" / "photos"), tmp_path / "disk", "would become one"),
            (locations, tmp_path / "unplugged", "connect its disk"),
        ):
            with pytest.raises(JobError, match=words):
                await backed_up(library, *wrong, to=where)


@pytest.mark.parametrize("place", ["", "file://"])
async def test_an_empty_address_is_not_the_present_folder(
    tmp_path: Path, locations: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    jobs: list[Any] = [
        BackupJob(locations=locations, destination=place),
        BackupJob(locations=locations, destination=place).plan(),
        BackupVerifyJob(source=place),
        RestoreJob(source=place, destination=tmp_path / "out"),
        UploadJob(sources=locations, to=place),
        DownloadJob(source=place, destination=tmp_path / "out"),
    ]
    async with Library.open(tmp_path / "library", create=True) as library:
        for wanted in jobs:
            with pytest.raises(JobError, match="is empty: was a variable not set"):
                await (await library.jobs.dispatch(wanted)).wait(timeout=30)
    assert list((tmp_path / "here").iterdir()) == []
    assert not (tmp_path / "out").exists()

"""Paths among the arguments of file jobs: the same for every process that may run the job."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import spacedrive_ops
import spacedrive_ops.jobs
from spacedrive_ops import FileCopyJob, HashJob, IndexerJob
from spacedrive_ops.paths.given import TakesPaths
from spacedrive_ops.paths.sd_path import UnsafePath

EACH = sorted(spacedrive_ops.jobs.__all__)


@pytest.mark.parametrize("name", EACH)
def test_every_job_that_takes_paths_looks_at_them(name: str) -> None:
    kind: Any = getattr(spacedrive_ops.jobs, name)
    takes = any(word in str(field.type).replace("SdPath", "") for field in fields(kind) for word in ("Path", "Paths"))
    assert issubclass(kind, TakesPaths) == takes


def test_a_relative_path_is_refused_where_the_job_is_made() -> None:
    with pytest.raises(UnsafePath, match="paths: 'photos' is not absolute, and whoever runs the job"):
        HashJob(paths=(Path("/music"), Path("photos")))
    with pytest.raises(UnsafePath, match=r"destination: '\.' is not absolute"):
        FileCopyJob(sources=(Path("/music"),), destination=Path())
    with pytest.raises(UnsafePath, match=r"root: '/a%00b' holds a NUL"):
        IndexerJob(root=Path("/a\0b"))
    assert HashJob(paths=(Path("/a\udcff"),), manifest=Path("/m")).manifest == Path("/m")

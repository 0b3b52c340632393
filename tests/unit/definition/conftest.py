"""Modules made of text, as an author writes them, and a registry that forgets what a test defined."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from spacedrive_jobs._definition.registry import registry

PRELUDE = """
from collections.abc import Callable, Iterator, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from spacedrive_jobs._definition.context import BlockingJobContext, JobContext
from spacedrive_jobs._definition.job import job, transient
from spacedrive_jobs._model.progress import ProgressData
"""

ImportSource = Callable[..., ModuleType]


@pytest.fixture(autouse=True)
def _registry_forgets() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    definitions, names = dict(registry._definitions), dict(registry._names)
    yield
    registry._definitions, registry._names = definitions, names


@pytest.fixture
def import_source(tmp_path: Path) -> Iterator[ImportSource]:
    """Import a module made of the given text, after the usual imports; `as_name` runs it under another name."""
    imported: list[str] = []

    def run(text: str, *, file: str = "sample_jobs.py", as_name: str = "", future: bool = False) -> ModuleType:
        path = tmp_path / file
        head = "from __future__ import annotations\n" if future else ""
        path.write_text(head + PRELUDE + dedent(text), encoding="utf-8")
        name = as_name or path.stem
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        imported.append(name)
        spec.loader.exec_module(module)
        return module

    yield run
    for name in imported:
        sys.modules.pop(name, None)

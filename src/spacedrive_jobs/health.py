"""What is wrong with a library, told without opening it (`examine`); removing what belongs to nothing (`tidy`)."""

from __future__ import annotations

from spacedrive_jobs._model.health import DatabaseHealth, Leftover, LibraryHealth
from spacedrive_jobs._runtime.examination import examine, tidy

__all__ = ["DatabaseHealth", "Leftover", "LibraryHealth", "examine", "tidy"]

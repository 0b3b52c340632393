"""The public names are a committed list: one more or one less is a decision, seen in the change that makes it.

To accept a change: `python -m tests.unit.test_public_api`.
"""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

PUBLIC_MODULES = (
    "spacedrive_jobs",
    "spacedrive_jobs.health",
    "spacedrive_jobs.tasks",
    "spacedrive_jobs.telemetry",
    "spacedrive_jobs.testing",
    "spacedrive_ops",
)
LIST = Path(__file__).with_name("public_names.txt")


def is_submodule(package: str, value: object) -> bool:
    """A module of the package itself, which is there or not as somebody has imported it; re-exported ones are names."""
    return inspect.ismodule(value) and value.__name__.rpartition(".")[0] == package


def public_names() -> list[str]:
    """Every name that a user may import, as `module.name`, in order."""
    found: list[str] = []
    for name in PUBLIC_MODULES:
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None) or getattr(module, "_MODULES", None)  # or where each is, to be loaded
        if listed is not None:  # a module that also holds code says itself what of it is public
            found += (f"{name}.{attribute}" for attribute in sorted(listed))
            continue
        found += (
            f"{name}.{attribute}"
            for attribute, value in sorted(vars(module).items())
            if not attribute.startswith("_") and attribute != "annotations" and not is_submodule(name, value)
        )
    return found


def test_the_public_names_are_those_of_the_list() -> None:
    assert public_names() == LIST.read_text(encoding="utf-8").split()


def test_every_public_class_and_function_has_a_docstring_or_says_it_by_its_type() -> None:
    """A name with neither docstring nor annotations tells its reader nothing."""
    for name in public_names():
        module, attribute = name.rsplit(".", 1)
        value = getattr(importlib.import_module(module), attribute)
        if inspect.isroutine(value) or inspect.isclass(value):
            assert inspect.getdoc(value) or getattr(value, "__annotations__", None), name


if __name__ == "__main__":
    LIST.write_text("\n".join(public_names()) + "\n", encoding="utf-8")

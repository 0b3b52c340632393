"""Rules of this repository that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def is_sleep(node: ast.AST) -> bool:
    """A call of something named `sleep`, unless it only gives way (`sleep(0)`) or is a context's."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "ctx":
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    first = node.args[0]
    return name == "sleep" and not (isinstance(first, ast.Constant) and first.value == 0)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_sleeps(path: Path) -> None:
    """Tests wait for what they want to see (`tests/waiting.py`). A line that must sleep says why: `# waits: ...`."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    sleeping = [node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and is_sleep(node)]
    unexplained = [
        line for line in sleeping if "# waits:" not in lines[line - 1] and "noqa: TID251 -" not in lines[line - 1]
    ]
    assert not unexplained, f"{path.relative_to(ROOT)}: lines {unexplained} sleep and do not say why"


def test_the_guard_sees_a_sleep() -> None:
    seen = [is_sleep(node) for node in ast.walk(ast.parse("time.sleep(1)\nasyncio.sleep(0)\nsleep(x)"))]
    assert seen.count(True) == 2


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_whole_words(path: Path) -> None:
    assert path.stem not in {"utils", "helpers", "common", "manager", "misc"}
    assert path.parent.name not in {"utils", "helpers", "common", "manager", "misc"}

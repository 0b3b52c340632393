"""Both checkers, strictly: what is right passes with the right types, and every deliberate mistake is refused."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOOD = [HERE / "good.py", *sorted((ROOT / "examples").glob("*.py"))]
BIN = Path(sys.executable).parent


def mypy(folder: Path, *files: Path) -> dict[int, str]:
    """Errors by line of the last file; those of the others are at line 0."""
    command = [BIN / "mypy", "--strict", "--config-file=", "--no-error-summary", "--hide-error-context"]
    command += ["--cache-dir", folder / "cache", "--enable-error-code", "unused-awaitable", *files]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"^[^:]*?([^/:]+\.py):(\d+): error: (.*)$", done.stdout, re.MULTILINE)
    return {int(line) if name == files[-1].name else 0: f"{name}: {message}" for name, line, message in found}


def pyright(folder: Path, *files: Path) -> dict[int, str]:
    settings = {
        "include": [str(file) for file in files],
        "extraPaths": [str(ROOT / "src"), str(HERE)],
        "typeCheckingMode": "strict",
        "reportUnusedVariable": False,
        "reportUnusedFunction": False,
        "reportUnusedExpression": False,
        "reportUnnecessaryTypeIgnoreComment": True,
        "venvPath": str(BIN.parents[1]),
        "venv": BIN.parent.name,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [str(BIN / "pyright"), "--outputjson", "-p", str(folder)], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    return {
        (item["range"]["start"]["line"] + 1 if Path(item["file"]) == files[-1] else 0): item["message"]
        for item in report["generalDiagnostics"]
        if item["severity"] == "error"
    }


@pytest.mark.timeout(120)
def test_what_is_right_passes_and_is_inferred(tmp_path: Path) -> None:
    assert mypy(tmp_path, *GOOD) == {}
    assert pyright(tmp_path, *GOOD) == {}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(("checker", "other"), [(mypy, "pyright"), (pyright, "mypy")], ids=["mypy", "pyright"])
def test_every_deliberate_mistake_is_refused(tmp_path: Path, checker: object, other: str) -> None:
    text = (HERE / "mistakes.txt").read_text("utf-8")
    copied = tmp_path / "mistakes.py"
    copied.write_text(text)
    (tmp_path / "good.py").write_text((HERE / "good.py").read_text("utf-8"))
    wanted = {
        number
        for number, line in enumerate(text.splitlines(), 1)
        if (mark := re.search(r"# E( (mypy):)?", line)) and mark[2] != other
    }
    run = mypy if checker is mypy else pyright
    errors = run(tmp_path, tmp_path / "good.py", copied)
    lines = text.splitlines()
    missed = [f"{number}: {lines[number - 1].strip()}" for number in sorted(wanted - errors.keys())]
    extra = [f"{number}: {errors[number]}" for number in sorted(errors.keys() - wanted)]
    assert (missed, extra) == ([], [])
    print(f"{len(wanted)} mistakes refused")
    assert len(wanted) > 55

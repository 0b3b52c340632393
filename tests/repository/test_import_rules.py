"""Each import rule can fail: on a copy of the tree where all of them are broken on purpose, each is reported."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]

# A file that breaks a rule, and the import that does it.
BREACHES = {
    "spacedrive_jobs/_model/breach.py": "import spacedrive_jobs._store.rows",
    "spacedrive_jobs/_store/breach.py": "import spacedrive_jobs._model.breach",
    "spacedrive_jobs/_tasks/breach.py": "import spacedrive_jobs._model.status",
    "spacedrive_jobs/_runtime/breach.py": "import apsw",
    "spacedrive_ops/breach.py": "import sqlite3, sdjobs.main, spacedrive_jobs._model.ids",
    "spacedrive_ops/hidden.py": "",
    "sdjobs/breach.py": "import spacedrive_ops.hidden",
}


def test_every_rule_is_broken_where_it_should_be(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, line in BREACHES.items():
        (tmp_path / "src" / name).write_text(line + "\n")
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {"PYTHONPATH": "src", "PATH": "", "COLUMNS": "200"}
    done = subprocess.run(lint, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    rules = [
        contract["name"]
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    ]
    said = {rule: re.search(re.escape(rule) + r" (KEPT|BROKEN)", done.stdout) for rule in rules}
    assert {rule: match and match[1] for rule, match in said.items()} == dict.fromkeys(rules, "BROKEN"), done.stdout

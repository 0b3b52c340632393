"""What the API says of itself is true: the description is fresh, and a fuzzer that reads it finds nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sdjobs.web.openapi import document
from tests.acceptance.web.conftest import Served
from tests.soak import api_storm

ROOT = Path(__file__).parents[3]


def test_the_written_description_is_fresh() -> None:
    """Else: python -m sdjobs.web.openapi web/openapi.json"""
    assert (ROOT / "web" / "openapi.json").read_bytes() == document()


def test_every_operation_has_a_name_a_description_and_problems() -> None:
    described = json.loads(document())
    assert described["openapi"].startswith("3.1")
    names = []
    for path, operations in described["paths"].items():
        for operation in operations.values():
            names.append(operation["operationId"])
            assert operation["description"].endswith("."), path
            assert operation["tags"], path
            problems = [one for status, one in operation["responses"].items() if status >= "4"]
            assert all("application/problem+json" in one["content"] for one in problems), path
    assert len(names) == len(set(names))
    for name, schema in described["components"]["schemas"].items():
        assert schema["description"], name
        assert "Represents" not in schema["description"], name


@pytest.mark.timeout(150)
def test_a_fuzzer_finds_what_is_described_and_no_more(served: Served, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{served.url}/api/openapi.json"),
        *("-H", f"Authorization: Bearer {served.full}"),
        # JSON Schema takes 3.0 for an integer, the decoder does not; and no schema says which kinds and jobs there are.
        *("--exclude-checks", "positive_data_acceptance"),
        *("--exclude-path", "/api/events"),  # it never ends; test_events has it
        *("--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "1", "--no-color"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=140)
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    operations = sum(len(methods) for methods in json.loads(document())["paths"].values())
    assert f"Tested: {operations - 1}\n" in done.stdout, done.stdout[-2_000:]


@pytest.mark.timeout(240)
def test_a_storm_of_chained_requests_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A fortieth of `python -m tests.soak api`."""
    assert api_storm.run(0.025) == 0, capsys.readouterr().out

"""`python -m benchmarks [--rows engine,copy,NAME,...] [--quick | --full] [--json FILE]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.catalogue import load, selected
from benchmarks.ground import machine_facts, real_disk
from benchmarks.model import Scale
from benchmarks.report import Verdict, as_json, judge, summary, table
from benchmarks.run import run_benchmark


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--rows", default="", help="groups (engine, copy, files, page) or names of benchmarks, with commas between"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small and once: for a look while other work goes on")
    size.add_argument("--full", action="store_true", help="with the million rows of the targets; takes long")
    parser.add_argument("--runs", type=int, default=0, help="measurements of each side (default 3, with --quick 1)")
    parser.add_argument("--json", type=Path, help="write all values and the machine's facts to this file")
    parser.add_argument("--folder", type=Path, help="where to work; must be on a real disk")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    scale = Scale.QUICK if given.quick else Scale.FULL if given.full else Scale.NORMAL
    runs = given.runs or (1 if given.quick else 3)
    base = real_disk((str(given.folder),)) if given.folder else real_disk()
    names = selected([word for word in given.rows.split(",") if word])
    facts = machine_facts(base)
    verdicts: list[Verdict] = []
    results: dict[str, object] = {}
    for name in names:
        benchmark = load(name)
        measured = run_benchmark(benchmark, scale=scale, runs=runs, base=base, say=say)
        judged = judge(benchmark, measured)
        verdicts += judged
        results[name] = as_json(judged, measured)
        for side, error in measured.errors.items():
            say(f"{name}: {side} could not be measured: {error}")
        if given.json:
            write(given.json, {"machine": facts, "scale": scale.name.lower(), "runs": runs, "benchmarks": results})
    print(table(verdicts))
    print(f"\n{summary(verdicts)}")
    return 0


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def write(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""One measurement of one side, in a fresh process: `python -m benchmarks.probe BENCHMARK SIDE SCALE FOLDER SHARED`.

The last line of standard output is the figures, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from benchmarks.catalogue import load
from benchmarks.model import Figures, Ground, Scale


def measured(benchmark: str, side_name: str, ground: Ground) -> Figures:
    side = next(side for side in load(benchmark).sides if side.name == side_name)
    answer = side.measure(ground)
    return asyncio.run(answer) if isinstance(answer, Coroutine) else answer


def main(arguments: list[str]) -> None:
    benchmark, side, scale, folder, shared = arguments
    figures: dict[str, Any] = dict(measured(benchmark, side, Ground(Path(folder), Scale[scale], Path(shared))))
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

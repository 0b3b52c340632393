"""Runs the storms, each in turn, and ends with 1 if any saw a violation.

    python -m tests.soak [NAME …] [--scale 1.0]

A storm is a module of this package with a NAME and a `run(scale) -> int` (0 where every promise held). At scale 1 it
has the size that the promises name; `make test` runs each at 0.05.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable

import tests.soak


def storms() -> dict[str, Callable[[float], int]]:
    """Every storm by name."""
    found: dict[str, Callable[[float], int]] = {}
    for module in pkgutil.iter_modules(tests.soak.__path__):
        if module.name.endswith(("_storm", "_cuts")):
            loaded = importlib.import_module(f"tests.soak.{module.name}")
            if hasattr(loaded, "run"):
                found[loaded.NAME] = loaded.run
    return found


def main(arguments: list[str]) -> int:
    known = storms()
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(known)}; all by default")
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - known.keys():
        parser.error(f"no storm named {', '.join(sorted(unknown))} (there are {', '.join(known)})")
    failed: list[str] = []
    for name in options.names or known:
        print(f"== {name} (scale {options.scale:g})", flush=True)
        began = time.monotonic()
        if known[name](options.scale) != 0:
            failed.append(name)
        print(f"   {time.monotonic() - began:.0f} s", flush=True)
    print(f"soak: {len(options.names or known)} storms, {len(failed)} with violations {' '.join(failed)}".rstrip())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

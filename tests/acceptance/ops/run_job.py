"""Run by a test: do one file job in a process of its own, so that it can be killed or have fewer rights.

    python -m tests.acceptance.ops.run_job LIBRARY KIND ARGUMENTS

ARGUMENTS is a Python literal of the fields; paths are bytes, or tuples of bytes. Prints the id as soon as it is stored,
then the outcome and each item that is not ok. An unfinished job of these arguments is gone on with.
"""

from __future__ import annotations

import ast
import asyncio
import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from spacedrive_jobs import Library
from spacedrive_ops import jobs


def with_paths(value: object) -> object:
    match value:
        case bytes():
            return Path(os.fsdecode(value))
        case tuple():
            return tuple(with_paths(one) for one in value)
        case _:
            return value


async def main(library: str, kind: str, text: str) -> None:
    job_class: Any = getattr(jobs, kind)
    arguments = {name: with_paths(value) for name, value in ast.literal_eval(text).items()}
    assert set(arguments) <= {field.name for field in fields(job_class)}
    async with Library.open(library, create=True) as opened:
        job = job_class(**arguments)
        handle = await opened.jobs.unfinished(job) or await opened.jobs.dispatch(job)
        print(handle.id, flush=True)
        try:
            print(await handle.wait(timeout=60), flush=True)
        finally:
            for item in (await opened.jobs.items(handle.id)).rows:
                print(item.outcome, item.item, item.reason, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""The API of a running server under a fuzzer that reads its description, for ten minutes: examples, edges of each type,
random requests, and chains in which what one answer said is asked for in the next.

Jobs of all statuses are there, and some run all the time in this process: pausing, cancelling and aborting them is what
the chains find. The server runs none, and no schedule: whatever the fuzzer dispatches is stored and never done. In the
end the server has answered everything as it is described, has logged no error, and leaves in order.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from sdjobs.web import read_tokens
from spacedrive_jobs import JobError, JobHandle, Library
from tests.acceptance.web import web_jobs

NAME = "api"
SECONDS = 600
RUNNING = 3
LEAST = 10
"""Seconds: in less not even the first phase comes to its end."""

LEFT_OUT = (
    # JSON Schema takes 3.0 for an integer, the decoder does not; and no schema says which kinds and jobs there are.
    *("--exclude-checks", "positive_data_acceptance"),
    *("--exclude-path", "/api/events"),  # it never ends
)


class Storm:
    """`said`: what the fuzzer printed, for whoever looks into a violation."""

    def __init__(self, folder: Path, library: Library) -> None:
        self.folder, self.library = folder, library
        self.violations: list[str] = []
        self.said = ""

    async def rage(self, seconds: int) -> None:
        await self._fill()
        token = read_tokens(self.library.path).full
        server = await asyncio.create_subprocess_exec(*self._serving(), stdout=subprocess.PIPE)
        assert server.stdout is not None
        url = json.loads(await server.stdout.readline())["url"]
        try:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(self._keep_running())
                await self._fuzz(url, token, seconds)
                running.cancel()
        finally:
            with suppress(ProcessLookupError):  # it died, which is told below
                server.send_signal(signal.SIGTERM)
            if (code := await server.wait()) != 0:
                self.violations.append(f"the server ended with {code}")
        log = self.library.path / "logs" / "web.log"
        said = log.read_text() if log.exists() else ""
        if " ERROR " in said or "Traceback" in said:  # what is no HTTP at all is a warning
            self.violations.append(f"the server's log says: {said[-4_000:]}")

    def _serving(self) -> list[str]:
        where = ["--import", web_jobs.__name__, "--library", str(self.library.path)]
        words = ["serve", "--port", "0", "--json", "--page-only", "--root", str(self.folder)]
        return [sys.executable, "-m", "sdjobs", *where, *words]

    async def _fuzz(self, url: str, token: str, seconds: int) -> None:
        command = [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/api/openapi.json"),
            *("-H", f"Authorization: Bearer {token}", *LEFT_OUT),
            *("--max-time", str(seconds), "--continue-on-failure", "--no-color"),
        ]
        fuzzer = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,  # it keeps what it has learned where it runs
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        out, _ = await fuzzer.communicate()
        self.said = out.decode()
        if fuzzer.returncode != 0:
            self.violations.append(f"the fuzzer ended with {fuzzer.returncode}: {self.said}")

    async def _fill(self) -> None:
        """Something of everything that an answer can be about."""
        jobs = self.library.jobs
        ended: list[JobHandle[object]] = [
            await jobs.dispatch(one)
            for one in (web_jobs.items.new(3, 2), web_jobs.hostile.new(), web_jobs.parent.new())
        ]
        ended += await jobs.dispatch_many([web_jobs.quick.new(number) for number in range(20)])
        for handle in ended:
            with suppress(JobError):  # one of them is to fail
                await handle.wait()
        await jobs.dispatch(web_jobs.asks.new())
        await jobs.schedule(web_jobs.quick.new(1)).every(hours=6).dispatch()
        await (await jobs.dispatch(web_jobs.Waits(gate=self.folder / "never"))).pause()

    async def _keep_running(self) -> None:
        """However many of them the fuzzer stops."""
        while True:
            for _ in range(RUNNING - len(await self.library.jobs.running())):
                await self.library.jobs.dispatch(web_jobs.Waits(gate=self.folder / "never"))
            await asyncio.sleep(0.2)  # waits: for the fuzzer to stop some


async def storm(seconds: int) -> int:
    with tempfile.TemporaryDirectory(prefix="api-storm-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        async with Library.open(folder / "library", create=True, runs="own", slots=RUNNING + 1, grace=1) as library:
            here = Storm(folder, library)
            await here.rage(seconds)
    for violation in here.violations:
        print(f"   {violation}")
    print(*(f"   {line}" for line in here.said.splitlines()[-12:]), sep="\n")
    return len(here.violations)


def run(scale: float) -> int:
    return asyncio.run(storm(max(LEAST, round(SECONDS * scale))))

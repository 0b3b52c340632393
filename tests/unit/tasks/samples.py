"""Tasks named for their behaviour."""

from __future__ import annotations

import asyncio
from typing import NoReturn

from spacedrive_jobs._tasks.interrupt import Interrupter


class ReadyTask:
    """Returns at once."""

    async def run(self, interrupter: Interrupter, /) -> str:
        return "ready"


class NeverTask:
    """Waits to be interrupted."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.runs = 0

    async def run(self, interrupter: Interrupter, /) -> NoReturn:
        self.runs += 1
        self.began.set()
        await interrupter.wait()
        interrupter.check()
        raise AssertionError("check let a request pass")


class StubbornTask:
    """Looks at no interrupter."""

    def __init__(self) -> None:
        self.began = asyncio.Event()

    async def run(self, interrupter: Interrupter, /) -> None:
        self.began.set()
        await asyncio.get_running_loop().create_future()


class ImmortalTask:
    """Swallows its own cancellation until it is let go."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.let_go = asyncio.Event()

    async def run(self, interrupter: Interrupter, /) -> None:
        self.began.set()
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                pass


class FailingTask:
    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def run(self, interrupter: Interrupter, /) -> NoReturn:
        raise self.error


class PauseOnceTask:
    """The first run waits to be interrupted, the second returns."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.runs = 0

    async def run(self, interrupter: Interrupter, /) -> int:
        self.runs += 1
        self.began.set()
        if self.runs == 1:
            await interrupter.wait()
            interrupter.check()
        return self.runs


class SignalTask:
    """Waits for its signal, over any number of interruptions."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.began = asyncio.Event()
        self.signal = asyncio.Event()
        self.runs = 0

    async def run(self, interrupter: Interrupter, /) -> str:
        self.runs += 1
        self.began.set()
        await interrupter.guard(self.signal.wait())
        return self.name


class RecordTask:
    """Notes its name in a list."""

    def __init__(self, name: str, order: list[str]) -> None:
        self.name = name
        self.order = order

    async def run(self, interrupter: Interrupter, /) -> str:
        self.order.append(self.name)
        return self.name

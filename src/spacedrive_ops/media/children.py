"""Calling a decoder in a child process, and ending one that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from spacedrive_jobs.tasks import ChildDied, ChildPool, ChildRaised
from spacedrive_ops.media.decoding import Limits, NotDecoded

P = ParamSpec("P")
T = TypeVar("T")


async def decoded(
    pool: ChildPool,
    limits: Limits,
    decoder: Callable[Concatenate[bytes, Limits, P], T],
    path: bytes,
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """`decoder(path, limits, ...)` in a child. Raises NotDecoded, also where the child dies or takes too long."""
    child = await pool.acquire()
    try:
        await child.ready()  # to start is not to decode
        async with asyncio.timeout(limits.seconds):
            return await child.run(decoder, path, limits, *args, **kwargs)
    except TimeoutError:
        await child.kill(0)  # what spins hears no politer word
        raise NotDecoded(f"took longer than {limits.seconds:g} s to decode") from None
    except ChildDied:
        raise NotDecoded("makes its decoder crash") from None
    except ChildRaised as error:
        raise NotDecoded(f"cannot be decoded: {error}".partition("\n")[0]) from None
    finally:
        pool.release(child)

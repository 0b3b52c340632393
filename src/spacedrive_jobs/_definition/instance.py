"""One job with its arguments, as it is dispatched and as it runs."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast, final

from spacedrive_jobs._definition.context import JobContext

if TYPE_CHECKING:
    import msgspec

    from spacedrive_jobs._definition.definition import JobDefinition

StateT = TypeVar("StateT")
OutT_co = TypeVar("OutT_co", covariant=True)


class Job(Protocol[StateT, OutT_co]):
    """Anything with `async def run(self, ctx) -> Output` whose fields are its arguments: no base class is needed."""

    async def run(self, ctx: JobContext[StateT], /) -> OutT_co: ...


@final
class BoundJob(Generic[OutT_co]):
    """A job function with its arguments; only `.new` makes one."""

    __slots__ = ("_arguments", "_definition")

    def __init__(self, definition: JobDefinition, arguments: msgspec.Struct) -> None:
        self._definition = definition
        self._arguments = arguments

    @property
    def definition(self) -> JobDefinition:
        return self._definition

    @property
    def arguments(self) -> msgspec.Struct:
        """The arguments by name, defaults included."""
        return self._arguments

    async def run(self, ctx: JobContext[Any], /) -> OutT_co:
        """Run the function with these arguments. A plain function takes its own context: call the function itself."""
        if self._definition.style == "blocking":
            raise TypeError(f"{self._definition.kind} is a plain function: call it with a BlockingJobContext")
        return await cast("Coroutine[Any, Any, OutT_co]", self._definition.start(self, ctx))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BoundJob):
            return NotImplemented
        return self._definition.kind == other._definition.kind and self._arguments == other._arguments

    def __hash__(self) -> int:
        """Arguments need not be hashable, so jobs are not."""
        raise TypeError(f"unhashable: a job of kind {self._definition.kind!r}")

    def __repr__(self) -> str:
        return f"{self._definition.kind}.new{repr(self._arguments)[len(type(self._arguments).__name__) :]}"

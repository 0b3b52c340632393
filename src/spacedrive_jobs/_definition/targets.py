"""The two things that `@job` decorates, as a JobDefinition uses them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast, final

import msgspec

from spacedrive_jobs._definition.definition import Hook, HookName, JobDefinition, Target
from spacedrive_jobs._definition.instance import BoundJob, Job


@final
class ClassTarget(Target):
    """A class. `names` are its stored fields; others are rebuilt for each attempt."""

    def __init__(self, cls: type[Any], names: tuple[str, ...], *, all_stored: bool) -> None:
        self._class = cls
        self._names = names
        self._all_stored = all_stored

    def encodable(self, job: Any) -> object:
        return job if self._all_stored else {name: getattr(job, name) for name in self._names}

    def argument(self, job: Any, name: str) -> object:
        return getattr(job, name)

    def build(self, definition: JobDefinition, arguments: msgspec.Struct) -> Job[Any, Any]:
        return cast("Job[Any, Any]", self._class(**msgspec.structs.asdict(arguments)))

    def start(self, job: Any, context: Any) -> Any:
        return job.run(context)

    def hook(self, job: Any, name: HookName) -> Hook | None:
        return cast("Hook | None", getattr(job, name, None))

    def has_hook(self, name: HookName) -> bool:
        return hasattr(self._class, name)

    def owns(self, job: object) -> bool:
        return type(job) is self._class


@final
class FunctionTarget(Target):
    """A function. Its first `positional` arguments are given by position, the rest by name."""

    def __init__(self, function: Callable[..., Any], names: tuple[str, ...], positional: int) -> None:
        self._function = function
        self._names = names
        self._positional = positional

    def encodable(self, job: BoundJob[Any]) -> object:
        return job.arguments

    def argument(self, job: BoundJob[Any], name: str) -> object:
        return getattr(job.arguments, name)

    def build(self, definition: JobDefinition, arguments: msgspec.Struct) -> Job[Any, Any]:
        return BoundJob(definition, arguments)

    def start(self, job: BoundJob[Any], context: Any) -> Any:
        values = msgspec.structs.astuple(job.arguments)
        by_name = dict(zip(self._names[self._positional :], values[self._positional :], strict=True))
        return self._function(context, *values[: self._positional], **by_name)

    def hook(self, job: BoundJob[Any], name: HookName) -> Hook | None:
        return None

    def has_hook(self, name: HookName) -> bool:
        return False

    def owns(self, job: object) -> bool:
        return type(job) is BoundJob

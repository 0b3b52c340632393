"""`@job`: from a class or a function to a kind of job."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import (
    Any,
    Concatenate,
    Generic,
    Literal,
    ParamSpec,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    cast,
    dataclass_transform,
    final,
    overload,
)

from spacedrive_jobs._definition.context import BlockingJobContext, JobContext
from spacedrive_jobs._definition.define import Settings, check_settings, define_class, define_function
from spacedrive_jobs._definition.definition import JobDefinition
from spacedrive_jobs._definition.instance import BoundJob, Job
from spacedrive_jobs._definition.limits import depended_on, resources_of, unique_of
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._definition.upgrades import ArgumentsUpgrade, StateUpgrade
from spacedrive_jobs._model.errors import DefinitionError
from spacedrive_jobs._model.options import Isolation, LimitKey, Rate, Unique
from spacedrive_jobs._model.resources import Resource
from spacedrive_jobs._model.status import Priority
from spacedrive_jobs._model.transition import OnFailure

__all__ = ["BlockingJobFunction", "BoundJob", "Job", "JobDecorator", "JobFunction", "Kind", "job", "transient"]

P = ParamSpec("P")
T = TypeVar("T")
StateT = TypeVar("StateT")
OutT = TypeVar("OutT")
JobT = TypeVar("JobT", bound=Job[Any, Any])


def transient(*, default_factory: Callable[[], T], init: Literal[False] = False) -> T:
    """A field that is neither stored nor an argument: each attempt builds it afresh."""
    if cast("object", init) is not False:
        raise DefinitionError("a transient field is never an argument: leave `init` out")
    return dataclasses.field(init=False, default_factory=default_factory, metadata={"transient": True})


@final
class JobFunction(Generic[StateT, P, OutT]):
    """An async function as a job: `.new(...)` makes a job of it, calling it runs it (with a context) as it is."""

    __job_definition__: JobDefinition

    def __init__(
        self,
        function: Callable[Concatenate[JobContext[StateT], P], Coroutine[Any, Any, OutT]],
        definition: JobDefinition,
    ) -> None:
        self._function = function
        self.definition = self.__job_definition__ = definition
        _look_like(self, function)

    def __call__(self, ctx: JobContext[StateT], /, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, OutT]:
        return self._function(ctx, *args, **kwargs)

    def new(self, *args: P.args, **kwargs: P.kwargs) -> BoundJob[OutT]:
        """A job with these arguments, to be dispatched. Raises TypeError for wrong names, as a call would."""
        return BoundJob(self.definition, self.definition.arguments.type(*args, **kwargs))

    def __repr__(self) -> str:
        return f"<job {self.definition.kind!r}: {self.definition.source}>"


@final
class BlockingJobFunction(Generic[StateT, P, OutT]):
    """A plain function as a job, which runs in a thread; otherwise as JobFunction."""

    __job_definition__: JobDefinition

    def __init__(
        self, function: Callable[Concatenate[BlockingJobContext[StateT], P], OutT], definition: JobDefinition
    ) -> None:
        self._function = function
        self.definition = self.__job_definition__ = definition
        _look_like(self, function)

    def __call__(self, ctx: BlockingJobContext[StateT], /, *args: P.args, **kwargs: P.kwargs) -> OutT:
        return self._function(ctx, *args, **kwargs)

    def new(self, *args: P.args, **kwargs: P.kwargs) -> BoundJob[OutT]:
        """As JobFunction.new."""
        return BoundJob(self.definition, self.definition.arguments.type(*args, **kwargs))

    def __repr__(self) -> str:
        return f"<job {self.definition.kind!r}: {self.definition.source}>"


Kind: TypeAlias = Union[type[Job[Any, OutT]], JobFunction[Any, ..., OutT], BlockingJobFunction[Any, ..., OutT]]
"""What names a kind in code: its class or its function."""

DependsOn: TypeAlias = Union[str, Kind[Any], Sequence[Union[str, Kind[Any]]]]


class JobDecorator(Protocol):
    """What `job(...)` gives: it takes a class, an async function or a plain function."""

    # A class is also a callable, so overload 1 overlaps 3; no job class takes a context as its first argument.
    @overload
    def __call__(self, target: type[JobT], /) -> type[JobT]: ...  # type: ignore[overload-overlap] # pyright: ignore[reportOverlappingOverload]
    @overload
    def __call__(
        self, target: Callable[Concatenate[JobContext[StateT], P], Coroutine[Any, Any, OutT]], /
    ) -> JobFunction[StateT, P, OutT]: ...
    @overload
    def __call__(
        self, target: Callable[Concatenate[BlockingJobContext[StateT], P], OutT], /
    ) -> BlockingJobFunction[StateT, P, OutT]: ...


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(dataclasses.field, transient))
def job(
    *,
    name: str,
    version: int = 1,
    aliases: Sequence[str] = (),
    description: str = "",
    resumable: bool = True,
    ephemeral: bool = False,
    isolation: Isolation | None = None,
    priority: int = Priority.NORMAL,
    retries: int = 0,
    backoff: timedelta | None = None,
    timeout: timedelta | None = None,
    deadline: timedelta | None = None,
    checkpoint_interval: timedelta | None = None,
    max_concurrent: int | None = None,
    max_per_key: int | None = None,
    limit_key: LimitKey | None = None,
    rate_limit: Rate | None = None,
    depends_on: DependsOn = (),
    on_failure: OnFailure = "run",
    scope: str | None = None,
    unique: tuple[str, ...] | Unique | None = None,
    requires_resources: Sequence[Resource] = (),
    upgrades: Mapping[int, ArgumentsUpgrade] | None = None,
    state_upgrades: Mapping[int, StateUpgrade] | None = None,
) -> JobDecorator:
    """Make a kind of job of an async function, a plain function (which runs in a thread) or a class.

    A class becomes a frozen, keyword-only dataclass; its fields are the arguments. A function's parameters after the
    context are. What cannot work raises DefinitionError, at import.

    - `name`: the stored kind, never the import path; `aliases`: former names, whose stored jobs this one runs.
    - `version`: raise it when stored arguments or states no longer fit. `upgrades={n: function}` turns the arguments
      of version n, a dict of plain values (a path is bytes, an enum its value), into those of version n + 1;
      `state_upgrades` the same for states. A step that only one of the two names leaves the other as it is. Jobs of
      versions from which no steps lead here, or of newer ones, wait for a process that knows them. A new argument
      with a default needs no new version.
    - `description`: for people; by default the first line of the docstring.
    - `resumable=False`: cannot be paused; a crash or shutdown ends it failed.
    - `ephemeral=True`: the job runs in the process that dispatches it and ends with it. Its handle gives progress,
      events and output; the library has no row of it. Limits and uniqueness count in this process; it can neither be
      scheduled nor stored in a transaction, and reserves no resources. Children live where their parent does.
    - `isolation`: "async" (default of async jobs), "thread" (default of plain functions) or "process" (either).
    - `priority`: a Priority or any int; higher runs first.
    - `retries`: further attempts after an error, the first after `backoff` (default 1 s), then doubling up to 1 h.
    - `timeout`: running time of one attempt. `deadline`: time from dispatch after which the job fails.
    - `checkpoint_interval`: checkpoints within it only mark their state.
    - `max_concurrent`: how many jobs of the kind run at once, over all processes. `max_per_key`: how many of those with
      an equal `limit_key` (names of arguments, or a function of the job that gives a text). `rate_limit`: how many
      start in a span of time. A job that waits for children, an answer or a time takes no place.
    - `depends_on`: kinds (names, classes, functions); a job waits for those that are unfinished when it is dispatched,
      its own ancestors excepted. `scope`: an argument that holds a path: then only for those whose scope is the same,
      inside it or around it. `on_failure`: what becomes of it if one of them fails ("run" or "cancel").
    - `requires_resources`: what the machine must have before a job starts: `gpu()`, `disk_space(10 * GB)`,
      `mains_power()`, …; counted and reserved over all processes. A job whose condition ends while it runs stops at its
      next check and goes on when it holds again.
    - `unique`: names of arguments: no two unfinished jobs with these equal; see Unique. A class may have a method
      `covers(self, other) -> bool`: an unfinished job that covers a new one stands for it.
    """
    settings = Settings(
        name=name,
        version=version,
        aliases=aliases,
        description=description,
        resumable=resumable,
        ephemeral=ephemeral,
        isolation=isolation,
        priority=priority,
        retries=retries,
        backoff=backoff,
        timeout=timeout,
        deadline=deadline,
        checkpoint_interval=checkpoint_interval,
        upgrades=upgrades,
        state_upgrades=state_upgrades,
        max_concurrent=max_concurrent,
        max_per_key=max_per_key,
        limit_key=limit_key,
        rate_limit=rate_limit,
        depends_on=depended_on(name, depends_on),
        on_failure=on_failure,
        scope=scope,
        unique=unique_of(unique),
        requires_resources=resources_of(name, requires_resources),
    )
    check_settings(settings)

    def decorate(target: Any) -> Any:
        if isinstance(target, type):
            return _class_job(cast("type[Any]", target), settings)
        return _function_job(target, settings)

    return cast("JobDecorator", decorate)


def _class_job(cls: type[Any], settings: Settings) -> type[Any]:
    definition = define_class(cls, settings)
    registry.register(definition)
    cls.__job_definition__ = definition
    return cls


def _function_job(
    function: Callable[..., Any], settings: Settings
) -> JobFunction[Any, ..., Any] | BlockingJobFunction[Any, ..., Any]:
    definition = define_function(function, settings)
    registry.register(definition)
    if definition.style == "function":
        return JobFunction(function, definition)
    return BlockingJobFunction(function, definition)


def _look_like(wrapper: object, function: Callable[..., Any]) -> None:
    """Carry the function's names and docstring, for `help`, tracebacks and documentation tools."""
    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(wrapper, name, getattr(function, name))
    wrapper.__dict__["__wrapped__"] = function

"""What `@job` makes of functions and classes."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from spacedrive_jobs._definition.context import BlockingJobContext, JobContext
from spacedrive_jobs._definition.job import job, transient
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.options import JobOptions
from spacedrive_jobs._model.status import Priority

NO_CONTEXT: Any = object()


@dataclass(frozen=True)
class Copied:
    files: int


@dataclass
class Walk:
    directories: list[Path]


@job(name="test.copy")
async def copy(
    ctx: JobContext[int],
    sources: Sequence[Path],
    destination: Path = Path("out"),
    *,
    tags: list[str] = ["a"],  # noqa: B006
) -> Copied:
    """Copy each source.

    And more.
    """
    return Copied(len(sources) + len(tags))


@job(name="test.sum")
def checksum(ctx: BlockingJobContext, path: Path, /, size: int = 3) -> str:
    return f"{path}:{size}"


@job(name="test.index", version=2, upgrades={1: dict}, aliases=["test.index-old"], description="Walk a tree")
class Index:
    """Not this."""

    LIMIT: ClassVar[int] = 3
    root: Path
    depth: int = 5
    seen: set[Path] = transient(default_factory=set[Path])
    label: str = dataclasses.field(init=False, default="")
    names: list[str] = dataclasses.field(default_factory=list[str])

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", f"{self.root}!")

    async def run(self, ctx: JobContext[Walk]) -> Copied | None:
        return Copied(self.depth)

    async def on_pause(self, ctx: JobContext[Walk]) -> None: ...


def test_a_function_job_is_called_as_it_was() -> None:
    assert asyncio.run(copy(NO_CONTEXT, [Path("a")], Path("b"), tags=["x", "y"])) == Copied(3)
    assert checksum(NO_CONTEXT, Path("a")) == "a:3"
    assert copy.__doc__ is not None
    assert copy.__doc__.startswith("Copy each")
    assert inspect.unwrap(cast("Any", copy)).__name__ == "copy"


def test_new_binds_arguments_and_defaults() -> None:
    bound = copy.new([Path("a")])
    assert repr(bound) == "test.copy.new(sources=[PosixPath('a')], destination=PosixPath('out'), tags=['a'])"
    assert bound == copy.new(sources=[Path("a")], tags=["a"])
    assert bound != copy.new([Path("b")])
    assert bound != checksum.new(Path("a"))
    assert asyncio.run(bound.run(NO_CONTEXT)) == Copied(2)


def test_a_default_is_not_shared() -> None:
    first = copy.new([])
    cast("Any", first.arguments).tags.append("b")
    assert cast("Any", copy.new([]).arguments).tags == ["a"]


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), (([], Path("b"), ["tags by position"]), {}), (([],), {"size": 3}), (([],), {"sources": []})],
)
def test_new_refuses_what_a_call_refuses(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        asyncio.run(copy(NO_CONTEXT, *args, **kwargs))
    with pytest.raises(TypeError):
        copy.new(*args, **kwargs)


async def test_a_bound_plain_function_is_run_by_its_own_context_alone() -> None:
    with pytest.raises(TypeError, match="call it with a BlockingJobContext"):
        await checksum.new(Path("a")).run(NO_CONTEXT)


def test_a_class_becomes_a_frozen_keyword_only_dataclass() -> None:
    index = Index(root=Path("a"))
    assert index == Index(root=Path("a"), depth=5, names=[])
    with pytest.raises(dataclasses.FrozenInstanceError):
        index.root = Path("b")  # type: ignore[misc]
    with pytest.raises(TypeError):
        Index(Path("a"))  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Index(root=Path("a"), seen=set())  # type: ignore[call-arg]


def test_what_is_not_an_argument_is_not_stored_and_built_afresh() -> None:
    definition = registry.definition_of(Index(root=Path("a")))
    index = Index(root=Path("a"), names=["n"])
    index.seen.add(Path("x"))
    data = definition.encode_arguments(index)
    assert definition.arguments_to_plain(data, 2) == {"root": "a", "depth": 5, "names": ["n"]}
    again = definition.decode_arguments(data, 2)
    assert isinstance(again, Index)
    assert (again.root, again.seen, again.label, again.names) == (Path("a"), set(), "a!", ["n"])


def test_values_kept_on_an_instance_are_not_stored() -> None:
    @job(name="test.cached")
    class Cached:
        a: int

        @functools.cached_property
        def double(self) -> int:
            return self.a * 2

        async def run(self, ctx: JobContext) -> None: ...

    cached = Cached(a=2)
    assert cached.double == 4
    definition = registry.definition_of(cached)
    assert definition.arguments_to_plain(definition.encode_arguments(cached), 1) == {"a": 2}


async def test_start_calls_the_code_with_the_stored_arguments() -> None:
    for job_, expected in (
        (copy.new([Path("a")], tags=["1", "2"]), Copied(3)),
        (Index(root=Path("a"), depth=9), Copied(9)),
    ):
        definition = registry.definition_of(job_)
        again = definition.decode_arguments(definition.encode_arguments(job_), definition.version)
        assert await definition.start(again, NO_CONTEXT) == expected
    definition = checksum.definition
    stored = definition.encode_arguments(checksum.new(Path("a"), size=4))
    assert definition.start(definition.decode_arguments(stored, 1), NO_CONTEXT) == "a:4"


def test_hooks_are_found_where_the_class_has_them() -> None:
    index = Index(root=Path())
    definition = registry.definition_of(index)
    assert definition.hook(index, "on_pause") == index.on_pause
    assert definition.hook(index, "on_cancel") is None
    assert copy.definition.hook(copy.new([]), "on_pause") is None


def test_a_definition_says_what_it_is() -> None:
    definition = registry.definition_of(Index(root=Path()))
    assert (definition.kind, definition.version, definition.aliases) == ("test.index", 2, ("test.index-old",))
    assert (definition.description, definition.style) == ("Walk a tree", "class")
    assert definition.source == f"{__name__}:Index"
    assert definition.module == __name__
    assert definition.options == JobOptions()
    assert copy.definition.description == "Copy each source."
    assert copy.definition.style == "function"
    assert (checksum.definition.style, checksum.definition.options.isolation) == ("blocking", "thread")


def test_a_class_without_docstring_has_no_description() -> None:
    @job(name="test.undocumented")
    class Undocumented:
        a: int

        async def run(self, ctx: JobContext) -> None: ...

    assert registry.definition_of(Undocumented(a=1)).description == ""


def test_options_arrive() -> None:
    @job(
        name="test.options",
        resumable=False,
        priority=Priority.HIGH,
        retries=3,
        backoff=timedelta(seconds=2),
        timeout=timedelta(minutes=1),
        deadline=timedelta(hours=1),
        checkpoint_interval=timedelta(seconds=5),
    )
    async def options(ctx: JobContext) -> None: ...

    assert options.definition.options == JobOptions(
        resumable=False,
        priority=10,
        retries=3,
        backoff=timedelta(seconds=2),
        timeout=timedelta(minutes=1),
        deadline=timedelta(hours=1),
        checkpoint_interval=timedelta(seconds=5),
    )


def test_a_job_may_inherit() -> None:
    class Walker:
        async def run(self, ctx: JobContext[int]) -> int:
            return 1

    @job(name="test.parent")
    class Parent(Walker):
        root: Path

    @job(name="test.child")
    class Child(Parent):
        depth: int = 1

    child = Child(root=Path("a"))
    assert registry.definition_of(child).kind == "test.child"
    assert registry.definition_of(Parent(root=Path())).kind == "test.parent"
    definition = registry.definition_of(child)
    assert definition.decode_arguments(definition.encode_arguments(child), 1) == child


def test_an_alias_of_a_context_type_is_a_context() -> None:
    @job(name="test.alias")
    async def aliased(ctx: WalkContext) -> None: ...

    assert aliased.definition.state.type is Walk


WalkContext = JobContext[Walk]

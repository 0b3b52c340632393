"""Arguments, state and output: what is stored, what is refused and how it is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, cast
from uuid import UUID, uuid4

import msgspec
import pytest

from spacedrive_jobs._definition.codec import PayloadInvalid, decode_plain, encode
from spacedrive_jobs._definition.context import JobContext
from spacedrive_jobs._definition.definition import WHOLLY_CHECKED, JobDefinition
from spacedrive_jobs._definition.job import job, transient
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.errors import ArgumentError, PayloadTooLarge

LATIN = Path("caf\udce9")  # a name that is not UTF-8


class Mode(Enum):
    FAST = "fast"
    SLOW = "slow"


@dataclass(frozen=True)
class Options:
    verify: bool = False
    scratch: Path = Path("/tmp")


@dataclass
class State:
    done: int
    last: Path | None = None
    names: list[str] = field(default_factory=list[str])


@job(name="test.work")
class Work:
    root: Path
    mode: Mode = Mode.FAST
    options: Options = Options()
    names: tuple[str, ...] = ()
    level: Annotated[int, msgspec.Meta(ge=0, le=9)] = 1
    cache: dict[str, int] = transient(default_factory=dict[str, int])

    async def run(self, ctx: JobContext[State]) -> dict[Path, Options] | None: ...


@job(name="test.nothing")
async def nothing(ctx: JobContext) -> None: ...


@pytest.fixture
def work() -> JobDefinition:
    return registry.definition_of(Work(root=Path()))


def wrong(**arguments: Any) -> Work:
    every: dict[str, Any] = {"root": Path("a"), **arguments}
    return Work(**every)


# --- arguments


def test_a_round_trip_keeps_every_value(work: JobDefinition) -> None:
    job_ = Work(root=LATIN, mode=Mode.SLOW, options=Options(True, LATIN), names=("a", "caf\udce9", "\ud800"), level=3)
    assert work.decode_arguments(work.encode_arguments(job_), 1) == job_


def test_a_path_is_stored_as_its_bytes(work: JobDefinition) -> None:
    plain = decode_plain(work.encode_arguments(Work(root=LATIN)))
    assert plain["root"] == b"caf\xe9"
    assert plain.keys() == {"root", "mode", "options", "names", "level"}


@pytest.mark.parametrize(
    ("arguments", "field_name", "says"),
    [
        ({"root": "a"}, "root", "Expected `Path`, got `str`"),
        ({"root": None}, "root", "got `NoneType`"),
        ({"mode": "fast?"}, "mode", "Invalid enum value 'fast?'"),
        ({"options": {"verify": 3}}, "options", "(at options.verify)"),
        ({"names": ("a", 3)}, "names", "Expected `str`, got `int` (at names[1])"),
        ({"names": "abc"}, "names", "Expected `array`, got `str`"),
        ({"level": 10}, "level", "Expected `int` <= 9"),
        ({"level": True}, "level", "Expected `int`, got `bool`"),
        ({"level": 2**70}, "level", "OverflowError"),
        ({"level": object()}, "level", "values of type `object` cannot be stored"),
        ({"names": (x for x in "abc")}, "names", "values of type `generator` cannot be stored"),
        ({"root": Path("\ud800")}, "root", "UnicodeEncodeError"),
    ],
    ids=lambda value: re.sub(r" at 0x[0-9a-f]+", "", str(value)),  # workers must agree on the names
)
def test_a_wrong_argument_is_refused_by_name(
    arguments: dict[str, Any], field_name: str, says: str, work: JobDefinition
) -> None:
    with pytest.raises(ArgumentError) as caught:
        work.encode_arguments(wrong(**arguments))
    assert (caught.value.kind, caught.value.field) == ("test.work", field_name)
    assert says in caught.value.problem


def test_an_argument_that_contains_itself_is_refused(work: JobDefinition) -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ArgumentError) as caught:
        work.encode_arguments(wrong(names=endless))
    assert caught.value.field == "names"


def test_arguments_have_a_limit(work: JobDefinition) -> None:
    work.encode_arguments(Work(root=Path(), names=("x" * (1 << 19),)))
    with pytest.raises(PayloadTooLarge, match=r"argument payload of 'test.work' is 1,048,\d+ bytes"):
        work.encode_arguments(Work(root=Path(), names=("x" * (1 << 20),)))


def test_a_job_without_arguments() -> None:
    definition = nothing.definition
    assert definition.encode_arguments(nothing.new()) == b"\x80"
    assert definition.decode_arguments(b"\x80", 1) == nothing.new()
    assert definition.arguments_schema()["properties"] == {}


@pytest.mark.parametrize(
    ("stored", "field_name", "says"),
    [
        ({}, "root", "is missing"),
        ({"root": b"a", "rot": 1}, "rot", "is unknown"),
        ({"root": "a"}, "root", "Expected `Path`, got `str`"),
        ({"root": b"a", "options": []}, "options", "Expected `object`, got `array`"),
        ([], None, "Expected `object`, got `array`"),
    ],
    ids=str,
)
def test_stored_arguments_are_read_strictly(
    stored: object, field_name: str | None, says: str, work: JobDefinition
) -> None:
    with pytest.raises(ArgumentError) as caught:
        work.decode_arguments(encode(stored), 1)
    assert caught.value.field == field_name
    assert says in caught.value.problem


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x81\xa4root", b"\x80\x80", b"\xd9\x02\xff\xff", b"\x93" * 9000])
def test_corrupt_bytes_are_one_error_and_never_another(data: bytes, work: JobDefinition) -> None:
    with pytest.raises(ArgumentError):
        work.decode_arguments(data, 1)
    with pytest.raises(PayloadInvalid):
        work.decode_state(data, 1)
    with pytest.raises(PayloadInvalid):
        work.decode_output(data)
    assert work.arguments_to_plain(data, 1) is None
    work.output_to_plain(data)


def test_what_the_jobs_own_code_raises_is_an_argument_error() -> None:
    @job(name="test.strict")
    class Strict:
        a: int

        def __post_init__(self) -> None:
            if self.a < 0:
                raise ValueError("a is negative")

        async def run(self, ctx: JobContext) -> None: ...

    definition = registry.definition_of(Strict(a=1))
    with pytest.raises(ArgumentError, match="strict': a is negative"):
        definition.decode_arguments(encode({"a": -1}), 1)
    with pytest.raises(ArgumentError, match="strict': a is negative"):
        definition.arguments_from_json({"a": -1})


# --- JSON


def test_json_makes_the_same_job(work: JobDefinition) -> None:
    job_ = Work(root=LATIN, mode=Mode.SLOW, options=Options(True, Path("b")), names=("caf\udce9", "é"))
    shown = work.arguments_to_plain(work.encode_arguments(job_), 1)
    text = json.dumps(shown, ensure_ascii=False)
    text.encode()  # nothing in it that UTF-8 cannot say
    assert shown == {
        "root": {"bytes": "Y2Fm6Q=="},
        "mode": "slow",
        "options": {"verify": True, "scratch": "b"},
        "names": [{"bytes": "Y2Fm6Q=="}, "é"],
        "level": 1,
    }
    assert work.arguments_from_json(json.loads(text)) == job_


def test_a_path_from_a_command_line_may_hold_any_byte(work: JobDefinition) -> None:
    assert work.arguments_from_json({"root": "caf\udce9"}) == Work(root=LATIN)


@pytest.mark.parametrize(
    ("value", "field_name", "says"),
    [
        ({}, "root", "is missing"),
        ({"root": "a", "rot": 1}, "rot", "is unknown"),
        ({"root": "a", "cache": {}}, "cache", "is unknown"),
        ({"root": 3}, "root", "Expected a path"),
        ({"root": {"bytes": "!"}}, "root", "Expected a path"),
        ({"root": {"bytes": "YQ==", "more": 1}}, "root", "Expected a path"),
        ({"root": "a", "level": "3"}, "level", "Expected `int`, got `str`"),
        ({"root": "a", "names": [3]}, "names", "(at names[0])"),
        ({"root": "a", "names": [{"bytes": 3}]}, "names", "(at names[0])"),
        ({"root": "a", "names": [{"bytes": "YQ=="}], "level": "3"}, "level", "Expected `int`"),
    ],
    ids=str,
)
def test_wrong_json_is_refused_by_name(
    value: dict[str, object], field_name: str, says: str, work: JobDefinition
) -> None:
    with pytest.raises(ArgumentError) as caught:
        work.arguments_from_json(value)
    assert caught.value.field == field_name
    assert says in caught.value.problem


def test_the_schema_says_what_json_is_accepted(work: JobDefinition) -> None:
    schema = work.arguments_schema()
    json.dumps(schema)
    properties: Any = schema["properties"]
    assert (schema["type"], schema["required"], schema["additionalProperties"]) == ("object", ["root"], False)
    assert properties.keys() == {"root", "mode", "options", "names", "level"}
    assert properties["root"]["format"] == "path"
    assert properties["level"] == {"type": "integer", "minimum": 0, "maximum": 9, "default": 1}
    assert properties["mode"]["default"] == "fast"
    assert properties["options"]["default"] == {"verify": False, "scratch": "/tmp"}
    definitions: Any = schema["$defs"]
    assert definitions["Mode"]["enum"] == ["fast", "slow"]
    assert definitions["Options"]["properties"]["scratch"]["default"] == "/tmp"


def test_the_schema_of_a_type_that_contains_itself() -> None:
    definition = registry.definition_of(Grow(tree=Tree()))
    schema = definition.arguments_schema()
    json.dumps(schema)
    definitions: Any = schema["$defs"]
    assert definitions.keys() == {"Tree"}


def test_the_schema_of_a_type_that_is_beyond_the_generator() -> None:
    assert grow_far.definition.arguments_schema() == {"description": "Grow far.", "type": "object"}


@dataclass(frozen=True)
class Tree:
    branches: tuple[Tree, ...] = ()
    label: str = ""


@job(name="test.grow", description="Grow a tree")
class Grow:
    tree: Tree

    async def run(self, ctx: JobContext) -> None: ...


@dataclass(frozen=True)
class FarTree:
    branches: tuple[FarTree, ...] = ()
    root: Path = Path("/")


@job(name="test.grow-far")
async def grow_far(ctx: JobContext, tree: FarTree) -> None:
    """Grow far."""


def test_the_schema_shows_defaults_that_are_made(work: JobDefinition) -> None:
    @job(name="test.defaults")
    class Defaults:
        a: list[str] = field(default_factory=list[str])
        b: tuple[Path, ...] = (Path("x"),)
        c: UUID = field(default_factory=uuid4)

        async def run(self, ctx: JobContext) -> None: ...

    properties: Any = registry.definition_of(Defaults()).arguments_schema()["properties"]
    assert properties["a"]["default"] == []
    assert properties["b"]["default"] == ["x"]
    assert "default" not in properties["c"]


# --- versions


def from_1(old: dict[str, Any]) -> dict[str, Any]:
    return {"path": old.pop("folder"), **old}


def from_2(old: dict[str, Any]) -> dict[str, Any]:
    return {"root": Path("/new") / Path(old["path"].decode()), "mode": Mode.SLOW}


def state_from_2(old: Any) -> object:
    return State(done=old)


@job(name="test.grown", version=3, upgrades={1: from_1, 2: from_2}, state_upgrades={2: state_from_2})
class Grown:
    root: Path
    mode: Mode

    async def run(self, ctx: JobContext[State]) -> None: ...


@pytest.fixture
def grown() -> JobDefinition:
    return registry.definition_of(Grown(root=Path(), mode=Mode.FAST))


@pytest.mark.parametrize(("version", "stored"), [(1, {"folder": b"a"}), (2, {"path": b"a"})])
def test_arguments_of_older_versions_are_upgraded(version: int, stored: object, grown: JobDefinition) -> None:
    assert grown.decode_arguments(encode(stored), version) == Grown(root=Path("/new/a"), mode=Mode.SLOW)
    assert grown.arguments_to_plain(encode(stored), version) == {"root": "/new/a", "mode": "slow"}


def test_a_state_of_an_older_version_is_upgraded(grown: JobDefinition) -> None:
    assert grown.decode_state(encode(7), 1) == State(7)
    assert grown.decode_state(encode(7), 2) == State(7)
    assert grown.decode_state(grown.encode_state(State(7)), 3) == State(7)


def test_versions_out_of_reach_are_not_understood(grown: JobDefinition, work: JobDefinition) -> None:
    assert [version for version in range(6) if grown.understands(version)] == [1, 2, 3]
    assert [version for version in range(6) if work.understands(version)] == [1]
    for version, says in ((4, "newer than version 3"), (0, "no upgrade from it")):
        with pytest.raises(ArgumentError, match=f"stored by version {version}: .*{says}"):
            grown.decode_arguments(encode({}), version)
        with pytest.raises(PayloadInvalid, match=says):
            grown.decode_state(encode(7), version)
        assert grown.arguments_to_plain(encode({}), version) is None


def test_an_upgrade_that_fails_is_an_argument_error(grown: JobDefinition) -> None:
    with pytest.raises(ArgumentError, match="stored by version 1: KeyError: 'folder'"):
        grown.decode_arguments(encode({}), 1)


def test_an_upgrade_whose_result_does_not_fit_names_the_field() -> None:
    @job(name="test.misfit", version=2, upgrades={1: lambda old: {"a": "x"}})
    async def misfit(ctx: JobContext, a: int) -> None: ...

    with pytest.raises(ArgumentError) as caught:
        misfit.definition.decode_arguments(encode({}), 1)
    assert caught.value.field == "a"


def test_an_argument_that_an_older_program_did_not_know_takes_its_default(work: JobDefinition) -> None:
    assert work.decode_arguments(encode({"root": b"a"}), 1) == Work(root=Path("a"))


# --- state and output


def test_a_state_is_a_snapshot(work: JobDefinition) -> None:
    state = State(1, LATIN, ["a"])
    data = work.encode_state(state)
    state.names.append("b")
    assert work.decode_state(data, 1) == State(1, LATIN, ["a"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        {"done": "x"},
        State(cast("Any", "x")),
        State(1, cast("Any", "a")),
        {"done": 1, "names": [1] * WHOLLY_CHECKED},
        [State(1)],
    ],
    ids=[str(n) for n in range(7)],
)
def test_a_wrong_state_is_refused(value: object, work: JobDefinition) -> None:
    with pytest.raises(PayloadInvalid, match=r"the state of 'test\.work'"):
        work.encode_state(value)


def test_a_state_has_a_limit(work: JobDefinition) -> None:
    with pytest.raises(PayloadTooLarge, match=r"state of 'test\.work'"):
        work.encode_state(State(1, names=["x" * (1 << 20)]))


def test_a_job_without_state_stores_none() -> None:
    assert nothing.definition.decode_state(nothing.definition.encode_state(None), 1) is None
    with pytest.raises(PayloadInvalid):
        nothing.definition.encode_state(3)


def test_an_output_is_read_as_its_type(work: JobDefinition) -> None:
    output = {LATIN: Options(True)}
    data = work.encode_output(output)
    assert work.decode_output(data) == output
    assert work.output_to_plain(data) == {"caf\\xe9": {"verify": True, "scratch": "/tmp"}}
    assert work.decode_output(work.encode_output(None)) is None


@pytest.mark.parametrize(("definition", "value"), [("work", 3), ("nothing", 3), ("work", object())])
def test_a_wrong_output_is_refused(definition: str, value: object, work: JobDefinition) -> None:
    with pytest.raises(PayloadInvalid, match="the output of"):
        (work if definition == "work" else nothing.definition).encode_output(value)


def test_an_output_has_a_limit() -> None:
    @job(name="test.large")
    async def large(ctx: JobContext) -> str:
        return ""

    large.definition.encode_output("x" * ((1 << 20) - 5))
    with pytest.raises(PayloadTooLarge):
        large.definition.encode_output("x" * (1 << 20))


def test_an_output_of_any_kind_comes_back_plain() -> None:
    @job(name="test.loose")
    async def loose(ctx: JobContext) -> object: ...

    data = loose.definition.encode_output({"a": [Path("x"), Options()]})
    assert loose.definition.decode_output(data) == {"a": [b"x", {"verify": False, "scratch": b"/tmp"}]}


def test_pure_paths_are_paths_too() -> None:
    @job(name="test.pure")
    async def pure(ctx: JobContext, a: PurePosixPath) -> PurePosixPath:
        return a

    job_ = pure.new(PurePosixPath("caf\udce9"))
    definition = pure.definition
    assert definition.decode_arguments(definition.encode_arguments(job_), 1) == job_


def test_the_check_before_storing_is_as_strict_as_reading(work: JobDefinition) -> None:
    codec = work.arguments
    good = work.encode_arguments(Work(root=LATIN))
    bad = encode({"root": 3})
    checks: list[Callable[[bytes], object]] = [codec.check, codec.decode]
    for check in checks:
        check(good)
        with pytest.raises(msgspec.ValidationError):
            check(bad)


def test_json_that_is_nested_too_deeply_is_refused_in_words() -> None:
    @job(name="payload.nested")
    async def nested(ctx: JobContext, value: object) -> None: ...

    def nest(levels: int) -> object:
        value: object = 1
        for _ in range(levels):
            value = [value]
        return value

    definition = registry.definition_of(nested.new(1))
    definition.arguments_from_json({"value": nest(199)})
    for levels in (200, 3_000, 100_000):
        with pytest.raises(ArgumentError, match="nested in each other more than 200 levels deep") as refused:
            definition.arguments_from_json({"value": nest(levels)})
        assert len(str(refused.value)) < 200

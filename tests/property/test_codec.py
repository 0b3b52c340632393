"""Whatever a job's arguments, state, output and progress hold, it comes back equal, and no two names become one."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spacedrive_jobs._definition.codec import decode_plain, encode, path_bytes, printable
from spacedrive_jobs._definition.context import JobContext
from spacedrive_jobs._definition.job import job, transient
from spacedrive_jobs._definition.progress_codec import decode_progress, decode_view, encode_progress, encode_view
from spacedrive_jobs._definition.registry import registry
from spacedrive_jobs._model.errors import ArgumentError, JobError
from spacedrive_jobs._model.progress import Bytes, Count, GenericProgress, ProgressData, ProgressView


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Leaf:
    path: Path
    note: str = ""


@dataclass
class Branch:
    leaves: list[Leaf]
    by_name: dict[str, Leaf]
    chosen: Leaf | None = None


class Circle(msgspec.Struct, tag=True, frozen=True):
    radius: float


class Square(msgspec.Struct, tag=True, frozen=True):
    side: int
    label: str


@job(name="property.everything")
class Everything:
    text: str
    path: Path
    paths: tuple[Path, ...]
    by_path: dict[Path, int]
    pair: tuple[str, int]
    branch: Branch
    colours: list[Colour]
    level: Level
    when: datetime
    day: date
    duration: timedelta
    identity: UUID
    price: Decimal
    maybe: str | None
    number: int | str | None
    word: Literal["a", "b"]
    names: frozenset[str]
    raw: bytes
    ratio: float
    shape: Circle | Square
    by_number: dict[int, list[str]]
    cache: list[str] = transient(default_factory=list[str])

    async def run(self, ctx: JobContext[Branch]) -> list[Branch] | None: ...


quickly = settings(max_examples=60, deadline=None)  # a deadline measures a busy machine, not the code

# Text as file names give it: any characters, bytes that are not UTF-8, and lone surrogates that are neither.
TEXT = st.text(st.characters() | st.integers(0xD800, 0xDFFF).map(chr), max_size=8) | st.binary(max_size=6).map(
    os.fsdecode
)
NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: b"\0" not in name).map(os.fsdecode)
PATHS = NAMES.map(Path)
INTS = st.integers(-(2**63), 2**64 - 1)
LEAVES = st.builds(Leaf, path=PATHS, note=TEXT)
BRANCHES = st.builds(
    Branch,
    leaves=st.lists(LEAVES, max_size=3),
    by_name=st.dictionaries(TEXT, LEAVES, max_size=3),
    chosen=st.none() | LEAVES,
)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-8))])
# A day within the ends of time: MessagePack has moments in UTC, and no year 0 or 10,000 there.
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=ZONES)
JOBS = st.builds(
    Everything,
    text=TEXT,
    path=PATHS,
    paths=st.lists(PATHS, max_size=3).map(tuple),
    by_path=st.dictionaries(PATHS, INTS, max_size=3),
    pair=st.tuples(TEXT, INTS),
    branch=BRANCHES,
    colours=st.lists(st.sampled_from(Colour), max_size=3),
    level=st.sampled_from(Level),
    when=MOMENTS,
    day=st.dates(),
    duration=st.timedeltas(timedelta(days=-999_999), timedelta(days=999_999)),
    identity=st.uuids(),
    price=st.decimals(allow_nan=False),
    maybe=st.none() | TEXT,
    number=st.none() | INTS | TEXT,
    word=st.sampled_from(["a", "b"]),
    names=st.frozensets(TEXT, max_size=3),
    raw=st.binary(max_size=8),
    ratio=st.floats(allow_nan=False),
    shape=st.builds(Circle, st.floats(allow_nan=False)) | st.builds(Square, INTS, TEXT),
    by_number=st.dictionaries(INTS, st.lists(TEXT, max_size=2), max_size=3),
)


@quickly
@given(JOBS)
def test_arguments_come_back_equal(value: Everything) -> None:
    definition = registry.definition_of(value)
    data = definition.encode_arguments(value)
    assert definition.decode_arguments(data, 1) == value


@quickly
@given(JOBS)
def test_arguments_can_always_be_shown(value: Everything) -> None:
    definition = registry.definition_of(value)
    shown = definition.arguments_to_plain(definition.encode_arguments(value), 1)
    assert shown is not None
    json.dumps(shown, ensure_ascii=False).encode()


@job(name="property.shown")
class Shown:
    path: Path
    paths: list[Path]
    texts: list[str]
    when: datetime
    level: Level
    raw: bytes
    by_number: dict[int, str]

    async def run(self, ctx: JobContext) -> None: ...


@quickly
@given(
    st.builds(
        Shown,
        path=PATHS,
        paths=st.lists(PATHS, max_size=3),
        texts=st.lists(NAMES, max_size=3),
        when=MOMENTS,
        level=st.sampled_from(Level),
        raw=st.binary(max_size=8),
        by_number=st.dictionaries(INTS, NAMES, max_size=3),
    )
)
def test_what_is_shown_as_json_makes_the_same_job(value: Shown) -> None:
    definition = registry.definition_of(value)
    shown = definition.arguments_to_plain(definition.encode_arguments(value), 1)
    assert definition.arguments_from_json(json.loads(json.dumps(shown))) == value


@quickly
@given(BRANCHES, st.none() | st.lists(BRANCHES, max_size=2))
def test_state_and_output_come_back_equal(state: Branch, output: list[Branch] | None) -> None:
    definition = registry.require("property.everything")
    assert definition.decode_state(definition.encode_state(state), 1) == state
    assert definition.decode_output(definition.encode_output(output)) == output


PLAIN = st.recursive(
    st.none() | st.booleans() | INTS | st.floats(allow_nan=False) | TEXT | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(TEXT | INTS, inner, max_size=20),
    max_leaves=30,
)


@quickly
@given(PLAIN)
def test_plain_values_come_back_equal(value: object) -> None:
    data = encode(value)
    assert decode_plain(data) == value
    msgspec.msgpack.decode(data, ext_hook=lambda _, text: bytes(text))  # well-formed, whatever the strings hold


@quickly
@given(st.binary(max_size=64) | PLAIN.map(encode))
def test_foreign_bytes_are_refused_in_one_way(data: bytes) -> None:
    definition = registry.require("property.everything")
    for read in (
        lambda: definition.decode_arguments(data, 1),
        lambda: definition.decode_state(data, 1),
        lambda: definition.decode_output(data),
    ):
        try:
            cast("Any", read)()
        except JobError:
            pass
    assert definition.arguments_to_plain(data, 1) is None
    definition.output_to_plain(data)
    decode_progress(data)
    decode_view(data)


@pytest.mark.parametrize("name", ["text", "path", "when", "branch", "shape", "names"])
@quickly
@given(value=JOBS, wrong=st.integers(-5, 5))
def test_a_wrong_argument_is_always_named(name: str, value: Everything, wrong: int) -> None:
    broken = Everything(**{**_arguments(value), name: wrong})
    with pytest.raises(ArgumentError) as caught:
        registry.definition_of(broken).encode_arguments(broken)
    assert caught.value.field == name


def _arguments(value: Everything) -> dict[str, Any]:
    return {name: item for name, item in vars(value).items() if name != "cache"}


ESCAPES = st.text("\\xude89ab0\udce9\udc80\ud800é", max_size=10)


@quickly
@given(TEXT | ESCAPES, TEXT | ESCAPES)
@example("\udce9", r"\xe9")
@example(r"\xe9", r"\\xe9")
@example("\\\udce9", r"\\xe9")
def test_two_texts_never_look_alike(first: str, second: str) -> None:
    printable(first).encode()
    assert (printable(first) == printable(second)) == (first == second)


@quickly
@given(ESCAPES)
def test_printable_can_be_undone(text: str) -> None:
    shown = printable(text)
    if shown != text:
        assert _undo(shown) == text


def _undo(shown: str) -> str:
    out, rest = "", shown
    while rest:
        if rest.startswith("\\\\"):
            out, rest = out + "\\", rest[2:]
        elif rest.startswith("\\x"):
            out, rest = out + chr(0xDC00 + int(rest[2:4], 16)), rest[4:]
        elif rest.startswith("\\u"):
            out, rest = out + chr(int(rest[2:6], 16)), rest[6:]
        else:
            out, rest = out + rest[0], rest[1:]
    return out


@quickly
@given(st.binary(max_size=20))
def test_the_bytes_of_a_name_are_exact(name: bytes) -> None:
    assert path_bytes(os.fsdecode(name)) == path_bytes(name) == name


class Seen(ProgressData):
    path: Path
    colour: Colour | None
    leaves: tuple[Leaf, ...] = ()
    fraction: float = 0.0


COUNTS = st.builds(Count, INTS, st.none() | INTS, st.booleans())
PROGRESS = (
    COUNTS
    | st.builds(Seen, path=PATHS, colour=st.none() | st.sampled_from(Colour), leaves=st.lists(LEAVES).map(tuple))
    | st.builds(
        GenericProgress,
        phase=TEXT,
        phases=st.lists(st.tuples(TEXT, st.floats(0, 1)), max_size=3).map(tuple),
        message=TEXT,
        current_path=st.none() | PATHS,
        items=st.none() | COUNTS,
        bytes=st.none() | st.builds(Bytes, INTS),
    )
)


@quickly
@given(PROGRESS)
def test_progress_comes_back_with_its_text_printable(progress: Count | Seen | GenericProgress) -> None:
    again = decode_progress(encode_progress(progress))
    match progress, again:
        case Seen(), Seen():
            assert (again.path, again.colour) == (progress.path, progress.colour)
            assert [leaf.path for leaf in again.leaves] == [leaf.path for leaf in progress.leaves]
            for shown, leaf in zip(again.leaves, progress.leaves, strict=True):
                assert shown.note in (leaf.note, printable(leaf.note))
                shown.note.encode()
        case GenericProgress(), GenericProgress():
            assert (again.current_path, again.items, again.bytes) == (
                progress.current_path,
                progress.items,
                progress.bytes,
            )
            again.message.encode()
        case _:
            assert again == progress


@quickly
@given(st.builds(ProgressView, fraction=st.none() | st.floats(0, 1), message=TEXT, items_done=st.none() | INTS))
def test_a_view_comes_back_with_its_text_printable(view: ProgressView) -> None:
    again = decode_view(encode_view(view))
    assert (again.fraction, again.items_done) == (view.fraction, view.items_done)
    again.message.encode()

"""Progress on its way to the store: it never raises, and comes back as what it was or as nothing."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, cast

import pytest

from spacedrive_jobs._definition.codec import encode
from spacedrive_jobs._definition.progress_codec import (
    PROGRESS_LIMIT,
    check_progress_types,
    decode_progress,
    decode_view,
    encode_progress,
    encode_view,
)
from spacedrive_jobs._model.errors import DefinitionError
from spacedrive_jobs._model.progress import (
    Bytes,
    Count,
    GenericProgress,
    Indeterminate,
    Percentage,
    Progress,
    ProgressData,
    ProgressView,
)
from tests.unit.definition.conftest import ImportSource


class Phase(Enum):
    WALK = "walk"


@dataclass(frozen=True)
class Place:
    path: Path
    names: tuple[str, ...] = ()


class WalkProgress(ProgressData):
    phase: Phase
    place: Place | None = None
    note: str = ""
    fraction: float = 0.0


LATIN = Path("caf\udce9")


@pytest.mark.parametrize(
    "progress",
    [
        Count(1, 2),
        Count(1, growing=True),
        Bytes(1 << 40, None),
        Percentage(0.5),
        Indeterminate("looking"),
        GenericProgress(
            phase="copy",
            phases=(("scan", 0.1), ("copy", 0.9)),
            current_path=LATIN,
            items=Count(1, 2),
            bytes=Bytes(3),
            skipped_items=1,
        ),
        WalkProgress(phase=Phase.WALK, place=Place(LATIN, ("a",)), fraction=0.25),
    ],
)
def test_a_round_trip(progress: Progress) -> None:
    assert decode_progress(encode_progress(progress)) == progress


def test_text_is_made_printable_and_paths_stay_exact() -> None:
    progress = WalkProgress(phase=Phase.WALK, place=Place(LATIN, ("caf\udce9",)), note="at caf\udce9 \ud800")
    shown = WalkProgress(phase=Phase.WALK, place=Place(LATIN, (r"caf\xe9",)), note=r"at caf\xe9 \ud800")
    assert decode_progress(encode_progress(progress)) == shown
    assert decode_progress(encode_progress(Indeterminate("caf\udce9"))) == Indeterminate(r"caf\xe9")


@pytest.mark.parametrize(
    ("progress", "says"),
    [
        (Indeterminate("x" * PROGRESS_LIMIT), "Indeterminate is 65,5.. bytes; the limit is 65,536"),
        (WalkProgress(phase=Phase.WALK, note="x" * PROGRESS_LIMIT), "WalkProgress is 65,6.. bytes"),
        (WalkProgress(phase=cast("Any", object())), "WalkProgress cannot be shown: values of type `object`"),
        (Count(2**70), "Count cannot be shown"),
        (cast("Any", object()), "object cannot be shown"),
    ],
    ids=["long text", "long data", "wrong field", "huge", "no progress"],
)
def test_what_cannot_be_stored_is_shown_as_such(progress: Progress, says: str) -> None:
    shown = decode_progress(encode_progress(progress))
    assert isinstance(shown, Indeterminate)
    assert re.match(says, shown.message)


@pytest.mark.parametrize(
    "stored",
    [
        encode(("gone.module:GoneProgress", {"a": 1})),
        encode(("Count", {"current": "x"})),
        encode((f"{__name__}:WalkProgress", {"phase": "swim"})),
        encode(("Count",)),
        encode({"Count": 1}),
        b"",
        b"\xc1",
    ],
)
def test_what_is_not_known_here_is_none(stored: bytes) -> None:
    assert decode_progress(stored) is None


def test_a_type_that_moved_is_found_by_its_name() -> None:
    stored = encode(("old.module:WalkProgress", {"phase": "walk"}))
    assert decode_progress(stored) == WalkProgress(phase=Phase.WALK)


def test_two_types_of_one_name_are_told_apart(import_source: ImportSource) -> None:
    first = import_source("class Twin(ProgressData):\n  a: int\n", file="first.py").Twin
    second = import_source("class Twin(ProgressData):\n  a: int\n", file="second.py").Twin
    for twin in (first, second):
        assert type(decode_progress(encode_progress(twin(a=1)))) is twin
    assert decode_progress(encode(("third:Twin", {"a": 1}))) is None


def test_a_builtin_name_can_be_used_again(import_source: ImportSource) -> None:
    own = import_source("class Count(ProgressData):\n  a: int\n").Count
    assert decode_progress(encode_progress(own(a=1))) == own(a=1)
    assert decode_progress(encode_progress(Count(1))) == Count(1)


@pytest.mark.parametrize(
    ("annotation", "culprit"),
    [
        ("list[int]", "list"),
        ("set[str]", "set"),
        ("dict[str, int]", "dict"),
        ("tuple[list[int], ...]", "list"),
        ("int | list[int]", "list"),
        ("Sequence[int]", "Sequence"),
        ("bytearray", "bytearray"),
        ("Any", "Any"),
        ("Thawed", "Thawed"),
        ("Nested", "Nested"),
    ],
)
def test_a_field_that_may_change_is_refused(annotation: str, culprit: str, import_source: ImportSource) -> None:
    import_source(
        f"""
        @dataclass
        class Thawed:
            a: int

        @dataclass(frozen=True)
        class Nested:
            inside: list[int]

        class Bad(ProgressData):
            ok: int
            bad: {annotation}
        """
    )
    with pytest.raises(DefinitionError, match=rf"Bad.bad may change after it was reported \({culprit}"):
        check_progress_types()


@pytest.mark.parametrize(
    "annotation",
    ["tuple[int, ...]", "frozenset[Path]", "int | None", "Frozen", "tuple[()]", "bytes", "ClassVar[list[int]]"],
)
def test_a_field_that_cannot_change_is_fine(annotation: str, import_source: ImportSource) -> None:
    import_source(
        f"""
        @dataclass(frozen=True)
        class Frozen:
            a: tuple[str, ...]

        class Good(ProgressData):
            good: {annotation}
        """
    )
    check_progress_types()


def test_a_type_first_seen_when_it_is_used_is_checked_then(import_source: ImportSource) -> None:
    late = import_source("class Late(ProgressData):\n  found: list[str]\n").Late
    shown = decode_progress(encode_progress(late(found=[])))
    assert isinstance(shown, Indeterminate)
    assert "Late.found may change" in shown.message
    with pytest.raises(DefinitionError):
        check_progress_types()


VIEW = ProgressView(
    fraction=0.5,
    growing=True,
    catching_up=True,
    phase="copy",
    message="m",
    current_path="a",
    items_done=1,
    items_total=2,
    bytes_done=3,
    bytes_total=4,
    items_per_second=5.5,
    bytes_per_second=6.5,
    eta=7.5,
)


def test_a_view_comes_back_whole() -> None:
    assert all(getattr(VIEW, field.name) != field.default for field in dataclasses.fields(VIEW))
    for view in (VIEW, ProgressView(), ProgressView(fraction=0.0, items_done=0)):
        assert decode_view(encode_view(view)) == view
    assert encode_view(ProgressView()) == b"\x80"


def test_a_view_that_cannot_be_read_is_empty() -> None:
    for stored in (b"", encode([1]), encode({"fraction": "x"})):
        assert decode_view(stored) == ProgressView()
    assert decode_view(encode({"fraction": 0.5, "later": 1})) == ProgressView(fraction=0.5)


def test_a_view_may_hold_any_text() -> None:
    assert decode_view(encode_view(ProgressView(current_path="caf\udce9"))).current_path == r"caf\xe9"

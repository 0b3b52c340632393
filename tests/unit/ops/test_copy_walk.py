"""The walk: its order, where it starts again, and that depth costs nothing."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Collection
from pathlib import Path

from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.gather import times_at
from spacedrive_ops.file_copy.model import Position
from spacedrive_ops.file_copy.walk import KEPT_OPEN, Entry, Left, Root, Trouble, walk
from spacedrive_ops.folders import NOT_OPEN


class Nowhere:
    """A destination that has nothing and is given nothing."""

    def __init__(self, *, ignores_case: bool = False) -> None:
        self.ignores_case = ignores_case

    def enter(self, parent: Directory, name: str, *, retraced: bool) -> tuple[int, Collection[str]]:
        return NOT_OPEN, ()

    def names_of(self, folder: int) -> Collection[str]:
        return ()


def root_of(path: Path) -> Root:
    return Root(os.fsencode(path), path.name, b"", path.name)


def walked(path: Path, *, after: Position | None = None, done: Position | None = None) -> list[str]:
    """Entries by name, folders when they are left with a slash, what is retraced in brackets."""
    said: list[str] = []
    for event in walk([root_of(path)], Nowhere(), after=after, done=done):
        name = f"{event.folder.name}/" if isinstance(event, Left) else event.name
        said.append(f"({name})" if not isinstance(event, Trouble) and event.retraced else name)
    return said


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def test_it_is_depth_first_in_the_order_of_bytes_and_folders_come_last(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "b/2", "b/1", "a", "c/d/e", "B")
    assert walked(root) == ["B", "a", "1", "2", "b/", "e", "d/", "c/", "root/"]


def test_after_a_position_nothing_done_is_looked_at(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "b/2", "b/1", "a", "c/d/e", "B")
    assert walked(root, after=Position(0, b"b/1")) == ["2", "b/", "e", "d/", "c/", "root/"]
    assert walked(root, after=Position(0, b"b")) == ["e", "d/", "c/", "root/"]
    assert walked(root, after=Position(0, b"c/d/e")) == ["d/", "c/", "root/"]
    assert walked(root, after=Position(0, b"gone/before")) == ["root/"]
    assert walked(root, after=Position(0)) == []


def test_what_an_earlier_attempt_finished_is_marked(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "b/2", "b/1", "a", "c/d/e")
    assert walked(root, done=Position(0, b"b/1")) == ["(a)", "(1)", "2", "b/", "e", "d/", "c/", "root/"]
    assert walked(root, after=Position(0, b"a"), done=Position(0, b"c/d")) == [
        "(1)", "(2)", "(b/)", "(e)", "(d/)", "c/", "root/",
    ]  # fmt: skip
    assert walked(root, done=Position(0)) == ["(a)", "(1)", "(2)", "(b/)", "(e)", "(d/)", "(c/)", "(root/)"]


def test_names_that_are_not_text_keep_their_bytes_and_their_place(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in (b"\xff", b"\xe9", b"z", "é".encode()):
        (root / os.fsdecode(name)).touch()
    assert [os.fsencode(name) for name in walked(root)] == [b"z", "é".encode(), b"\xe9", b"\xff", b"root/"]
    assert [os.fsencode(name) for name in walked(root, after=Position(0, b"\xe9"))] == [b"\xff", b"root/"]


def test_links_are_entries_and_never_followed(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "inside/file")
    (root / "up").symlink_to("..")
    (root / "self").symlink_to("self")
    (root / "inside" / "to-root").symlink_to(tmp_path)
    assert walked(root) == ["file", "to-root", "inside/", "self", "up", "root/"]


def test_five_thousand_deep_it_comes_back_up_with_few_folders_open(tmp_path: Path) -> None:
    depth = 5_000
    here = os.open(tmp_path, os.O_RDONLY)
    for name in ("root", *("d",) * depth):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("leaf", os.O_WRONLY | os.O_CREAT, dir_fd=here))
    os.close(here)
    before = len(os.listdir("/proc/self/fd"))
    most, left, longest = 0, 0, 0
    for event in walk([root_of(tmp_path / "root")], Nowhere()):
        if isinstance(event, Entry):
            longest = len(event.folder.child_path(event.name))
        if left % 500 == 0:
            most = max(most, len(os.listdir("/proc/self/fd")) - before)
        left += isinstance(event, Left)
        assert not isinstance(event, Trouble), event.reason
    assert left == depth + 1
    assert longest > 2 * depth
    assert most <= KEPT_OPEN + 4
    assert len(os.listdir("/proc/self/fd")) == before


def walk_and_at_the_leaf(root: Path, act: Callable[[], object]) -> list[str]:
    said: list[str] = []
    for event in walk([root_of(root)], Nowhere()):
        if isinstance(event, Entry) and event.name == "leaf":
            act()
        said.append(f"trouble {event.name}" if isinstance(event, Trouble) else getattr(event, "name", "left"))
    return said


def test_a_folder_moved_away_under_the_walk_is_walked_to_its_end(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "d/" * (KEPT_OPEN + 10) + "leaf", "d/d/y", "z")
    said = walk_and_at_the_leaf(root, lambda: (root / "d" / "d" / "d").rename(tmp_path / "elsewhere"))
    assert said == ["leaf", *["left"] * (KEPT_OPEN + 8), "y", "left", "left", "z", "left"]


def test_a_folder_that_cannot_be_come_back_to_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "d/" * (KEPT_OPEN + 10) + "leaf", "d/d/y", "z")

    def scatter() -> None:
        (root / "d" / "d" / "d").rename(tmp_path / "elsewhere")
        (root / "d").rename(root / "other")

    said = walk_and_at_the_leaf(root, scatter)
    assert said == ["leaf", *["left"] * (KEPT_OPEN + 7), "trouble d", "trouble d", "left", "z", "left"]


def test_names_in_case_only_are_told_where_the_destination_ignores_case(tmp_path: Path) -> None:
    root = make(tmp_path / "root", "Name", "name", "other")
    events = list(walk([root_of(root)], Nowhere(ignores_case=True)))
    assert [(type(event).__name__, getattr(event, "name", "")) for event in events] == [
        ("Entry", "Name"), ("Trouble", "name"), ("Entry", "other"), ("Left", ""),
    ]  # fmt: skip


def test_a_missing_root_is_trouble_unless_it_was_moved_before(tmp_path: Path) -> None:
    roots = [root_of(tmp_path / "missing")]
    assert [type(event) for event in walk(roots, Nowhere())] == [Trouble]
    assert list(walk(roots, Nowhere(), may_be_gone=1)) == []


def test_stored_times_are_found_by_depth() -> None:
    packed = struct.pack("<qqqq", 1, 2, 3, 4)
    assert [times_at(packed, depth) for depth in range(3)] == [(1, 2), (3, 4), None]

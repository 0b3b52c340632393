from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdjobs import text

HOSTILE = [
    ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
    ("a\rb\nc\td", "a\\rb\\nc\\td"),
    ("\x9b31m", "\\u009b31m"),
    ("\x07\x7f", "\\x07\\x7f"),
    ("photo\u202egnp.exe", "photo\\u202egnp.exe"),
    ("\u2066x\u2069", "\\u2066x\\u2069"),
    ("a\u2028b", "a\\u2028b"),
    ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
    ("caf\udce9", "caf\\xe9"),
    ("\U000e0041", "\\U000e0041"),
]


@pytest.mark.parametrize(("hostile", "shown"), HOSTILE)
def test_what_could_act_on_a_terminal_is_written_as_an_escape(hostile: str, shown: str) -> None:
    assert text.shown(hostile) == shown
    assert text.shown(hostile).isprintable()


PIECES = ["\\", "x", "u", "f", "n", "\n", "\x0a", "\udcff", "\xff", "\x9b", "\udc9b", "\u202e", "9b", "0"]


@given(st.lists(st.sampled_from(PIECES), max_size=6))
def test_no_two_names_are_shown_alike(pieces: list[str]) -> None:
    """What is shown can be read back, so it was made of one name alone."""
    name = "".join(pieces)
    escapes = r"\\(?:(\\)|(n|r|t)|x([0-9a-f]{2})|u([0-9a-f]{4}))"
    assert re.sub(escapes, _meant, text.shown_path(name)) == name


def _meant(found: re.Match[str]) -> str:
    backslash, named, byte, code = found.groups()
    if backslash or named:
        return backslash or {"n": "\n", "r": "\r", "t": "\t"}[named]
    if byte:
        number = int(byte, 16)
        return chr(number if number < 0x80 else 0xDC00 + number)
    return chr(int(code, 16))


@pytest.mark.parametrize("name", ["photo.jpg", "Füße", "写真", "سلام", "👨\u200d👩", "e\u0301", "a b  c"])
def test_ordinary_names_are_left_as_they_are(name: str) -> None:
    assert text.shown(name) == name


@pytest.mark.parametrize(
    "name", ["plain", "with space", "it's", "new\nline", "\x1b[31m", "caf\udce9", "back\\slash\n'q'"]
)
def test_a_shell_word_is_one_word_and_the_same_bytes(name: str) -> None:
    printed = subprocess.run(
        ["bash", "-c", f"printf %s {text.shell_word(name)}"], capture_output=True, check=True
    ).stdout
    assert printed == name.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("hostile", [hostile for hostile, _ in HOSTILE])
def test_a_shell_word_can_be_printed(hostile: str) -> None:
    assert text.shell_word(hostile).isprintable()


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (84_100_000, "84.1 MB"), (999_949, "999.9 kB"), (999_950, "1.0 MB")],
)
def test_sizes(count: int, words: str) -> None:
    assert text.size(count) == words


def test_a_part_is_told_in_the_unit_of_the_whole() -> None:
    assert text.size_of(84_000_000, 2_000_000_000) == "0.1 of 2.0 GB"
    assert text.size_of(1, 5, growing=True) == "1 of 5+ B"


@pytest.mark.parametrize(
    ("fraction", "words"), [(0.0, "0 %"), (0.5, "50 %"), (0.9999, "99 %"), (0.29, "29 %"), (1.0, "100 %"), (-1, "0 %")]
)
def test_a_percentage_is_rounded_down(fraction: float, words: str) -> None:
    assert text.percent(fraction) == words


@pytest.mark.parametrize(("seconds", "words"), [(9, "0:09"), (760, "12:40"), (11100, "3:05:00"), (-1, "0:00")])
def test_clock(seconds: float, words: str) -> None:
    assert text.clock(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.4 s"), (9.2, "9 s"), (59.9, "1 min"), (80, "1 min 20 s"), (7500, "2 h 5 min"), (273_600, "3 d 4 h")],
)
def test_durations(seconds: float, words: str) -> None:
    assert text.duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (-5, "0 s"), (61, "1 min"), (7300, "2 h"), (200_000, "2 d")]
)
def test_ages(seconds: float, words: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert text.age(now - timedelta(seconds=seconds), now) == words


def test_counted() -> None:
    assert [text.counted(1, "item"), text.counted(2000, "item"), text.counted(2, "crash", "crashes")] == [
        "1 item",
        "2,000 items",
        "2 crashes",
    ]

"""Keys of objects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacedrive_ops.paths.keys import UnsafeKey, key_of, parts_of

NAMES = st.binary(min_size=1, max_size=12).filter(lambda name: name not in (b".", b"..") and not set(name) & {0, 47})


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_any_names_come_back_and_the_key_is_clean(names: list[bytes]) -> None:
    key = key_of(names)
    assert parts_of(key) == names
    assert all(character >= " " for character in key)


@given(NAMES, NAMES)
def test_two_names_never_get_one_key(one: bytes, other: bytes) -> None:
    assert (key_of([one]) == key_of([other])) == (one == other)


def test_keys_are_what_people_expect() -> None:
    assert key_of([b"Photos 2024", "café+x&y.jpg".encode()]) == "Photos 2024/café+x&y.jpg"
    assert key_of([b"caf\xe9", b"100%", b"..."]) == "caf%E9/100%25/%2E%2E%2E"
    assert parts_of("half%4 %zz") == [b"half%4 %zz"]
    with pytest.raises(ValueError, match=r"longer than the 1,024 bytes"):
        key_of([b"x" * 255] * 5)


@pytest.mark.parametrize("key", ["%2E%2E/x", "..", "a//b", "/etc", "a%2Fb", "a%00", "", "a/."])
def test_a_key_that_leads_elsewhere_is_refused(key: str) -> None:
    with pytest.raises(UnsafeKey):
        parts_of(key)

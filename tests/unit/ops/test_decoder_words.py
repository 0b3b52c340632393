"""What a decoder's error becomes, for people."""

from __future__ import annotations

import pytest

from spacedrive_ops.media.decoding import in_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(13, "Permission denied"), "cannot be read: permission denied"),
        (OSError("decoder error -2 when reading image file"), "is damaged: its pixels cannot be unpacked"),
        (OSError("decoder error -2"), "is damaged: its pixels cannot be unpacked"),
        (OSError("broken data stream when reading image file"), "is damaged: its pixels cannot be unpacked"),
        (
            OSError("Unsupported BMP bitfields layout"),
            "is of a variety that cannot be read here (Unsupported BMP bitfields layout)",
        ),
        (NotImplementedError(), "is of a variety that cannot be read here"),
        (RecursionError("deep"), "is nested too deeply"),
        (ValueError("bad header"), "is damaged: bad header"),
        (KeyError(), "is damaged (KeyError)"),
    ],
)
def test_what_it_means(error: Exception, words: str) -> None:
    assert in_words(error) == words

"""A frame of a film that shows something."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from spacedrive_ops.media.decoding import Limits, NotDecoded
from spacedrive_ops.media.films import aspect_of, film_of, key_frame, open_film
from spacedrive_ops.thumbnails.pictures import reduce

PLACES: Final = (0.1, 0.3, 0.5, 0.75, 0.0)
"""Where in the film a frame is looked for, as shares of its length; the first that shows something is taken."""
MOST_FORWARD: Final = 250
"""So many frames after the key frame before a place are decoded to reach it, at most."""
FLAT: Final = 6.0
"""A frame whose brightness varies by less (standard deviation, of 255) shows nothing: black, white, a fade."""
TIME_BASE: Final = 1_000_000
"""In which a container counts a second."""
HIGH: Final = 720
"""From this many lines on, a film that does not tell its colours means BT.709, below it BT.601."""


def small_frame(path: str, size: int, limits: Limits) -> Any:
    """At most `size` pixels a side, upright, in RGB; the most lively of the frames looked at."""
    best: tuple[float, Any] = (-1.0, None)
    with open_film(path) as container:
        stream = film_of(container)
        if stream is None:
            raise NotDecoded("has no pictures in it that can be decoded")
        limits.check_size(stream.codec_context.width, stream.codec_context.height)
        stream.thread_type = "NONE"  # one frame is decoded no sooner by many threads, and each has its own memory
        for frame in _frames(container, stream):
            limits.check_size(frame.width, frame.height)
            picture = _in_rgb(frame, aspect_of(stream), size)
            best = max(best, (_liveliness(picture), picture), key=lambda one: one[0])
            if best[0] >= FLAT:
                break
    if best[1] is None:
        raise NotDecoded("has no frame that can be decoded")
    return best[1]


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """From each place the key frame before it; where these show nothing, what really is there."""
    length = container.duration
    if not length:
        yield from islice(container.decode(stream), 0, MOST_FORWARD, 25)
        return
    for find in (key_frame, _frame_at):
        for place in PLACES:
            try:
                container.seek(int(length * place))
                frame = find(container, stream, length * place / TIME_BASE)
            except (OSError, ValueError):
                continue
            if frame is not None:
                yield frame


def _frame_at(container: Any, stream: Any, seconds: float) -> Any:
    """The first that is shown at a time or later, or the last that can be decoded before; None where none can."""
    frame = None
    try:
        for frame in islice(container.decode(stream), MOST_FORWARD):
            if frame.time is None or frame.time >= seconds:
                break
    except (OSError, ValueError):
        pass  # what came before it will do
    return frame


def _in_rgb(frame: Any, aspect: float, size: int) -> Any:
    width, height = max(1, round(frame.width * aspect)), frame.height
    scale = min(1.0, size / max(width, height))
    unknown = int(frame.colorspace) == 2
    picture = frame.to_image(
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        interpolation="AREA",
        src_colorspace=("ITU709" if frame.height >= HIGH else "ITU601") if unknown else None,
    )
    reduce(picture, size)
    quarters = round(frame.rotation / 90) % 4
    return picture.rotate(quarters * 90, expand=True) if quarters else picture


def _liveliness(picture: Any) -> float:
    from PIL import ImageStat

    return float(ImageStat.Stat(picture.convert("L")).stddev[0])

"""Opening films and sounds with PyAV: only as what they are, never as a list of other files to read."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, cast

from spacedrive_ops.media.decoding import CUT_OFF, NOT_KNOWN, NotDecoded, NotInstalled

FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg,mxf,wav,w64,mp3,flac,aac,aiff"
)
"""Playlists (HLS, DASH, concat) are not among them: they would have other files and addresses opened."""

OPTIONS: Final = {"format_whitelist": FORMATS, "protocol_whitelist": "file", "skip_frame": "all"}
"""`skip_frame`: to open a film no frame of it is decoded, which takes long and tells nothing that is needed here."""
MOST_PACKETS: Final = 1_000
"""Among so many a key frame is looked for."""


@contextmanager
def open_film(path: str) -> Generator[Any]:
    """A container of PyAV. Raises NotDecoded, also for what goes wrong inside."""
    try:
        import av
    except ImportError as error:
        raise NotInstalled.of("video") from error

    library = cast("Any", av)
    library.logging.set_level(None)
    try:
        with library.open(f"file:{path}", options=OPTIONS, metadata_errors="replace") as container:
            yield container
    except library.FFmpegError as error:
        if isinstance(error, (library.InvalidDataError, library.ArgumentError)):  # of no kind in FORMATS
            raise NotDecoded(NOT_KNOWN) from error
        if isinstance(error, EOFError):
            raise NotDecoded(CUT_OFF) from error
        raise NotDecoded(f"is damaged: {error.strerror}") from error


def film_of(container: Any) -> Any:
    """Its stream of pictures; None where it has none that can be decoded, or only the cover of an album."""
    return next((stream for stream in container.streams.video if stream.codec_context and not is_cover(stream)), None)


def sound_of(container: Any) -> Any:
    """Its first stream of sound that can be decoded; None where it has none."""
    return next((stream for stream in container.streams.audio if stream.codec_context), None)


def is_cover(stream: Any) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def key_frame(container: Any, stream: Any, _seconds: float = 0) -> Any:
    """The next one; None where there is none. Alone in the decoder it comes out at once, before those that follow."""
    frame = None
    for packet in islice(container.demux(stream), MOST_PACKETS):
        if packet.is_keyframe:
            frame = next(iter([*packet.decode(), *stream.codec_context.decode(None)]), None)
            break
    stream.codec_context.flush_buffers()
    return frame


def aspect_of(stream: Any) -> float:
    """How much wider than high a pixel is shown. Some films tell it only once a frame was decoded."""
    return float(stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or 1)

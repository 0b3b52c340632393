"""The presets: what ffmpeg is told for each. Pure."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Final, Literal, TypeAlias, get_args

import msgspec

PresetName: TypeAlias = Literal["h264", "h265", "av1", "vp9", "audio", "mp3", "flac"]
"""`h264`: MP4 that plays everywhere. `h265`, `av1`: smaller, slower, for newer players (MP4). `vp9`: WebM for browsers.
`audio`, `mp3`, `flac`: the sound alone, as AAC (M4A), MP3, or without loss."""

PRESETS: Final[tuple[PresetName, ...]] = get_args(PresetName)


class Codec(msgspec.Struct, frozen=True):
    """An encoder by the name that ffmpeg gives it, and how it is set."""

    encoder: str
    options: tuple[str, ...] = ()


class Preset(msgspec.Struct, frozen=True):
    """`video` and `audio` list encoders, the best first: the first one that is there is taken."""

    format: str
    extension: str
    video: tuple[Codec, ...] = ()
    audio: tuple[Codec, ...] = ()
    options: tuple[str, ...] = ()


_AAC: Final = (Codec("libfdk_aac", ("-b:a", "160k")), Codec("aac", ("-b:a", "160k")))
_OPUS: Final = (Codec("libopus", ("-b:a", "128k")),)
_YUV420: Final = ("-pix_fmt", "yuv420p")
_FASTSTART: Final = ("-movflags", "+faststart")

_ALL: Final[Mapping[PresetName, Preset]] = {
    "h264": Preset(
        "mp4",
        ".mp4",
        (Codec("libx264", ("-preset", "medium", "-crf", "23", *_YUV420)), Codec("libopenh264", _YUV420)),
        _AAC,
        _FASTSTART,
    ),
    "h265": Preset(
        "mp4",
        ".mp4",
        (Codec("libx265", ("-preset", "medium", "-crf", "28", "-tag:v", "hvc1", "-x265-params", "log-level=error")),),
        _AAC,
        _FASTSTART,
    ),
    "av1": Preset(
        "mp4",
        ".mp4",
        (
            Codec("libsvtav1", ("-preset", "8", "-crf", "35", *_YUV420)),
            Codec("libaom-av1", ("-cpu-used", "6", "-crf", "32", "-b:v", "0", *_YUV420)),
        ),
        _AAC,
        _FASTSTART,
    ),
    "vp9": Preset(
        "webm", ".webm", (Codec("libvpx-vp9", ("-crf", "32", "-b:v", "0", "-row-mt", "1", *_YUV420)),), _OPUS
    ),
    "audio": Preset("ipod", ".m4a", (), _AAC, _FASTSTART),
    "mp3": Preset("mp3", ".mp3", (), (Codec("libmp3lame", ("-q:a", "2")),)),
    "flac": Preset("flac", ".flac", (), (Codec("flac"),)),
}


_ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "mp4": (".mp4", ".m4v"),
    "webm": (".webm",),
    "ipod": (".m4a", ".m4b"),
    "mp3": (".mp3",),
    "flac": (".flac",),
}
"""By format, the endings of names that say what is in the file."""


class EncoderMissing(Exception):
    """The installed ffmpeg has none of the encoders of a preset; the message says so to people."""

    def __init__(self, preset: PresetName, wanted: Collection[Codec]) -> None:
        names = " or ".join(codec.encoder for codec in wanted)
        super().__init__(f"the installed ffmpeg has no encoder {names}, which the preset {preset!r} needs")


def extension_of(preset: PresetName) -> str:
    return _ALL[preset].extension


def misnamed(preset: PresetName, name: str) -> str:
    """Why what the preset makes cannot have this name; empty where it can. A name without an ending says nothing
    wrong."""
    ending = os.path.splitext(name)[1]
    fitting = _ENDINGS[_ALL[preset].format]
    if not ending or ending.lower() in fitting:
        return ""
    makers = [other for other in PRESETS if ending.lower() in _ENDINGS[_ALL[other].format]]
    told = f"the preset {preset!r} makes a file whose name ends in {' or '.join(fitting)}, not in {ending!r}"
    if not makers:
        return f"{told}, which no preset makes"
    return f"{told}, which the preset{'s' if len(makers) > 1 else ''} {', '.join(map(repr, makers))} would make"


def wants_video(preset: PresetName) -> bool:
    return bool(_ALL[preset].video)


def output_options(preset: PresetName, encoders: Collection[str]) -> list[str]:
    """The options between the input and the output. `encoders`: those that are installed. Raises EncoderMissing."""
    chosen = _ALL[preset]
    options = ["-map_metadata", "0", "-sn", "-dn"]
    if chosen.video:
        codec = _first(preset, chosen.video, encoders)
        options += ["-map", "0:V:0?", "-c:v", codec.encoder, *codec.options]
    else:
        options += ["-vn"]
    audio = _first(preset, chosen.audio, encoders)
    options += ["-map", "0:a:0?", "-c:a", audio.encoder, *audio.options]
    return [*options, *chosen.options, "-f", chosen.format]


def _first(preset: PresetName, wanted: tuple[Codec, ...], encoders: Collection[str]) -> Codec:
    for codec in wanted:
        if codec.encoder in encoders:
            return codec
    raise EncoderMissing(preset, wanted)

"""The parts of a transcode that start nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacedrive_ops.transcode.layout import place_of
from spacedrive_ops.transcode.presets import PRESETS, EncoderMissing, extension_of, misnamed, output_options
from spacedrive_ops.transcode.report import LastLines, Media, Report, encoders_of, in_words, media_of

ALL = {"libx264", "libx265", "libsvtav1", "libvpx-vp9", "libopus", "aac", "libmp3lame", "flac"}


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_names_its_encoders_and_its_format(preset: str) -> None:
    options = output_options(preset, ALL)  # type: ignore[arg-type]
    assert "-f" in options
    assert {options[at + 1] for at, option in enumerate(options) if option in ("-c:v", "-c:a")} <= ALL


def test_the_next_encoder_is_taken_where_the_best_is_missing() -> None:
    assert "libaom-av1" in output_options("av1", {"libaom-av1", "aac"})
    with pytest.raises(EncoderMissing, match="no encoder libsvtav1 or libaom-av1, which the preset 'av1' needs"):
        output_options("av1", {"aac"})


@pytest.mark.parametrize("preset", PRESETS)
def test_a_name_says_what_is_in_the_file(preset: str) -> None:
    name = f"film.x{extension_of(preset).upper()}"  # type: ignore[arg-type]
    assert misnamed(preset, name) == ""  # type: ignore[arg-type]
    assert misnamed(preset, "film") == ""  # type: ignore[arg-type]
    assert "'.xyz', which no preset makes" in misnamed(preset, "film.xyz")  # type: ignore[arg-type]


def test_an_ending_that_does_not_fit_is_told_with_the_preset_that_makes_it() -> None:
    told = (
        "the preset 'h264' makes a file whose name ends in .mp4 or .m4v, not in '.webm', which the preset 'vp9' would"
    )
    assert misnamed("h264", "film.webm").startswith(told)
    assert misnamed("mp3", "a.mp4").endswith("which the presets 'h264', 'h265', 'av1' would make")


def test_complaints_become_a_sentence() -> None:
    junk = "[mov,mp4 @ 0x55a5c0] moov atom not found\nfile:/a.mp4: Invalid data found when processing input"
    assert in_words("ffprobe", junk) == "it is not a film or a sound that ffmpeg can read, or is damaged"
    assert in_words("ffmpeg", "[aac @ 0x55a5] [x @ 0x1] too many\n") == "ffmpeg failed and said: too many"
    assert in_words("ffmpeg", "") == "ffmpeg failed"


def test_a_report_comes_in_pieces() -> None:
    report = Report()
    for piece in (b"out_time_us=15", b"00000\ntotal_size=N/A\nspeed=2.5x\nprog", b"ress=continue\n"):
        report.feed(piece)
    assert (report.seconds, report.size, report.speed, report.ended) == (1.5, 0, 2.5, False)
    report.feed(b"out_time_us=N/A\ntotal_size=77\nprogress=end\n")
    assert (report.seconds, report.size, report.ended) == (1.5, 77, True)


def test_only_the_last_lines_of_endless_complaints_are_kept() -> None:
    said = LastLines()
    for number in range(10_000):
        said.feed(b"complaint %d\n" % number)
    said.feed(b"x" * 1_000_000)
    assert said.text().splitlines()[0] == "complaint 9992"
    assert len(said.text()) < 1_000


def test_what_a_source_is() -> None:
    cover = b'{"codec_type": "video", "disposition": {"attached_pic": 1}}'
    text = b'{"streams": [{"codec_type": "audio", "duration": "3.5"}, %s], "format": {"duration": "N/A"}}' % cover
    assert media_of(text) == Media(3.5, has_video=False, has_audio=True)
    with pytest.raises(ValueError, match="Expecting"):
        media_of(b"")


def test_encoders_are_the_second_word_below_the_line() -> None:
    text = "Encoders:\n V..... = Video\n ------\n V....D libx264   libx264 H.264\n A..... aac   AAC\n"
    assert encoders_of(text) == {"libx264", "aac"}


def test_the_place_of_the_result() -> None:
    into = place_of(Path("/a/film.mov"), Path("/b"), ".mp4", into=True)
    assert into.final == Path("/b/film.mp4")
    assert place_of(Path("/a/film.mov"), Path("/b/x.mkv"), ".mp4", into=False).final == Path("/b/x.mkv")

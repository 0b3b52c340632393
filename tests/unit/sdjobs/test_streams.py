from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest

from sdjobs.streams import Output, draws_unicode


def test_a_line_is_one_line_whatever_is_in_it() -> None:
    stream = io.StringIO()
    Output(stream).line("a\nb\x1b[31m")
    assert stream.getvalue() == "a\\nb\\x1b[31m\n"


def test_json_is_ascii_and_holds_bytes() -> None:
    stream = io.StringIO()
    Output(stream).document({"name": "写\x1b", "raw": b"\xff"})
    assert stream.getvalue().isascii()
    assert json.loads(stream.getvalue()) == {"name": "写\x1b", "raw": {"bytes": "/w=="}}


def test_when_the_reader_has_left_the_rest_is_dropped() -> None:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stream:
        output = Output(stream)
        os.close(reading)
        output.line("nobody reads this")
        output.line("nor this")
        assert output.closed


def test_any_other_failure_to_write_is_an_error() -> None:
    with open("/dev/full", "w", encoding="utf-8") as stream:
        with pytest.raises(OSError, match=r"No space left on device: '/dev/full'"):
            Output(stream).line("x")
        Output(stream).abandon()  # else closing the file would fail as well


@pytest.mark.parametrize(
    ("encoding", "environment", "drawn"),
    [
        ("utf-8", {}, True),
        ("UTF-8", {"LC_ALL": "de_DE.UTF-8", "TERM": "xterm"}, True),
        ("utf-8", {"LC_ALL": "C"}, False),
        ("utf-8", {"TERM": "dumb"}, False),
        ("ascii", {}, False),
        ("iso-8859-1", {}, False),
        (None, {}, False),
    ],
)
def test_draws_unicode(encoding: str | None, environment: dict[str, str], drawn: bool) -> None:
    assert draws_unicode(encoding, environment) is drawn


OPENS_A_FILE = """
import os
from sdjobs.streams import secure_standard_streams
secure_standard_streams()
print("printed")
print(os.open("/dev/null", os.O_RDONLY))
os.write(2, str(os.open("/dev/null", os.O_RDONLY)).encode())
"""


def test_a_closed_standard_output_is_never_given_to_a_file() -> None:
    closing = "import os, sys; os.close(0); os.close(1); os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
    done = subprocess.run(
        [sys.executable, "-c", closing, OPENS_A_FILE], stderr=subprocess.PIPE, check=True, env=dict(os.environ)
    )
    assert int(done.stderr) > 2


def test_a_character_that_the_stream_cannot_hold_is_written_as_an_escape() -> None:
    program = "from sdjobs.streams import secure_standard_streams as s; s(); print('写')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)
    assert done.stdout == b"\\u5199\n"

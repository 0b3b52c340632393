"""Tables for spreadsheets, which take some texts for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Final

from sdjobs.streams import Output
from sdjobs.text import shown

FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula; the last four are their full-width forms."""


class CsvLines:
    """One line for each record; the first names the columns. Every text is quoted."""

    def __init__(self, output: Output, columns: Sequence[str]) -> None:
        self._output, self._columns = output, columns
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
        self._write(columns)

    def record(self, record: Mapping[str, object]) -> None:
        self._write([cell(record[name]) for name in self._columns])

    def _write(self, cells: Sequence[object]) -> None:
        self._writer.writerow(cells)
        self._output.verbatim(self._buffer.getvalue())
        self._buffer.seek(0)
        self._buffer.truncate()


def cell(value: object) -> object:
    """Numbers as they are, nothing as nothing, all else as text that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    return harmless(value if isinstance(value, str) else json.dumps(value, ensure_ascii=True))


def harmless(text: str) -> str:
    """Without control characters, so on one line; an apostrophe before what would be read as a formula."""
    text = shown(text)
    return f"'{text}" if text.lstrip()[:1] in FORMULA and text.strip() else text

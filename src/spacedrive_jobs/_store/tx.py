"""What a write sees: the connection, places in the queue, and what the commit should tell others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import apsw

from spacedrive_jobs._model.transition import Past
from spacedrive_jobs._store.sql import query
from spacedrive_jobs._store.tally import Tally

Value: TypeAlias = None | int | float | str | bytes
Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = tuple[Value, ...] | Mapping[str, Value]

STRIDE: Final = 1 << 20
"""Between two places in line: room for others, see placing.py."""


class Tx:
    """One transaction of the writer.

    `announces`: others should look for work or changes after the commit. `reaches`: it changed other jobs than the one
    it was about, so this process should look too.
    """

    __slots__ = ("_back", "_front", "_moved", "announces", "connection", "ended", "reaches")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._back = self._front = 0
        self._moved = False
        self.announces = self.reaches = False
        self.ended = Tally()

    def run(self, name: str, parameters: Parameters = ()) -> list[Row]:
        """Run `queries/<name>.sql` and return its rows."""
        return self.connection.execute(query(name), parameters).fetchall()

    def change(self, name: str, parameters: Parameters = ()) -> int:
        """Run a statement and return how many rows it changed (rows that triggers wrote do not count)."""
        self.connection.execute(query(name), parameters)
        return self.connection.changes()

    def change_many(self, name: str, rows: list[tuple[Value, ...]]) -> None:
        if len(rows) == 1:
            self.connection.execute(query(name), rows[0])
        else:
            self.connection.executemany(query(name), rows)

    def back(self) -> int:
        """The next place at the end of the queue."""
        self._load_positions()
        self._back += STRIDE
        return self._back - STRIDE

    @property
    def end(self) -> int:
        """The place that `back` would give next."""
        self._load_positions()
        return self._back

    def front(self) -> int:
        """The next place before all others."""
        self._load_positions()
        self._front -= STRIDE
        return self._front + STRIDE

    def _load_positions(self) -> None:
        if not self._moved:
            ((self._back, self._front),) = self.run("read_positions")
            self._moved = True

    def past_of(self, job: bytes) -> tuple[Past, bytes | None]:
        """What the statistics count of an unfinished job so far, and the metrics that it stored last."""
        (row,) = self.run("read_past", (job,))
        return Past(*row[:-1]), row[-1]

    def finish(self) -> None:
        """Before the commit: what is stored once per transaction, however much of it there was."""
        if self._moved:
            self.change("store_positions", (self._back, self._front))
        if self.ended:
            self.ended.store(self.connection)

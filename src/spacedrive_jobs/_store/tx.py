"""What a write sees: the connection, places in the queue, and what the commit should tell others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import apsw

from spacedrive_jobs._store.sql import query

Value: TypeAlias = None | int | float | str | bytes
Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = tuple[Value, ...] | Mapping[str, Value]


class Tx:
    """One transaction of the writer.

    `announces`: others should look for work or changes after the commit. `reaches`: it changed other jobs than the one
    it was about, so this process should look too.
    """

    __slots__ = ("_back", "_front", "_moved", "announces", "connection", "reaches")

    def __init__(self, connection: apsw.Connection) -> None:
        self.connection = connection
        self._back = self._front = 0
        self._moved = False
        self.announces = self.reaches = False

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
        self._back += 1
        return self._back - 1

    @property
    def end(self) -> int:
        """The place that `back` would give next."""
        self._load_positions()
        return self._back

    def front(self) -> int:
        """The next place before all others."""
        self._load_positions()
        self._front -= 1
        return self._front + 1

    def _load_positions(self) -> None:
        if not self._moved:
            ((self._back, self._front),) = self.run("read_positions")
            self._moved = True

    def store_positions(self) -> None:
        """Once per transaction, however many places were given."""
        if self._moved:
            self.change("store_positions", (self._back, self._front))

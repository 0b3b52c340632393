"""Compare two trees entry by entry: `compare-trees.py ONE OTHER`. Exits with 1 and lists the differences, if any.

It shares no code with what it checks.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from typing import NamedTuple


class Counts(NamedTuple):
    entries: int
    bytes: int


def entries(root: bytes) -> Iterator[bytes]:
    """The path of every entry below `root`, relative to it, the root itself first (as b"")."""
    pending = [b""]
    while pending:
        path = pending.pop()
        yield path
        full = os.path.join(root, path) if path else root
        if stat.S_ISDIR(os.lstat(full).st_mode):
            pending.extend(os.path.join(path, name) for name in os.listdir(full))


def same_bytes(one: bytes, other: bytes) -> bool:
    with open(one, "rb") as left, open(other, "rb") as right:
        while block := left.read(1 << 20):
            if block != right.read(1 << 20):
                return False
        return not right.read(1)


def difference(one: bytes, other: bytes) -> str:
    """What differs between two entries that both exist, empty if nothing does."""
    left, right = os.lstat(one), os.lstat(other)
    if stat.S_IFMT(left.st_mode) != stat.S_IFMT(right.st_mode):
        return "kind"
    if stat.S_ISLNK(left.st_mode):
        return "" if os.readlink(one) == os.readlink(other) else "target of the link"
    if left.st_mode != right.st_mode:
        return f"mode {stat.filemode(left.st_mode)} and {stat.filemode(right.st_mode)}"
    if left.st_mtime_ns != right.st_mtime_ns:
        return "modification time"
    if stat.S_ISREG(left.st_mode):
        if left.st_size != right.st_size:
            return f"size {left.st_size:,} and {right.st_size:,}"
        return "" if same_bytes(one, other) else "content"
    return ""


def compare(one: bytes, other: bytes) -> tuple[Counts, list[str]]:
    """What was compared, and a line for each difference."""
    count, size, problems = 0, 0, list[str]()
    theirs = set(entries(other)) if os.path.lexists(other) else set[bytes]()
    for path in entries(one):
        left, right = (os.path.join(root, path) if path else root for root in (one, other))
        count += 1
        size += os.lstat(left).st_size if stat.S_ISREG(os.lstat(left).st_mode) else 0
        if path not in theirs:
            problems.append(f"missing: {os.fsdecode(path)}")
            continue
        theirs.discard(path)
        if what := difference(left, right):
            problems.append(f"{what}: {os.fsdecode(path)}")
    problems += [f"not in the source: {os.fsdecode(path)}" for path in sorted(theirs)]
    return Counts(count, size), problems


def main(one: str, other: str) -> int:
    counts, problems = compare(os.fsencode(one), os.fsencode(other))
    for problem in problems[:20]:
        print(problem.encode("utf-8", "backslashreplace").decode())
    if len(problems) > 20:
        print(f"... and {len(problems) - 20} more")
    verdict = f"{len(problems)} differ" if problems else "all equal"
    print(f"{counts.entries:,} entries, {counts.bytes:,} bytes: {verdict}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

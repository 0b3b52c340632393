"""What is left out of the index, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

DEVELOPMENT: Final = frozenset(
    [
        ".git",
        ".hg",
        ".svn",
        "node_modules",
        "bower_components",
        "__pycache__",
        ".venv",
        "venv",
        ".tox",
        ".nox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".gradle",
        ".m2",
        ".cargo",
        "target",
        ".next",
        ".nuxt",
        ".terraform",
        ".idea",
        ".cache",
    ]
)
SYSTEM: Final = frozenset(
    [
        "lost+found",
        "$RECYCLE.BIN",
        "System Volume Information",
        "Thumbs.db",
        "desktop.ini",
        ".Spotlight-V100",
        ".fseventsd",
        ".Trashes",
        ".DS_Store",
    ]
)
PSEUDO: Final = frozenset(
    [
        "proc",
        "sysfs",
        "devtmpfs",
        "devpts",
        "cgroup",
        "cgroup2",
        "securityfs",
        "debugfs",
        "tracefs",
        "pstore",
        "bpf",
        "configfs",
        "efivarfs",
        "mqueue",
        "hugetlbfs",
        "fusectl",
        "binfmt_misc",
        "autofs",
        "rpc_pipefs",
        "nsfs",
        "selinuxfs",
    ]
)
"""File systems of the kernel's own: what they hold is no file of anybody's."""
IGNORE_FILE: Final = ".gitignore"
IGNORE_LIMIT: Final = 1 << 20


class Rules(msgspec.Struct, frozen=True):
    """What to leave out. `hidden`: names that begin with a dot. `development`: what programs make beside source code
    (`.git`, `node_modules`, …). `system`: what operating systems keep for themselves. `gitignore`: heed `.gitignore`
    files, nested ones and negations too. `exclude`: patterns as in a `.gitignore` at the root.
    """

    hidden: bool = False
    development: bool = False
    system: bool = True
    gitignore: bool = False
    exclude: tuple[str, ...] = ()


class Ignoring:
    """The patterns that hold in one folder: its own `.gitignore`, those above, and the job's."""

    __slots__ = ("_above", "_base", "_spec")

    def __init__(self, above: Ignoring | None, base: str, spec: GitIgnoreSpec) -> None:
        self._above, self._base, self._spec = above, base, spec

    def excludes(self, path: str) -> bool:
        """`path`: below the root of the run, with a slash at the end if it is a folder. The nearest pattern decides."""
        level: Ignoring | None = self
        while level is not None:
            found: Any = level._spec.check_file(path[len(level._base) :])
            if found.include is not None:
                return bool(found.include)
            level = level._above
        return False


def compiled(lines: list[str]) -> GitIgnoreSpec:
    """Raises MissingExtra; ValueError for a pattern that is none."""
    try:
        from pathspec import GitIgnoreSpec
    except ImportError as error:
        from spacedrive_ops.extras import MissingExtra

        raise MissingExtra("leaving files out by patterns", "files") from error
    return GitIgnoreSpec.from_lines(lines)


class Judge:
    """Applies rules to the names of one folder after the other. Blocking."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.names: frozenset[str] = (DEVELOPMENT if rules.development else frozenset()) | (
            SYSTEM if rules.system else frozenset()
        )
        """Names that are left out wherever they are. Beside these, only names that begin with a dot may be."""
        self._own = Ignoring(None, "", compiled([*rules.exclude])) if rules.exclude else None
        self.uses_patterns: bool = rules.gitignore or self._own is not None

    def excludes_name(self, name: str) -> bool:
        """By its name alone, wherever it is."""
        rules = self._rules
        return name in self.names or (rules.hidden and name[:1] == ".") or (rules.system and name[:7] == ".Trash-")

    def in_folder(self, fd: int, base: str, names: set[str], above: Ignoring | None) -> Ignoring | None:
        """The patterns that hold in a folder. `base`: its path below the root, with a slash at its end unless empty."""
        above = above or self._own
        if not self._rules.gitignore or IGNORE_FILE not in names:
            return above
        try:
            descriptor = os.open(IGNORE_FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=fd)
        except OSError:
            return above
        with open(descriptor, "rb") as file:
            text = file.read(IGNORE_LIMIT).decode("utf-8", "surrogateescape")
        try:
            return Ignoring(above, base, compiled(text.splitlines()))
        except ValueError:
            return above

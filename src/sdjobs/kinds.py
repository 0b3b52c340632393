"""The kinds of jobs that this process knows."""

from __future__ import annotations

from spacedrive_jobs import KindInfo, kinds


def known_kinds() -> list[KindInfo]:
    """Those of the installed packages, and of the modules loaded with --import."""
    return kinds()


def known_kind(name: str) -> KindInfo | None:
    """By its name or a former one."""
    for kind in known_kinds():
        if name == kind.kind or name in kind.aliases:
            return kind
    return None


def kind_json(kind: KindInfo) -> dict[str, object]:
    return {
        "kind": kind.kind,
        "version": kind.version,
        "description": kind.description,
        "aliases": list(kind.aliases),
        "source": kind.source,
        "schema": kind.schema,
    }

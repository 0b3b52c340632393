"""What a file job says of itself when it is done, in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sdjobs.describe import fields_of
from sdjobs.text import counted, size
from spacedrive_jobs import JobInfo


def begins_again(info: JobInfo) -> bool:
    """Whether the same command given again goes on with this job: so it is with all file jobs."""
    return info.kind in _FILE_JOBS


def sentence(info: JobInfo) -> str:
    """Empty for a job of another kind, or one that says nothing known."""
    tell = _SENTENCES.get(info.kind)
    output = fields_of(info.output)
    try:
        return tell(output) if tell is not None and output else ""
    except (KeyError, TypeError):  # of another version
        return ""


CHANGES: Final = ("new", "modified", "moved", "deleted", "hashed", "excluded")


OFFLINE: Final = "Offline: the index was left as it is"


def what_changed(info: JobInfo) -> str:
    """What a run of the indexer found; empty where it did not get to its end."""
    output = fields_of(info.output)
    return "" if not output else OFFLINE if output["offline"] else _changes(output)


def _changes(output: Mapping[str, Any]) -> str:
    return ", ".join(f"{output[name]:,} {name}" for name in CHANGES if output[name]) or "nothing has changed"


def _indexed(output: Mapping[str, Any]) -> str:
    if output["offline"]:
        return OFFLINE
    there = f"{counted(output['files'], 'file')} in {counted(output['folders'], 'folder')}, {size(output['size'])}"
    return f"Indexed {there}: {_changes(output)}"


def _verified(output: Mapping[str, Any]) -> str:
    differences = [f"{output[name]:,} {name}" for name in ("missing", "stale", "different") if output[name]]
    return f"Compared {output['compared']:,} entries: {', '.join(differences) or 'the index is what is on the disk'}"


def _duplicates(output: Mapping[str, Any]) -> str:
    if not output["groups"]:
        return "No duplicates"
    copies = counted(output["copies"], "file")
    return f"{copies} could go, of {counted(output['groups'], 'group')}: {size(output['wasted'])}"


def _deduplicated(output: Mapping[str, Any]) -> str:
    words = {"skipped": "left alone", "failed": "failed"}
    rest = [f"{output[name]:,} {word}" for name, word in words.items() if output[name]]
    return ", ".join([f"{counted(output['done'], 'file')} done", f"{size(output['saved'])} saved", *rest])


def _hashed(output: Mapping[str, Any]) -> str:
    failed = f", {output['failed']:,} not" if output["failed"] else ""
    return f"Hashed {counted(output['files'], 'file')}, {size(output['size'])}{failed}"


def _checked(output: Mapping[str, Any]) -> str:
    rest = [f"{output[name]:,} {name}" for name in ("different", "unreadable", "malformed") if output[name]]
    return ", ".join([f"{counted(output['intact'], 'file')} intact", *rest])


def _validated(output: Mapping[str, Any]) -> str:
    rest = [f"{output[name]:,} {name}" for name in ("changed", "damaged", "unreadable") if output[name]]
    return ", ".join([f"{counted(output['intact'], 'file')} intact", *rest])


def _deleted(output: Mapping[str, Any]) -> str:
    return f"Deleted {counted(output['deleted_count'], 'entry', 'entries')}, {size(output['bytes_freed'])}"


def _pictured(output: Mapping[str, Any]) -> str:
    rest = [f"{output[name]:,} {name}" for name in ("skipped", "failed") if output[name]]
    return ", ".join([f"{counted(output['made'], 'picture')} made small", *rest])


def _described(output: Mapping[str, Any]) -> str:
    rest = [f"{output[name]:,} {name}" for name in ("skipped", "failed") if output[name]]
    return ", ".join([f"{counted(output['made'], 'file')} read", *rest])


def _backed_up(output: Mapping[str, Any]) -> str:
    failed = f", {counted(output['failed'], 'folder')} not whole" if output["failed"] else ""
    return f"Backed up {counted(output['files'], 'file')}, {size(output['size'])}: {output['sent']:,} sent{failed}"


_SENTENCES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "indexer": _indexed,
    "index_verify": _verified,
    "duplicates": _duplicates,
    "deduplicate": _deduplicated,
    "hash": _hashed,
    "hash_check": _checked,
    "validate": _validated,
    "file_delete": _deleted,
    "thumbnails": _pictured,
    "media_metadata": _described,
    "backup": _backed_up,
}

_FILE_JOBS: Final = frozenset({"file_copy", "file_move", "transcode", "upload", "download", *_SENTENCES})

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


def is_plan(info: JobInfo) -> bool:
    """Whether it only tells what another job would do."""
    return info.kind.endswith("_plan")


def sentence(info: JobInfo) -> str:
    """Empty for a job of another kind, or one that says nothing known."""
    tell = _SENTENCES.get(info.kind)
    output = fields_of(info.output)
    try:
        if info.kind == "file_delete" and output and not fields_of(info.arguments).get("permanent"):
            return _trashed(output)
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
    unread = output["errors"]
    kept = f"; {unread:,} could not be read, and what the index had of {_of_them(unread)} is kept" if unread else ""
    return f"Indexed {there}: {_changes(output)}{kept}"


def _of_them(count: int) -> str:
    return "it" if count == 1 else "them"


def _verified(output: Mapping[str, Any]) -> str:
    differences = [f"{output[name]:,} {name}" for name in ("missing", "stale", "different") if output[name]]
    unread = output.get("unreadable", 0)  # of an older version, it did not count them
    if differences:
        told = ", ".join([*differences, *([f"{unread:,} could not be read"] if unread else [])])
    else:
        rest = f", but for {counted(unread, 'entry', 'entries')} that could not be read" if unread else ""
        told = f"the index is what is on the disk{rest}"
    return f"Compared {counted(output['compared'], 'entry', 'entries')}: {told}"


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


def _trashed(output: Mapping[str, Any]) -> str:
    count = output["deleted_count"]
    return f"Put {counted(count, 'entry', 'entries')} into the trash, with all that is in {_of_them(count)}"


def _pictured(output: Mapping[str, Any]) -> str:
    rest = [f"{output[name]:,} {name}" for name in ("skipped", "failed") if output[name]]
    return ", ".join([f"{counted(output['made'], 'picture')} made small", *rest])


def _described(output: Mapping[str, Any]) -> str:
    rest = [f"{output[name]:,} {name}" for name in ("skipped", "failed") if output[name]]
    return ", ".join([f"{counted(output['made'], 'file')} read", *rest])


def _backed_up(output: Mapping[str, Any]) -> str:
    failed = f", {counted(output['failed'], 'folder')} not whole" if output["failed"] else ""
    told = f"Backed up {counted(output['files'], 'file')}, {size(output['size'])}: {output['sent']:,} sent{failed}"
    return f"{told} (snapshot {output['snapshot']})" if output.get("snapshot") else told


def _restored(output: Mapping[str, Any]) -> str:
    rest = [
        f"{output[f'{name}_count']:,} {name}" for name in ("unchanged", "skipped", "failed") if output[f"{name}_count"]
    ]
    return ", ".join(
        [f"Restored {counted(output['restored_count'], 'entry', 'entries')}, {size(output['total_bytes'])}", *rest]
    )


def _backup_verified(output: Mapping[str, Any]) -> str:
    held = f"{counted(output['objects'], 'object')}, {size(output['total_bytes'])}"
    wrong = [
        f"{output[name]:,} {words}"
        for name, words in (("damaged", "damaged"), ("problems", "cannot be restored"))
        if output[name]
    ]
    return f"Read {held} of {counted(output['snapshots'], 'backup')}: {', '.join(wrong) or 'all is whole'}"


CLEANED: Final = {
    "history": ("ended job",),
    "sidecars": ("sidecar",),
    "partials": ("partial file",),
    "uploads": ("unfinished upload",),
    "spools": ("leftover of a backup", "leftovers of backups"),
    "logs": ("log",),
}


def _cleaned(output: Mapping[str, Any]) -> str:
    told = [counted(output[name], *words) for name, words in CLEANED.items() if output[name]]
    verb = "Would remove" if output["plan"] else "Removed"
    return f"{verb} {', '.join(told) or 'nothing'}, {size(output['bytes_freed'])}"


PLANNED: Final = (
    ("created", "new"),
    ("replaced", "replaced"),
    ("kept_beside", "under another name"),
    ("renamed", "moved without a copy"),
    ("removed", "deleted"),
    ("unchanged", "unchanged"),
    ("skipped", "skipped"),
    ("asked", "asked about"),
    ("warnings", "left out"),
    ("refused", "would fail"),
)


def _planned(output: Mapping[str, Any]) -> str:
    told = ", ".join(f"{output[name]:,} {word}" for name, word in PLANNED if output[name])
    looked = f"Planned, nothing was changed: {counted(output['entries'], 'entry', 'entries')}, {size(output['bytes'])}"
    lost = f" ({size(output['bytes_replaced'])} would be overwritten)" if output["replaced"] else ""
    room = f"; needs {size(output['needed'])}" if output["needed"] else ""
    if output["free"] is not None:
        room += f", {size(output['free'])} free" if room else ""
    if output["fits"] is False:
        room += ": not enough"
    return f"{looked}: {told or 'nothing to do'}{lost}{room}"


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
    "backup_verify": _backup_verified,
    "restore": _restored,
    "cleanup": _cleaned,
    "copy_plan": _planned,
    "delete_plan": _planned,
    "upload_plan": _planned,
    "backup_plan": _planned,
}

_FILE_JOBS: Final = frozenset({"file_copy", "file_move", "transcode", "upload", "download", *_SENTENCES})

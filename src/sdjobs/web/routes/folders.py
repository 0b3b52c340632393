"""The folder picker: folders below the roots that the server was started with."""

from __future__ import annotations

import base64
import os
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final

from litestar import Router, get
from litestar.params import QueryParameter

from sdjobs.describe import bytes_json
from sdjobs.web import telling, wire
from sdjobs.web.below import folder_below
from sdjobs.web.given import GivenCaller, GivenDisks, GivenOptions
from sdjobs.web.problems import Refused, problems

MOST: Final = 2_000


@get("/folders", responses=problems(404, 504))
async def list_folders(
    options: GivenOptions,
    caller: GivenCaller,
    disks: GivenDisks,
    folder: Annotated[
        str | None,
        QueryParameter(description="A folder's id; without one, the roots.", pattern="^[A-Za-z0-9_-]{1,8192}$"),
    ] = None,
    hidden: Annotated[bool, QueryParameter(description="Folders whose names begin with a dot, too.")] = False,
) -> wire.FolderList:
    """The folders in a folder, by name, to choose one. Links are not followed. Needs the full token."""
    if caller.role != "full":
        raise Refused(HTTPStatus.FORBIDDEN, "read_only", "this token may not look at folders")
    if folder is None:
        roots = await disks.ask(lambda: [told_folder(os.fspath(root)) for root in options.roots])
        return wire.FolderList(folder=None, parent=None, folders=roots, more=False)
    try:
        return await disks.ask(partial(listed, options.roots, folder, hidden))
    except TimeoutError:
        detail = "the disk of this folder does not answer"
        raise Refused(HTTPStatus.GATEWAY_TIMEOUT, "disk_silent", detail) from None
    except OSError as error:
        detail = f"this folder cannot be listed: {error.strerror or 'it lies outside the roots'}"
        raise Refused(HTTPStatus.NOT_FOUND, "folder_not_found", detail, field="folder") from None


def listed(roots: tuple[Path, ...], id_: str, hidden: bool) -> wire.FolderList:
    """Blocking. Raises OSError for what is not there, or not below a root."""
    path = path_of(id_)
    root = root_of(roots, path)
    below = os.path.relpath(path, root)
    parts = [] if below == "." else below.split("/")
    with folder_below(root, parts) as descriptor, os.scandir(descriptor) as entries:
        names = sorted(
            (entry.name for entry in entries if (hidden or entry.name[:1] != ".") and _is_folder(entry)),
            key=str.casefold,
        )
    return wire.FolderList(
        folder=told_folder(path),
        parent=folder_id(os.path.dirname(path)) if parts else None,
        folders=[told_folder(os.path.join(path, name)) for name in names[:MOST]],
        more=len(names) > MOST,
    )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def folder_id(path: str) -> str:
    return base64.urlsafe_b64encode(os.fsencode(path)).decode().rstrip("=")


def path_of(id_: str) -> str:
    """Raises OSError for what is no absolute path in its plain form."""
    try:
        raw = base64.b64decode(id_ + "=" * (-len(id_) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise OSError("no folder's id") from None
    path = os.fsdecode(raw)
    if "\0" in path or not path.startswith("/") or os.path.normpath(path) != path:
        raise OSError("no plain path")
    return path


def root_of(roots: tuple[Path, ...], path: str) -> str:
    """The root that a path is, or lies below. Raises OSError."""
    for root in map(os.fspath, roots):
        if path == root or path.startswith(root.rstrip("/") + "/"):
            return root
    raise OSError("outside the roots")


def told_folder(path: str) -> wire.Folder:
    return wire.Folder(
        id=folder_id(path),
        path=bytes_json(os.fsencode(path)),
        shown=telling.path_words(Path(path)),
        readable=os.access(path, os.R_OK | os.X_OK),
    )


ROUTER: Final = Router("/", tags=["Library"], route_handlers=[list_folders])

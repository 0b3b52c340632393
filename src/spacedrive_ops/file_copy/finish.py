"""The last steps of an item, taken in the order of the walk: its final name, and for a move the end of its source."""

from __future__ import annotations

import errno
import os
import stat

from spacedrive_jobs import failpoint
from spacedrive_ops.file_copy import atomic
from spacedrive_ops.file_copy.atomic import Target
from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.file_copy.item import Item, Tools
from spacedrive_ops.file_copy.links import HardLinks, is_linked_to, key_of, link_to_copy
from spacedrive_ops.file_copy.metadata import apply_to_folder
from spacedrive_ops.file_copy.model import FULL, Identity, NoRoomLeft
from spacedrive_ops.file_copy.plan import Decision, is_same_time
from spacedrive_ops.file_copy.small import prepare
from spacedrive_ops.file_copy.verify import reads_back_as
from spacedrive_ops.folders import NOT_OPEN
from spacedrive_ops.whole_files.partial import discard

TAKEN = "appeared in the destination while it was being copied"


class Finisher:
    """Publishes whole and flushed items, and removes the sources of those that are durable."""

    def __init__(self, tools: Tools, target: Target, links: HardLinks) -> None:
        self._tools, self._target, self._links = tools, target, links

    def publish(self, item: Item) -> None:
        """Let the item appear in the destination. Trouble is the item's; raises NoRoomLeft, and AttemptEnded."""
        try:
            match item.work:
                case "file" | "link":
                    self._publish_copy(item)
                case "hard link":
                    self._publish_hard_link(item)
                case "rename":
                    self._rename(item)
                case "folder":
                    self._finish_folder(item)
                case "note" | "removal":
                    pass
        except OSError as error:
            self._forsake(item)
            item.fail("cannot be finished", error)

    def _forsake(self, item: Item) -> None:
        if item.partial:
            discard(item.folder.target, item.partial)
        if item.work == "file" and item.status.st_nlink > 1:
            self._links.forget(key_of(item.status))
        item.partial, item.copied = "", 0

    def _publish_copy(self, item: Item) -> None:
        if not item.partial:  # it could not be copied, and says so
            if item.work == "file" and item.status.st_nlink > 1:
                self._links.forget(key_of(item.status))
            return
        if item.digest and not reads_back_as(item.folder.target, item.partial, item.digest):
            self._forsake(item)
            item.end("error", "what was written is not what was read")
            return
        self._name_it(item)

    def _name_it(self, item: Item) -> None:
        final = atomic.publish(
            item.folder.target, item.partial, item.target_name, item.decision, self._tools.check_claim
        )
        if final is None:
            self._forsake(item)
            item.end("error", TAKEN)
            return
        item.partial, item.final = "", final
        if final != item.target_name and item.work == "file" and item.status.st_nlink > 1:
            self._links.add(key_of(item.status), item.folder.target_path(final))

    def _publish_hard_link(self, item: Item) -> None:
        key = key_of(item.status)
        path = self._links.find(key) or item.link_to
        if item.decision is Decision.REPLACE and is_linked_to(path, self._existing(item)):
            item.final = item.target_name
            return
        item.partial = self._tools.partials.new_name()
        failpoint.hit("copy.link")
        if not link_to_copy(path, item.status, item.folder.target, item.partial):
            self._copy_now(item)
            return
        self._name_it(item)

    def _existing(self, item: Item) -> os.stat_result:
        return os.stat(item.target_name, dir_fd=item.folder.target, follow_symlinks=False)

    def _copy_now(self, item: Item) -> None:
        """The first copy is not there (it failed, or somebody changed it): this name is copied as a file of its own."""
        item.partial, item.work = "", "link" if stat.S_ISLNK(item.status.st_mode) else "file"
        prepare(item, self._tools)
        if not item.partial:
            return
        if self._tools.durable:
            _flush_entry(item)
        if item.work == "file" and item.status.st_nlink > 1:
            self._links.add(key_of(item.status), item.folder.target_path(item.target_name))
        self._publish_copy(item)

    def _rename(self, item: Item) -> None:
        try:
            final = atomic.publish(
                item.folder.target,
                item.name,
                item.target_name,
                item.decision,
                self._tools.check_claim,
                source=item.folder.source,
            )
        except FileNotFoundError:
            item.end("warning", "vanished before it could be moved")
            return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_now(item)  # one file system, but one that will not rename between these two folders
            return
        if final is None:
            item.end("error", TAKEN)
        else:
            item.final = final

    def _finish_folder(self, item: Item) -> None:
        folder = item.folder
        if folder.target == NOT_OPEN or item.retraced:
            return
        self._target.clear(folder.target)
        if not _has_all(folder):
            apply_to_folder(folder, self._tools.denied)

    def remove_source(self, item: Item) -> None:
        """The end of a move. Only what is durably in the destination goes, and only while it is what was copied."""
        try:
            if item.work == "folder":
                self._remove_folder(item)
            elif item.final and item.work != "rename" and item.outcome == "ok":
                self._remove_file(item)
        except FileNotFoundError:
            pass  # an earlier attempt removed it
        except OSError as error:
            self._leave_source(item, f"was copied, but its source cannot be removed: {error.strerror}")

    def _leave_source(self, item: Item, reason: str) -> None:
        if item.work != "folder":  # a folder stays because of what is in it, and that has its own item
            item.outcome, item.reason, item.source_stays = "warning", reason, True

    def _remove_file(self, item: Item) -> None:
        now = os.stat(item.name, dir_fd=item.folder.source, follow_symlinks=False)
        if Identity.of(now) != Identity.of(item.status):
            self._leave_source(item, "changed after it was copied, so its source was left")
            return
        self._tools.check_claim()
        failpoint.hit("copy.unlink")
        os.unlink(item.name, dir_fd=item.folder.source)

    def _remove_folder(self, item: Item) -> None:
        parent = item.folder.parent
        if parent is None or not parent.is_open:
            return
        self._tools.check_claim()
        failpoint.hit("copy.unlink")
        try:
            os.rmdir(item.name, dir_fd=parent.source)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # what was not moved keeps its folder
                raise


def _has_all(folder: Directory) -> bool:
    """Whether the counterpart already has mode, owner and times, so that nothing need be written."""
    now, wanted = os.fstat(folder.target), folder.status
    return (
        stat.S_IMODE(now.st_mode) == stat.S_IMODE(wanted.st_mode)
        and (now.st_uid, now.st_gid) == (wanted.st_uid, wanted.st_gid)
        and is_same_time(folder.times[1], now)
    )


def _flush_entry(item: Item) -> None:
    """One flush for a file that missed its batch's."""
    if item.work != "file":
        return
    fd = os.open(item.partial, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=item.folder.target)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno in FULL:
            raise NoRoomLeft(error) from error
        raise
    finally:
        os.close(fd)

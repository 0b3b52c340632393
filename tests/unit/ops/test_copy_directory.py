"""Open folders of the copy: entered by name alone, whatever is put in their place, however long their path."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from spacedrive_ops.file_copy.directory import Directory
from spacedrive_ops.folders import NOT_OPEN, open_folder, open_path


def test_a_link_is_never_entered_even_where_a_folder_was_seen_before(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "folder").symlink_to("outside")
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match=r"directory|symbolic links") as caught:
            open_folder(here, "folder")
        assert caught.value.errno in (errno.ELOOP, errno.ENOTDIR)
    finally:
        os.close(here)


def test_a_path_that_a_person_gave_may_lead_through_links_and_be_longer_than_the_kernel_takes(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    here = os.open(deep, os.O_RDONLY)
    names = [f"{'n' * 200}{level}" for level in range(30)]
    for name in names:
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    wanted = os.fstat(here)
    os.close(here)
    (tmp_path / "link").symlink_to("deep")
    opened = open_path(os.fsencode(os.path.join(tmp_path, "link", *names)))
    try:
        assert os.path.samestat(os.fstat(opened), wanted)
    finally:
        os.close(opened)


def test_it_is_open_while_anybody_retains_it(tmp_path: Path) -> None:
    folder = Directory(None, "", os.open(tmp_path, os.O_RDONLY), NOT_OPEN, path=os.fsencode(tmp_path))
    fd = folder.source
    folder.retain()
    folder.release()
    os.fstat(fd)  # still open
    folder.release()
    assert folder.source == NOT_OPEN
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)

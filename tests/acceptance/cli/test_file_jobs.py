"""The commands on the index and on files beside copy and move, as people type them."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.cli.conftest import Cli


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    (root / "summer").mkdir(parents=True)
    (root / "summer" / "beach.jpg").write_bytes(b"x" * 3_000)
    (root / "summer" / "beach copy.jpg").write_bytes(b"x" * 3_000)
    (root / "notes.txt").write_bytes(b"some words")
    return root


def test_index_says_what_is_there_and_what_has_changed(cli: Cli, tree: Path) -> None:
    first = cli.run("index", str(tree))
    assert first.returncode == 0
    assert first.stdout.splitlines()[-1].startswith("Indexed 3 files in 1 folder, 6.0 kB: 4 new")
    (tree / "notes.txt").write_bytes(b"other words")
    (tree / "summer" / "beach.jpg").rename(tree / "beach.jpg")
    again = cli.run("index", str(tree))
    assert again.stdout.splitlines()[-1].startswith("Indexed 3 files in 1 folder, 6.0 kB: 1 modified, 1 moved")
    assert (
        cli.run("index", str(tree))
        .stdout.splitlines()[-1]
        .startswith("Indexed 3 files in 1 folder, 6.0 kB: nothing has changed")
    )
    assert f"Index {tree}" in cli.run("jobs", "list", "--json").stdout or "indexer" in cli.run("jobs", "list").stdout


def test_index_verify_lists_each_difference_and_ends_with_4(cli: Cli, tree: Path) -> None:
    cli.run("index", str(tree))
    equal = cli.run("index", str(tree), "--verify")
    assert (equal.returncode, equal.stdout.splitlines()[-1][:21]) == (0, "Compared 4 entries: t")
    (tree / "notes.txt").unlink()
    (tree / "summer" / "new").write_text("1")
    differs = cli.run("index", str(tree), "--verify")
    assert differs.returncode == 4
    assert "1 missing, 1 stale, 1 different" in differs.stdout
    listed = cli.run("jobs", "items", "--json", cli.jobs()[0]["short_id"])
    items = {Path(item["item"]).name: item["reason"] for item in json.loads(listed.stdout)["items"]}
    assert items["new"] == "is on the disk, and not in the index"
    assert items["notes.txt"] == "is in the index, and not on the disk"
    assert [job["id"] for job in cli.json("jobs", "list", "--failed-items")["jobs"]] == [cli.jobs()[0]["id"]]
    assert cli.run("jobs", "list", "--failed-items", "--in-line").returncode == 2


@pytest.mark.needs("drop_capabilities")
def test_what_cannot_be_read_is_told_beside_the_rest(cli: Cli, tree: Path, without_dac: list[str]) -> None:
    (tree / "summer").chmod(0)
    cli.run("index", str(tree))  # by root, who may
    verified = cli.start("index", str(tree), "--verify", prefix=tuple(without_dac))
    assert verified.ends() == 4
    assert "the index is what is on the disk, but for 1 entry that could not be read" in verified.out
    again = cli.start("index", str(tree), prefix=tuple(without_dac))
    assert again.ends() == 4
    assert "1 could not be read, and what the index had of it is kept" in again.out
    (tree / "summer").chmod(0o755)


def test_search_and_largest(cli: Cli, tree: Path) -> None:
    assert "is called" in cli.run("search", "beach").stdout or cli.run("search", "beach").returncode == 1
    cli.run("index", str(tree))
    found = cli.json("search", "beach", "co")
    assert [entry["name"] for entry in found["entries"]] == ["beach copy.jpg"]
    with open(os.path.join(os.fsencode(tree), b"caf\xe9"), "wb"):
        pass
    cli.run("index", str(tree))
    (odd,) = cli.json("search", "caf")["entries"]
    assert base64.b64decode(odd["path"]["bytes"]) == os.path.join(os.fsencode(tree), b"caf\xe9")
    assert odd["name"] == "caf\\xe9"
    table = cli.run("largest", "--limit", "1").stdout.splitlines()
    assert len(table) == 2
    assert table[1].startswith("3.0 kB")
    assert cli.run("search", "nothing like it").stdout == "Nothing in the index is called 'nothing like it'.\n"


def test_the_files_that_changed_last(cli: Cli, tree: Path) -> None:
    cli.run("index", str(tree))
    moments = [entry["modified_ns"] for entry in cli.json("recent", "--limit", "3")["entries"]]
    assert len(moments) == 3
    assert moments == sorted(moments, reverse=True)


def test_the_files_that_changed_longest_ago(cli: Cli, tree: Path) -> None:
    assert cli.run("stale").stdout.startswith("The index is empty")
    os.utime(tree / "notes.txt", (1_000, 1_000))
    cli.run("index", str(tree))
    assert [entry["name"] for entry in cli.json("stale", "--limit", "1")["entries"]] == ["notes.txt"]
    assert cli.run("stale").stdout.splitlines()[1].endswith("notes.txt")


def test_what_the_index_has_in_a_folder(cli: Cli, tree: Path) -> None:
    cli.run("index", str(tree))
    (tree / "notes.txt").unlink()
    assert [entry["name"] for entry in cli.json("list", str(tree))["entries"]] == ["notes.txt", "summer"]
    assert [entry["name"] for entry in cli.json("list", str(tree), "--limit", "1")["entries"]] == ["notes.txt"]
    assert len(cli.run("list", "summer", cwd=tree).stdout.splitlines()) == 3
    elsewhere = cli.run("list", str(tree.parent))
    assert elsewhere.stdout == f"The index has nothing in {tree.parent}: it is empty, or not indexed.\n"


def test_how_many_files_of_each_kind_there_are(cli: Cli, tree: Path) -> None:
    assert cli.run("kinds").stdout.startswith("The index is empty")
    cli.run("index", str(tree))
    first, *_ = cli.json("kinds")["categories"]
    assert first == {"category": "image", "files": 2, "size": 6_000}
    table = cli.run("kinds").stdout.splitlines()
    assert table[0].split() == ["KIND", "FILES", "SIZE"]
    assert table[1].split() == ["image", "2", "6.0", "kB"]


def test_a_name_that_does_not_fit_the_preset_is_refused_at_once(cli: Cli, tree: Path) -> None:
    refused = cli.run("transcode", str(tree / "notes.txt"), str(tree / "out.webm"))
    assert refused.returncode == 2
    assert "The preset 'h264' makes a file whose name ends in .mp4 or .m4v, not in '.webm'" in refused.stderr
    assert "the preset 'vp9' would make" in refused.stderr
    assert cli.jobs() == []


def test_duplicates_and_validate(cli: Cli, tree: Path) -> None:
    cli.run("index", str(tree))
    found = cli.run("duplicates")
    assert found.returncode == 0
    assert "2 files of 3.0 kB, 3.0 kB could be saved:" in found.stdout
    assert f"  {tree}/summer/beach.jpg" in found.stdout.splitlines()
    assert cli.json("duplicates", "--known")["groups"][0]["count"] == 2
    cli.run("index", str(tree), "--content")
    status = (tree / "notes.txt").stat()
    (tree / "notes.txt").write_bytes(b"rotten bit")
    os.utime(tree / "notes.txt", ns=(status.st_atime_ns, status.st_mtime_ns))
    rotten = cli.run("validate", str(tree))
    assert rotten.returncode == 4
    assert "2 files intact, 1 damaged" in rotten.stdout


def test_duplicates_are_planned_and_nothing_is_changed(cli: Cli, tree: Path) -> None:
    original, copy = tree / "summer" / "beach.jpg", tree / "summer" / "beach copy.jpg"
    os.utime(copy, (1, 1))
    cli.run("index", str(tree))
    planned = cli.run("duplicates", str(tree), "--action", "hardlink", "--plan")
    assert planned.returncode == 0
    assert planned.stdout.splitlines()[-3:] == [
        f"keep {copy} (3.0 kB)",
        f"  hardlink {original}",
        "1 file, 3.0 kB. Nothing was changed.",
    ]
    (pair,) = cli.json("duplicates", "--known", "--action", "trash", "--plan", "--keep", "newest")["plan"]
    assert pair == {"keep": str(original), "path": str(copy), "size": 3_000}
    assert not original.samefile(copy)
    assert cli.run("duplicates", "--plan").returncode == 2


def test_duplicates_become_links_where_that_is_confirmed(cli: Cli, tree: Path) -> None:
    original, copy = tree / "summer" / "beach.jpg", tree / "summer" / "beach copy.jpg"
    cli.run("index", str(tree), "--content")
    unsure = cli.run("duplicates", "--known", "--action", "hardlink")
    assert (unsure.returncode, original.samefile(copy)) == (2, False)
    assert "Nothing was changed. Add --yes if it is meant." in unsure.stderr
    sure = cli.run("duplicates", "--known", "--action", "hardlink", "--yes")
    assert sure.returncode == 0
    assert sure.stdout.splitlines()[-1].startswith("1 file done, 3.0 kB saved")
    assert original.samefile(copy)


@pytest.mark.parametrize("action", ["hardlink", "trash"])
def test_what_is_one_file_already_is_left_alone(cli: Cli, tree: Path, action: str) -> None:
    """The index has not seen yet that it is."""
    original, copy = tree / "summer" / "beach.jpg", tree / "summer" / "beach copy.jpg"
    cli.run("index", str(tree), "--content")
    copy.unlink()
    copy.hardlink_to(original)
    done = cli.run("duplicates", "--known", "--action", action, "--yes")
    assert (done.returncode, "\n0 files done, 0 B saved, 1 left alone" in done.stdout) == (0, True), done
    assert original.samefile(copy)
    (listed,) = cli.json("jobs", "items", cli.json("jobs", "list", "--kind", "deduplicate")["jobs"][0]["id"])["items"]
    assert (listed["outcome"], listed["reason"].partition(" with ")[0]) == ("skipped", "is one file")


def test_hash_writes_a_manifest_and_checks_it(cli: Cli, tree: Path) -> None:
    manifest = tree / "manifest.b3"
    written = cli.run("hash", str(tree), "-o", str(manifest))
    assert (written.returncode, written.stdout.splitlines()[-1][:21]) == (0, "Hashed 3 files, 6.0 k")
    names = sorted(line.split("  ")[1] for line in manifest.read_text().splitlines())
    assert names == ["notes.txt", "summer/beach copy.jpg", "summer/beach.jpg"]
    (tree / "notes.txt").write_text("edited")
    differs = cli.run("hash", "--check", str(manifest))
    assert differs.returncode == 4
    assert "2 files intact, 1 different" in differs.stdout
    refused = cli.run("hash", str(tree), "-o", str(manifest))
    assert refused.returncode == 1
    assert "is there already" in refused.stderr
    assert cli.run("hash", str(tree), "-o", str(manifest), "--overwrite").returncode == 0
    assert sorted(line.split("  ")[1] for line in manifest.read_text().splitlines()) == names


def test_hash_without_a_manifest_goes_into_the_index(cli: Cli, tree: Path) -> None:
    cli.run("index", str(tree))
    assert cli.run("hash", str(tree)).returncode == 0
    assert cli.json("largest")["entries"][0]["digest"]
    assert cli.run("hash", str(tree), "--check", "-o", "x").returncode == 2


def test_delete_asks_before_it_deletes_for_good(cli: Cli, tree: Path) -> None:
    unsure = cli.run("delete", str(tree), "--permanent")
    assert unsure.returncode != 0
    assert tree.exists()
    sure = cli.run("delete", str(tree), "--permanent", "--yes")
    assert (sure.returncode, tree.exists()) == (0, False)
    assert sure.stdout.splitlines()[-1].startswith("Deleted 5 entries")


def test_an_empty_path_is_not_the_present_folder(cli: Cli, tree: Path) -> None:
    """It is what a variable gives that was not set."""
    before = sorted(tree.rglob("*"))
    for words in (
        ("delete", "--permanent", "--yes"),
        ("index",),
        ("hash",),
        ("facts",),
        ("thumbnails",),
        ("validate",),
        ("run", "file_delete", "--permanent", "--paths"),
    ):
        done = cli.run(*words, "", cwd=tree)
        assert done.returncode == 2, words
        assert "empty" in done.stderr, words
    assert sorted(tree.rglob("*")) == before


def test_what_cannot_be_indexed_is_said_in_words(cli: Cli, tmp_path: Path) -> None:
    failed = cli.run("index", str(tmp_path / "nothing"))
    assert failed.returncode == 1
    assert "cannot be indexed: there is no such folder" in failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr


@pytest.mark.timeout(60)
def test_a_backup_is_verified_and_restored(cli: Cli, tree: Path) -> None:
    depot, out = cli.folder / "depot", cli.folder / "out"
    depot.mkdir()
    done = cli.run("backup", str(tree), str(depot), "--no-thumbnails")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Backed up 3 files, 6.0 kB: " in done.stdout
    snapshot = done.stdout.partition("(snapshot ")[2].partition(")")[0]
    assert cli.run("backup", "--verify", str(depot)).stdout.splitlines()[-1].endswith("of 1 backup: all is whole.")
    assert "Restored 3 entries, 6.0 kB" in cli.run("restore", str(depot), str(out)).stdout
    assert (out / "photos" / "notes.txt").read_bytes() == b"some words"
    (out / "photos" / "notes.txt").write_bytes(b"mine")
    again = cli.run("restore", str(depot), str(out), "--snapshot", snapshot, "--new")
    assert "2 unchanged, 1 skipped" in again.stdout
    over = cli.run("restore", str(depot), str(out), "--on-conflict", "overwrite", "--with-library")
    assert over.returncode == 0
    assert (out / "photos" / "notes.txt").read_bytes() == b"some words"
    assert cli.run("--library", str(out / "library"), "queue", "show").returncode == 0


def test_cleanup_lists_before_it_removes(cli: Cli, tree: Path) -> None:
    stale = tree / ".sd-0a0b0c0d-1-1.part"
    stale.write_bytes(b"x" * 5_000)
    os.utime(stale, ns=(10**18, 10**18))
    planned = cli.run("cleanup", str(tree), "--plan")
    assert (planned.returncode, "Would remove 1 partial file," in planned.stdout, stale.exists()) == (0, True, True)
    done = cli.run("cleanup", str(tree))
    assert (done.returncode, "Removed 1 partial file," in done.stdout, stale.exists()) == (0, True, False)
    assert "Removed nothing" in cli.run("cleanup", str(tree)).stdout


@pytest.mark.timeout(60)
def test_what_is_wrong_with_a_backup_is_said(cli: Cli, tree: Path) -> None:
    depot, out = cli.folder / "depot", cli.folder / "out"
    depot.mkdir()
    done = cli.run("backup", str(tree), str(depot), "--no-thumbnails", "--no-library")
    snapshot = done.stdout.partition("(snapshot ")[2].partition(")")[0]
    wrong = cli.run("restore", str(depot), str(out), "--snapshot", "yesterday")
    assert (wrong.returncode, snapshot in wrong.stderr) == (1, True)
    next((depot / "objects").rglob("*/*")).unlink()
    damaged = cli.run("backup", "--verify", str(depot))
    assert (damaged.returncode, "cannot be restored" in damaged.stdout) == (4, True)
    assert cli.run("backup", "--verify", str(tree), str(depot)).returncode == 2
    assert cli.run("backup", str(depot)).returncode == 2


def test_a_plan_tells_and_changes_nothing(cli: Cli, tree: Path) -> None:
    out = cli.folder / "out"
    (out / "photos").mkdir(parents=True)
    (out / "photos" / "notes.txt").write_bytes(b"there")
    words = ("copy", str(tree), str(out), "--on-conflict", "overwrite")
    planned = cli.run(*words, "--plan")
    assert planned.returncode == 0
    assert planned.stdout.startswith(f"Plan: Copy {tree} to {out} (job ")
    assert "nothing was changed: 3 entries, 6.0 kB: 2 new, 1 replaced (5 B would be overwritten)" in planned.stdout, (
        planned.stdout
    )
    assert (out / "photos" / "notes.txt").read_bytes() == b"there"
    assert [job["kind"] for job in cli.jobs()] == ["copy_plan"]
    gone = cli.run("delete", str(tree), "--permanent", "--plan")
    assert (gone.returncode, "5 deleted" in gone.stdout, tree.exists()) == (0, True, True)


def test_plans_of_what_is_sent(cli: Cli, tree: Path) -> None:
    depot = cli.folder / "depot"
    depot.mkdir()
    backup = cli.run("backup", str(tree), str(depot), "--plan")
    assert (backup.returncode, "3 new" in backup.stdout, list(depot.iterdir())) == (0, True, [])
    upload = cli.run("upload", str(tree), depot.as_uri(), "--plan")
    assert (upload.returncode, "3 new" in upload.stdout, list(depot.iterdir())) == (0, True, [])
    moved = cli.run("move", str(tree), str(depot), "--plan")
    assert (moved.returncode, "1 moved without a copy" in moved.stdout, tree.exists()) == (0, True, True)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "shots" / "a.jpg"
    path.parent.mkdir()
    tags = Image.Exif()
    tags[0x010F], tags[0x0110], tags[0x0132] = "Maker", "One", "2024:05:06 07:08:09"
    Image.new("RGB", (40, 30)).save(path, exif=tags)
    return path


def test_facts_are_read_and_listed(cli: Cli, photo: Path) -> None:
    (photo.parent / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    done = cli.run("facts", str(photo.parent))
    assert done.returncode == 4
    assert "1 file read, 1 failed" in done.stdout
    (row,) = [line for line in done.stdout.splitlines() if line.endswith("a.jpg") and "40 x 30" in line]
    assert row.split()[:5] == ["2024-05-06", "07:08:09", "40", "x", "30"]
    assert "Maker One" in row
    known = json.loads(cli.run("facts", str(photo), "--known", "--json").stdout)
    assert known["files"][0]["facts"]["camera"] == "Maker One"


def test_the_index_is_asked_for_what_was_taken_when_and_where(cli: Cli, photo: Path) -> None:
    assert cli.run("facts", str(photo)).returncode == 0
    assert cli.run("index", str(photo.parent), "--content").returncode == 0
    assert "a.jpg" in cli.run("facts", "--between", "2024-05-06", "2024-05-07").stdout
    assert "Nothing was found" in cli.run("facts", "--between", "2024-05-07", "2024-05-08").stdout
    assert "Nothing was found" in cli.run("facts", "--with-place").stdout


def test_facts_are_of_paths_or_of_the_index(cli: Cli, photo: Path) -> None:
    assert cli.run("facts").returncode == 2
    assert cli.run("facts", str(photo), "--with-place").returncode == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["backup", "tree", ""],
        ["backup", "--verify", ""],
        ["restore", "", "out"],
        ["upload", "tree", ""],
        ["download", "", "out"],
    ],
)
def test_a_place_that_is_an_empty_text_is_refused_before_anything_is_stored(cli: Cli, arguments: list[str]) -> None:
    """As a variable gives it that was not set: it would be the present folder."""
    refused = cli.run(*arguments)
    assert refused.returncode == 2
    assert "is empty: was a variable not set?" in refused.stderr
    assert cli.jobs() == []

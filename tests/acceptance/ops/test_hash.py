"""HashJob and HashCheckJob: manifests that b3sum takes, digests in the index, and what does not match."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from spacedrive_jobs import JobError, Library
from spacedrive_ops import DuplicatesJob, HashCheckJob, HashCheckOutput, HashJob, HashOutput, IndexerJob, LibraryIndex
from spacedrive_ops.content import crew

NAMES = [
    b"plain",
    b"with space",
    b"new\nline",
    b"back\\slash",
    b"\\n",
    "grüße".encode(),
    b"*star",
    b" lead",
    b"-rf",
    b"a" * 255,
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "inner" / "deep").mkdir(parents=True)
    for number, name in enumerate(NAMES):
        for folder in ("", "inner"):
            with open(os.path.join(os.fsencode(root), os.fsencode(folder), name), "wb") as file:
                file.write(os.urandom(number * 1_000))
    (root / "inner" / "deep" / "large").write_bytes(os.urandom(5 << 20))
    (root / "link").symlink_to("plain")
    os.mkfifo(root / "fifo")
    return root


def digests_of(root: Path) -> dict[bytes, str]:
    """Shares no code with what it checks."""
    found: dict[bytes, str] = {}
    for folder, _, names in os.walk(os.fsencode(root)):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    found[path] = blake3(file.read()).hexdigest()
    return found


async def hashed(library: Library, job: HashJob) -> tuple[HashOutput, dict[str, str]]:
    handle = await library.jobs.dispatch(job)
    output = await handle.wait(timeout=30)
    return output, {Path(row.item).name: row.reason for row in (await library.jobs.items(handle.id)).rows}


async def checked(library: Library, manifest: Path) -> tuple[HashCheckOutput, list[tuple[str, str]]]:
    handle = await library.jobs.dispatch(HashCheckJob(manifest=manifest))
    output = await handle.wait(timeout=30)
    return output, sorted((Path(row.item).name, row.reason) for row in (await library.jobs.items(handle.id)).rows)


@pytest.mark.needs("b3sum")
async def test_b3sum_takes_the_manifest_and_finds_what_was_edited(tmp_path: Path, tree: Path) -> None:
    manifest = tree / "manifest.b3"
    async with Library.open(tmp_path / "library", create=True) as library:
        output, items = await hashed(library, HashJob(paths=(tree,), manifest=manifest))
        assert (output.files, output.failed, items) == (21, 0, {})
        assert output.size == 2 * 45_000 + (5 << 20)
        done = subprocess.run(["b3sum", "--check", manifest.name], cwd=tree, capture_output=True, check=False)
        assert (done.returncode, done.stdout.count(b": OK\n")) == (0, 21), done.stderr
        assert await checked(library, manifest) == (HashCheckOutput(21, 0, 0, 0), [])
        (tree / "plain").write_bytes(b"other")
        (tree / "inner" / "plain").unlink()
        again, problems = await checked(library, manifest)
    assert again == HashCheckOutput(19, 1, 1, 0)
    assert problems == [("plain", "holds other bytes than the manifest says"), ("plain", "is no longer there")]
    done = subprocess.run(["b3sum", "--check", manifest.name], cwd=tree, capture_output=True, check=False)
    assert (done.returncode, done.stdout.count(b": OK\n")) == (1, 19)


@pytest.mark.needs("b3sum")
async def test_a_manifest_of_b3sum_is_checked(tmp_path: Path, tree: Path) -> None:
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    lines = subprocess.run(["b3sum", "--", *files], capture_output=True, check=True).stdout
    manifest = tmp_path / "manifest"
    manifest.write_bytes(lines + b"no line\n" + b"0" * 64 + b"  \xef\xbf\xbd\n")
    async with Library.open(tmp_path / "library", create=True) as library:
        output, items = await checked(library, manifest)
    assert output == HashCheckOutput(21, 0, 0, 2)
    assert [name for name, _ in items] == ["line 22", "line 23"]


async def test_every_digest_is_that_of_the_file(tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read by other processes, and the large one here."""
    monkeypatch.setattr(crew, "WORTH_IT", 1)
    manifest = tmp_path / "elsewhere" / "manifest"
    manifest.parent.mkdir()
    async with Library.open(tmp_path / "library", create=True) as library:
        await hashed(library, HashJob(paths=(tree / "inner", tree / "plain"), manifest=manifest))
    expected = digests_of(tree / "inner") | {
        path: digest for path, digest in digests_of(tree).items() if path == os.fsencode(tree / "plain")
    }
    lines = [line.lstrip("\\").split("  ", 1) for line in manifest.read_text().splitlines()]
    assert {name: digest for digest, name in lines} == {
        os.fsdecode(path).replace("\\", "\\\\").replace("\n", "\\n"): digest for path, digest in expected.items()
    }


async def test_what_cannot_be_hashed_is_an_item_with_its_reason(tmp_path: Path, tree: Path) -> None:
    with open(os.path.join(os.fsencode(tree), b"caf\xe9"), "wb"):
        pass
    paths = (tree / "fifo", tree / "gone", tree / "inner", tree)
    async with Library.open(tmp_path / "library", create=True) as library:
        output, items = await hashed(library, HashJob(paths=paths, manifest=tmp_path / "manifest"))
    assert items == {
        "fifo": "is neither a file nor a folder",
        "gone": "is not there",
        "caf\\xe9": "its name is no text (UTF-8), so no manifest can have it",
    }
    assert (output.files, output.failed) == (32, 3)


async def test_a_manifest_that_is_there_is_only_overwritten_where_that_is_meant(tmp_path: Path, tree: Path) -> None:
    manifest = tmp_path / "manifest"
    manifest.write_text("mine")
    async with Library.open(tmp_path / "library", create=True) as library:
        with pytest.raises(JobError, match="is there already"):
            await hashed(library, HashJob(paths=(tree,), manifest=manifest))
        assert manifest.read_text() == "mine"
        await hashed(library, HashJob(paths=(tree,), manifest=manifest, overwrite=True))
        assert len(manifest.read_bytes().splitlines()) == 21
        with pytest.raises(JobError, match="there is no folder"):
            await hashed(library, HashJob(paths=(tree,), manifest=tmp_path / "none" / "manifest"))
    assert list(tmp_path.glob(".sd-*")) == []


async def test_into_the_index_go_the_digests_of_what_is_indexed(tmp_path: Path, tree: Path) -> None:
    (tree / "twin").write_bytes((tree / "inner" / "deep" / "large").read_bytes())
    async with Library.open(tmp_path / "library", create=True) as library:
        await (await library.jobs.dispatch(IndexerJob(root=tree))).wait(timeout=30)
        (tree / "new").write_text("not indexed")
        (tree / "plain").write_text("edited since")
        output, items = await hashed(library, HashJob(paths=(tree,)))
        assert output.files == 23
        assert items == {
            "new": "is not in the index; index it first",
            "plain": "was edited since it was indexed; index it again",
        }
        found = {os.fsencode(entry.path): entry.digest for entry in await LibraryIndex(library.db).search("large twin")}
        found |= {os.fsencode(entry.path): entry.digest for entry in await LibraryIndex(library.db).largest(limit=2)}
        assert {digest.hex() for digest in found.values() if digest} == {digests_of(tree)[os.fsencode(tree / "twin")]}
        duplicates = await (await library.jobs.dispatch(DuplicatesJob(least=1 << 20))).wait(timeout=30)
        assert (duplicates.groups, duplicates.read, duplicates.sampled) == (1, 0, 0)


@pytest.mark.parametrize("point", ["whole_file.rename", "whole_file.renamed"])
async def test_a_kill_at_the_end_leaves_no_half_manifest_and_is_made_good(
    tmp_path: Path, tree: Path, point: str
) -> None:
    manifest, library_path = tmp_path / "manifest", tmp_path / "library"
    arguments = f"{{'paths': ({os.fsencode(tree)!r},), 'manifest': {os.fsencode(manifest)!r}}}"
    command = [sys.executable, "-m", "tests.acceptance.ops.run_job", str(library_path), "HashJob", arguments]
    environment = {**os.environ, "SPACEDRIVE_JOBS_FAILPOINTS": f"{point}=kill"}
    assert subprocess.run(command, env=environment, check=False, timeout=60).returncode == -signal.SIGKILL
    assert manifest.exists() == (point == "whole_file.renamed")
    async with Library.open(library_path) as library:
        (job,) = (await library.jobs.list(kind="hash")).rows
        output = await (await library.jobs.get(job.id, HashJob)).wait(timeout=30)
        assert output.files == 21
        assert (await checked(library, manifest))[0] == HashCheckOutput(21, 0, 0, 0)
    assert list(tmp_path.glob(".sd-*")) == []


async def test_where_the_processes_die_the_files_are_read_all_the_same(
    tmp_path: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "WORTH_IT", 1)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    async with Library.open(tmp_path / "library", create=True) as library:
        output, _ = await hashed(library, HashJob(paths=(tree,), manifest=tmp_path / "manifest"))
    assert output.files == 21
